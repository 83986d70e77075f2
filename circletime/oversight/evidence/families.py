"""What families were told, and whether their links stayed with them: T4, T11, T12, R2, R5."""

from collections import Counter
from datetime import datetime, timedelta
from statistics import median

from django.utils import timezone

from circletime.dispatch.queries.counts import Family
from circletime.dispatch.rules import Channel
from circletime.meetings.rules import Kind, Purpose
from circletime.oversight.evidence.facts import LINKS_BURNED, LINKS_MADE, Facts
from circletime.oversight.evidence.figure import Figure, Item, nothing, of_all, rough, span_words
from circletime.oversight.evidence.period import midnight
from circletime.oversight.models import Leak
from circletime.oversight.rules.leaks import Answer

_NONE = "No meeting with families was held in this period."
_BY_HAND = (
    "What went on paper, by SchoolPing or by word of mouth is the office's word, from when it was ticked."
)
_NEXT = f"{_BY_HAND} A next meeting counts where it was in the calendar, or was planned as the next one."


def sent(facts: Facts) -> Figure:
    """T4: by which way the office's list reached each family, and which letters failed."""
    items = []
    ways, failed = Counter[Channel](), 0
    for meeting in facts.with_families:
        told = facts.invited[meeting.subject]
        ways.update(each.channel for each in told if each.channel is not None)
        failed += sum(each.failed for each in told)
        if told:
            items.append(meeting.item(of=len(told), bad=sum(each.latest is None for each in told)))
    if not items:
        return nothing("families to tell of a meeting", _NONE)
    total, bad = sum(item.of for item in items), sum(item.bad for item in items)
    how = ", ".join(f"{_WAYS[way]} {rough(ways[way])}" for way in Channel if ways[way]) or "by no way"
    out = sum(facts.log["dispatch.links.handed_out"].values())
    return Figure(
        f"{rough(total).capitalize()} times a family was to be told of a meeting: {how}; {rough(bad)} were "
        f"not reached. {rough(failed).capitalize()} letters failed. The office took links out to print or "
        f"send otherwise {out:,} times.",
        "families to tell of a meeting",
        tuple(items),
        people=True,
        cannot=f"Whether a letter was read. {_BY_HAND}",
    )


_WAYS = {
    Channel.EMAIL: "by e-mail",
    Channel.SCHOOLPING: "by SchoolPing",
    Channel.PAPER: "on paper",
    Channel.SPOKEN: "by word of mouth",
}


def told(facts: Facts) -> Figure:
    """R2: of how many meetings every family was told before they began, as they stood at last."""
    items, late_ones = [], 0
    for meeting in facts.with_families:
        families = facts.invited[meeting.subject]
        never = sum(each.latest is None for each in families)
        late = sum(each.latest is not None and each.latest > meeting.live_at for each in families)
        late_ones += bool(late and not never)
        notes = [f"{rough(never)} of its families were not told"] if never else []
        notes += [f"{rough(late)} only after it had begun"] if late else []
        items.append(meeting.item(bad=bool(never or late), note=", ".join(notes)))
    if not items:
        return nothing("meetings with families", _NONE)
    good = sum(not item.bad for item in items)
    more = f" Of {late_ones:,}, some were told only after it had begun." if late_ones else ""
    return Figure(
        f"{of_all(good, len(items), 'meetings with families')}: every family was told before it began.{more}",
        "meetings with families",
        tuple(items),
        cannot=f"Whether a letter was read. Whom a contact restriction forbids to write to is not counted. "
        f"{_BY_HAND}",
    )


