"""What meetings and their doors show: C1, C2, C3, T1, T2, T3, T5, T6, T7."""

from collections import Counter, defaultdict
from datetime import timedelta

from django.utils import timezone

from circletime.meetings.rules import PURPOSES_OF, Kind, Purpose, SeatRole
from circletime.oversight.evidence.facts import Facts, Held
from circletime.oversight.evidence.figure import Figure, Item, clock, longest, nothing, of_all, of_people
from circletime.policy.limits import MEETING_WITH_FAMILIES, MEETING_WITH_STAFF

SLACK = timedelta(seconds=1)
"""A room closes within a second of its limit."""


def purposes(facts: Facts) -> Figure:
    """C1: each meeting was for one of the purposes that its kind may have."""
    if not facts.held:
        return nothing("meetings", "No meeting was held in this period.")
    items, kinds = [], Counter[str]()
    for meeting in facts.held:
        fits = meeting.purpose in {purpose.value for purpose in PURPOSES_OF[meeting.kind]}
        words = Purpose(meeting.purpose).words if fits else "another purpose"
        kinds[words] += 1
        items.append(meeting.item(bad=not fits, note=words))
    said = ", ".join(f"{words} {count:,}" for words, count in kinds.most_common())
    good = sum(not item.bad for item in items)
    return Figure(
        f"{of_all(good, len(items), 'meetings')} had a purpose of the policy: {said}.",
        "meetings",
        tuple(items),
        cannot="Whether a meeting kept to its purpose: only who was there knows.",
    )


def expected(facts: Facts) -> Figure:
    """C2: whoever was let in was expected in that meeting."""
    items = []
    for meeting in facts.with_pupils:
        wanted = {pupil for pupil, _ in facts.expected.get(meeting.pk, ())}
        came = [pupil for pupil, _ in facts.pupils.get(meeting.pk, ())]
        if came:
            bad = sum(pupil not in wanted for pupil in came)
            items.append(meeting.item(of=len(came), bad=bad))
    if not items:
        return nothing("children let in", "No child was let into a meeting in this period.")
    total, bad = sum(item.of for item in items), sum(item.bad for item in items)
    said = of_people(total, bad, "times a child was let in, it was")
    return Figure(
        f"{said} a child of that class or group.",
        "times a child was let in",
        tuple(items),
        people=True,
        cannot="Whether it was that child who sat there: the host sees and says so.",
    )


def weeks(facts: Facts) -> Figure:
    """C3: how many minutes a class met in a week."""
    by_week: dict[tuple[str, object], list[Held]] = defaultdict(list)
    for meeting in facts.with_pupils:
        day = timezone.localtime(meeting.live_at).date()
        by_week[meeting.class_name, day - timedelta(days=day.weekday())].append(meeting)
    if not by_week:
        return nothing("weeks of a class", "No class met in this period.")
    sums = {}
    for key, held in by_week.items():
        spans = [meeting.lasted or facts.now - meeting.live_at for meeting in held]
        sums[key] = sum(spans, timedelta()).total_seconds() / 60
    ordered = sorted(sums.values())
    items = [
        Item(
            held[0].live_at,
            f"{name} · week of {timezone.localtime(held[0].live_at):%-d %B}",
            note=f"{sums[name, week]:.0f} minutes in {len(held)} meeting{'s' if len(held) > 1 else ''}",
        )
        for (name, week), held in by_week.items()
    ]
    return Figure(
        f"In the {len(items):,} weeks in which a class met, it met for {ordered[-1]:.0f} minutes at most, "
        f"and for {ordered[len(ordered) // 2]:.0f} in the middle.",
        "weeks of a class",
        tuple(sorted(items, key=lambda item: item.at)),
        cannot="What was done in the minutes. No number in the policy makes a week too long.",
    )


