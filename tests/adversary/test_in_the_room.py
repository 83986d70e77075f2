"""A hostile browser at the door and in the room, against the real LiveKit (invariants 1, 3, 4, 5)."""

import time

import pytest

from circletime.media import livekit
from tests.adversary.conftest import Hostile, Scene, hostile
from tests.harness import heard_by, wait_for
from tests.pace import paced

pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.timeout(600)]


def never(scene: Scene, one: Hostile, source: str, seconds: float = 1.5) -> None:
    """For so long, the media server takes nothing of this kind from this person."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert source not in scene.sends(one), f"{one.name} sends a {source}"
        time.sleep(0.03)


def test_who_waits_gets_no_connection_and_no_word(scene: Scene) -> None:
    one = scene.newcomer()
    assert one.join() == "refused"
    assert set(one.events) <= {"out"}
    assert scene.participant(one) is None


def test_a_microphone_without_the_floor(scene: Scene) -> None:
    one = scene.guest()
    one.do("attack.send('audio', 'microphone')")
    never(scene, one, "microphone")
    scene.is_noticed(f"{one.name}: Tried to send a microphone without leave")
    assert heard_by(scene.teacher) == set()
    one.do("attack.smuggle()")
    never(scene, one, "microphone")
    assert heard_by(scene.teacher) == set()


def test_sound_that_calls_itself_a_camera(scene: Scene) -> None:
    one = scene.guest()
    one.do("attack.send('audio', 'camera')")
    never(scene, one, "camera")
    scene.is_noticed(f"{one.name}: Tried to send something as what it is not")
    one.do("attack.send('audio', 'unknown')")
    one.do("attack.send('video', 'microphone')")
    one.do("attack.send('video', 'screen_share')")
    time.sleep(1)
    assert scene.sends(one) == []
    assert heard_by(scene.teacher) == set()


def test_a_second_camera_and_a_second_microphone_even_with_the_floor(scene: Scene) -> None:
    one = scene.guest()
    one.do("attack.send('video', 'camera')")
    wait_for(lambda: scene.sends(one) == ["camera"], 5, "the first camera is taken")
    one.do("attack.send('video', 'camera')")
    scene.teacher.page.get_by_role("button", name=f"Give {one.name} a turn", exact=True).first.click()
    wait_for(lambda: (p := scene.participant(one)) and p.rights.microphone, 3, "the floor is theirs")
    one.do("attack.send('audio', 'microphone')")
    wait_for(lambda: scene.sends(one) == ["camera", "microphone"], 5, "the first microphone is taken")
    one.do("attack.send('audio', 'microphone')")
    scene.is_noticed(f"{one.name}: Tried to send a second microphone")
    scene.is_noticed(f"{one.name}: Tried to send a second camera")
    assert scene.sends(one) == ["camera", "microphone"]
    scene.teacher.page.get_by_role("button", name="End turn").click()
    wait_for(lambda: scene.sends(one) == ["camera"], 2, "the microphone is gone with the floor")
    one.do("attack.send('audio', 'microphone')")
    never(scene, one, "microphone")


def test_a_screen_that_calls_itself_a_camera_is_noticed(scene: Scene) -> None:
    """It cannot be prevented: what a camera shows cannot be proven."""
    one = scene.guest()
    one.do("attack.send('video', 'camera', 1920, 1080)")
    scene.is_noticed(f"{one.name}: The camera's picture has the size or shape of a screen")


def test_children_cannot_write_to_one_another(scene: Scene) -> None:
    writer, reader = scene.guest(), scene.guest()
    writer.do("attack.say('meet me outside')")
    time.sleep(1.5)
    assert not [event for event in reader.events if event.startswith("data")]


def test_a_name_stays_what_it_was(scene: Scene) -> None:
    one, other = scene.guest(), scene.guest()
    one.do("attack.rename()")
    scene.is_noticed(f"{one.name}: Tried to change its name or details")
    found = scene.participant(one)
    assert found is not None and found.name == one.name
    assert not [event for event in other.events if event.startswith(("name", "metadata"))]


def test_a_second_connection_for_one_seat_gains_nothing_and_costs_nothing(scene: Scene) -> None:
    one = scene.guest()
    twin = hostile(one.name, one.page.context.new_page(), scene.at, one.seat)
    assert twin.join() == "refused"
    scene.is_noticed(f"{one.name}: Tried to join a second time while in the room")
    assert "out" not in one.events
    assert scene.participant(one) is not None


def test_who_is_sent_back_or_removed_is_out_at_once_and_stays_out(scene: Scene) -> None:
    one = scene.guest()
    page = scene.teacher.page
    page.get_by_role("button", name=f"More for {one.name}").click()
    page.get_by_role("button", name=f"Send {one.name} back to the waiting room").click()
    began = time.monotonic()
    wait_for(lambda: "out" in one.events, 2, "the connection is closed")
    assert scene.participant(one) is None
    assert time.monotonic() - began < paced(2)
    assert one.join() == "refused"  # the old page, the old session, the old seat
    scene.admit(one)
    wait_for(lambda: one.join() == "in", 5, "in again")
    page.get_by_role("button", name=f"Remove {one.name}").click()
    page.get_by_label("Why? This is kept in the register.").fill("Behaviour")
    page.get_by_role("button", name="Remove now").click()
    wait_for(lambda: scene.participant(one) is None, 2, "out again")
    for _ in range(3):
        assert one.join() == "refused"
    assert scene.participant(one) is None


def test_nobody_is_let_in_after_the_end(scene: Scene) -> None:
    """The last of the file: the meeting is ended, with somebody still inside and somebody at the door."""
    inside, waiting = scene.guest(), scene.newcomer()
    scene.teacher.page.get_by_role("button", name="End meeting").click()
    scene.teacher.page.get_by_role("button", name="End now").click()
    wait_for(lambda: "out" in inside.events, 2, "everybody is out")
    wait_for(lambda: scene.room not in livekit.list_rooms(), 2, "the room is gone")
    assert inside.join() == "refused"
    assert waiting.join() == "refused"
    time.sleep(2.5)  # the reconciler has looked meanwhile
    assert livekit.list_rooms() == []