def teaching_told(facts: Facts) -> Figure:
    """R5: to how many teaching meetings nobody came before all families knew that it was for teaching."""
    items, shut = [], 0
    for meeting in facts.with_pupils:
        if meeting.purpose != Purpose.TEACHING:
            continue
        first = facts.first_knocks.get(meeting.pk)
        families = facts.invited[meeting.subject]
        untold = sum(not _knew(each, first or facts.now) for each in families)
        shut += bool(untold and first is None)
        note = f"it opened while {rough(untold)} of its families had not been told" if untold else ""
        if first is None:
            note = "it stayed shut: not every family was told" if untold else "no child came"
        items.append(meeting.item(bad=bool(untold and first is not None), note=note))
    if not items:
        return nothing("teaching meetings", "No meeting for teaching was held in this period.")
    good = sum(not item.bad for item in items)
    more = f" {shut:,} stayed shut, because not every family was told." if shut else ""
    return Figure(
        f"{of_all(good, len(items), 'teaching meetings')}: no family came in before every family had been "
        f"told that it was for teaching.{more}",
        "teaching meetings",
        tuple(items),
        cannot=f"Whether a meeting for anything else turned into a lesson. {_BY_HAND}",
    )


def _knew(family: Family, moment: datetime) -> bool:
    return family.since is not None and family.since <= moment


def broken_off(facts: Facts) -> Figure:
    """T12: when a meeting was broken off, every family was told why, and when the next one is."""
    if not facts.broken_off:
        return nothing("meetings broken off", "No meeting was broken off in this period.")
    items, reason, all_told, following, of_families = [], 0, 0, 0, 0
    for meeting in facts.broken_off:
        notes, with_families = [], meeting.kind != Kind.STAFF
        reason += meeting.has_reason
        notes += [] if meeting.has_reason else ["no reason was kept"]
        if with_families:
            untold = sum(each.since is None for each in facts.told_off[meeting.subject])
            comes = meeting.subject in facts.told_of_next
            of_families, all_told, following = of_families + 1, all_told + (not untold), following + comes
            notes += [f"{rough(untold)} of its families were not told"] if untold else []
            notes += [] if comes else ["families were told of no next one"]
        items.append(meeting.item(bad=bool(notes), note=", ".join(notes)))
    said = f"{of_all(reason, len(items), 'meetings that were broken off')} had a reason that was kept."
    if of_families:
        said += (
            f" Of {of_families:,} with families, every family was told why of {all_told:,}, and when the "
            f"next one is of {following:,}."
        )
    return Figure(said, "meetings broken off", tuple(items), cannot=_NEXT)


def links(facts: Facts) -> Figure:
    """T11: links that were made and burned, alarms that one was made public, how fast each was answered."""
    made: Counter[datetime] = Counter()
    for kind, at, number in facts.links:
        if kind in LINKS_MADE:
            made[midnight(timezone.localtime(at).date(), facts.period.zone)] += number
    items = [Item(day, "Links of families that were made", number) for day, number in made.items()]
    alarms = [each for each in facts.leaks if each.alarm]
    items += [_alarm(each) for each in alarms]
    if not items:
        return nothing(
            "links and alarms", "No family's link was made and no alarm was raised in this period."
        )
    burned = sum(number for kind, _, number in facts.links if kind in LINKS_BURNED)
    return Figure(
        f"{sum(made.values()):,} links of families were made, {burned:,} were burned. {_alarms(alarms)} "
        f"{len(facts.leaks) - len(alarms):,} softer notices mailed nobody.",
        "links and alarms",
        tuple(sorted(items, key=lambda item: item.at)),
        cannot="An alarm says where a link was seen, and not who put it there.",
    )


def _alarms(alarms: list[Leak]) -> str:
    if not alarms:
        return "No alarm said that a link or a class's address was made public."
    waits = [_wait(each).total_seconds() for each in alarms if each.answered_at is not None]
    took = f", in the middle after {span_words(timedelta(seconds=median(waits)))}" if waits else ""
    anew = sum(each.answer == Answer.BURNED for each in alarms)
    return (
        f"{len(alarms):,} alarms said that a link or an address was made public: {len(waits):,} were answered"
        f"{took}, {anew:,} of them by making it anew."
    )


def _wait(leak: Leak) -> timedelta:
    return (leak.answered_at or leak.first_at) - leak.first_at


def _alarm(leak: Leak) -> Item:
    """One alarm, without whose link it was."""
    note = "nobody has answered it yet"
    if leak.answered_at is not None:
        note = f"{Answer(leak.answer).words.lower()}, after {span_words(_wait(leak))}"
    return Item(leak.first_at, f"{leak.get_place_display()} was seen at {leak.where}", 1, 1, note)
