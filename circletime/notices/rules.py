"""Letters: where one stands, when it is tried again, and what may stand in one. Plain Python."""

import re
from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from circletime.core.addresses import check_address
from circletime.core.errors import NotAllowed, Refused
from circletime.people.rules import LETTER_KEEPERS, WATCHERS, Role


class State(StrEnum):
    """Where a letter stands: WAITING -> SENDING -> (SENT | WAITING | FAILED); a person may stop it."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def words(self) -> str:
        return _STATES[self]


_STATES = {
    State.WAITING: "Waiting",
    State.SENDING: "Being sent",
    State.SENT: "Sent",
    State.FAILED: "Failed",
    State.STOPPED: "Stopped",
}

ENDED = (State.SENT, State.FAILED, State.STOPPED)
"""The worker does no more about it."""


class Kind(StrEnum):
    """What a letter is about. It decides who may read it."""

    MEETING = "meeting"
    CASE = "case"
    LOG = "log"
    POLICY = "policy"
    LEAK = "leak"
    LINK = "link"
    INCIDENT = "incident"
    MONITORING = "monitoring"
    EXCEPTION = "exception"
    HEALTH = "health"
    SCHOOLPING = "schoolping"
    ACCOUNT = "account"

    @property
    def words(self) -> str:
        return _KINDS[self]


_KINDS = {
    Kind.MEETING: "About a meeting",
    Kind.CASE: "About a request to see a recording",
    Kind.LOG: "About the log",
    Kind.POLICY: "About a document to read",
    Kind.LEAK: "About a link that was made public",
    Kind.LINK: "A family's own link",
    Kind.INCIDENT: "About an incident",
    Kind.MONITORING: "About meetings to look at",
    Kind.EXCEPTION: "About an exception",
    Kind.HEALTH: "About Circletime itself",
    Kind.SCHOOLPING: "Message for SchoolPing",
    Kind.ACCOUNT: "About how somebody signs in",
}


class Channel(StrEnum):
    """How a letter goes out."""

    EMAIL = "email"
    WEBHOOK = "webhook"


PRIVATE = frozenset({Kind.CASE, Kind.INCIDENT, Kind.EXCEPTION})
"""What the office sees go out and does not read (T10, C6)."""

LETTER_LEASE = timedelta(minutes=5)
"""A letter whose sender was not heard of for so long is sent by the next, under the same Message-ID."""

LETTER_TRIED_FOR = timedelta(days=2)
"""A letter that no mail server took by then has failed: what it says may be over."""

LATE_AFTER = timedelta(hours=1)
"""A letter that has waited so long is told of by the doctor."""

LONGEST_SUBJECT, LONGEST_TEXT, LONGEST_HTML = 250, 20_000, 100_000
"""In characters."""


def tried_again_after(tries: int, *, server: bool) -> timedelta:
    """How long a letter waits when it was tried `tries` times.

    A `server` that is away is asked more often than one that told this letter to come later.
    """
    return timedelta(minutes=min(2 ** min(tries - 1, 10), 10 if server else 60))


def is_given_up(queued_at: datetime, now: datetime) -> bool:
    """Whether it was tried for long enough."""
    return now - queued_at >= LETTER_TRIED_FOR


def can_see_letters(roles: Set[Role]) -> bool:
    """Whether somebody sees which letters went out, and may send one again."""
    return bool(roles & LETTER_KEEPERS)


def can_read_letter(roles: Set[Role], kind: str) -> bool:
    """Whether somebody may read what stands in a letter of this kind."""
    return bool(roles & WATCHERS) if kind in PRIVATE else can_see_letters(roles)


def check_see_letters(roles: Set[Role]) -> None:
    """Raise `NotAllowed` unless somebody has to do with letters."""
    if not can_see_letters(roles):
        raise NotAllowed("Only the office and senior leaders look after letters.")


def can_resend(state: str, *, emptied: bool) -> bool:
    """Whether there is anything to send again."""
    return state in ENDED and not emptied


def check_resend(state: str, *, emptied: bool) -> None:
    """Raise `Refused` unless it can be sent again."""
    if emptied:
        raise Refused("emptied", "What it said is not kept any more. Write it anew where it came from.")
    if not can_resend(state, emptied=emptied):
        raise Refused("under_way", "This letter is on its way already.")


def can_stop(state: str) -> bool:
    """Whether a letter can still be kept from going out, or its failure be laid aside."""
    return state in (State.WAITING, State.FAILED)


def check_stop(state: str) -> None:
    """Raise `Refused` unless it can be stopped."""
    if state == State.SENDING:
        raise Refused("under_way", "This letter is being sent at this moment.")
    if not can_stop(state):
        raise Refused("ended", f"This letter is done with: {State(state).words.lower()}.")


@dataclass(frozen=True)
class Calendar:
    """An entry for the calendar of whoever gets the letter.

    `uid` stays the same for as long as the appointment does; each letter that changes it has a higher
    `sequence`, and so has the one that says it is `cancelled`.
    """

    uid: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    organizer_name: str
    organizer_email: str
    sequence: int = 0
    cancelled: bool = False
    description: str = ""
    location: str = ""
    asks_answer: bool = True
    """Whether a calendar asks its owner for yes or no, which goes to the organizer by e-mail."""

    @property
    def method(self) -> str:
        """What a mail program is asked to do with it."""
        return "CANCEL" if self.cancelled else "REQUEST"


# Controls, halves of a pair, line and paragraph separators; and embeddings, overrides and isolates, while the
# joiners that Urdu and Tamil are written with are kept.
_STEERS = r"\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069"
_STEERS_A_LINE = re.compile(f"[{_STEERS}]")
_STEERS_A_TEXT = re.compile(rf"(?![\t\n])[{_STEERS}]")


def one_line(text: str) -> str:
    """`text` on one line, with nothing in it that could begin a header or turn the reading order about.

    A name is never a reason to lose a letter, so it is mended and not refused.
    """
    return " ".join(_STEERS_A_LINE.sub(" ", text).split())


def plain(text: str) -> str:
    """Text of several lines, without what steers a terminal or a mail program."""
    return _STEERS_A_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def check_words(subject: str, text: str, html: str) -> tuple[str, str, str]:
    """A letter's words, tidied. Raises `Refused` when there are none, or too many."""
    tidy = one_line(subject), plain(text), plain(html)
    for words, most, name in zip(
        tidy, (LONGEST_SUBJECT, LONGEST_TEXT, LONGEST_HTML), ("subject", "text", "html"), strict=True
    ):
        if len(words) > most:
            raise Refused("too_long", f"The {name} has more than {most} characters.", field=name, status=400)
        if name != "html" and not words.strip():
            raise Refused("empty", f"The letter has no {name}.", field=name, status=400)
    return tidy


def check_calendar(entry: Calendar) -> None:
    """Raise `Refused` unless a calendar can hold this entry."""
    check_address(entry.organizer_email, name="organizer_email")
    if not re.fullmatch(r"[\x21-\x7e]{1,200}", entry.uid):
        raise Refused("uid", "The calendar entry needs a name of its own.", field="calendar", status=400)
    if entry.sequence < 0:
        raise Refused("sequence", "A calendar entry counts from 0.", field="calendar", status=400)
    if not one_line(entry.summary):
        raise Refused("summary", "The calendar entry says nothing.", field="calendar", status=400)
    if entry.starts_at.tzinfo is None or entry.ends_at.tzinfo is None:
        raise Refused("zone", "The calendar entry's times have no time zone.", field="calendar", status=400)
    if entry.ends_at <= entry.starts_at:
        raise Refused("ends", "The calendar entry ends before it begins.", field="calendar", status=400)
