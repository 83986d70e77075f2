"""Sockets and addresses spoken to by hand: no browser, no library, no manners."""

import asyncio
import base64
import contextlib
import gzip
import hashlib
import json
import socket
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from livekit.api import AccessToken, VideoGrants
from livekit.protocol import models, rtc
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from circletime.media import livekit
from tests.adversary.conftest import Hostile, Scene
from tests.harness import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def one(scene: Scene) -> Hostile:
    """A child who was admitted, and whose browser's cookies are used by hand."""
    child = scene.newcomer()
    scene.admit(child)
    wait_for(lambda: run(status_of(scene, signal_path(child.seat), child.cookies)) == 101, 5, "admitted")
    return child


def run(what: Coroutine[Any, Any, Any]) -> Any:
    """In a thread of its own: Playwright keeps an event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, what).result()


def join_request(**fields: Any) -> str:
    """The opening of a v1 connection as livekit-client makes it."""
    client = models.ClientInfo(sdk=models.ClientInfo.JS, version="2.23.0", protocol=16)
    request = rtc.JoinRequest(client_info=client, **fields)
    wrapped = rtc.WrappedJoinRequest(join_request=request.SerializeToString())
    return base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()


@contextlib.asynccontextmanager
async def opened(scene: Scene, path: str, cookies: str, origin: str | None = None) -> Any:
    where = f"ws://localhost:{scene.at.port}{path}"
    headers = {"Cookie": cookies, "Origin": origin or scene.at.url}
    async with connect(where, additional_headers=headers, max_size=None) as socket_:
        yield socket_


async def status_at(where: str) -> int:
    """The same for an address of the media server itself."""
    try:
        async with connect(where):
            return 101
    except InvalidStatus as refusal:
        return refusal.response.status_code


async def status_of(scene: Scene, path: str, cookies: str, origin: str | None = None) -> int:
    """What a socket is answered: 101, or the status it was refused with."""
    try:
        async with opened(scene, path, cookies, origin):
            return 101
    except InvalidStatus as refusal:
        return refusal.response.status_code


async def closes(socket_: ClientConnection, seconds: float = 3) -> bool:
    """Whether the other side closes within so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                await socket_.recv()
    except ConnectionClosed:
        return True
    except TimeoutError:
        return False


def signal_path(seat: str, **join: Any) -> str:
    return f"/rtc/v1?access_token={seat}&join_request={join_request(**join)}"


def test_the_signalling_socket_opens_for_its_own_browser_and_for_nobody_else(
    scene: Scene, one: Hostile
) -> None:
    path = signal_path(one.seat)
    assert run(status_of(scene, path, one.cookies)) == 101
    assert run(status_of(scene, path, "")) == 403
    assert run(status_of(scene, path, "sessionid=guessed")) == 403
    assert run(status_of(scene, path, one.cookies, "https://elsewhere.example")) == 403
    assert run(status_of(scene, signal_path("x" * 22), one.cookies)) == 403
    assert run(status_of(scene, signal_path(""), one.cookies)) == 403
    assert run(status_of(scene, "/rtc/v1?access_token=%00%ff", one.cookies)) == 403


def test_a_token_of_ones_own_making_opens_nothing(scene: Scene, one: Hostile) -> None:
    grants = VideoGrants(
        room_join=True, room=scene.room, can_publish=True, can_subscribe=True, room_admin=True
    )
    forged = AccessToken("circletime", "g" * 40).with_identity(one.seat).with_grants(grants).to_jwt()
    assert run(status_of(scene, signal_path(forged), one.cookies)) == 403
    # Straight to the media server's own port, with that, with the seat's name, and with nothing.
    for word in (forged, one.seat, ""):
        assert run(status_at(f"ws://127.0.0.1:{scene.at.port + 1}/rtc?access_token={word}")) == 401
    api = httpx.post(
        f"http://127.0.0.1:{scene.at.port + 1}/twirp/livekit.RoomService/ListRooms",
        json={},
        headers={"Authorization": f"Bearer {forged}"},
    )
    assert api.status_code == 401


def test_the_media_servers_signalling_listens_on_this_machine_only(scene: Scene) -> None:
    outside = [
        address
        for *_, (address, *_) in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
        if not address.startswith("127.")
    ]
    if not outside:
        pytest.skip("this machine has no address but its own")
    with pytest.raises(OSError), socket.create_connection((outside[0], scene.at.port + 1), timeout=2):
        pass


