"""A meeting that was held, and its recording in the vault, made by hand as the recorder writes it."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from circletime.meetings.models import Meeting, Seat, Stay, Turn
from circletime.meetings.rules import SeatRole, SeatState, State
from circletime.people.factory import invent_school
from circletime.people.models import SchoolClass, User
from circletime.recordings import keys, vault
from circletime.recordings.models import Film, Recording, Vigil
from circletime.recordings.queries import folder_of, key_of
from circletime.recordings.rules import FilmKind, FilmState, destroy_on
from circletime.recordings.rules import State as Stands

PASSWORD = "a-long-enough-word"
BEGAN = datetime.fromisoformat("2026-11-24T09:00:00+00:00")


def days_pass(to: datetime) -> None:
    """The worker is there every day until the day before `to`, and has nothing to do."""
    Vigil.objects.update_or_create(pk=1, defaults={"at": to - timedelta(days=1)})


def make_school() -> dict[str, User]:
    """A small invented school: its staff by role."""
    made = invent_school(now=BEGAN, classes=2, pupils=8, password=PASSWORD)
    return {role: user for role, (user, _) in made.staff.items()}


def make_meeting(staff: dict[str, User], *, state: State = State.OPEN, seconds: float = 0) -> Meeting:
    """A class meeting in the given state; one that is over lasted `seconds`."""
    oak = SchoolClass.objects.earliest("pk")
    meeting = Meeting(
        kind="class",
        purpose="circle",
        school_class=oak,
        host=staff["teacher"],
        starts_at=BEGAN,
        minutes=20,
        state=state,
    )
    if state != State.OPEN:
        meeting.live_at, meeting.ends_at = BEGAN, BEGAN + timedelta(minutes=20)
    if state == State.ENDED:
        meeting.ended_at = BEGAN + timedelta(seconds=seconds)
    meeting.save()
    return meeting


def make_seat(
    meeting: Meeting, label: str, *, role: SeatRole = SeatRole.PUPIL, user: User | None = None
) -> Seat:
    """Somebody who was let in."""
    seat = Seat.objects.create(
        meeting=meeting,
        role=role,
        user=user,
        label=label,
        key="k",
        state=SeatState.LEFT if meeting.ended_at else SeatState.ADMITTED,
        knocked_at=BEGAN,
    )
    Stay.objects.create(seat=seat, in_at=BEGAN, out_at=meeting.ended_at)
    return seat


def give_turn(seat: Seat, begins: float, ends: float) -> None:
    """A turn, in seconds of the meeting."""
    Turn.objects.create(
        meeting=seat.meeting,
        seat=seat,
        given_at=BEGAN + timedelta(seconds=begins),
        ended_at=BEGAN + timedelta(seconds=ends),
    )


@dataclass
class Part:
    """One track: its Matroska bytes, and when its timestamp 0 was, in seconds of the meeting."""

    seat: Seat
    source: str
    data: bytes
    begins: float
    ends: float | None
    segment: int = 1
    cut_at: int | None = None
    """The file ends after so many encrypted bytes, its writer killed."""


@dataclass
class Segment:
    """One run of the recorder; `stopped` None for one that was killed."""

    begins: float = -1.5
    stopped: float | None = None
    events: list[dict[str, object]] = field(default_factory=list)


def make_recording(
    meeting: Meeting, parts: list[Part], segments: dict[int, Segment] | None = None
) -> Recording:
    """Fill the vault: every part encrypted under a fresh key, and a manifest for each segment."""
    recording = Recording(
        meeting=meeting,
        made_at=BEGAN,
        destroy_on=destroy_on(timezone.localtime(BEGAN).date()),
        state=Stands.STOPPED,
        stopped_at=meeting.ended_at,
    )
    key = keys.new_key()
    recording.wrapped_key = keys.wrap(key, recording.public_id, may_make_file=True)
    segments = segments or {1: Segment(stopped=10_000)}
    recording.segment = max(segments)
    recording.save()
    Film.objects.create(recording=recording, kind=FilmKind.WHOLE, asked_by="system:worker", asked_at=BEGAN)
    folder = folder_of(recording.public_id)
    folder.mkdir(parents=True)
    for number, segment in segments.items():
        lines: list[dict[str, object]] = [
            {
                "e": "segment",
                "segment": number,
                "started_ms": int((BEGAN.timestamp() + segment.begins) * 1000),
            }
        ]
        own = [part for part in parts if part.segment == number]
        for index, part in enumerate(own):
            name = f"s{number}-TR_{index}.ctv"
            with vault.create(folder / name, f"{recording.public_id}/{name}", key) as file:
                file.write(part.data)
            if part.cut_at is not None:
                with (folder / name).open("r+b") as raw:
                    raw.truncate(part.cut_at)
            lines.append(
                {
                    "e": "track",
                    "file": name,
                    "sid": f"TR_{index}",
                    "identity": part.seat.public_id,
                    "name": part.seat.label,
                    "kind": "audio" if "microphone" in part.source else "video",
                    "source": part.source,
                    "start_ms": int((part.begins - segment.begins) * 1000),
                }
            )
            if part.ends is not None:
                lines.append({"e": "end", "file": name, "at_ms": int((part.ends - segment.begins) * 1000)})
        if segment.stopped is not None:
            lines.append({"e": "stop", "at_ms": int((segment.stopped - segment.begins) * 1000)})
        name = f"manifest-{number}.ctv"
        with vault.create(folder / name, f"{recording.public_id}/{name}", key) as file:
            file.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    return recording


def put_film(film: Film, data: bytes, *, head: int = 1000) -> None:
    """Put known bytes into the vault as a film that is ready."""
    recording = film.recording
    key = key_of(recording)
    for name, part in ((film.head_name, data[:head]), (film.rest_name, data[head:])):
        path = folder_of(recording.public_id) / name
        with vault.create(path, f"{recording.public_id}/{name}", key) as file:
            file.write(part)
    Film.objects.filter(pk=film.pk).update(state=FilmState.READY)
    film.refresh_from_db()
