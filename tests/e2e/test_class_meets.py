"""A class meets, from sign-in to the recording, in real browsers: measured on pixels and on sound."""

import json
import time

import pytest

from tests.e2e.conftest import Opener
from tests.harness import (
    DESKTOP,
    PHONE,
    TABLET,
    Installation,
    Person,
    faults,
    heard_by,
    knock,
    picture_of,
    press_until,
    seen_by,
    sign_in,
    start_meeting,
    wait_for,
)
from tests.pace import paced

pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.timeout(900)]

NAMES = ["Amara", "Ben", "Chloé", "D'Arcy"]


def button(one: Person, name: str):  # type: ignore[no-untyped-def]
    return one.page.get_by_role("button", name=name, exact=True).first


ASKED_OUTSIDE = """
window.askedOutside = [];
const note = (config) => window.askedOutside.push(...(config?.iceServers ?? []));
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(config) { super(config); note(config); }
  setConfiguration(config) { super.setConfiguration(config); note(config); }
};
"""


def everyone_sees(people: list[Person], names: dict[str, str]) -> bool:
    """Whether each person has each tile, with the picture of the one it is named after."""
    return all(seen_by(one).get(label) == who for one in people for label, who in names.items())


def test_a_class_meets(at: Installation, someone: Opener) -> None:
    teacher = someone("teacher", size=DESKTOP)
    children = {
        name: someone(name, size=size)
        for name, size in zip(NAMES, [PHONE, TABLET, DESKTOP, PHONE], strict=True)
    }
    everybody = [teacher, *children.values()]
    for one in everybody:
        one.context.add_init_script(ASKED_OUTSIDE)

    # From sign-in to a live meeting: two presses beside the confirmations.
    sign_in(teacher, at, "teacher")
    picture_of(teacher, "meetings")
    teacher.page.get_by_role("link", name="Go to the meeting").click()
    teacher.page.wait_for_url("**/meetings/*/")
    start_meeting(teacher, at)

    # The children come to the door; nobody is let in by knocking, and nothing is told to who waits.
    for name, child in children.items():
        knock(child, at, name.upper() if name == "Ben" else name)
        child.page.get_by_role("status").filter(has_text="Waiting for your teacher").wait_for()
    waiting = teacher.page.get_by_role("list", name="Waiting room")
    wait_for(lambda: waiting.get_by_role("listitem").count() == 4, 5, "four at the door")
    picture_of(children["Amara"], "waiting")
    picture_of(teacher, "host-door")
    for child in children.values():
        assert child.page.get_by_role("group").count() == 0
        assert "Mrs Osei" not in child.page.content()

    # One, then everyone expected. All are seen, nobody but the teacher is heard.
    button(teacher, "Admit Amara").click()
    wait_for(lambda: seen_by(teacher).get("Amara") == "Amara", 8, "Amara is seen")
    assert seen_by(children["Ben"]) == {}
    button(teacher, "Admit everyone expected").click()
    pictures = {"Mrs Osei": "teacher"} | {name: name for name in NAMES}
    for one in everybody:
        some = dict(list(pictures.items())[:4]) if one.page.viewport_size == PHONE else pictures
        own = {label: who for label, who in some.items() if label in seen_by(one)}
        wait_for(lambda one=one, own=own: everyone_sees([one], own), 12, f"{one.who} sees {own}")
    for one in everybody:
        assert one.page.evaluate("window.askedOutside") == [], "somebody else's server would see the family"
    for child in children.values():
        wait_for(lambda child=child: heard_by(child) == {"teacher"}, 8, f"{child.who} hears them alone")
    assert heard_by(teacher) == set()

    # Hands in order; the floor goes to one, then to the next, and each time one child alone is heard.
    button(children["Ben"], "Hand up").click()
    button(children["Ben"], "Hand down").wait_for()
    button(children["Amara"], "Hand up").click()
    hands = teacher.page.get_by_role("list", name="Hands up")
    wait_for(lambda: hands.get_by_role("listitem").count() == 2, 4, "two hands")
    assert "Ben" in hands.get_by_role("listitem").first.inner_text()
    spoke_at: dict[str, tuple[float, float]] = {}
    for name in ("Ben", "Amara"):
        began = time.time()
        spoke_at = {who: (since, min(until, began)) for who, (since, until) in spoke_at.items()}
        button(teacher, f"Give {name} a turn").click()
        children[name].page.get_by_role("status").filter(has_text="Your turn to speak").wait_for()
        for one in everybody:
            wanted = {"teacher", name} - {one.who}
            wait_for(
                lambda one=one, wanted=wanted: heard_by(one, 600) == wanted, 15, f"{one.who} hears {wanted}"
            )
        spoke_at[name] = (began, float("inf"))  # until the turn ends, however long its pictures take
        picture_of(teacher, f"host-turn-{name.lower()}")
        picture_of(children["Amara"], f"pupil-turn-of-{name.lower()}")
    picture_of(children["Ben"], "pupil")
    spoke_at["Amara"] = (spoke_at["Amara"][0], time.time())
    button(teacher, "End turn").click()
    wait_for(lambda: heard_by(teacher, 400) == set(), 3, "silence after the turn")
    wait_for(lambda: heard_by(children["Ben"]) == {"teacher"}, 3, "Ben hears the teacher alone")
    assert "Chloé" in teacher.page.get_by_text("Not spoken yet").locator("..").inner_text()

    # A camera off, one sent back, one removed with a reason.
    button(teacher, "More for Chloé").click()
    button(teacher, "Turn off Chloé's camera").click()
    wait_for(lambda: seen_by(teacher).get("Chloé") is None, 5, "Chloé's camera is off")
    why = teacher.page.get_by_label("Why? This is kept in the register.")
    press_until(button(teacher, "Remove D'Arcy"), why.is_visible)
    why.fill("Behaviour")
    picture_of(teacher, "host-remove")
    button(teacher, "Remove now").click()
    children["D'Arcy"].page.get_by_role("heading", name="The meeting is over for you").wait_for()
    wait_for(lambda: "D'Arcy" not in seen_by(teacher), 3, "D'Arcy is gone")
    children["D'Arcy"].page.reload()
    time.sleep(1)
    assert seen_by(children["D'Arcy"]) == {}

    # At the limit the room closes for all (the limit is brought forward in the database).
    at.python(
        "from datetime import timedelta\n"
        "from circletime.core import time\n"
        "from circletime.meetings.models import Meeting\n"
        "Meeting.objects.filter(state='live').update(ends_at=time.now() + timedelta(seconds=3))"
    )
    for one in (teacher, children["Amara"], children["Ben"], children["Chloé"]):
        one.page.get_by_role("heading", name="Goodbye!").wait_for(timeout=paced(6000))
        assert seen_by(one) == {}
    assert faults(children["Amara"]) == []
    picture_of(children["Amara"], "goodbye")
    audit = at.run("audit", "verify")
    assert audit.returncode == 0, audit.stdout
    vault = at.run("vault", "verify")
    assert vault.returncode == 0, vault.stdout

    check_register(at, teacher)
    check_tracks(at, spoke_at)
    check_film(at, someone)