@pytest.mark.parametrize(
    "message",
    [b"\xff" * 40, b"", b"\x22\x02\x08", b"\x00" * 300_000, "text", json.dumps({"add_track": {}})],
    ids=["garbage", "nothing", "cut off", "too long", "text", "json"],
)
def test_what_is_not_understood_closes_the_signalling_socket(
    scene: Scene, one: Hostile, message: bytes | str
) -> None:
    async def attack() -> bool:
        async with opened(scene, signal_path(one.seat), one.cookies) as socket_:
            await socket_.recv()
            await socket_.send(message)
            return await closes(socket_)

    # An empty message is a whole one of this protocol, which says nothing; it is dropped.
    assert run(attack()) == (message != b"")
    assert httpx.get(f"{scene.at.url}/join/").status_code == 200


def test_a_flood_closes_the_signalling_socket(scene: Scene, one: Hostile) -> None:
    async def attack() -> bool:
        ping = rtc.SignalRequest(ping=1).SerializeToString()
        async with opened(scene, signal_path(one.seat), one.cookies) as socket_:
            with contextlib.suppress(ConnectionClosed):
                for _ in range(600):
                    await socket_.send(ping)
            return await closes(socket_)

    assert run(attack())


def test_a_join_request_that_unpacks_to_much_is_refused(scene: Scene, one: Hostile) -> None:
    bomb = gzip.compress(b"\x00" * 5_000_000, 9)
    wrapped = rtc.WrappedJoinRequest(compression=rtc.WrappedJoinRequest.GZIP, join_request=bomb)
    packed = base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()
    path = f"/rtc/v1?access_token={one.seat}&join_request={packed}"
    assert run(status_of(scene, path, one.cookies)) == 403


def test_a_lie_in_the_join_request_is_taken_out(scene: Scene, one: Hostile) -> None:
    async def attack() -> None:
        path = signal_path(one.seat, metadata="Mrs Osei", participant_attributes={"role": "host"})
        async with opened(scene, path, one.cookies) as socket_:
            first = rtc.SignalResponse.FromString(await socket_.recv())
            told = first.join.participant
            assert (told.name, told.metadata, dict(told.attributes)) == (one.name, "", {})
            assert not told.permission.can_publish_data
            assert "eyJ" not in str(first), "a token was handed to the browser"

    run(attack())


@pytest.mark.parametrize(
    "message", [b"\x00\x01", "no json", "[]", '{"type":"admit"}', "x" * 300_000], ids=lambda m: str(m)[:12]
)
def test_the_live_socket_only_tells(scene: Scene, one: Hostile, message: bytes | str) -> None:
    async def attack() -> bool:
        async with opened(scene, f"/live/{one.seat}", one.cookies) as socket_:
            await socket_.recv()
            await socket_.send(message)
            return await closes(socket_)

    assert run(attack())
    assert httpx.get(f"{scene.at.url}/join/").status_code == 200


def test_the_live_socket_opens_for_its_own_browser_only(scene: Scene, one: Hostile) -> None:
    assert run(status_of(scene, f"/live/{one.seat}", "")) == 403
    assert run(status_of(scene, f"/live/{'x' * 22}", one.cookies)) == 403
    assert run(status_of(scene, f"/live/{one.seat}", one.cookies, "https://evil.example")) == 403


def test_a_forged_webhook(scene: Scene) -> None:
    hook = f"{scene.at.url}/hooks/livekit"
    body = json.dumps({"event": "track_unpublished", "room": {"name": scene.room}}).encode()
    key = livekit.settings()

    def signed(secret: str, text: bytes) -> str:
        digest = base64.b64encode(hashlib.sha256(text).digest()).decode()
        return AccessToken(key.key, secret).with_sha256(digest).to_jwt()

    def post(authorization: str, text: bytes = body) -> int:
        return httpx.post(hook, content=text, headers={"Authorization": authorization}).status_code

    assert post("") == 401
    assert post(signed("g" * 40, body)) == 401
    assert post(signed(key.secret, b"another text")) == 401
    assert post(AccessToken(key.key, key.secret).to_jwt()) == 401
    assert post(signed(key.secret, body), body + b" ") == 401
    assert post(signed(key.secret, body)) == 204  # the real one gets through, or this proved nothing


