"""What happened in the rooms, in numbers of which nobody can be told: S1, S2, P1, P2, P5, P6, P7, R3, R8."""

from circletime.meetings.rules import SeatRole
from circletime.oversight.evidence.facts import Facts
from circletime.oversight.evidence.figure import Figure, Item, nothing, of_all, of_people, rough
from circletime.oversight.evidence.lapses import incident_items
from circletime.oversight.rules.incidents import Kind

_NO_CHILD = "No child was let into a meeting in this period."


def hosts_confirmed(facts: Facts) -> Figure:
    """S1: each host confirmed background, dress and language before going in."""
    cannot = "Whether it was true. The host's word is kept; a bedroom no program sees."
    return _confirmed(facts, [], "", cannot)


def staff_pictures(facts: Facts) -> Figure:
    """S2: each host confirmed to take no screenshots before going in; pictures that got out."""
    cannot = (
        "Whether it was true: a screenshot no program sees. An incident seldom says who put a picture "
        "somewhere, so each stands under S2, P3 and R6."
    )
    return _confirmed(facts, incident_items(facts, Kind.PICTURE), facts.reported(Kind.PICTURE), cannot)


def _confirmed(facts: Facts, lapses: list[Item], told: str, cannot: str) -> Figure:
    items = []
    for meeting in facts.held:
        host = facts.seat(meeting, SeatRole.HOST)
        if host.seats:
            items.append(meeting.item(of=host.seats, bad=host.seats - host.confirmed))
    if not items and not lapses:
        return nothing("times a host went in", "No meeting was held in this period.")
    total, bad = sum(item.of for item in items), sum(item.bad for item in items)
    return Figure(
        f"{of_all(total - bad, total, 'times a host went in')}, each point was confirmed first.{told}",
        "times a host went in",
        tuple(sorted(items + lapses, key=lambda item: item.at)),
        cannot=cannot,
    )


def turns_reached(facts: Facts) -> Figure:
    """P1: how many of the children who were there had a turn."""
    items = []
    for meeting in facts.with_pupils:
        came = facts.came.get(meeting.pk, set())
        if came:
            spoke = len(came & facts.spoke.get(meeting.pk, set()))
            items.append(meeting.item(of=len(came), bad=len(came) - spoke))
    if not items:
        return nothing("children in a meeting", _NO_CHILD)
    total, silent = sum(item.of for item in items), sum(item.bad for item in items)
    share = f", {100 * (total - silent) / total:.0f} %" if total >= 100 else ""
    return Figure(
        f"Every child came in muted. {rough(total - silent).capitalize()} of {rough(total)} times a child "
        f"was in a meeting, they had a turn to speak{share}; {rough(silent)} times they had none.",
        "children in a meeting",
        tuple(items),
        people=True,
        cannot="Whether a child wished to speak. A short visit counts like a long one.",
    )


def one_voice(facts: Facts) -> Figure:
    """P2: no turn began before the one before it had ended."""
    items = []
    for meeting in facts.with_pupils:
        turns, overlapping = facts.turns.get(meeting.pk, (0, 0))
        if turns:
            items.append(meeting.item(of=turns, bad=overlapping))
    if not items:
        return nothing("turns", "No child had a turn in this period.")
    total, bad = sum(item.of for item in items), sum(item.bad for item in items)
    said = f"{of_all(total - bad, total, 'turns')} began when nobody else's was running."
    return Figure(said, "turns", tuple(items), cannot="Adults may speak at any time; that is not counted.")


def cameras(facts: Facts) -> Figure:
    """P5: cameras in which something else than a camera was noticed."""
    items = []
    for meeting in facts.held:
        cameras_there = sum(facts.seat(meeting, role).admitted for role in SeatRole)
        noticed = facts.logged("meetings.camera.noticed", meeting)
        if cameras_there:
            items.append(meeting.item(of=cameras_there, bad=min(noticed, cameras_there)))
    if not items:
        return nothing("people in a meeting", "Nobody was in a meeting in this period.")
    total, bad = sum(item.of for item in items), sum(item.bad for item in items)
    said = "no virtual camera or blurred background was noticed"
    if bad:
        said = f"{rough(bad)} virtual cameras or blurred backgrounds were noticed and shown to the host"
    return Figure(
        f"Among {rough(total)} times somebody was in a meeting, {said}.",
        "people in a meeting",
        tuple(items),
        people=True,
        cannot="Only what a browser reveals is noticed. What a camera shows cannot be proven.",
    )