def check_register(at: Installation, teacher: Person) -> None:
    """The register tells who came, who did not, who spoke and who was removed, and why."""
    teacher.page.goto(at.facts["meeting"]["host_url"] + "register")
    text = teacher.page.get_by_role("table", name="Register").inner_text()
    rows = {line.split("\t")[0].strip(): line for line in text.splitlines() if "\t" in line}
    assert "did not come" in rows["Farida"]
    assert "Removed: Behaviour" in rows["D'Arcy"]
    assert "\t1\t" in rows["Ben"] and "\t0\t" in rows["Chloé"]
    picture_of(teacher, "register")
    with teacher.page.expect_download() as told:
        teacher.page.get_by_role("link", name="CSV").click()
    assert "Amara" in told.value.path().read_text(encoding="utf-8-sig")
    with teacher.page.expect_download() as told:
        teacher.page.get_by_role("link", name="PDF").click()
    assert told.value.path().read_bytes().startswith(b"%PDF")


DECODE = """
import json, sys
import av, numpy as np
from circletime.recordings import queries
from circletime.recordings.models import Recording
recording = Recording.objects.get()
key = queries.key_of(recording)
found, damaged = [], 0
for segment in queries.read_segments(recording.public_id, key):
    for line in segment.entries.values():
        with av.open(queries.open_part(recording.public_id, line.file, key), format="matroska") as part:
            start = segment.begins + line.begins
            if line.source == "camera":
                frames = []
                for packet in part.demux(video=0):
                    try:
                        frames += packet.decode()
                    except av.error.InvalidDataError:
                        damaged += 1  # a frame the network lost a piece of
                middle = frames[len(frames) // 2].to_ndarray(format="rgb24")
                pixel = [int(v) for v in middle[middle.shape[0] * 3 // 4, middle.shape[1] // 2]]
                found.append(["video", line.name, start, len(frames), frames[-1].time, pixel])
            else:
                resampler = av.AudioResampler(format="s16", layout="mono", rate=48000)
                blocks = [b.to_ndarray()[0] for f in part.decode(audio=0) for b in resampler.resample(f)]
                sound = np.concatenate(blocks).astype(float)
                spectrum = np.abs(np.fft.rfft(sound))
                pitch = float(np.argmax(spectrum[20:]) + 20) * 48000 / len(sound)
                found.append(["audio", line.name, start, len(sound) / 48000, 0, pitch])
assert damaged < 10, damaged
print(json.dumps(found))
"""


