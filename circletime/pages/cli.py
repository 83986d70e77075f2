"""The one program, `circletime`: plain help, and exit status 0 only for success."""

import argparse
import json
import os
import shutil
import sys
from datetime import date
from pathlib import Path

from circletime import VERSION
from circletime.pages import cli_backup, cli_people, cli_upgrade
from circletime.pages.cli_terminal import SYSTEM, say
from circletime.pages.tables import make_tables
from config import places


def main(argv: list[str] | None = None) -> int:
    """Run one command; answers its exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    parser = _parser()
    wanted = parser.parse_args(argv)
    if not hasattr(wanted, "run"):
        parser.print_help()
        return 2
    if wanted.run is demo and wanted.reset:
        return reset()
    if wanted.run is demo:
        os.environ["CIRCLETIME_DEMO"] = "yes"  # read by the settings, here and in every part
    from config.env import BadSetting

    try:
        import django
        from django.db import OperationalError

        django.setup()
        try:
            status: int = wanted.run(wanted)
        except OperationalError as trouble:
            print(f"The database: {trouble}. `circletime doctor` may know why.", file=sys.stderr)
            return 1
    except BadSetting as trouble:
        print(trouble, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="circletime", description="Video meetings for a primary school.")
    parser.add_argument("--version", action="version", version=f"Circletime {VERSION}")
    commands = parser.add_subparsers(title="commands")
    one = commands.add_parser("serve", help="run all parts, or the named ones")
    one.add_argument("parts", nargs="*", help="app, worker, media, recorder")
    one.set_defaults(run=serve)
    one = commands.add_parser("demo", help="an invented school, running")
    one.add_argument("--reset", action="store_true", help="throw the demo's data away")
    one.add_argument("--classes", type=int, default=14)
    one.add_argument("--pupils", type=int, default=30)
    one.set_defaults(run=demo)
    cli_upgrade.add_commands(commands)
    one = commands.add_parser("doctor", help="what is missing or wrong, in plain words")
    one.set_defaults(run=doctor)
    audit = commands.add_parser("audit", help="the log").add_subparsers()
    one = audit.add_parser("verify", help="check that no row was changed, dropped or reordered")
    one.add_argument("export", nargs="?", metavar="EXPORT", help="a file that was exported, not this log")
    one.add_argument(
        "--checkpoint", metavar="LETTER", help="a file with a letter's text: it has to fit as well"
    )
    one.set_defaults(run=audit_verify)
    one = audit.add_parser("export", help="write the log into a file that anybody can check")
    one.add_argument("file", help="as log.jsonl.gz")
    one.set_defaults(run=audit_export)
    vault = commands.add_parser("vault", help="the recordings").add_subparsers()
    one = vault.add_parser("verify", help="check every chunk of every recording")
    one.set_defaults(run=vault_verify)
    one = vault.add_parser("rotate-key", help="a new school key; recordings are not written again")
    one.set_defaults(run=vault_rotate_key)
    retention = commands.add_parser("retention", help="the end of recordings").add_subparsers()
    one = retention.add_parser("run", help="destroy what is due")
    one.add_argument(
        "--as-of", type=_day, metavar="DATE", help="due by this day, as 2026-12-24; in the demo also to come"
    )
    one.add_argument(
        "--clock-is-right", action="store_true", help="a person has looked at the date that is shown"
    )
    one.set_defaults(run=retention_run)
    cli_people.add_commands(commands)
    _add_oversight(commands)
    cli_backup.add_commands(commands)
    if not places.INSTALLED:
        _add_drawing(commands)
    one = commands.add_parser("part")
    one.add_argument("name", choices=["app", "worker"])
    one.add_argument("number", type=int, nargs="?", default=1, help="which app or worker")
    one.add_argument("socket", type=int, nargs="?", help="the app's open socket")
    one.set_defaults(run=part)
    return parser


def _add_drawing(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """What changes the source, which a wheel has none of."""
    one = commands.add_parser("docs", help="draw the generated pages of docs/")
    one.add_argument("--check", action="store_true", help="only say whether they are up to date")
    one.set_defaults(run=docs)
    one = commands.add_parser("messages", help="collect what families read into the catalogs")
    one.add_argument("--check", action="store_true", help="only say whether they are up to date and whole")
    one.set_defaults(run=messages)


def _add_oversight(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    one = commands.add_parser("report", help="how the policy was kept, clause by clause")
    one.add_argument("--from", dest="first", type=_day, metavar="DATE", help="this term, without the two")
    one.add_argument("--to", dest="last", type=_day, metavar="DATE")
    one.add_argument("--pdf", metavar="FILE", help="write it there, signed")
    one.set_defaults(run=report)
    one = commands.add_parser("rehearse-term", help="play a term of invented meetings, in a demo")
    one.add_argument("--weeks", type=int, default=12, metavar="N")
    one.set_defaults(run=rehearse_term)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write it as 2026-12-24") from None


def serve(wanted: argparse.Namespace) -> int:
    """All parts, or the named ones, until Ctrl-C."""
    from circletime.pages import cli_serve, parts

    names = wanted.parts or list(parts.NAMES)
    unknown = set(names) - set(parts.NAMES)
    if unknown:
        print(f"There is no part called {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 2
    return cli_serve.run(names, make_tables, say, lambda: say("All parts are running."))


def demo(wanted: argparse.Namespace) -> int:
    """An invented school, a meeting now, and all parts running."""
    from django.conf import settings

    from circletime.core import time
    from circletime.pages import cli_serve, parts
    from circletime.pages import demo as facts_of

    facts = settings.VAR / "demo.json"

    def prepare() -> None:
        make_tables()
        facts_of.prepare_demo(facts, classes=wanted.classes, pupils=wanted.pupils, now=time.now())

    def tell() -> None:
        say(facts_of.words(json.loads(facts.read_text())))

    return cli_serve.run(list(parts.NAMES), prepare, say, tell)


def reset() -> int:
    """Throw the demo's data away. What was built is kept."""
    var = Path(os.environ.get("CIRCLETIME_VAR") or places.data())
    if not (var / "demo.json").exists():
        print(f"There is no demo in {var}; nothing was removed.")
        return 0
    for name in ("keys", "vault", "run", "log", "mail"):
        shutil.rmtree(var / name, ignore_errors=True)
    for path in [*var.glob("db.sqlite3*"), var / "demo.json"]:
        path.unlink(missing_ok=True)
    print("The demo's data is gone. The next demo begins again.")
    return 0


