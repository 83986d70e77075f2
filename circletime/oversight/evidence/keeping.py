"""What is recorded, kept and shown: T8, T9, T10."""

from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from circletime.access.models import Case
from circletime.access.queries.lists import line_of
from circletime.oversight.evidence.facts import Facts
from circletime.oversight.evidence.figure import Figure, Item, nothing, of_all
from circletime.oversight.evidence.period import midnight
from circletime.recordings.models import Hold, Recording
from circletime.recordings.rules import GONE, State


def recorded(facts: Facts) -> Figure:
    """T8: each meeting was recorded from its start to its end."""
    if not facts.held:
        return nothing("meetings", "No meeting was held in this period.")
    made = set(
        Recording.objects.filter(meeting__in=[m.pk for m in facts.held]).values_list("meeting_id", flat=True)
    )
    items = []
    for meeting in facts.held:
        lost = facts.logged("meetings.recording.lost", meeting)
        note = "" if meeting.pk in made else "there is no recording"
        if lost:
            note = f"the recorder stopped {lost} times and was started again"
        items.append(meeting.item(bad=bool(note), note=note))
    good = sum(not item.bad for item in items)
    return Figure(
        f"{of_all(good, len(items), 'meetings')} were recorded from start to end, and each has its register.",
        "meetings",
        tuple(items),
        cannot="Whether a picture is in the recording: a child may have had the camera off. Screenshots made "
        "by another program.",
    )


def thirty_days(facts: Facts) -> Figure:
    """T9: each recording whose day came in the period was destroyed on it, unless somebody keeps it."""
    period = facts.period
    last = min(period.last, facts.today - timedelta(days=1))
    ever = Exists(Hold.objects.filter(recordings=OuterRef("pk")))
    held = Exists(Hold.objects.filter(recordings=OuterRef("pk"), released_at=None))
    found = Recording.objects.filter(destroy_on__gte=period.first, destroy_on__lte=last).annotate(
        ever_held=ever, is_held=held
    )
    items, kept, early = [], 0, 0
    fields = ("state", "destroy_on", "destroyed_at", "ever_held", "is_held")
    for state, day, gone_at, ever_held, is_held in found.order_by("destroy_on", "pk").values_list(*fields):
        gone_on = timezone.localtime(gone_at).date() if gone_at is not None else None
        note, bad = "destroyed on its day", False
        if state in GONE and state != State.DESTROYED:
            note, bad = "its key is destroyed, its files not yet", True
        elif gone_on is None and is_held:
            note, kept = "kept by a hold", kept + 1
        elif gone_on is None:
            note, bad = "past its day and still there", True
        elif gone_on < day:
            note, early = "destroyed early, by two leaders", early + 1
        elif gone_on > day:
            note, bad = f"destroyed {(gone_on - day).days} days late", not ever_held
        if ever_held and gone_on is not None and gone_on > day:
            note = "kept by a hold, destroyed after it"
        items.append(Item(midnight(day, period.zone), f"Recording due on {day:%-d %B %Y}", 1, bad, note))
    if not items:
        return nothing("recordings", "No recording's day came in this period.")
    good = sum(not item.bad for item in items)
    return Figure(
        f"{of_all(good, len(items), 'recordings')} whose 30th day came were destroyed on it or rightly kept; "
        f"{kept:,} are kept by a hold, {early:,} were deleted early by two leaders.",
        "recordings whose day came",
        tuple(items),
        cannot="Copies that somebody made of a screen. A certificate stays of each recording that is gone.",
    )


def requests(facts: Facts) -> Figure:
    """T10: requests to see a recording, and whether they were answered in time."""
    period = facts.period
    found = Case.objects.filter(asked_on__gte=period.first, asked_on__lte=period.last)
    items, over = [], 0
    for case in found.order_by("asked_on", "pk"):
        line = line_of(case, facts.today)
        over += bool(line.outcome)
        note = f"{line.outcome or line.state}, {line.days} days"
        items.append(
            Item(midnight(case.asked_on, period.zone), f"Request {line.number}", 1, line.overdue, note)
        )
    if not items:
        return nothing("requests", "Nobody asked to see a recording in this period.")
    good = sum(not item.bad for item in items)
    return Figure(
        f"{of_all(good, len(items), 'requests to see a recording')} are in time; {over:,} are over.",
        "requests",
        tuple(items),
    )
