"""The letters to families, in the language that is spoken while they are written.

Each is a list of blocks, of which the plain text and the HTML are both made. Names go in as they are, but for
what would be a place for a family's link.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.template.loader import render_to_string

from circletime.core.languages import Language
from circletime.core.words import N_, _, clock, day, day_and_year, ngettext, spoken
from circletime.dispatch.rules import Gathering, Reason, What

PURPOSES = {
    "circle": N_("Circle time"),
    "wellbeing": N_("Well-being check-in"),
    "story": N_("Story time"),
    "teaching": N_("Teaching"),
    "family": N_("Talk with the family"),
}
REASONS = {
    Reason.INTERNET: N_("Why: the school's internet connection failed."),
    Reason.SAFEGUARDING: N_(
        "Why: we stopped to keep everybody in the meeting safe. If your own child is concerned, the school "
        "speaks to you in person."
    ),
    Reason.ILLNESS: N_("Why: a member of staff was taken ill."),
    Reason.TECHNICAL: N_("Why: the technology at school failed."),
    Reason.OTHER: N_("Why: for a reason that the school will be glad to explain."),
}


@dataclass(frozen=True)
class Family:
    """Whom a letter is for: the first names of the children it is about, and the place of each one's link."""

    children: tuple[str, ...]
    link: str = ""


@dataclass(frozen=True)
class Told:
    """What a letter is made of, but for whom it is for."""

    what: What
    school: str
    meeting: Gathering | None = None
    following: Gathering | None = None
    reason: Reason | None = None
    reason_words: str = ""
    title: str = ""
    due_on: date | None = None
    instead: bool = False
    work: str = ""
    until: str = ""


@dataclass(frozen=True)
class Block:
    """A paragraph; or a list of facts; or a link with the words to press on."""

    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    link: str = ""
    strong: bool = False


@dataclass
class Words:
    """A letter, as it goes into the outbox; the summary and the description are its calendar entry's.

    `beneath` is the same letter in English, where the school has to know word for word what it signed.
    """

    subject: str
    blocks: list[Block] = field(default_factory=list)
    summary: str = ""
    description: str = ""
    language: Language = field(default_factory=spoken)
    beneath: "Words | None" = None

    @property
    def parts(self) -> "list[Words]":
        """This one, and the one beneath it."""
        return [self, *([self.beneath] if self.beneath is not None else [])]

    @property
    def text(self) -> str:
        """As plain text. Each sentence stands alone, so that it can be read aloud."""
        return "\n\n".join(_as_text(block) for part in self.parts for block in part.blocks) + "\n"

    @property
    def html(self) -> str:
        """As HTML: the same words, with nothing that has to be fetched."""
        return render_to_string(
            "dispatch/letter.html",
            {"subject": self.subject, "language": self.language, "parts": self.parts},
        )


def _as_text(block: Block) -> str:
    if block.facts:
        return "\n".join(f"{name}: {value}" for name, value in block.facts)
    return f"{block.text}\n{block.link}" if block.link else block.text


def write(told: Told, families: Sequence[Family]) -> Words:
    """The letter for one address, which may belong to two households.

    For none, it is the same to a whole class at once, as SchoolPing sends it: it names no child, and no link
    is in it.
    """
    made = {
        What.ACCESS: _invites,
        What.TEACHING: _invites,
        What.MOVED: _invites,
        What.CANCELLED: _cancelled,
        What.ABORTED: _aborted,
        What.CONDUCT: _conduct,
    }[told.what](told, families)
    names = dict.fromkeys(name for family in families for name in family.children)
    greeting = (
        _("Dear family of %(children)s,") % {"children": listed(names)}
        if names
        else _("Dear families of %(class)s,") % {"class": _whose(told.meeting)}
        if told.meeting is not None
        else _("Dear families,")
    )
    made.blocks = [Block(greeting), *made.blocks, Block(_signed(told))]
    return made


def write_new_link(school: str, classes: Iterable[str], family: Family, until: str) -> Words:
    """The letter with a new link, because the old one was made public (T11)."""
    whose = {"class": listed(classes)}
    return Words(
        _("%(class)s: your family's new link") % whose,
        [
            Block(_("Dear family of %(children)s,") % {"children": listed(family.children)}),
            Block(
                _(
                    "Your old link to our video meetings was seen in a place where others can find it, so it "
                    "does not work any more. This is your new one."
                ),
                strong=True,
            ),
            Block(_("Open your family's own page:"), link=family.link),
            _careful(until),
            Block(
                _(
                    "The old link may still stand in an earlier letter of ours or in your calendar. Please "
                    "use the new one instead."
                )
            ),
            Block("\n".join([_("Yours sincerely,"), tame(school)])),
        ],
    )