def doctor(wanted: argparse.Namespace) -> int:
    """What is missing or wrong, in plain words."""
    from circletime.core import time
    from circletime.health.checks.every import for_the_doctor

    bad = 0
    for found in for_the_doctor(time.now()):
        print(("ok    " if found.fine else "wrong ") + found.line)
        bad += not found.fine
    return 1 if bad else 0


def audit_verify(wanted: argparse.Namespace) -> int:
    """Check the chain, here or in an export; a break names the first bad row."""
    from circletime.audit import queries, verify_log
    from circletime.audit.rules import read_block
    from circletime.core.errors import Refused
    from circletime.core.keyfiles import KeyTrouble

    try:
        letter = Path(wanted.checkpoint).read_text() if wanted.checkpoint else ""
        if wanted.export:
            print(verify_log.check_file(wanted.export, letter=letter))
            return 0
        mailed = read_block(letter) if letter else None
        if mailed is not None and not (compared := queries.compare(mailed)).holds:
            raise verify_log.Broken(compared.wrong)
        count, broken = queries.verify()
    except (OSError, UnicodeDecodeError) as trouble:
        print(trouble, file=sys.stderr)
        return 2
    except (Refused, KeyTrouble) as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except verify_log.Broken as found:
        broken = (found.row or 0, str(found))
    if broken is None:
        print(f"{count} rows, none changed, dropped or reordered.")
        if mailed is not None:
            print(f"Row {mailed.number} is the one that the letter of {mailed.at[:10]} tells of.")
        return 0
    print(f"The log is broken: {broken[1]}.")
    return 1


def audit_export(wanted: argparse.Namespace) -> int:
    """Write the log into a file, compressed when its name ends in .gz; nothing is left of half a file."""
    import gzip

    from circletime.audit.queries import export
    from circletime.core import time
    from circletime.people.queries import get_school

    path = Path(wanted.file)
    draft = path.with_name(f".{path.name}.part")
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(draft, "wt", encoding="utf-8") as out:
            count = sum(out.write(line) > 0 for line in export(school=get_school().name, at=time.now()))
        draft.replace(path)
    except OSError as trouble:
        print(trouble, file=sys.stderr)
        return 2
    finally:
        draft.unlink(missing_ok=True)
    print(f"{count} lines written into {path}.")
    return 0


def vault_verify(wanted: argparse.Namespace) -> int:
    """Check every chunk of every recording and every certificate; name what is damaged or missing."""
    from circletime.recordings.queries import vault_verify as verify

    count, trouble = verify()
    for line in trouble:
        print(line)
    print(f"{count} recordings checked, {len(trouble)} damaged or missing parts.")
    return 1 if trouble else 0


def vault_rotate_key(wanted: argparse.Namespace) -> int:
    """Replace the school's key, or go on with it. The status is 0 only when the old one is gone."""
    from circletime.core import time
    from circletime.recordings import outer
    from circletime.recordings.actions.rotation import rotate
    from circletime.recordings.keys import KeyTrouble

    try:
        came = rotate(by=SYSTEM, now=time.now())
    except (KeyTrouble, OSError) as trouble:
        print(f"{trouble} Nothing is lost; run this again when that is right.", file=sys.stderr)
        return 1
    for line in came.troubles:
        print(line)
    if came.troubles:
        print(
            f"{came.wrapped} keys wrapped anew, {len(came.troubles)} not: the lines above say why. The old "
            "key is kept until they are; run this again then, or when those recordings are gone."
        )
        return 1
    print(f"{came.wrapped} keys wrapped anew. The old key is destroyed. Copy {outer.path()} to a safe place.")
    return 0


