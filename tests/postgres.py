"""`python -m tests.postgres PATH…`: these tests on a PostgreSQL that is started for them and gone afterwards.

Debian's server as a plain process on a socket in a folder of its own, under another account than root's,
which it refuses. It keeps nothing over a power cut, since nothing has to be kept.
"""

import ctypes
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

from tests import lanes

ROOT = Path(__file__).resolve().parent.parent
ACCOUNTS = ("postgres", "nobody")
MANY = "max_connections=200"
SCHOOL = (MANY, "log_min_error_statement=fatal", "log_error_verbosity=terse")
"""As the doctor wants it: no name in the server's log."""
QUICK = (MANY, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def programs() -> Path | None:
    """The folder of the newest server's programs; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    onpath = shutil.which("postgres")
    return Path(onpath).resolve().parent if onpath else None


@dataclass
class Server:
    """A running server. `address` is that of its database `circletime`, as CIRCLETIME_DATABASE has it."""

    where: Path
    folder: Path
    settings: tuple[str, ...]
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def address(self) -> str:
        return f"postgres://circletime@/circletime?host={self.folder}"

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)  # at once: who is still connected is sent away
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def start(self) -> None:
        self.process = _start(_account(), self.where, self.folder, self.settings)
        _until_ready(self.where, self.folder, self.process)


@contextmanager
def server() -> Iterator[str]:
    """The address of a running server's database."""
    with running(*QUICK) as one:
        yield one.address


@contextmanager
def running(*settings: str) -> Iterator[Server]:
    """A running server, for as long as the block runs; with QUICK it is none that a school may trust."""
    where = programs()
    if where is None:
        raise SystemExit("PostgreSQL is not installed. Run this once: sudo apt-get install -y postgresql")
    folder = Path(tempfile.mkdtemp(prefix="circletime-pg-", dir="/tmp"))  # a socket's path has to be short
    account = _account()
    if account:
        shutil.chown(folder, account)
    try:
        made = ("--no-sync", "--auth=trust", "--username=circletime", "--encoding=UTF8", "--locale=C.UTF-8")
        # Words are put in order as a school's server does it, and not by their bytes.
        sorts = ("--locale-provider=icu", "--icu-locale=en-GB")
        _run(account, str(where / "initdb"), *made, *sorts, "-D", str(folder / "data"))
        one = Server(where, folder, settings)
        one.start()
        try:
            _run(account, str(where / "createdb"), "-h", str(folder), "-U", "circletime", "circletime")
            yield one
        finally:
            one.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pid(server: str) -> int:
    """The server's first process, whose children serve."""
    folder = parse_qs(urlsplit(server).query)["host"][0]
    return int(Path(folder, "data", "postmaster.pid").read_text().split()[0])


def database(server: str, like: str = "") -> str:
    """A new database there, empty or a copy of another's; answers its address. Nobody may use the other."""
    import psycopg

    name = f"circletime_{secrets.token_hex(4)}"
    template = f' TEMPLATE "{urlsplit(like).path[1:]}"' if like else ""
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"{template}')
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def _account() -> str | None:
    """Whose process it is, where we are root."""
    if os.getuid() != 0:
        return None
    import pwd

    known = {each.pw_name for each in pwd.getpwall()}
    return next((name for name in ACCOUNTS if name in known), None)


def _run(account: str | None, *command: str) -> None:
    done = subprocess.run(command, user=account, cwd="/", capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")


def _start(
    account: str | None, where: Path, folder: Path, settings: tuple[str, ...]
) -> subprocess.Popen[bytes]:
    every = [*settings, "listen_addresses=", f"unix_socket_directories={folder}"]
    command = [str(where / "postgres"), "-D", str(folder / "data")]
    command += [part for each in every for part in ("-c", each)]
    with (folder / "server.log").open("wb") as out:
        return subprocess.Popen(
            command,
            user=account,
            cwd="/",
            stdout=out,
            stderr=out,
            preexec_fn=lambda: _libc.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT),  # never left behind
        )


def _until_ready(where: Path, folder: Path, process: subprocess.Popen[bytes]) -> None:
    ask = [str(where / "pg_isready"), "-q", "-h", str(folder)]
    for _ in range(300):
        if process.poll() is None and subprocess.run(ask, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError((folder / "server.log").read_text())


def main() -> int:
    """Run pytest with what was given; answers its exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the folder goes then as well
    with server() as address:
        # Each database made here is a copy of that one, and so has its tables.
        lanes.make_tables({"CIRCLETIME_DATABASE": urlunsplit(urlsplit(address)._replace(path="/template1"))})
        env = os.environ | {"CIRCLETIME_DATABASE": address}
        # The databases go with the server. To drop one first, nobody may be connected any more.
        pytest = [sys.executable, "-m", "pytest", "--reuse-db", *sys.argv[1:]]
        return subprocess.run(pytest, env=env, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
