"""The commands for backups: of the data, and apart from it of the keys."""

import argparse
import sys
from pathlib import Path

from circletime.pages.cli_terminal import SYSTEM, say


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """`backup`, `restore`, `keys backup` and `keys restore`."""
    one = commands.add_parser("backup", help="copy the data, without any key, while meetings go on")
    one.add_argument("folder", type=Path, metavar="FOLDER", help="on another disk; made at the first time")
    one.add_argument("--keep", type=_number, default=None, metavar="N", help="so many states stay: 7")
    one.add_argument("--check", action="store_true", help="make none, but read all that is there")
    one.set_defaults(run=backup)
    one = commands.add_parser("restore", help="put a backup of the data back, into a place that is empty")
    one.add_argument("folder", type=Path, metavar="FOLDER")
    one.add_argument("--state", default="", metavar="NAME", help="another than the newest")
    one.set_defaults(run=restore)
    keys = commands.add_parser("keys", help="the keys, which no backup of the data has").add_subparsers()
    one = keys.add_parser("backup", help="make a copy what the key folder is now")
    one.add_argument("folder", type=Path, metavar="FOLDER", help="apart from the data's backup")
    one.set_defaults(run=keys_backup)
    one = keys.add_parser("restore", help="put the keys back, before the data")
    one.add_argument("folder", type=Path, metavar="FOLDER")
    one.set_defaults(run=keys_restore)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)


def backup(wanted: argparse.Namespace) -> int:
    """A new state, or with --check a look at those there are."""
    from circletime.backup import taking
    from circletime.backup.rules import KEPT_STATES, Trouble
    from circletime.core import time

    try:
        if wanted.check:
            count = taking.check(wanted.folder, say=say)
            print(f"{count} states are whole." if count else "There is no whole state yet.")
            return 0 if count else 1
        keep = wanted.keep or KEPT_STATES
        name, made = taking.back_up(wanted.folder, by=SYSTEM, now=time.now(), say=say, keep=keep)
    except (Trouble, OSError) as trouble:
        return _failed(trouble)
    if made.bucket:
        print(f"Recordings that went on to the bucket {made.bucket} are there, and not in this backup.")
    print(f"The state {name} is whole. It has no key: copy those apart, with circletime keys backup.")
    return 0


def restore(wanted: argparse.Namespace) -> int:
    """The data back; and what a person has to know of it."""
    from circletime.backup import restoring
    from circletime.backup.rules import Trouble
    from circletime.core import time
    from circletime.health.checks.machine import is_running
    from circletime.recordings.queries import clock_sentence

    if is_running():
        print("Circletime is running here. Stop it first.", file=sys.stderr)
        return 2
    try:
        came = restoring.restore(wanted.folder, state=wanted.state, by=SYSTEM, now=time.now(), say=say)
    except (Trouble, OSError) as trouble:
        return _failed(trouble)
    print(f"{came.manifest.recordings} recordings of {came.manifest.school} are back.")
    if came.dead:
        print(
            f"The own key of {came.dead} is not here: they were destroyed since, or the keys were not put "
            "back (circletime keys restore). A key that was destroyed comes back from no backup."
        )
    if came.manifest.bucket:
        print(f"What went on to the bucket {came.manifest.bucket} is there, if it is still in the settings.")
    if came.stopped:
        print(
            f"{came.stopped} letters waited to be sent, and were stopped: the page Letters sends them again."
        )
    print(
        "Whoever was erased since that moment is there again: erase them again. Everybody signs in again. "
        "What was written since is gone, and the letters of the log that governors got since will say so."
    )
    if sentence := clock_sentence(time.now()):
        print(sentence)
    return 1 if came.broken else 0


def keys_backup(wanted: argparse.Namespace) -> int:
    """The copy of the keys as the key folder is now."""
    from circletime.backup import keyring
    from circletime.backup.rules import Trouble
    from circletime.core import time

    try:
        came = keyring.mirror(wanted.folder, by=SYSTEM, now=time.now())
    except (Trouble, OSError) as trouble:
        return _failed(trouble)
    for name in came.kept:
        print(f"The key {name} is missing here, and nobody destroyed it. The copy is kept.")
    print(f"{came.copied} keys copied, {came.destroyed} destroyed in the copy as they were here.")
    if came.kept:
        print("Look what happened to the key folder. circletime keys restore puts keys into an empty one.")
    return 1 if came.kept else 0


def keys_restore(wanted: argparse.Namespace) -> int:
    """The keys back."""
    from circletime.backup import keyring
    from circletime.backup.rules import Trouble

    try:
        count = keyring.put_back(wanted.folder)
    except (Trouble, OSError) as trouble:
        return _failed(trouble)
    print(f"{count} keys are back.")
    if keyring.is_locked():
        print("The school's key is locked with an age identity. Say where that is: CIRCLETIME_KEK=age:PATH.")
    return 0


def _failed(trouble: Exception) -> int:
    if isinstance(trouble, OSError):
        where = f" ({trouble.filename})" if trouble.filename else ""
        print(
            f"{trouble.strerror}{where}. Nothing is lost; run this again when that is right.", file=sys.stderr
        )
    else:
        print(trouble, file=sys.stderr)
    return 1