def listed(names: Iterable[str]) -> str:
    """Names as they are said one after the other."""
    every = [tame(name) for name in names]
    if len(every) < 2:
        return "".join(every)
    first = ", ".join(every[:-1])
    return _("%(names)s and %(last)s") % {"names": first, "last": every[-1]}


def _invites(told: Told, families: Sequence[Family]) -> Words:
    meeting = _meeting(told)
    purpose = purpose_of(meeting)
    when = {
        "class": _whose(meeting),
        "purpose": purpose,
        "day": day(meeting.starts_at),
        "time": _time(meeting),
    }
    if told.what == What.MOVED:
        subject = _("%(class)s: %(purpose)s has moved to %(day)s at %(time)s") % when
        opening = _("The video meeting of %(class)s has moved. This is the new time.") % when
    elif not meeting.with_pupils:
        subject = _("%(class)s: we would like to talk with you on %(day)s at %(time)s") % when
        opening = _("%(teacher)s would like to talk with you by video.") % {"teacher": meeting.host_name}
    elif meeting.teaching:
        subject = _("%(class)s: a video meeting for teaching on %(day)s at %(time)s") % when
        opening = _("%(class)s meets by video. This meeting is for teaching.") % when
    else:
        subject = _("%(class)s: %(purpose)s on %(day)s at %(time)s") % when
        opening = _("%(class)s meets by video.") % when
    blocks = [Block(opening, strong=True)]
    if told.instead:
        blocks.append(Block(_("It takes the place of the meeting that had to stop.")))
    if told.what == What.MOVED and meeting.teaching:
        blocks.append(Block(_("This meeting is for teaching.")))
    blocks += [Block(facts=_facts(meeting)), *_links(families, told)]
    if meeting.with_pupils:
        blocks += [
            Block(
                _(
                    "A grown-up stays with the child all the time. Sit in a room that is not a bedroom or a "
                    "bathroom, with the child dressed as for school."
                )
            ),
            Block(work_goes_on(teaching=meeting.teaching, address=told.work)),
            Block(
                _(
                    "Please do not talk with the teacher during the meeting. You can write to %(teacher)s at "
                    "%(address)s."
                )
                % _host(meeting)
            ),
        ]
    else:
        blocks.append(Block(_("You can write to %(teacher)s at %(address)s.") % _host(meeting)))
    blocks.append(Block(_kept()))
    return Words(subject, blocks, f"{_whose(meeting)}: {purpose}", _described(meeting))


def _cancelled(told: Told, families: Sequence[Family]) -> Words:
    meeting = _meeting(told)
    when = {"class": _whose(meeting), "day": day(meeting.starts_at), "time": _time(meeting)}
    subject = _("%(class)s: the meeting on %(day)s at %(time)s does not take place") % when
    blocks = [
        Block(
            _("The video meeting of %(class)s on %(day)s at %(time)s does not take place.") % when,
            strong=True,
        ),
        Block(_("We write to you when there is another one. You need to do nothing.")),
        Block(_("You can write to %(teacher)s at %(address)s.") % _host(meeting)),
    ]
    return Words(subject, blocks, f"{_whose(meeting)}: {purpose_of(meeting)}")


def _aborted(told: Told, families: Sequence[Family]) -> Words:
    meeting, following = _meeting(told), told.following
    when = {"class": _whose(meeting), "day": day(meeting.starts_at), "time": _time(meeting)}
    subject = _("%(class)s: why the meeting on %(day)s had to stop") % when
    own = told.reason == Reason.OTHER and told.reason_words
    why = (
        _("Why, in the teacher's words: “%(words)s”") % {"words": tame(told.reason_words)}
        if own
        else _(REASONS[told.reason or Reason.OTHER])
    )
    blocks = [
        Block(
            _("The video meeting of %(class)s on %(day)s at %(time)s had to stop early.") % when, strong=True
        ),
        Block(why),
    ]
    if following is None:
        blocks.append(Block(_("We write to you as soon as the next meeting has a day and a time.")))
        summary = description = ""
    else:
        blocks += [Block(_("The next meeting:"), strong=True), Block(facts=_facts(following))]
        blocks += _links(families, told)
        summary = f"{_whose(following)}: {purpose_of(following)}"
        description = _described(following)
    blocks.append(Block(_("You can write to %(teacher)s at %(address)s.") % _host(meeting)))
    return Words(subject, blocks, summary, description)


