"""All that is looked at: one list, for the doctor, the page, the alarms and whoever watches from outside."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from circletime.health.checks import certificate, kept, letters, machine, parts, server, sign_in
from circletime.health.rules.finding import Finding, Subject, well, wrong

Look = Callable[[datetime], Finding]


@dataclass(frozen=True)
class Check:
    """One thing to look at, and how often the worker does."""

    subject: Subject
    look: Look
    every: timedelta = timedelta(seconds=20)


SELDOM = timedelta(minutes=10)
"""For what asks other machines, or reads many files."""

AT_THE_MOMENT: dict[Subject, Look] = {
    Subject.DATABASE: parts.database,
    Subject.WORKER: parts.worker,
    Subject.MEDIA: parts.media_answers,
    Subject.RECORDING: parts.recorder,
}
"""What has to be there so that a meeting can be held: whether this installation is ready."""

CHECKS = (
    Check(Subject.DATABASE, parts.database),
    Check(Subject.WORKER, parts.worker),
    Check(Subject.MEDIA, parts.media),
    Check(Subject.RECORDING, parts.recording),
    Check(Subject.DISK, machine.disk, SELDOM),
    Check(Subject.STORE, kept.bucket, timedelta(hours=1)),
    Check(Subject.KEYS, kept.keys),
    Check(Subject.SCHOOL_KEY, kept.school_key),
    Check(Subject.SWAP, machine.swap),
    Check(Subject.CERTIFICATE, certificate.certificate, SELDOM),
    Check(Subject.RELAY, certificate.relay, SELDOM),
    Check(Subject.SIGN_IN, sign_in.second_step, SELDOM),
    Check(Subject.MAIL, letters.mail, SELDOM),
    Check(Subject.LETTERS, letters.letters),
    Check(Subject.TOLD, letters.told),
    Check(Subject.CLOCK, machine.clock),
    Check(Subject.LOG, kept.log),
    Check(Subject.DESTRUCTION, kept.destruction),
    Check(Subject.BACKUP, kept.backup),
    Check(Subject.SETTINGS, machine.settings_known),
    Check(Subject.PROGRAMS, machine.programs),
)


def before_start(names: list[str]) -> list[str]:
    """What would keep the named parts from starting, each a sentence."""
    return before_upgrade(names) + machine.taken(names)


def before_upgrade(names: list[str]) -> list[str]:
    """The same where an older version of them runs, and has the ports."""
    return machine.missing(names) + server.troubles() + kept.locked_out()


def _needs_to_run(check: Check) -> bool:
    """Whether what is looked at cannot answer while nothing runs here."""
    if check.subject == Subject.MEDIA:
        return not settings.LIVEKIT_ELSEWHERE
    return check.subject in (Subject.WORKER, Subject.RECORDING)


def for_the_doctor(now: datetime) -> Iterator[Finding]:
    """Everything, as it is now. While nothing runs, what cannot answer then is left out."""
    running = machine.is_running()
    parts_here = machine.every_part()
    lines = machine.missing(parts_here) if running else before_start(parts_here)
    yield from (wrong(Subject.PROGRAMS, line) for line in lines)
    if running:
        yield well(Subject.PROGRAMS, f"Circletime is running (at port {settings.PORT}).")
    elif not lines:
        yield well(Subject.PROGRAMS, "Everything that is needed to start is there, and the ports are free.")
    for check in CHECKS:
        if check.subject != Subject.PROGRAMS and (running or not _needs_to_run(check)):
            yield check.look(now)
    yield machine.room_client(now)