def hosts(facts: Facts) -> Figure:
    """T1: staff held each meeting, and it was a host who let each guest in."""
    if not facts.held:
        return nothing("meetings", "No meeting was held in this period.")
    items = []
    for meeting in facts.held:
        host = facts.seat(meeting, SeatRole.HOST)
        paused = facts.logged("meetings.meeting.freeze", meeting)
        bad = not host.seats or host.strangers > 0
        items.append(meeting.item(bad=bad, note=f"paused {paused} times" if paused else ""))
    paused = sum(facts.logged("meetings.meeting.freeze", meeting) for meeting in facts.held)
    good = sum(not item.bad for item in items)
    said = f"{of_all(good, len(items), 'meetings')} were held by a member of staff."
    more = f" {paused:,} times a room was paused, because no host or no recorder was in it." if paused else ""
    return Figure(said + more, "meetings", tuple(items))


def _limits(facts: Facts, kinds: tuple[Kind, ...], whose: str, most: timedelta) -> Figure:
    over = [meeting for meeting in facts.over if meeting.kind in kinds]
    if not over:
        return nothing("meetings", f"No meeting with {whose} ended in this period.")
    items, spans = [], []
    for meeting in over:
        lasted = meeting.lasted or timedelta()
        spans.append(lasted)
        items.append(
            meeting.item(
                bad=lasted > min(meeting.limit, most) + SLACK,
                note=f"{clock(lasted)} of {meeting.minutes} minutes",
            )
        )
    good = sum(not item.bad for item in items)
    said = f"{of_all(good, len(items), 'meetings')} with {whose} ended within their limit{longest(spans)}."
    cannot = "A room closes within one second of its limit; that second is not counted as a breach."
    return Figure(said, "meetings", tuple(items), cannot=cannot)


def twenty_minutes(facts: Facts) -> Figure:
    """T2: meetings with pupils or parents ended within their limit."""
    kinds = (Kind.CLASS, Kind.GROUP, Kind.PARENTS)
    return _limits(facts, kinds, "pupils or parents", MEETING_WITH_FAMILIES)


def forty_minutes(facts: Facts) -> Figure:
    """T3: the same with staff."""
    return _limits(facts, (Kind.STAFF,), "staff", MEETING_WITH_STAFF)


def sharing(facts: Facts) -> Figure:
    """T5: screen sharing was off again at each meeting's end, and on only where a host switched it on."""
    if not facts.over:
        return nothing("meetings", "No meeting ended in this period.")
    items = []
    for meeting in facts.over:
        times = facts.logged("meetings.sharing.on", meeting)
        note = f"switched on {times} times" if times > 1 else "switched on once" if times else ""
        items.append(meeting.item(bad=meeting.sharing_on, note=note))
    used = sum(bool(item.note) for item in items)
    good = sum(not item.bad for item in items)
    said = (
        f"{of_all(good, len(items), 'meetings')} ended with screen sharing off; a host had switched it on in "
    )
    return Figure(
        f"{said}{used:,} of them.",
        "meetings",
        tuple(items),
        cannot="A picture of a screen that is held into a camera is noticed by its shape, and not always.",
    )


def rooms(facts: Facts) -> Figure:
    """T6: no room was used twice; class passwords that were changed."""
    if not facts.held:
        return nothing("meetings", "No meeting was held in this period.")
    used = Counter(meeting.room for meeting in facts.held)
    items = [meeting.item(bad=used[meeting.room] > 1) for meeting in facts.held]
    changed = len(facts.done("people.class.password_changed"))
    good = sum(not item.bad for item in items)
    return Figure(
        f"{of_all(good, len(items), 'meetings')} had a room of their own. "
        f"A class's ID and password were changed {changed:,} times.",
        "meetings",
        tuple(items),
    )


def waiting_room(facts: Facts) -> Figure:
    """T7: each guest waited first, and the log has a host's admission for each of them."""
    items = []
    for meeting in facts.held:
        guests = [facts.seat(meeting, role) for role in SeatRole if role != SeatRole.HOST]
        admitted = sum(each.admitted for each in guests)
        if not admitted:
            continue
        waited = sum(each.waited for each in guests)
        logged = facts.logged("meetings.guest.admitted", meeting)
        bad = admitted - min(admitted, waited, logged)
        items.append(meeting.item(of=admitted, bad=bad))
    if not items:
        return nothing("admissions", "Nobody was let into a meeting in this period.")
    total, bad = sum(item.of for item in items), sum(item.bad for item in items)
    said = of_people(total, bad, "guests came in through the waiting room, let in by a host")
    return Figure(f"{said}.", "guests let in", tuple(items), people=True)