def check_tracks(at: Installation, spoke_at: dict[str, tuple[float, float]]) -> None:
    """Each child's picture and voice is in the recording, in their own colour and pitch, at their time."""
    from tests.harness import PITCHES, nearest

    found = json.loads(at.python(DECODE))
    pictures = {name: pixel for kind, name, _, frames, _, pixel in found if kind == "video" and frames > 20}
    assert {name: nearest(pixel) for name, pixel in pictures.items()} == {
        "Mrs Osei": "teacher",
        "Amara": "Amara",
        "Ben": "Ben",
        "Chloé": "Chloé",
        "D'Arcy": "D'Arcy",
    }
    voices = {
        name: (start, length, pitch) for kind, name, start, length, _, pitch in found if kind == "audio"
    }
    assert set(voices) == {"Mrs Osei", "Amara", "Ben"}
    for name, (began, ended) in spoke_at.items():
        start, length, pitch = voices[name]
        assert abs(pitch - PITCHES[name]) < 25
        assert -0.3 < start - began < paced(4)
        assert abs((start + length) - ended) < paced(4)


def check_film(at: Installation, someone: Opener) -> None:
    """SLT watches the film in the page, and seeks in it; a teacher is not let near."""
    leader = someone("Eun-ji", size=DESKTOP)
    sign_in(leader, at, "slt")
    leader.page.get_by_role("link", name="Recordings").click()
    table = leader.page.get_by_role("table", name="Recordings")
    assert "will be destroyed on" in table.inner_text()
    assert faults(leader) == []
    picture_of(leader, "recordings")
    table.get_by_role("link", name="Watch").click()
    leader.page.get_by_label("Why are you watching?").fill("A look at how the circle went")
    leader.page.get_by_role("button", name="Watch").click()
    leader.page.locator("video").wait_for(timeout=paced(60_000))
    shown = """async (at) => {
      const video = document.querySelector("video");
      video.muted = true;
      const heard = (what) => new Promise((done) => video.addEventListener(what, done, { once: true }));
      if (video.readyState < 2) await heard("canplay");
      video.currentTime = at;
      await heard("seeked");
      return { time: video.currentTime, length: video.duration };
    }"""
    film = leader.page.evaluate(shown, 6)
    assert film["time"] == pytest.approx(6, abs=0.5)
    assert film["length"] > 15
    assert faults(leader) == []
    picture_of(leader, "watching")
    teacher = someone("teacher")
    sign_in(teacher, at, "teacher")
    assert teacher.page.goto(f"{at.url}/recordings/").status == 403
    assert teacher.page.goto(leader.page.url).status == 403
    assert teacher.page.goto(leader.page.url + "film").status == 403
