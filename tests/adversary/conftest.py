"""A real meeting with a real LiveKit, and browsers that do what they like in it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright

from circletime.media import livekit
from circletime.media.livekit import MediaSettings, Participant
from tests.e2e.conftest import at, tapes
from tests.harness import DESKTOP, ROOT, Installation, Person, knock, person, sign_in, start_meeting, wait_for
from tests.pace import paced

__all__ = ["at", "tapes"]

CLIENT = ROOT / "room/node_modules/livekit-client/dist/livekit-client.umd.js"
ATTACK = """
window.attack = { room: null, events: [] };
attack.join = async (seat) => {
  const room = attack.room = new LivekitClient.Room({ adaptiveStream: false, dynacast: false });
  const told = (what) => attack.events.push(what);
  room.on("disconnected", () => told("out"))
    .on("trackSubscribed", (track, _, who) => told(`${track.kind} of ${who.name}`))
    .on("dataReceived", (data) => told("data " + new TextDecoder().decode(data)))
    .on("participantNameChanged", (name) => told("name " + name))
    .on("participantMetadataChanged", () => told("metadata"));
  try {
    await room.connect(location.origin.replace("http", "ws"), seat, { maxRetries: 0 });
    return "in";
  } catch (error) { return "refused"; }
};
// A waiting page is shown to the host only while it is open.
attack.wait = (seat) => {
  attack.live = new WebSocket(location.origin.replace("http", "ws") + "/live/" + seat);
};
// What this browser's own library would refuse to ask is asked nevertheless, and nobody waits for an answer.
attack.send = async (kind, source, width, height) => {
  const me = attack.room.localParticipant;
  me.hasPermissionsToPublish = () => true;
  let track;
  if (kind === "audio") {
    track = (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks()[0];
  } else {
    const canvas = document.createElement("canvas");
    canvas.width = width || 640;
    canvas.height = height || 360;
    const brush = canvas.getContext("2d");
    setInterval(() => {
      brush.fillStyle = `hsl(${Date.now() / 20 % 360} 90% 50%)`;
      brush.fillRect(0, 0, canvas.width, canvas.height);
    }, 60);
    track = canvas.captureStream(15).getVideoTracks()[0];
  }
  me.publishTrack(track, { source, simulcast: false }).catch(() => {});
};
// A track that is offered to the server without asking for leave at all.
attack.smuggle = async () => {
  const sound = (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks()[0];
  attack.room.engine.pcManager.publisher.addTransceiver(sound, { direction: "sendonly" });
  await attack.room.engine.negotiate().catch(() => {});
};
attack.say = (text) => attack.room.localParticipant
  .publishData(new TextEncoder().encode(text), { reliable: true }).catch(() => {});
attack.rename = () => {
  attack.room.localParticipant.setName("Mrs Osei").catch(() => {});
  attack.room.localParticipant.setMetadata("x".repeat(200)).catch(() => {});
};
"""


@dataclass
class Hostile:
    """Somebody with a real browser, a real session, the real media library, and no scruples."""

    name: str
    page: Page
    seat: str
    cookies: str

    def join(self) -> str:
        """Open a media connection with what this browser holds: "in" or "refused"."""
        return str(self.page.evaluate("(seat) => attack.join(seat)", self.seat))

    def do(self, script: str) -> Any:
        return self.page.evaluate(script)

    @property
    def events(self) -> list[str]:
        """What the media server has told or sent this browser."""
        return list(self.page.evaluate("attack.events"))


@dataclass
class Scene:
    """The meeting, its teacher, and what is true at the media server."""

    at: Installation
    teacher: Person
    room: str
    newcomer: Callable[[], Hostile]
    came: list[Hostile]

    def admit(self, one: Hostile) -> None:
        self.teacher.page.get_by_role("button", name=f"Admit {one.name}", exact=True).click()

    def guest(self) -> Hostile:
        """Another child, who was admitted and is in by a connection of their own making."""
        one = self.newcomer()
        self.admit(one)
        wait_for(lambda: one.join() == "in", 5, f"{one.name} is in")
        return one

    def participant(self, one: Hostile) -> Participant | None:
        found = livekit.list_participants(self.room)
        return next((someone for someone in found if someone.identity == one.seat), None)

    def sends(self, one: Hostile) -> list[str]:
        """What the media server takes from this person."""
        found = self.participant(one)
        return sorted(track.source for track in found.tracks) if found else []

    def is_noticed(self, text: str) -> None:
        """The teacher is shown it."""
        self.teacher.page.get_by_role("list", name="Notices").get_by_text(text).first.wait_for(
            timeout=paced(6000)
        )


def hostile(name: str, page: Page, at: Installation, seat: str) -> Hostile:
    """Arm a page that holds this seat's session: the room, without its program; only the attack connects."""
    page.route("**/room.js*", lambda route: route.abort())
    page.goto(f"{at.url}/room/{seat}")
    page.add_script_tag(path=str(CLIENT))
    page.add_script_tag(content=ATTACK)
    page.evaluate("(seat) => attack.wait(seat)", seat)
    cookies = "; ".join(f"{c['name']}={c['value']}" for c in page.context.cookies())
    return Hostile(name, page, seat, cookies)


@pytest.fixture(scope="module")
def scene(at: Installation, playwright: Playwright, tapes: Path) -> Iterator[Scene]:
    """A meeting that runs, with its teacher in the room."""
    teacher = person(playwright, tapes, "teacher", size=DESKTOP, rate=7)
    teacher.page.set_default_timeout(paced(10_000))
    crowd = person(playwright, tapes, "Ben", rate=7)

    names = iter(name for name in at.facts["class"]["pupils"] if not name.startswith("Olivia"))

    def newcomer() -> Hostile:
        name = next(names)
        context = crowd.browser.new_context(bypass_csp=True)
        context.set_default_timeout(paced(15_000))
        context.grant_permissions(["camera", "microphone"])
        page = context.new_page()
        knock(Person(name, crowd.browser, context, page), at, name)
        seat = page.url.rpartition("/")[2]
        came.append(hostile(name, page, at, seat))
        return came[-1]

    came: list[Hostile] = []
    before = livekit._settings
    key, secret = next(iter(json.loads((at.var / "run" / "livekit.json").read_text())["keys"].items()))
    livekit.configure(MediaSettings(f"http://127.0.0.1:{at.port + 1}", key, secret))
    try:
        sign_in(teacher, at, "teacher")
        start_meeting(teacher, at)
        room = wait_for(lambda: next(iter(livekit.list_rooms()), ""), 5, "the room is there")
        wait_for(lambda: len(livekit.list_participants(room)) == 2, 8, "teacher and recorder are in")
        yield Scene(at, teacher, room, newcomer, came)
    finally:
        teacher.close()
        crowd.close()
        if before is not None:
            livekit.configure(before)


@pytest.fixture(autouse=True)
def gone_again(scene: Scene) -> Iterator[None]:
    """Whoever came in a test goes with it: their pages would go on sending pictures beside the next one."""
    before = len(scene.came)
    yield
    for one in scene.came[before:]:
        one.page.context.close()
    del scene.came[before:]