def _conduct(told: Told, families: Sequence[Family]) -> Words:
    title = {"title": tame(_(told.title))}
    asked = [Block(_("Please read “%(title)s” and accept it on your family's page.") % title, strong=True)]
    if told.due_on is not None:
        asked.append(Block(_("Please do so by %(day)s.") % {"day": day_and_year(told.due_on)}))
    blocks = [
        *asked,
        Block(
            _(
                "It takes a few minutes. We need it from one adult of the family before the child's next "
                "meeting."
            )
        ),
        *_links(families, told),
        Block(_kept()),
    ]
    return Words(_("Please read and accept: %(title)s") % title, blocks)


def _links(families: Sequence[Family], told: Told) -> list[Block]:
    found: list[Block] = []
    if not families:
        return [Block(_("Your family's own link is in our e-mail. If you have none, ask the school office."))]
    for family in families:
        if not family.link:
            continue
        several = len(families) > 1
        words = (
            _("Your link for %(children)s:") % {"children": listed(family.children)}
            if several
            else _("Open this link at that time. It is your family's own:")
            if told.meeting is not None
            else _("Open your family's own page:")
        )
        found.append(Block(words, link=family.link))
    return [*found, _careful(told.until)] if found else []


def _careful(until: str) -> Block:
    return Block(
        _(
            "Pass the link on to nobody and never put it on social media. It works until %(day)s, "
            "for your own children only. If somebody else has seen it, tell the school office, and "
            "they make a new one."
        )
        % {"day": until}
    )


def work_goes_on(*, teaching: bool, address: str = "") -> str:
    """That school work is not what a meeting of children is for, and where it goes on (R4)."""
    if teaching:
        said = _("Other school work continues through J2e or SchoolPing.")
        there = _("Other school work continues through J2e or SchoolPing: %(address)s")
    else:
        said = _("This meeting is social, for well-being. School work continues through J2e or SchoolPing.")
        there = _(
            "This meeting is social, for well-being. School work continues through J2e or SchoolPing: "
            "%(address)s"
        )
    return there % {"address": address} if address else said


def _kept() -> str:
    return _(
        "Meetings are recorded to keep everybody safe. A recording is kept for 30 days and then destroyed. "
        "You can ask the school to see it. This letter is forgotten after 30 days as well."
    )


def _facts(meeting: Gathering) -> tuple[tuple[str, str], ...]:
    length = ngettext("%(minutes)d minute", "%(minutes)d minutes", meeting.minutes)
    return (
        (
            _("When"),
            _("%(day)s at %(time)s") % {"day": day_and_year(meeting.starts_at), "time": _time(meeting)},
        ),
        (_("How long"), length % {"minutes": meeting.minutes}),
        (_("Class"), _whose(meeting)),
        (_("What for"), purpose_of(meeting)),
        (_("With"), tame(meeting.host_name)),
    )


def _described(meeting: Gathering) -> str:
    return _("By video. Open your family's own link from the school's letter at that time.")


def _signed(told: Told) -> str:
    lines = [_("Yours sincerely,")]
    if told.meeting is not None:
        lines.append(tame(told.meeting.host_name))
    return "\n".join([*lines, tame(told.school)])


def purpose_of(meeting: Gathering) -> str:
    """What it is for (C1), in the language that is spoken."""
    return _(PURPOSES[meeting.purpose]) if meeting.purpose in PURPOSES else meeting.purpose


def _whose(meeting: Gathering) -> str:
    whole = f"{meeting.class_name}, {meeting.group_name}" if meeting.group_name else meeting.class_name
    return tame(whole)


def _host(meeting: Gathering) -> dict[str, str]:
    return {"teacher": tame(meeting.host_name), "address": tame(meeting.host_email)}


def _time(meeting: Gathering) -> str:
    return clock(meeting.starts_at)


def _meeting(told: Told) -> Gathering:
    if told.meeting is None:
        raise ValueError("this notice is about a meeting")
    return told.meeting


def tame(text: str) -> str:
    """Words of somebody else, that cannot be taken for the place of a family's link."""
    return text.replace("{", "").replace("}", "")
