"""Run inside an installation: puts a meeting of two children into its vault, and a request about one of them.

`python -m tests.access.plant SECONDS` prints the names that the browser tests need, as JSON.
"""

import json
import sys
from datetime import timedelta

import django

OTHER = (230, 40, 200)
"""The other child's colour: it may be in no film of this request."""


def plant(seconds: int) -> dict[str, str]:
    """A request whose recording is identified; nobody has made its film yet."""
    from django.utils import timezone

    from circletime.access.actions import checks, log
    from circletime.core import time
    from circletime.meetings.models import Meeting, Seat
    from circletime.meetings.rules import SeatRole, State
    from circletime.people.models import Pupil, User
    from circletime.recordings.models import Recording
    from tests.recordings import school
    from tests.recordings.plant import colour_at
    from tests.recordings.tracks import picture, tone

    now = time.now()
    staff = {
        role: User.objects.filter(rolegrant__role=role).earliest("pk") for role in ("teacher", "slt", "dsl")
    }
    meeting = school.make_meeting(staff, state=State.ENDED, seconds=seconds)
    host = school.make_seat(meeting, "Mrs Osei", role=SeatRole.HOST, user=staff["teacher"])
    children = {name: school.make_seat(meeting, name) for name in ("Amara", "Ben")}
    for name, seat in children.items():
        Seat.objects.filter(pk=seat.pk).update(pupil=Pupil.objects.filter(first_name=name).earliest("pk"))
    parts = [
        school.Part(host, "camera", picture(seconds, colour_at), 0, seconds),
        school.Part(host, "microphone", tone(seconds, 440), 0, seconds),
        school.Part(children["Amara"], "camera", picture(seconds, lambda _: (30, 190, 190)), 0, seconds),
        school.Part(children["Ben"], "camera", picture(seconds, lambda _: OTHER), 0, seconds),
        school.Part(children["Ben"], "microphone", tone(seconds, 1000), 0, seconds),
    ]
    recording = school.make_recording(meeting, parts)
    # The meetings of the tests have a day of their own; this one was yesterday.
    shift = now - timedelta(days=1) - school.BEGAN
    Meeting.objects.filter(pk=meeting.pk).update(
        starts_at=meeting.starts_at + shift,
        live_at=meeting.live_at + shift,
        ended_at=meeting.ended_at + shift,
    )
    move_tracks(recording, shift)
    Recording.objects.filter(pk=recording.pk).update(
        made_at=now - timedelta(days=1), destroy_on=timezone.localtime(now).date() + timedelta(days=29)
    )
    case = log.log_case(
        pupil=Pupil.objects.filter(first_name="Amara").earliest("pk"),
        asker_name="Ama Boateng",
        relation="parent",
        channel="spoken",
        asked_on=timezone.localtime(now).date(),
        by=staff["slt"],
        now=now,
    )
    checks.check_identity(case=case, how="Passport seen", by=staff["slt"], now=now)
    case = checks.check_responsibility(case=case, how="On our record", by=staff["slt"], now=now)
    case = checks.identify(case=case, by=staff["slt"], now=now)
    return {"case": case.public_id, "recording": recording.public_id}


def move_tracks(recording, shift: timedelta) -> None:  # type: ignore[no-untyped-def]
    """Write the recorder's account anew, as of the other day."""
    from circletime.recordings import vault
    from circletime.recordings.queries import folder_of, key_of, open_part

    key, folder = key_of(recording), folder_of(recording.public_id)
    for path in folder.glob("manifest-*.ctv"):
        with open_part(recording.public_id, path.name, key) as part:
            lines = [json.loads(line) for line in part.read().splitlines()]
        lines[0]["started_ms"] += int(shift.total_seconds() * 1000)
        path.unlink()
        with vault.create(path, f"{recording.public_id}/{path.name}", key) as file:
            file.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))


def invite_now(case_id: str) -> str:
    """Invite whoever asked to a viewing that is on at this moment."""
    from circletime.access.actions import invitations
    from circletime.access.models import Case, Invitation
    from circletime.core import time
    from circletime.people.models import User

    now, slt = time.now(), User.objects.filter(rolegrant__role="slt").earliest("pk")
    starts = (now + timedelta(days=2)).replace(hour=11, minute=0)
    while starts.weekday() > 4:
        starts += timedelta(days=1)
    invitations.invite(
        case=Case.objects.get(public_id=case_id),
        starts_at=starts,
        minutes=60,
        where="online",
        place="",
        leader=slt,
        by=slt,
        now=now,
    )
    made = Invitation.objects.latest("pk")
    Invitation.objects.filter(pk=made.pk).update(starts_at=now - timedelta(minutes=1))
    return made.public_id


if __name__ == "__main__":
    django.setup()
    print(json.dumps(plant(int(sys.argv[1]))))
