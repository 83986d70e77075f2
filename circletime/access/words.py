"""The letters to whoever asked, in their language with the English beneath it: what the school signed.

No surname of a child stands in one, and no number of a pupil.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from circletime.access.rules.invitation import Where
from circletime.access.rules.outcome import Outcome, RefusalGround
from circletime.core.languages import ENGLISH
from circletime.core.words import N_, _, clock, day_and_year, ngettext, speaking
from circletime.dispatch.words import Block, Words, tame

Made = tuple[str, list[Block]]
"""What a letter is about, and what it says."""


@dataclass(frozen=True)
class Frame:
    """What every letter has: to whom and in which language, from which school, signed by whom, about a
    request of which day, for a child of which class (of none where the child is not on the roster)."""

    to: str
    school: str
    signed: str
    asked_on: date
    language: str = ENGLISH.code
    class_name: str = ""

    def letter(self, make: Callable[[], Made]) -> Words:
        """The letter that `make` writes in whatever language is spoken."""
        with speaking(ENGLISH.code):
            about, english = self._whole(make)
        with speaking(self.language) as spoken:
            if spoken is ENGLISH:
                return english
            own_about, own = self._whole(make)
            own.subject = self._subject(f"{own_about} ({about})")
            own.blocks.append(Block(_("The same letter in English, as the school wrote it:"), strong=True))
        own.beneath = english
        return own

    def _whole(self, make: Callable[[], Made]) -> tuple[str, Words]:
        about, said = make()
        greeting = Block(_("Dear %(name)s,") % {"name": tame(self.to)})
        signed = Block("\n".join([_("Yours sincerely,"), tame(self.signed), tame(self.school)]))
        return about, Words(self._subject(about), [greeting, *said, signed])

    def _subject(self, about: str) -> str:
        """Which class it is about, as all letters to families say; else which school it is from."""
        return tame(f"{self.class_name}: {about}" if self.class_name else f"{about}: {self.school}")

    @property
    def asked(self) -> dict[str, str]:
        return {"day": day_and_year(self.asked_on)}


COMPLAIN = N_(
    "If you disagree, you can ask us to look at it again: write to the headteacher or to the chair of "
    "governors at the school. You can complain to the Information Commissioner, who watches over data "
    "protection in the United Kingdom (ico.org.uk), and you can ask a court to enforce your right."
)
"""Where a refusal can be taken. A letter of refusal without it would not be lawful."""

GROUNDS = {
    RefusalGround.EXCESSIVE: N_("Why: the request is manifestly unfounded or excessive."),
    RefusalGround.OTHERS: N_(
        "Why: it would show other people, who cannot be taken out of it and have not agreed."
    ),
    RefusalGround.HARM: N_(
        "Why: showing it would be likely to cause serious harm to the child or to somebody else."
    ),
    RefusalGround.ORDER: N_("Why: an order of a court does not allow it."),
    RefusalGround.IDENTITY: N_("Why: we were not shown who you are, or that you may ask for this child."),
    RefusalGround.LAW: N_("Why: another law does not allow it."),
}

CLOSED = {
    Outcome.VIEWED: N_(
        "You have viewed them with us and told us that this was enough, so we take your request as answered. "
        "If you would like a copy after all, ask us; the recordings are destroyed on their day."
    ),
    Outcome.COPY: N_("You have been given a copy, so we take your request as answered."),
    Outcome.NOTHING: N_(
        "We kept no recording of your child on that day. Recordings are destroyed after 30 days."
    ),
}


def extended(frame: Frame, *, until: date, reason: str) -> Words:
    """We need two more months, and why."""

    def make() -> Made:
        said = _(
            "Thank you for your request of %(day)s to see recordings of your child. It needs more work than "
            "one month allows, so the law gives us up to two more. You will have our answer by %(until)s at "
            "the latest."
        ) % {**frame.asked, "until": day_and_year(until)}
        return _("We need more time for your request"), [Block(said), _why(reason), Block(_(COMPLAIN))]

    return frame.letter(make)


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
) -> Words:
    """Come and see it then, there, with this senior leader."""
    who = {"leader": tame(leader)}

    def make() -> Made:
        length = ngettext("%(minutes)d minute", "%(minutes)d minutes", minutes) % {"minutes": minutes}
        facts = (
            (_("When"), _("%(day)s at %(time)s") % _moment(starts_at)),
            (_("How long"), _("at most %(length)s") % {"length": length}),
            (_("Where"), _scene(where, place)),
            (_("With"), _("%(leader)s, a senior leader of the school") % who),
        )
        if changed:
            about = _("Your viewing has changed")
            opening = _(
                "The time or place of your viewing has changed. This takes the place of what we wrote before."
            )
        else:
            about = _("Your invitation to a viewing")
            opening = _(
                "Thank you for your request of %(day)s to see recordings of your child. We would like to "
                "show them to you."
            )
        there = _("Open this page at that time. It stays dark until %(leader)s is there:") % who
        return about, [
            Block(opening % frame.asked),
            Block(facts=facts),
            *([Block(there, link=link)] if link else []),
            Block(
                _(
                    "Other children do not appear in what you will see. Please make no picture and no "
                    "recording of it."
                )
            ),
            Block(
                _(
                    "If the time does not suit you, or if you would rather have a copy than come, tell us. "
                    "If a viewing is not enough for you, you have a right to a copy."
                )
            ),
        ]

    return frame.letter(make)


def called_off(frame: Frame, *, starts_at: datetime, reason: str) -> Words:
    """The viewing does not take place then."""

    def make() -> Made:
        said = _(
            "The viewing on %(day)s at %(time)s does not take place. We will write to you about another time."
        ) % _moment(starts_at)
        return _("Your viewing does not take place"), [Block(said), *([_why(reason)] if reason else [])]

    return frame.letter(make)


def refused(frame: Frame, *, ground: RefusalGround, reason: str) -> Words:
    """We do not show it, for this lawful reason, and where that can be taken."""

    def make() -> Made:
        said = _(
            "We have looked at your request of %(day)s to see recordings of your child. We do not show them "
            "to you."
        )
        blocks = [Block(said % frame.asked), Block(_(GROUNDS[ground]))]
        if reason:
            blocks.append(Block(_("More about it, in our own words: “%(words)s”") % {"words": tame(reason)}))
        return _("Our answer to your request"), [*blocks, Block(_(COMPLAIN))]

    return frame.letter(make)


def closed(frame: Frame, *, outcome: Outcome) -> Words:
    """It is done."""

    def make() -> Made:
        said = _("Thank you for your request of %(day)s to see recordings of your child.") % frame.asked
        return _("Your request is answered"), [
            Block(said),
            Block(_(CLOSED[outcome])),
            Block(_(COMPLAIN)),
        ]

    return frame.letter(make)


def appointment(language: str, *, where: Where, place: str, leader: str) -> tuple[str, str]:
    """The summary and the place of a viewing, as its entry in a calendar has them. It names no child."""
    with speaking(language):
        return _("Viewing with %(leader)s") % {"leader": tame(leader)}, tame(place) or _scene(where, place)


def _scene(where: Where, place: str) -> str:
    if where == Where.ONLINE:
        return _("Online, on a page of ours")
    return _("At school, %(place)s") % {"place": tame(place)}


def _moment(starts_at: datetime) -> dict[str, str]:
    return {"day": day_and_year(starts_at), "time": clock(starts_at)}


def _why(reason: str) -> Block:
    """What a member of staff wrote, which stands as they wrote it in every language."""
    return Block(_("Why, in our own words: “%(words)s”") % {"words": tame(reason)})
