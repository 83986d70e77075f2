"""A program of a few lines that is replaced by its next version while somebody is connected to it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from circletime.media.handover import Child, Handover, Leaving, Plan
from tests.harness import free_ports, wait_for
from tests.media.test_supervisor import children, gone

PROGRAM = '''
import asyncio, json, os, signal, socket, sys, time
from pathlib import Path
from circletime.media.handover import Plan, handed_over, own_command
from circletime.media import supervisor
from circletime.media.part import Part, Replaced, Upgrade
from circletime.media.supervisor import Supervisor

supervisor.ASKS_EVERY = 0.5
VERSION, LOADS, ANSWERS, PREPARES = {version!r}, {loads!r}, {answers!r}, {prepares!r}
here = Path(__file__).parent


def app(number):
    """Answers its version on each line that is sent; leaves as the real one does."""
    if not LOADS:
        sys.exit("cannot load")
    for word in sys.stdin:
        if word == "go\\n":
            break
        os.write(0, b"fine\\n" if ANSWERS else b"not fine\\n")
    else:
        sys.exit()

    async def serve():
        lines = set()

        async def talk(reader, writer):
            lines.add(writer)
            while await reader.readline():
                writer.write((VERSION + "\\n").encode())
            lines.discard(writer)

        server = await asyncio.start_server(talk, sock=socket.socket(fileno=int(number)))
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, server.close)
        os.write(0, b"ready\\n")
        while server.is_serving() or lines:
            await asyncio.sleep(0.05)

    asyncio.run(serve())


def parts():
    own = [sys.executable, __file__]
    return [
        Part("media", ["/bin/sleep", "99"], "here", lambda: True, 9, made_of=(here / "made_of").read_text()),
        Part("app", [*own, "app"], "here", lambda: True, 9, told=True, spare=True,
             listen=("127.0.0.1", int(os.environ["AT"])), replaced=Replaced.LEAVING),
    ]


if sys.argv[1] == "app":
    app(sys.argv[2])
elif sys.argv[1] == "prepare":
    if not PREPARES:
        sys.exit("The tables cannot be made.")
    print(Plan(VERSION, {{part.name: (part.argv, part.listen) for part in parts() if part.told}}).pack())
else:
    handed = handed_over()
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    lock = handed.lock if handed else os.open(here / "lock", os.O_RDWR | os.O_CREAT)
    command, arguments = own_command()
    upgrade = Upgrade(VERSION, command, arguments, ["all"], float((here / "leaving_for").read_text()),
                      lambda: (here / "idle").exists(), here / "progress", lock)
    say = lambda line: print(line, flush=True)
    asyncio.run(Supervisor(parts(), here, say, upgrade, handed).run(lambda: say("all run")))
'''


class Running(NamedTuple):
    """The program in a folder of its own."""

    folder: Path
    process: "subprocess.Popen[bytes]"
    port: int

    def pid(self, part: str) -> int:
        return int((self.folder / f"{part}.pid").read_text())

    def install(
        self, version: str, *, loads: bool = True, answers: bool = True, prepares: bool = True
    ) -> None:
        """Put another version where this one is, beside it and with one step, as a link that is moved."""
        text = PROGRAM.format(version=version, loads=loads, answers=answers, prepares=prepares)
        draft = self.folder / "draft.py"
        draft.write_text(text)
        draft.replace(self.folder / "program.py")

    def upgrade(self) -> str:
        """Upgrade; the last sentence of what was told, and how it ended."""
        progress = self.folder / "progress"
        progress.unlink(missing_ok=True)
        self.process.send_signal(signal.SIGUSR2)
        told = lambda: progress.exists() and progress.read_text().splitlines()  # noqa: E731
        wait_for(lambda: (lines := told()) and '"end": ""' not in lines[-1], 30, "it ends")
        return progress.read_text().splitlines()[-1]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)


def asks(line: socket.socket) -> str:
    line.sendall(b"?\n")
    return line.recv(20).decode().strip()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    port = free_ports(1)
    (tmp_path / "made_of").write_text("one thing")
    (tmp_path / "leaving_for").write_text("60")
    (tmp_path / "program.py").write_text(
        PROGRAM.format(version="1.0", loads=True, answers=True, prepares=True)
    )
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, str(tmp_path / "program.py"), "serve"],
            stdout=out,
            stderr=out,
            env=os.environ | {"AT": str(port)},
        )
    one = Running(tmp_path, process, port)
    try:
        wait_for(lambda: "all run" in (tmp_path / "out").read_text(), 20, "it runs")
        yield one
    finally:
        process.kill()
        process.wait()


def test_who_is_connected_stays_so_and_others_reach_the_new_version(running: Running) -> None:
    old, media = running.pid("app"), running.pid("media")
    line = running.connect()
    assert asks(line) == "1.0"
    running.install("2.0")
    said = running.upgrade()
    assert '"done"' in said and "2.0 runs. 1.0 goes on for the rooms that were open, until " in said
    assert asks(line) == "1.0", "the line that stands is answered by the process that has it"
    assert all(asks(running.connect()) == "2.0" for _ in range(20)), "and nobody new comes to that process"
    assert running.pid("media") == media and running.process.poll() is None
    assert (running.folder / "app.leaving").exists()
    # Once more: both older ones go on, each with its own line.
    between = running.connect()
    assert asks(between) == "2.0"
    running.install("3.0")
    assert '"done"' in running.upgrade()
    assert [asks(each) for each in (line, between, running.connect())] == ["1.0", "2.0", "3.0"]
    line.close()
    wait_for(lambda: gone({old}), 5, "the first one has left, with the last who was connected")
    between.close()
    wait_for(lambda: not (running.folder / "app.leaving").exists(), 5, "and it is known that nobody leaves")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_behind_after_a_handover(running: Running, how: signal.Signals) -> None:
    line = running.connect()
    assert asks(line) == "1.0"
    running.install("2.0")
    running.upgrade()
    # The media server, the old app that leaves, the new one and its spare.
    wait_for(lambda: len(children(running.process.pid)) == 4, 5, "all run")
    born = children(running.process.pid)
    running.process.send_signal(how)
    assert running.process.wait(12) == (-signal.SIGKILL if how == signal.SIGKILL else 0)
    wait_for(lambda: gone(born), 2, "all are gone")


@pytest.mark.parametrize(
    "how, why",
    [
        ({"prepares": False}, "The new version cannot take over. The tables cannot be made."),
        ({"loads": False}, "The new version's part “app” does not start."),
        ({"answers": False}, "The new version's part “app” does not start."),
    ],
)
def test_a_version_that_cannot_serve_changes_nothing(
    running: Running, how: dict[str, bool], why: str
) -> None:
    old, line = running.pid("app"), running.connect()
    assert asks(line) == "1.0"
    running.install("2.0", **how)
    said = running.upgrade()
    assert '"failed"' in said and why in said and "1.0 goes on" in said
    assert asks(line) == "1.0" and asks(running.connect()) == "1.0" and running.pid("app") == old
    # A whole version is taken afterwards.
    running.install("2.1")
    assert '"done"' in running.upgrade()
    assert asks(line) == "1.0" and asks(running.connect()) == "2.1"


def test_another_media_server_waits_until_no_meeting_is_held(running: Running) -> None:
    media = running.pid("media")
    (running.folder / "made_of").write_text("another thing")
    running.install("2.0")
    running.upgrade()
    time.sleep(1.5)  # it looks every half second
    assert running.pid("media") == media and not gone({media})
    (running.folder / "idle").touch()
    wait_for(lambda: running.pid("media") != media and gone({media}), 10, "the new one runs")


def test_an_old_process_does_not_go_on_for_ever(running: Running) -> None:
    (running.folder / "leaving_for").write_text("2")
    old, line = running.pid("app"), running.connect()
    assert asks(line) == "1.0"
    running.install("2.0")
    running.upgrade()
    assert asks(line) == "1.0"
    wait_for(lambda: gone({old}), 5, "its time is over")
    assert running.pid("app") != old and asks(running.connect()) == "2.0"


def test_a_part_that_died_before_is_taken_over_as_one_that_died(running: Running) -> None:
    line = running.connect()
    assert asks(line) == "1.0"
    running.install("2.0")
    running.upgrade()
    media, app = running.pid("media"), running.pid("app")
    for old in (media, app):
        os.kill(old, signal.SIGKILL)
    wait_for(lambda: running.pid("media") != media and running.pid("app") != app, 10, "both are there again")
    assert asks(line) == "1.0" and asks(running.connect()) == "2.0"


def test_what_is_handed_over_is_read_as_it_was_written() -> None:
    handed = Handover(
        version="0.1.0",
        sockets={("127.0.0.1", 8000): 7},
        running={"app": Child(12, True, ""), "media": Child(13, False, "abc")},
        tried={"app": (14, 9)},
        leaving=[Leaving("app", 11, 1764201600.5)],
        lock=5,
    )
    assert Handover.unpack(handed.pack()) == handed
    plan = Plan("0.2.0", {"app": (["python", "app"], ("127.0.0.1", 8000)), "worker": (["python"], None)})
    assert Plan.unpack(plan.pack()) == plan
