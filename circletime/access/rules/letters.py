"""The letters to whoever asked, word for word. No surname of a child, no number of a pupil."""

from dataclasses import dataclass
from datetime import date, datetime

from circletime.access.rules.invitation import Where
from circletime.access.rules.outcome import Outcome, RefusalGround


@dataclass(frozen=True)
class Text:
    """A letter's subject and its words."""

    subject: str
    text: str


@dataclass(frozen=True)
class Frame:
    """What every letter has: to whom, from which school, signed by whom, about a request of which day."""

    to: str
    school: str
    signed: str
    asked_on: date

    def letter(self, about: str, *parts: str) -> Text:
        body = "\n\n".join(part for part in parts if part)
        text = f"Dear {self.to or 'family'},\n\n{body}\n\nYours sincerely,\n{self.signed}\n{self.school}\n"
        return Text(f"{about}: {self.school}", text)

    @property
    def request(self) -> str:
        return f"your request of {_day(self.asked_on)} to see recordings of your child"


COMPLAIN = (
    "If you disagree, you can ask us to look at it again: write to the headteacher or to the chair of "
    "governors at the school. You can complain to the Information Commissioner, who watches over data "
    "protection in the United Kingdom (ico.org.uk), and you can ask a court to enforce your right."
)
"""Where a refusal can be taken. A letter of refusal without it would not be lawful."""


def extended(frame: Frame, *, until: date, reason: str) -> Text:
    """We need two more months, and why."""
    return frame.letter(
        "We need more time for your request",
        f"Thank you for {frame.request}. It needs more work than one month allows, so the law gives us up to "
        f"two more. You will have our answer by {_day(until)} at the latest.",
        f"Why: {reason}",
        COMPLAIN,
    )


def invited(
    frame: Frame,
    *,
    starts_at: datetime,
    minutes: int,
    where: Where,
    place: str,
    leader: str,
    link: str = "",
    changed: bool = False,
) -> Text:
    """Come and see it then, there, with this senior leader. `starts_at` is in the school's time."""
    at = f"{_day(starts_at.date(), week=True)} at {starts_at:%H:%M}"
    scene = (
        f"At school{f', {place}' if place else ''}" if where == Where.SCHOOL else "Online, on a page of ours"
    )
    return frame.letter(
        "Your viewing has changed" if changed else "Your invitation to a viewing",
        "The time or place of your viewing has changed. This takes the place of what we wrote before."
        if changed
        else f"Thank you for {frame.request}. We would like to show them to you.",
        f"When: {at}, for up to {minutes} minutes\nWhere: {scene}\n"
        f"With you: {leader}, a senior leader of the school",
        f"Open this page at that time; it stays dark until {leader} is there: {link}" if link else "",
        "Other children do not appear in what you will see. Please make no picture and no recording of it.",
        "If the time does not suit you, or if you would rather have a copy than come, tell us. If a viewing "
        "is not enough for you, you have a right to a copy.",
    )


def called_off(frame: Frame, *, starts_at: datetime, reason: str) -> Text:
    """The viewing does not take place then."""
    return frame.letter(
        "Your viewing does not take place",
        f"The viewing on {_day(starts_at.date(), week=True)} at {starts_at:%H:%M} does not take place. "
        "We will write to you about another time.",
        f"Why: {reason}" if reason else "",
    )


def refused(frame: Frame, *, ground: RefusalGround, reason: str) -> Text:
    """We do not show it, for this lawful reason, and where that can be taken."""
    return frame.letter(
        "Our answer to your request",
        f"We have looked at {frame.request}. We do not show them, because {ground.letter}.",
        f"More about why: {reason}" if reason else "",
        COMPLAIN,
    )


def closed(frame: Frame, *, outcome: Outcome) -> Text:
    """It is done."""
    return frame.letter(
        "Your request is answered", f"Thank you for {frame.request}.", _CLOSED[outcome], COMPLAIN
    )


_CLOSED = {
    Outcome.VIEWED: "You have viewed them with us and told us that this was enough, so we take your request "
    "as answered. If you would like a copy after all, ask us; the recordings are destroyed on their day.",
    Outcome.COPY: "You have been given a copy, so we take your request as answered.",
    Outcome.NOTHING: "We kept no recording of your child on that day. "
    "Recordings are destroyed after 30 days.",
}


def _day(day: date, *, week: bool = False) -> str:
    return f"{day:%A }{day.day} {day:%B %Y}" if week else f"{day.day} {day:%B %Y}"
