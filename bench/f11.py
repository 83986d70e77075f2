"""F11: reading a year's log back and checking every row of it, at 250,000, 500,000 and a million rows."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.report import Cell, Result
from bench.school import installed

SIZES = (250_000, 500_000, 1_000_000)
AT_ONCE = 5_000
BEGAN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
KINDS = ("meetings.guest.admitted", "meetings.turn.given", "meetings.turn.ended", "meetings.hand.up")
# Run in a process of its own, so that its memory is its own: the command's work, and the most it ever held.
CHECK = """
import json, resource, sys, time, django
django.setup()
from circletime.audit import queries, verify_log
began, worked = time.perf_counter(), time.process_time()
if len(sys.argv) > 1:
    said = verify_log.check_file(sys.argv[1])
    assert "none changed" in said, said
else:
    count, broken = queries.verify()
    assert broken is None, broken
took, cpu = time.perf_counter() - began, time.process_time() - worked
print(json.dumps([took, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def run() -> Result:
    """In a database file of its own, as one installation has it."""
    with installed() as var:
        return _measure(var)


def _measure(folder: Path) -> Result:
    rows: list[dict[str, Cell]] = []
    for size in SIZES:
        write_rows(size)
        took, cpu, mib = _check()
        path = folder / "log.jsonl.gz"
        _export(path)
        elsewhere, _, elsewhere_mib = _check(str(path))
        rows.append(
            {
                "rows": size,
                "here, s": took,
                "of that the processor, s": cpu,
                "at most, MiB": mib,
                "an export, s": elsewhere,
                "at most, MiB ": elsewhere_mib,
                "the export, MiB": path.stat().st_size / 2**20,
            }
        )
        path.unlink()
    first, last = rows[0], rows[-1]
    grew = float(last["at most, MiB"]) - float(first["at most, MiB"])
    here = float(last["here, s"])
    return Result(
        "F11",
        "Checking a year's log",
        "a million rows checked in under 60 s, with memory that does not grow",
        here < 60 and grew < 4,
        {
            "million_s": here,
            "million_cpu_s": float(last["of that the processor, s"]),
            "memory_grew_mib": grew,
        },
        rows,
        [
            "Every row is read and hashed, and a checkpoint for each 5,000 rows is held against the chain, "
            "its signature checked. SQLite in a file; each check is a process of its own, and its memory "
            "includes Django.",
            "An export is compressed, and checked by verify_log.py, which has the signatures in plain "
            "Python. The memory is the most that the process ever held.",
        ],
    )


def _check(*arguments: str) -> tuple[float, float, float]:
    done = subprocess.run(
        [sys.executable, "-c", CHECK, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    took, cpu, mib = json.loads(done.stdout)
    return took, cpu, mib


def _export(path: Path) -> None:
    import gzip

    from circletime.audit.queries import export

    with gzip.open(path, "wt", compresslevel=1, encoding="utf-8") as out:
        out.writelines(export(school="Larkfield Primary School", at=BEGAN))


def write_rows(upto: int) -> None:
    """Rows as `record` writes them, with many in one transaction, and a checkpoint behind each lot."""
    from django.db import transaction

    from circletime.audit.actions import sign_checkpoint
    from circletime.audit.models import Head, Row
    from circletime.audit.queries import head
    from circletime.audit.rules import canonical, digest

    number, previous = head()
    while number < upto:
        made = []
        for _ in range(min(AT_ONCE - 1, upto - number - 1)):
            number += 1
            at, kind = BEGAN + timedelta(seconds=25 * number), KINDS[number % len(KINDS)]
            data = canonical({"seat": f"seat-{number % 9973:022d}"})
            by, subject = f"seat:{number % 97:022d}", f"meeting:{number // 2000:022d}"
            own = digest(number, at, kind, by, subject, data, previous)
            made.append(Row(number, at, kind, by, subject, data, previous, own))
            previous = own
        with transaction.atomic():
            Row.objects.bulk_create(made, batch_size=500)
            Head.objects.update_or_create(pk=1, defaults={"number": number, "digest": previous})
            at = BEGAN + timedelta(seconds=25 * number)
            sign_checkpoint(school="Larkfield Primary School", by="bench", now=at)
        number, previous = head()
