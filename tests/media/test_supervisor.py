"""The supervisor with parts of a few lines: they come back, a spare takes over, and none is left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from circletime.media.processes import answers_unix, is_touched
from tests.harness import wait_for

PARTS = """
import asyncio, sys
from pathlib import Path
from circletime.media.part import Part
from circletime.media.processes import is_touched
from circletime.media.supervisor import Supervisor

here = Path(sys.argv[1])
well = lambda: True
touching = "import sys, time, pathlib\\nwhile True: pathlib.Path(sys.argv[1]).touch(); time.sleep(0.1)"
slow = "import os, sys, time, pathlib; time.sleep(1); sys.stdin.readline() == 'go\\\\n' or sys.exit(); "
beat = "pathlib.Path(sys.argv[1]).touch(); os.write(0, b'ready\\\\n'); time.sleep(99)"
parts = [
    Part("plain", [sys.executable, "-c", "import time; time.sleep(99)"], "here", well, 9),
    Part("slow", [sys.executable, "-c", slow + beat, str(here / "beat")], "here",
         well, 9, told=True, spare=True),
    Part("stubborn", [sys.executable, "-c", "import signal, time;"
         "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(99)"], "here", well, 9),
    Part("touching", [sys.executable, "-c", touching, str(here / "pulse")], "here",
         is_touched(here / "pulse"), 2),
]
asyncio.run(Supervisor(parts, here, lambda line: print(line, flush=True)).run())
"""


def pid(folder: Path, part: str) -> int:
    return int((folder / f"{part}.pid").read_text())


def children(of: int) -> set[int]:
    listed = Path(f"/proc/{of}/task/{of}/children").read_text()
    return {int(one) for one in listed.split()}


def gone(pids: set[int]) -> bool:
    def alive(one: int) -> bool:
        try:
            return Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    return not any(alive(one) for one in pids)


@pytest.fixture
def supervisor(tmp_path: Path):  # type: ignore[no-untyped-def]
    process = subprocess.Popen(
        [sys.executable, "-c", PARTS, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    # Four parts and one spare.
    wait_for(lambda: len(children(process.pid)) == 5, 20, "all parts run")
    yield process
    process.kill()
    process.wait()


def test_a_part_that_dies_is_started_again(supervisor: subprocess.Popen[str], tmp_path: Path) -> None:
    old = pid(tmp_path, "plain")
    os.kill(old, signal.SIGKILL)
    wait_for(lambda: pid(tmp_path, "plain") != old, 2, "it is there again")


def test_a_spare_takes_over_at_once_and_has_a_spare_again(
    supervisor: subprocess.Popen[str], tmp_path: Path
) -> None:
    for _ in range(2):
        time.sleep(1.3)  # the spare has loaded what it needs
        old = pid(tmp_path, "slow")
        (tmp_path / "beat").unlink()
        began = time.monotonic()
        os.kill(old, signal.SIGKILL)
        wait_for((tmp_path / "beat").exists, 3, "it works again")
        assert time.monotonic() - began < 0.8  # its start alone takes a second
        wait_for(lambda: len(children(supervisor.pid)) == 5, 5, "there is a spare again")


def test_a_part_that_hangs_is_killed_and_started_again(
    supervisor: subprocess.Popen[str], tmp_path: Path
) -> None:
    wait_for((tmp_path / "pulse").exists, 5, "it works")
    old = pid(tmp_path, "touching")
    time.sleep(2.5)
    assert pid(tmp_path, "touching") == old, "what works is left alone"
    os.kill(old, signal.SIGSTOP)
    wait_for(lambda: pid(tmp_path, "touching") != old, 5, "another is there")
    assert gone({old})


def test_a_part_is_started_again_though_its_number_cannot_be_written(
    supervisor: subprocess.Popen[str], tmp_path: Path
) -> None:
    old = pid(tmp_path, "plain")
    (tmp_path / "plain.pid").unlink()
    (tmp_path / "plain.pid").mkdir()  # as on a full disk
    os.kill(old, signal.SIGKILL)
    wait_for(lambda: old not in children(supervisor.pid), 3, "it died")
    wait_for(lambda: len(children(supervisor.pid)) == 5, 3, "it is there again")


TAKEN = """
import asyncio, sys
from pathlib import Path
from circletime.media.part import Part
from circletime.media.supervisor import Supervisor

says = "import os, time; os.write(0, b'ready\\\\n'); time.sleep(99)"
part = Part("app", [sys.executable, "-c", says], "here", WORKS, 9,
            told=True, listen=("127.0.0.1", int(sys.argv[2])))
asyncio.run(Supervisor([part], Path(sys.argv[1]), lambda line: print(line, flush=True)).run())
"""


@pytest.fixture
def taken(tmp_path: Path, request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    with socket.create_server(("127.0.0.1", 0)) as held:
        command = [sys.executable, "-c", TAKEN.replace("WORKS", request.param)]
        command += [str(tmp_path), str(held.getsockname()[1])]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        yield process, held
    process.kill()
    process.communicate()


@pytest.mark.parametrize("taken", ["lambda: True"], indirect=True)
def test_a_port_that_somebody_else_has_is_told_and_taken_once_it_is_free(taken) -> None:  # type: ignore[no-untyped-def]
    process, held = taken
    assert "cannot be started" in (said := process.stdout.readline()) and "in use" in said
    held.close()
    while "cannot be started" in (said := process.stdout.readline()):
        pass
    assert "running" in said


@pytest.mark.parametrize("taken", ["lambda: 1 / 0"], indirect=True)
def test_a_fault_of_its_own_stops_the_supervisor_and_is_told(taken) -> None:  # type: ignore[no-untyped-def]
    process, held = taken
    held.close()
    assert process.wait(20) != 0
    assert "ZeroDivisionError" in process.stderr.read() and "stopped" in process.stdout.read()


def test_who_only_listens_does_not_answer(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dumb:
        dumb.bind(str(tmp_path / "sock"))
        dumb.listen()
        assert not answers_unix(tmp_path / "sock", "/")()


def test_where_nothing_can_be_written_nobody_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pulse").touch()
    works = is_touched(tmp_path / "pulse")
    assert not works()
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert works()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_behind(supervisor: subprocess.Popen[str], how: signal.Signals) -> None:
    born = children(supervisor.pid)
    supervisor.send_signal(how)
    supervisor.wait(12)
    wait_for(lambda: gone(born), 2, "all are gone")
    assert supervisor.returncode == (-signal.SIGKILL if how == signal.SIGKILL else 0)
