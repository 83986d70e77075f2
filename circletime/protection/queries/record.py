"""The record of processing (UK GDPR, Article 30) and the impact assessment (Article 35), as this one runs.

Read from the settings, the limits in force and the table of what is kept; no secret and no person is in it.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from circletime.core.languages import LANGUAGES
from circletime.documents import limits
from circletime.people.queries import get_school
from circletime.policy.clauses import CLAUSES, Clause
from circletime.policy.limits import Limit
from circletime.protection.models import SchoolWords
from circletime.protection.personal import Kept, personal, until
from circletime.protection.points import POINTS, Point
from circletime.protection.risks import RISKS, Risk


@dataclass(frozen=True)
class Period:
    """One limit as it holds here, and since when the school has a value of its own."""

    words: str
    value: int
    unit: str
    own: bool
    since: datetime | None


@dataclass(frozen=True)
class Processing:
    """What is done with data of whom, for what, and who gets it."""

    what: str
    purpose: str
    whose: str
    data: str
    given_to: str


@dataclass(frozen=True)
class Row:
    """One table of what is kept, its time in words as it holds here."""

    kept: Kept
    until: str


@dataclass(frozen=True)
class Said:
    """One open point with what the school wrote, by whom and when; `words` is None where it wrote nothing."""

    point: Point
    words: SchoolWords | None


@dataclass(frozen=True)
class Stands:
    """One risk with the clauses of the policy that it rests on."""

    risk: Risk
    clauses: tuple[Clause, ...]


@dataclass(frozen=True)
class Record:
    """All of it at one moment."""

    school: str
    at: datetime
    said: tuple[Said, ...]
    where: tuple[tuple[str, str], ...]
    processing: tuple[Processing, ...]
    periods: tuple[Period, ...]
    rows: tuple[Row, ...]
    risks: tuple[Stands, ...]

    @property
    def open_points(self) -> int:
        """How many points the school has not written to."""
        return sum(each.words is None for each in self.said)


def record_of(now: datetime) -> Record:
    """Read the record as it stands."""
    newest: dict[str, SchoolWords] = {}
    for words in SchoolWords.objects.select_related("by"):
        newest.setdefault(words.point, words)
    clauses = {clause.number: clause for clause in CLAUSES}
    return Record(
        school=get_school().name,
        at=now,
        said=tuple(
            Said(point, found if (found := newest.get(point.key)) is not None and found.text else None)
            for point in POINTS
        ),
        where=tuple(where()),
        processing=tuple(processing()),
        periods=tuple(_period(limit) for limit in Limit),
        rows=tuple(Row(kept, until(kept, limits.holds)) for kept in personal()),
        risks=tuple(Stands(risk, tuple(clauses[number] for number in risk.clauses)) for risk in RISKS),
    )


def _period(limit: Limit) -> Period:
    last = limits.last_set(limit)
    return Period(
        limit.facts.words,
        limits.holds(limit),
        limit.facts.unit,
        last is not None,
        last.set_at if last is not None else None,
    )


def where() -> list[tuple[str, str]]:
    """Where data lies and goes on this installation. Addresses without their passwords."""
    database = settings.DATABASES["default"]
    local = "sqlite" in database["ENGINE"]
    place = f"SQLite, the file {settings.VAR / 'db.sqlite3'} on this machine" if local else "PostgreSQL"
    if not local:
        place += f", the service “{database.get('OPTIONS', {}).get('service', '')}”"
    return [
        (
            "Pages",
            f"{_host(settings.PUBLIC_URL)}, {'encrypted' if settings.HTTPS else 'not encrypted'}",
        ),
        ("Database", place),
        ("Recordings", f"The folder {settings.VAULT} on this machine, each encrypted under a key of its own"),
        ("Keys of recordings", f"The folder {settings.KEYS} on this machine"),
        ("Recordings that have stopped", _bucket()),
        (
            "Sound and picture",
            f"LiveKit at {', '.join(map(_host, settings.LIVEKIT_URLS))}; no other company's server is asked",
        ),
        ("Letters", _mail()),
        ("SchoolPing", _ping()),
        ("Languages of families", ", ".join(one.english_name for one in LANGUAGES.values())),
    ]


def _bucket() -> str:
    if not settings.S3_BUCKET:
        return "Stay in that folder"
    at = _host(settings.S3_URL) or "Amazon"
    return f"The bucket {settings.S3_BUCKET} at {at}, encrypted, without the keys"


def _mail() -> str:
    if not settings.EMAIL_HOST or settings.DEMO:
        return f"No mail server: they are written into the folder {settings.MAIL_FOLDER} and reach nobody"
    kept = "encrypted" if settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL else "not encrypted"
    return f"The mail server {settings.EMAIL_HOST}, {kept}, as {settings.DEFAULT_FROM_EMAIL}"


def _ping() -> str:
    if not settings.SCHOOLPING:
        return "Nothing is sent: the office copies a message that names no child"
    if settings.SCHOOLPING.startswith("http"):
        return f"A webhook at {_host(settings.SCHOOLPING)} gets messages that name no child"
    return "A gateway's mail address gets messages that name no child"


def _host(address: str) -> str:
    return urlsplit(address).hostname or address


def processing() -> list[Processing]:
    """What is done, for what, with whose data, and who gets it: here, as it is set up."""
    mail = (
        "the mail server, and from there the family"
        if settings.EMAIL_HOST and not settings.DEMO
        else "nobody"
    )
    ping = "; SchoolPing, without names" if settings.SCHOOLPING else ""
    bucket = "; the bucket's owner, encrypted and without a key" if settings.S3_BUCKET else ""
    return [
        Processing(
            "Meetings by video",
            "Teaching, well-being and staying in touch",
            "children, families, staff",
            "Sound and picture while it lasts; first names; who was there and who spoke",
            "nobody",
        ),
        Processing(
            "Recordings",
            "Safeguarding, and answering who asks to see them",
            "who was in the meeting",
            "Sound and picture, encrypted",
            f"whoever asks and may see it, with the others left out{bucket}",
        ),
        Processing(
            "Roster",
            "Letting in only who is expected",
            "children, families, staff",
            "Names, classes, households, e-mail addresses, languages; contact restrictions",
            "nobody",
        ),
        Processing(
            "Letters and who was told",
            "Telling families of meetings",
            "families",
            "Addresses, words, when and how each was told",
            f"{mail}{ping}",
        ),
        Processing(
            "Documents and acceptances",
            "Showing that rules were read",
            "families, staff, governors",
            "Who accepted which version, and when",
            "nobody",
        ),
        Processing(
            "Incidents, exceptions, alarms",
            "Safeguarding, and the policy being kept",
            "children, families, staff",
            "What happened, in words; steps and outcome",
            "the Commissioner of a breach, by the school itself",
        ),
        Processing(
            "The log and the report",
            "Showing governors that the policy was kept",
            "everybody, as numbers",
            "Who did what when; no names and no free text",
            "governors: the signed end of the log, by letter",
        ),
    ]


def made_words(record: Record) -> str:
    """When it was read, in the school's time."""
    return f"{timezone.localtime(record.at):%-d %B %Y, %H:%M}"
