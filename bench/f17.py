"""F17: bringing a roster in, of 420 to 20,000 children, and whether its memory grows."""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.report import Cell, Result

SIZES = (420, 1_000, 5_000, 20_000)
SECONDS = {420: 5.0, 20_000: 60.0}
"""That an import of so many children may take."""
NOISE_MB = 15.0
"""By how much the peak of 20,000 children may differ from that of 5,000."""
STEPS = ("first", "the same again", "a class up", "taken back")
"""Into an empty school; the same file again; all children in another class; and that undone."""


def run() -> Result:
    """Each step is a process of its own, as the command is, so that its memory is its own."""
    rows: list[dict[str, Cell]] = []
    slowest, peaks = dict.fromkeys(SIZES, 0.0), dict.fromkeys(SIZES, 0.0)
    growth = 0.0
    peak_of: dict[tuple[int, str], float] = {}
    for pupils in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            _prepare(folder)
            for step in STEPS:
                path, lines = _export(Path(folder) / "roster.zip", pupils, up=step == "a class up")
                found = _take(step, path, folder, pupils)
                peak_of[pupils, step] = float(found["peak"])
                slowest[pupils] = max(slowest[pupils], float(found["seconds"]))
                peaks[pupils] = max(peaks[pupils], float(found["peak"]))
                rows.append(
                    {
                        "children": pupils,
                        "rows": lines if step != "taken back" else "",
                        "file": step,
                        "seconds": float(found["seconds"]),
                        "of that the processor, s": float(found["processor"]),
                        "in one transaction, s": float(found["written"]),
                        "memory before, MB": float(found["before"]),
                        "peak, MB": float(found["peak"]),
                    }
                )
    growth = max(peak_of[20_000, step] - peak_of[5_000, step] for step in STEPS)
    values = {f"seconds_{size}": slowest[size] for size in SIZES}
    values |= {f"peak_{size}_mb": peaks[size] for size in SIZES}
    values |= {"growth_5000_to_20000_mb": growth, "mb_per_1000_children": growth / 15}
    return Result(
        "F17",
        "Bringing a roster in",
        "import of 420 pupils under 5 s, of 20,000 under 60 s with constant memory",
        all(slowest[size] < most for size, most in SECONDS.items()) and growth <= NOISE_MB,
        values,
        rows,
        [
            "OneRoster 1.1 as a zip file: each child with two adults, a class for every 30 with a teacher, "
            "and a set for a subject, so that 20,000 children are 100,000 rows. SQLite in a file; the "
            "whole command: read into rows of the import, planned, and written in one transaction.",
            "Each step is a fresh process. Its peak is VmHWM, set back (clear_refs) once Django is loaded.",
            f"From 5,000 to 20,000 children the peak grows by {growth:.1f} MB at most, {growth / 15:.2f} MB "
            f"for each thousand; up to {NOISE_MB:.0f} MB count as noise.",
        ],
    )


def _export(path: Path, pupils: int, *, up: bool) -> tuple[Path, int]:
    """Write the file; with `up` every child is in the next class. Answers how many rows it has."""
    classes = pupils // 30
    tables = {
        "manifest.csv": iter(["propertyName,value", "oneroster.version,1.1", "file.users,bulk"]),
        "users.csv": _users(pupils, classes),
        "enrollments.csv": _enrolled(pupils, classes, up),
        "classes.csv": _classes(classes),
    }
    count = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, lines in tables.items():
            with whole.open(name, "w") as out:
                for line in lines:
                    out.write(f"{line}\n".encode())
                    count += name not in ("manifest.csv", "classes.csv")
    return path, count - 2  # without the heads


def _users(pupils: int, classes: int) -> Iterator[str]:
    yield "sourcedId,status,dateLastModified,enabledUser,role,givenName,familyName,email,agentSourcedIds"
    for n in range(classes):
        yield f"t{n},,,true,teacher,Ines,Teacher{n},t{n}@larkfield.example,"
    for n in range(pupils):
        yield f'p{n},,,true,student,Kid{n % 29},Family{n},,"g{n},h{n}"'
        yield f"g{n},,,true,parent,Ada,Family{n},g{n}@home.example,"
        yield f"h{n},,,true,guardian,Bo,Family{n},h{n}@home.example,p{n}"


def _enrolled(pupils: int, classes: int, up: bool) -> Iterator[str]:
    yield "sourcedId,classSourcedId,userSourcedId,role"
    for n in range(classes):
        yield f"e-t{n},c{n},t{n},teacher"
    for n in range(pupils):
        yield f"e-p{n},c{(n + up) % classes},p{n},student"
        yield f"s-p{n},s{n % classes},p{n},student"


def _classes(classes: int) -> Iterator[str]:
    yield "sourcedId,title,grades,classType"
    for n in range(classes):
        yield f"c{n},Class {n},{n % 6 + 1},homeroom"
        yield f"s{n},Maths {n},,scheduled"


def _take(step: str, path: Path, var: str, pupils: int) -> dict[str, Any]:
    undo = step == "taken back"
    found = _python(var, _UNDO if undo else _ONE, str(path))
    want = {"first": "added", "the same again": "unchanged", "a class up": "changed"}.get(step)
    if want is not None and (found["said"]["refused"] or found["said"][want] < pupils):
        raise RuntimeError(f"it was not all brought in: {found['said']}")
    return found


def _prepare(var: str) -> None:
    _python(var, "from django.core.management import call_command; call_command('migrate', verbosity=0)")


def _python(var: str, code: str, *words: str) -> dict[str, Any]:
    settings = os.environ | {
        "CIRCLETIME_VAR": f"{var}/var",
        "CIRCLETIME_KEYS": f"{var}/var/keys",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    whole = "import django; django.setup()\n" + code
    done = subprocess.run(
        [sys.executable, "-c", whole, *words], env=settings, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    found: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    return found


_MEASURE = """
import json, sys, time
from pathlib import Path
from circletime.pages import roster_lines
from circletime.people.roster import undo

def memory(name):
    status = Path("/proc/self/status").read_text()
    return int(status.split(name + ":")[1].split()[0]) / 1024

def timed(function):
    def measured(**rest):
        began = time.perf_counter()
        function(**rest)
        facts["written"] = time.perf_counter() - began
    return measured

facts = {"said": {}, "written": 0}
roster_lines.apply, undo.undo = timed(roster_lines.apply), timed(undo.undo)
Path("/proc/self/clear_refs").write_text("5")
before = memory("VmRSS")
began, worked = time.perf_counter(), time.process_time()
"""
_TELL = """
facts |= {
    "seconds": time.perf_counter() - began, "processor": time.process_time() - worked,
    "before": before, "peak": memory("VmHWM"),
}
print(json.dumps(facts))
"""
_ONE = (
    _MEASURE
    + """
lines = []
if roster_lines.bring_in(Path(sys.argv[1]), preview=False, mapping="", say=lines.append):
    sys.exit(1)
facts["said"] = json.loads(lines[-1])
"""
    + _TELL
)
_UNDO = (
    _MEASURE
    + """
from circletime.core.time import now
from circletime.people.models import RosterImport
undo.undo(of=RosterImport.objects.get(state="applied"), by="bench", now=now())
"""
    + _TELL
)