def test_guessed_names_open_nothing(scene: Scene, one: Hostile) -> None:
    with httpx.Client(base_url=scene.at.url, headers={"Cookie": one.cookies}) as client:
        for path in ("/room/" + "x" * 22, f"/room/{'0' * 22}/end", "/meetings/" + "x" * 22 + "/"):
            assert client.get(path, follow_redirects=False).status_code in (302, 404, 405)
        # A child's own seat, and what only a host may do.
        page = client.get(f"/room/{one.seat}").text
        token = json.loads(page.split('application/json">')[1].split("</script>")[0])["csrf"]
        for verb in ("admit", "admit-expected", "remove", "give-turn", "end-turn", "end", "abort", "camera"):
            body = {"seat": one.seat, "reason": "x", "on": True}
            answer = client.post(f"/room/{one.seat}/{verb}", json=body, headers={"X-CSRFToken": token})
            assert answer.status_code == 403, verb


def test_two_hosts_give_turns_at_once_and_never_two_children_can_speak(scene: Scene) -> None:
    """The media server is asked as fast as it answers, all the while."""
    children = [scene.guest(), scene.guest()]
    helper = second_host(scene)
    teacher = scene.teacher.page
    hosts = [teacher, helper]
    posts = [sender(scene, page) for page in hosts]
    most = 0
    asked = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal most, asked
        while not done.is_set():
            found = livekit.list_participants(scene.room)
            seats = {child.seat for child in children}
            most = max(most, sum(p.identity in seats and p.rights.microphone for p in found))
            asked += 1

    def press(post: Any, first: int) -> None:
        for turn in range(25):
            assert post("give-turn", {"seat": children[(first + turn) % 2].seat}) == 200

    watcher = threading.Thread(target=watch)
    pressers = [threading.Thread(target=press, args=(post, number)) for number, post in enumerate(posts)]
    for thread in (watcher, *pressers):
        thread.start()
    for thread in pressers:
        thread.join()
    done.set()
    watcher.join()
    helper.context.close()
    assert asked > 50
    assert most == 1


def second_host(scene: Scene) -> Any:
    """The class's support assistant, who hosts as well, in a browser of their own."""
    browser = scene.teacher.browser
    context = browser.new_context()
    context.grant_permissions(["camera", "microphone"])
    page = context.new_page()
    staff = scene.at.facts["staff"]["support"]
    page.goto(f"{scene.at.url}/accounts/login/")
    page.get_by_role("textbox", name="Email").fill(staff["email"])
    page.get_by_role("textbox", name="Password").fill(staff["password"])
    page.get_by_role("button", name="Sign in").click()
    page.goto(scene.at.facts["meeting"]["host_url"])
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Go into the room").click()
    page.wait_for_url("**/room/*")
    wait_for(lambda: len(livekit.list_participants(scene.room)) >= 4, 10, "the second host is in")
    return page


def sender(scene: Scene, page: Any) -> Any:
    """Presses a host's buttons without the page."""
    cookies = "; ".join(f"{c['name']}={c['value']}" for c in page.context.cookies())
    boot = json.loads(page.locator("#boot").text_content())
    client = httpx.Client(
        base_url=scene.at.url,
        headers={"Cookie": cookies, "X-CSRFToken": boot["csrf"], "Origin": scene.at.url},
        timeout=10,
    )

    def post(verb: str, body: dict[str, Any]) -> int:
        return client.post(boot["act"] + verb, json=body).status_code

    return post


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """Another site, on another origin of this machine."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Empty(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Another site</title>")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Empty)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_another_site_can_neither_frame_nor_press(scene: Scene, elsewhere: str) -> None:
    """Clickjacking and CSRF, with the teacher's own signed-in browser on another site."""
    page = scene.teacher.context.new_page()
    page.goto(elsewhere)
    room = scene.teacher.page.url
    page.evaluate(
        """(url) => new Promise((done) => {
          const frame = document.createElement("iframe");
          frame.src = url;
          frame.onload = done;
          document.body.append(frame);
        })""",
        room,
    )
    framed = page.frames[1]
    assert framed.evaluate("location.href").startswith("chrome-error:")  # the browser's own page stands there
    page.evaluate(
        """async (url) => {
          const press = { method: "POST", credentials: "include", mode: "no-cors", body: "{}" };
          await fetch(url + "/end", press).catch(() => 0);
          const form = document.createElement("form");
          form.method = "post";
          form.action = url + "/end";
          form.target = "_blank";
          document.body.append(form);
          form.submit();
        }""",
        room,
    )
    page.wait_for_timeout(1000)
    page.close()
    assert scene.room in livekit.list_rooms()
    assert "/room/" in scene.teacher.page.url