def behaviour(facts: Facts) -> Figure:
    """P6: how often a host had to act, and whether each removal has its reason."""
    items, back, cameras_off, silent = [], 0, 0, 0
    for meeting in facts.held:
        guests = [facts.seat(meeting, role) for role in SeatRole if role != SeatRole.HOST]
        removed = sum(each.removed for each in guests)
        silently = sum(each.removed_silently for each in guests)
        sent = facts.logged("meetings.guest.waiting", meeting)
        off = facts.logged("meetings.camera.off", meeting)
        back, cameras_off, silent = back + sent, cameras_off + off, silent + silently
        if removed + sent + off:
            items.append(meeting.item(of=removed + sent + off, bad=silently))
    reasons = "" if silent else " Each removal has its reason in the register."
    told = facts.reported(Kind.BEHAVIOUR)
    if not items:
        why = f"No host had to remove anybody or turn a camera off in this period.{told}"
        return nothing("acts of a host", why)
    total = sum(item.of for item in items)
    return Figure(
        f"A host acted {rough(total)} times: removed somebody {rough(total - back - cameras_off)} times, "
        f"sent somebody back to the waiting room {rough(back)} times, turned a camera off "
        f"{rough(cameras_off)} times.{reasons}{told}",
        "acts of a host",
        tuple(items),
        people=True,
        cannot="What was not acted on.",
    )


def first_names(facts: Facts) -> Figure:
    """P7: each child was seen under the first name that the roster has."""
    items = []
    for meeting in facts.with_pupils:
        names = dict(facts.expected.get(meeting.pk, ()))
        came = facts.pupils.get(meeting.pk, ())
        if came:
            bad = sum(names.get(pupil) != label for pupil, label in came)
            items.append(meeting.item(of=len(came), bad=bad))
    if not items:
        return nothing("children let in", _NO_CHILD)
    total, bad = sum(item.of for item in items), sum(item.bad for item in items)
    again = sum(facts.log["meetings.door.second_browser"].values())
    more = f" A second browser under a name that was there already was turned away {rough(again)} times."
    said = of_people(total, bad, "times a child was let in, it was")
    return Figure(
        f"{said} under the first name on the roster.{more if again else ''}",
        "times a child was let in",
        tuple(items),
        people=True,
    )


def grown_ups(facts: Facts) -> Figure:
    """R3: an adult confirmed before each join that they were there, and answered when asked again."""
    items = []
    for meeting in facts.with_pupils:
        pupils = facts.seat(meeting, SeatRole.PUPIL)
        asked, answered = facts.grown_ups.get(meeting.pk, (0, 0))
        if pupils.seats:
            silent = pupils.seats - pupils.confirmed + asked - answered
            items.append(meeting.item(of=pupils.seats + asked, bad=silent))
    if not items:
        return nothing("times a family was asked", "No child asked to join in this period.")
    joins = sum(facts.seat(meeting, SeatRole.PUPIL).seats for meeting in facts.with_pupils)
    asks = sum(asked for asked, _ in facts.grown_ups.values())
    answers = sum(answered for _, answered in facts.grown_ups.values())
    silent = sum(item.bad for item in items) - (asks - answers)
    more = (
        f" In the meetings families were asked again {rough(asks)} times whether a grown-up was still there; "
        f"{rough(asks - answers)} times nobody answered."
    )
    return Figure(
        f"{of_people(joins, silent, 'times a child asked to join')}, a grown-up had confirmed first."
        f"{more if asks else ''}{facts.reported(Kind.PLACE)}",
        "times a family was asked",
        tuple(items),
        people=True,
        cannot="Whether a grown-up was there: their word is kept, the host sees who has not answered.",
    )


def one_household_one_voice(facts: Facts) -> Figure:
    """R8: no adult had a place of their own in a meeting of children."""
    items = []
    for meeting in facts.with_pupils:
        adults = facts.seat(meeting, SeatRole.ADULT).admitted
        items.append(meeting.item(bad=bool(adults)))
    if not items:
        return nothing("meetings of children", "No class met in this period.")
    good = sum(not item.bad for item in items)
    notes = sum(facts.log["meetings.note.written"].values())
    return Figure(
        f"{of_all(good, len(items), 'meetings of children')} had no place for an adult beside staff. "
        f"Hosts wrote {rough(notes)} notes into registers, of whatever kind.{facts.reported(Kind.TALKED)}",
        "meetings of children",
        tuple(items),
        cannot="What a parent said beside the child: it is in a note where the host wrote one.",
    )