def retention_run(wanted: argparse.Namespace) -> int:
    """Destroy what is due. The last line is JSON; the status is 0 only when nothing due is left."""
    from django.conf import settings
    from django.utils import timezone

    from circletime.core import time
    from circletime.recordings.queries import clock_sentence
    from circletime.recordings.tasks import destroy_due

    now = time.now()
    today = timezone.localtime(now).date()
    day = wanted.as_of or today
    if day > today and not (settings.DEMO or (settings.VAR / "demo.json").exists()):
        print(
            f"{day:%-d %B %Y} is still to come. Nothing is destroyed before its day; the headteacher and the "
            "safeguarding lead together can delete a recording early, on its page.",
            file=sys.stderr,
        )
        return 2
    print(f"Today is {today:%-d %B %Y}. Destroying what is due by {day:%-d %B %Y}.")
    sentence = "" if wanted.clock_is_right else clock_sentence(now)
    came = destroy_due(now, by=SYSTEM, today=day, confirmed=wanted.clock_is_right)
    if sentence:
        print(sentence)
    print(f"{came.destroyed} destroyed, {came.left} due and still there, {came.kept} kept by a hold.")
    counts = {"destroyed": came.destroyed, "left": came.left, "kept": came.kept}
    print(json.dumps({"as_of": day.isoformat(), **counts, "waits": came.waits}))
    return 1 if came.left or came.waits else 0


def report(wanted: argparse.Namespace) -> int:
    """The conformance report, in words; with --pdf as a signed file."""
    from django.utils import timezone

    from circletime.core import time
    from circletime.core.errors import Refused
    from circletime.core.keyfiles import KeyTrouble
    from circletime.oversight.actions.reports import sign_report
    from circletime.oversight.evidence.period import Span, between, span_of
    from circletime.oversight.evidence.report import make_report
    from circletime.pages.report_papers import as_pdf, as_text

    now, zone = time.now(), timezone.get_current_timezone()
    try:
        if wanted.first or wanted.last:
            period = between(wanted.first, wanted.last, zone)
        else:
            period = span_of(Span.TERM, timezone.localtime(now).date(), zone)
        made = make_report(period, now)
        if wanted.pdf:
            body = as_pdf(made)
            signed = sign_report(body=body, kind="pdf", report=made, by=SYSTEM, now=now)
            Path(wanted.pdf).write_bytes(signed)
            print(f"{made.headline} Written to {wanted.pdf}.")
            return 0
    except (Refused, KeyTrouble, OSError) as trouble:
        print(trouble, file=sys.stderr)
        return 2
    print(as_text(made))
    return 0


def rehearse_term(wanted: argparse.Namespace) -> int:
    """Play a term of invented meetings. Refuses where a real school is."""
    from django.conf import settings

    from circletime.core import time
    from circletime.core.errors import Refused
    from circletime.oversight.rehearsal import term
    from circletime.pages import demo as facts_of
    from circletime.people.models import User

    make_tables()
    try:
        people = User.objects.exists()
        term.check_rehearse(weeks=wanted.weeks, people=people, invented=term.is_invented())
        if not people:
            print("Making an invented school.", flush=True)
            facts_of.prepare_demo(settings.VAR / "demo.json", classes=14, pupils=30, now=time.now())
        tally = term.rehearse(weeks=wanted.weeks, now=time.now(), say=say)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 2
    print(f"{tally.held} meetings were held, {tally.turns} turns given. Look at them: circletime report.")
    return 0


def docs(wanted: argparse.Namespace) -> int:
    """Draw docs/states.md and docs/policy-map.md from the code, or check that they are so."""
    from circletime.pages.drawn import pages

    stale = []
    for path, text in pages().items():
        if path.exists() and path.read_text() == text:
            continue
        stale.append(path)
        if not wanted.check:
            path.write_text(text)
            print(f"drew {path}")
    if stale and wanted.check:
        print("Out of date: " + ", ".join(map(str, stale)) + ". Run make docs.", file=sys.stderr)
        return 1
    return 0


def messages(wanted: argparse.Namespace) -> int:
    """Collect the marked strings into the catalogs and compile these, or check that it was done."""
    from circletime.core import catalogs

    if wanted.check:
        for line in (wrong := catalogs.check()):
            print(line, file=sys.stderr)
        return 1 if wrong else 0
    for name, missing in catalogs.write().items():
        print(f"{name}: {missing or 'none'} to translate")
    catalogs.compile_all()
    return 0


def part(wanted: argparse.Namespace) -> int:
    """One part, in this process; `serve` starts these. Everything is loaded before "go" is awaited."""
    from circletime.core import logs, spans

    logs.begin()
    if wanted.name == "worker":
        from circletime.pages.told import told_to_go
        from circletime.pages.worker import Worker

        if told_to_go(lambda: True):
            spans.begin("worker", wanted.number)
            Worker(wanted.number).run()
        return 0
    from circletime.pages import server

    server.serve(wanted.number, wanted.socket)
    return 0


if __name__ == "__main__":
    sys.exit(main())
