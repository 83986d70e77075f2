"""A request whose film is approved, with a viewing that is open and a copy that waits to be taken."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from circletime.access.actions import checks, copy, invitations, log, redaction, viewing
from circletime.access.models import Invitation
from circletime.meetings.models import Seat
from circletime.meetings.rules import State
from tests.recordings.school import make_meeting, make_recording, make_seat, put_film
from tests.world import World


@dataclass
class Seen:
    """What stands in the addresses about it."""

    case: str
    recording: str
    invitation: str
    film: str
    mark: str
    copy: str
    see: str
    take: str

    def arguments(self, name: str) -> list[Any]:
        if name.startswith("redaction"):
            return [self.case, self.recording]
        if name.startswith("supervised"):
            return [self.invitation, *([self.recording] if name == "supervised-film" else [])]
        return {"take": [self.take], "see-piece": [self.see, self.film, 0]}.get(name, [self.see])


def make_seen(world: World) -> Seen:
    """The senior leader made the film and leads the viewing; the headteacher approved it."""
    slt, head, dsl = (world.staff[role] for role in ("slt", "headteacher", "dsl"))
    who: dict[str, Any] = {"by": slt, "now": world.now}
    pupil = world.pupil("D'Arcy")
    meeting = make_meeting(world.staff, state=State.ENDED, seconds=60)
    Seat.objects.filter(pk=make_seat(meeting, pupil.label).pk).update(pupil=pupil)
    recording = make_recording(meeting, [])
    case = log.log_case(
        pupil=pupil,
        asker_name="Ada Somebody",
        relation="parent",
        channel="spoken",
        asked_on=world.now.date(),
        **who,
    )
    checks.check_identity(case=case, how="Known to me", **who)
    case = checks.check_responsibility(case=case, how="On our record", **who)
    case = checks.identify(case=case, **who)
    row = case.recordings.get()
    mark = redaction.mark(
        case_recording=row, begins=3, ends=4, seat="", picture=True, sound=True, why="name", note="", **who
    )
    film = redaction.make(case_recording=row, **who)
    put_film(film, b"film" * 1000)
    redaction.approve(case_recording=row, film=film.public_id, by=head, now=world.now)
    starts_at = world.now + timedelta(days=2)
    invitations.invite(
        case=case, starts_at=starts_at, minutes=60, where="online", place="", leader=slt, **who
    )
    Invitation.objects.filter(case=case).update(starts_at=world.now)
    invitation = Invitation.objects.get(case=case)
    see = viewing.make_link(invitation=invitation, **who)
    viewing.open_viewing(invitation=invitation, **who)
    made, take, _ = copy.sign_off(case_recording=row, by=dsl, now=world.now)
    return Seen(
        case.public_id,
        recording.public_id,
        invitation.public_id,
        film.public_id,
        mark.public_id,
        made.public_id,
        see,
        take,
    )
