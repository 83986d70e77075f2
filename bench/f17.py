"""F17: bringing a roster in, of 420 and of 20,000 children, and how its memory grows."""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from bench.report import Cell, Result

SIZES = {420: 5.0, 5_000: 60.0, 20_000: 60.0}
"""Children, and the seconds it may take."""
ONCE_MORE = (False, True)
"""Into an empty school, and then the same file again."""


def run() -> Result:
    """Each import is a process of its own, as the command is, so that its memory is its own."""
    rows: list[dict[str, Cell]] = []
    holds, values = True, {}
    for pupils, most in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            path = _export(Path(folder) / "roster.zip", pupils)
            for again in ONCE_MORE:
                found = _bring_in(path, folder)
                want = "unchanged" if again else "added"
                if found["said"]["refused"] or found["said"][want] < pupils:
                    raise RuntimeError(f"it was not all brought in: {found['said']}")
                rows.append(
                    {
                        "children": pupils,
                        "file": "the same again" if again else "first",
                        "people and classes": found["said"][want],
                        "seconds": found["seconds"],
                        "of that the processor, s": found["processor"],
                        "peak memory, MB": found["memory"],
                    }
                )
                holds = holds and float(found["seconds"]) < most
                if not again:
                    values[f"seconds_{pupils}"] = float(found["seconds"])
                    values[f"memory_{pupils}_mb"] = float(found["memory"])
    slope = (values["memory_20000_mb"] - values["memory_420_mb"]) / 19.58
    return Result(
        "F17",
        "Bringing a roster in",
        "420 children in under 5 s, 20,000 in under 60 s with constant memory",
        holds and slope < 0.1,
        values | {"mb_per_1000_children": slope},
        rows,
        [
            "OneRoster 1.1 as a zip file: each child with two adults, a class for every 30 with a teacher. "
            "SQLite in a file; the whole command, read, planned and written in one transaction.",
            f"Memory grows by {slope:.1f} MB for each thousand children, since links may come "
            "from either side and are put together before anything is written.",
        ],
    )


def _export(path: Path, pupils: int) -> Path:
    classes = pupils // 30
    users = ["sourcedId,status,dateLastModified,enabledUser,role,givenName,familyName,email,agentSourcedIds"]
    enrolled = ["sourcedId,classSourcedId,userSourcedId,role"]
    for n in range(classes):
        users.append(f"t{n},,,true,teacher,Ines,Teacher{n},t{n}@larkfield.example,")
        enrolled.append(f"e-t{n},c{n},t{n},teacher")
    for n in range(pupils):
        users.append(f'p{n},,,true,student,Kid{n % 29},Family{n},,"g{n},h{n}"')
        users.append(f"g{n},,,true,parent,Ada,Family{n},g{n}@home.example,")
        users.append(f"h{n},,,true,guardian,Bo,Family{n},h{n}@home.example,p{n}")
        enrolled.append(f"e-p{n},c{n % classes},p{n},student")
    tables = {
        "manifest.csv": ["propertyName,value", "oneroster.version,1.1", "file.users,bulk"],
        "users.csv": users,
        "enrollments.csv": enrolled,
        "classes.csv": [
            "sourcedId,title,grades,classType",
            *(f"c{n},Class {n},{n % 6 + 1},homeroom" for n in range(classes)),
        ],
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, lines in tables.items():
            whole.writestr(name, "\n".join(lines))
    return path


def _bring_in(path: Path, var: str) -> dict[str, Any]:
    settings = os.environ | {"CIRCLETIME_VAR": f"{var}/var", "CIRCLETIME_KEYS": f"{var}/var/keys"}
    done = subprocess.run(
        [sys.executable, "-c", _ONE, str(path)], env=settings, capture_output=True, text=True, check=True
    )
    said, facts = (json.loads(line) for line in done.stdout.splitlines()[-2:])
    return {"said": said, **facts}


_ONE = """
import json, resource, sys, time
from pathlib import Path
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from circletime.pages.roster_lines import bring_in
began, worked = time.perf_counter(), time.process_time()
status = bring_in(Path(sys.argv[1]), preview=False, mapping="", say=print)
took, processor = time.perf_counter() - began, time.process_time() - worked
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": took, "processor": processor, "memory": memory}))
sys.exit(status)
"""
