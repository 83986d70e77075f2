"""What the recorder wrote of a child stands beside the register; what cannot be read stops nothing."""

from circletime.access.actions import checks
from circletime.access.rules.case import State
from circletime.meetings.rules import State as Meets
from circletime.people.models import Pupil, User
from circletime.recordings.queries import folder_of
from tests.access.conftest import ASKED, Asked, seat_of
from tests.recordings.school import Part, make_meeting, make_recording


def test_seconds_of_picture_and_sound_are_the_childs_own(
    checked: Asked, staff: dict[str, User], amara: Pupil
) -> None:
    ben = Pupil.objects.filter(first_name="Ben").earliest("pk")
    meeting = make_meeting(staff, state=Meets.ENDED, seconds=600)
    hers, his = seat_of(meeting, amara), seat_of(meeting, ben)
    parts = [
        Part(hers, "camera", b"", 10, 400),
        Part(hers, "microphone", b"", 60, 89.9),
        Part(hers, "microphone", b"", 100, 109.9),
        Part(his, "camera", b"", 0, 600),
        Part(his, "microphone", b"", 0, 600),
    ]
    make_recording(meeting, parts)
    row = checks.identify(case=checked(), by=staff["slt"], now=ASKED).recordings.get()
    assert (row.pictured, row.heard) == (390.1, 40)


def test_a_damaged_account_is_told_as_such_and_the_recording_is_still_kept(
    checked: Asked, staff: dict[str, User], amara: Pupil
) -> None:
    meeting = make_meeting(staff, state=Meets.ENDED, seconds=600)
    seat_of(meeting, amara)
    recording = make_recording(meeting, [])
    manifest = folder_of(recording.public_id) / "manifest-1.ctv"
    whole = bytearray(manifest.read_bytes())
    whole[-3] ^= 1
    manifest.write_bytes(bytes(whole))
    case = checks.identify(case=checked(), by=staff["slt"], now=ASKED)
    row = case.recordings.get()
    assert row.there and row.heard is None and case.state == State.IDENTIFIED
    assert case.hold is not None and recording in case.hold.recordings.all()
