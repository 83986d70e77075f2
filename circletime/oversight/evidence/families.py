"""What families were told, and whether their links stayed with them: T4, T11, T12, R2, R4, R5."""

from collections import Counter
from datetime import datetime

from django.utils import timezone

from circletime.dispatch.models import WorkPlace
from circletime.dispatch.queries.counts import Family
from circletime.dispatch.rules import Channel
from circletime.meetings.rules import Kind, Purpose
from circletime.oversight.evidence.facts import LINKS_BURNED, LINKS_MADE, Facts
from circletime.oversight.evidence.figure import Figure, Item, nothing, of_all, rough
from circletime.oversight.evidence.lapses import alarm_items, alarm_words
from circletime.oversight.evidence.period import midnight
from circletime.oversight.rules.incidents import Kind as Incident
from circletime.people.models import SchoolClass

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


def work_elsewhere(facts: Facts) -> Figure:
    """R4: of how many meetings of children families were sent where the class's school work goes on."""
    items, before = [], 0
    for meeting in facts.with_pupils:
        named = facts.work_named.get(meeting.subject, False)
        before += named is None
        if named is not None:
            note = "" if named else "what families were sent named no address of the class's work"
            items.append(meeting.item(bad=not named, note=note))
    if not items:
        return nothing("meetings of children", "No meeting of children was held in this period.")
    good = sum(not item.bad for item in items)
    lessons = sum(meeting.purpose == Purpose.TEACHING for meeting in facts.with_pupils)
    early = f" Of {before:,} earlier ones it was not kept yet." if before else ""
    open_ones = SchoolClass.objects.filter(closed_at=None).count()
    known = WorkPlace.objects.filter(school_class__closed_at=None).count()
    return Figure(
        f"{of_all(good, len(items), 'meetings of children')}: families were sent where the class's school "
        f"work goes on.{early} {len(facts.with_pupils) - lessons:,} meetings were social or for well-being, "
        f"{lessons:,} for teaching. Today {known:,} of {open_ones:,} classes have such an address.",
        "meetings of children",
        tuple(items),
        cannot="Whether work went on there: Circletime sees neither J2e nor SchoolPing. Whether a letter was "
        "read. How families were told of a meeting for teaching stands under R5.",
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
    items += alarm_items(alarms)
    if not items:
        return nothing(
            "links and alarms", "No family's link was made and no alarm was raised in this period."
        )
    burned = sum(number for kind, _, number in facts.links if kind in LINKS_BURNED)
    return Figure(
        f"{sum(made.values()):,} links of families were made, {burned:,} were burned. {alarm_words(alarms)} "
        f"{len(facts.leaks) - len(alarms):,} softer notices mailed nobody.{facts.reported(Incident.LEAK)}",
        "links and alarms",
        tuple(sorted(items, key=lambda item: item.at)),
        cannot="An alarm says where a link was seen, and not who put it there.",
    )
