"""A whole meeting with mistakes, attacks and deaths: no log, figure or command names anybody, or a way in."""

import asyncio
import contextlib
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.e2e.conftest import Opener
from tests.harness import (
    DESKTOP,
    Installation,
    get,
    installation,
    knock,
    press_until,
    sign_in,
    start_meeting,
    wait_for,
)
from tests.health.collector import Collector, collector
from tests.waiting import run

pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.timeout(1500)]

REASON, NOTE = "Zebedee was very rude", "Spoke of Grandmother Quillfeather"

KNOWN = """
import json
from django.conf import settings
from django.contrib.sessions.models import Session
from circletime.meetings.models import Seat
from circletime.people.links import token_of
from circletime.people.models import Adult, FamilyLink, Household, Pupil, SchoolClass, User
people = [*User.objects.all(), *Adult.objects.all()]
words = {word for one in people for word in (one.name, one.email)}
words |= {word for one in Pupil.objects.all() for word in (one.first_name, one.last_name, one.label)}
words |= set(Household.objects.values_list("name", flat=True))
ways = {token_of(pk) for pk in FamilyLink.objects.values_list("pk", flat=True)}
ways |= {word for one in SchoolClass.objects.all() for word in (one.join_id, one.password)}
ways |= set(Session.objects.values_list("session_key", flat=True))
ways |= set(Seat.objects.exclude(key="").values_list("key", flat=True))
ways |= {path.read_text() for path in settings.KEYS.rglob("*") if path.is_file()}
print(json.dumps([sorted(filter(None, words)), sorted(filter(None, ways))]))
"""

RENAME = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("ALTER TABLE {} RENAME TO {}")
"""
LETTERS, AWAY = "notices_letter", "notices_letter_away"


@pytest.fixture(scope="module")
def spans() -> Iterator[Collector]:
    with collector() as one:
        yield one


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory, spans: Collector) -> Iterator[Installation]:
    """A school whose logs are lines of JSON, and whose spans are collected."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CIRCLETIME_LOG", "json")
        patch.setenv("CIRCLETIME_OTLP", spans.url)
        with installation(tmp_path_factory.mktemp("school")) as running:
            yield running


def said_by_http(at: Installation, address: str, **headers: str) -> str:
    """What is answered, whatever it is."""
    asked = urllib.request.Request(at.url + address, headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


def knock_on_socket(at: Installation, address: str) -> None:
    async def knocked() -> None:
        with contextlib.suppress(WebSocketException, OSError, TimeoutError):
            async with asyncio.timeout(5), connect(at.url.replace("http", "ws") + address):
                await asyncio.sleep(0.2)

    run(knocked)


def meet(at: Installation, someone: Opener) -> str:
    """The meeting; answers a seat's name."""
    teacher = someone("teacher", size=DESKTOP)
    teacher.page.goto(f"{at.url}/accounts/login/")
    teacher.page.get_by_role("textbox", name="Email").fill(at.facts["staff"]["teacher"]["email"])
    teacher.page.get_by_role("textbox", name="Password").fill("not the password at all")
    teacher.page.get_by_role("button", name="Sign in").click()
    teacher.page.get_by_role("alert").first.wait_for()
    sign_in(teacher, at, "teacher")
    start_meeting(teacher, at)
    ben, amara = someone("Ben"), someone("Amara")
    ben.page.goto(at.facts["meeting"]["join_url"])
    ben.page.get_by_role("textbox", name="Class ID").fill(at.facts["class"]["id"])
    ben.page.get_by_role("textbox", name="Password").fill("guessed")
    ben.page.get_by_role("button", name="Next").click()
    knock(ben, at, "Ben")
    amara.page.goto(at.facts["family_link"])
    amara.page.get_by_role("checkbox", name="A grown-up is here with me").check()
    for words in ("Ask to join", "Amara"):
        with contextlib.suppress(Exception):
            amara.page.get_by_role("button", name=words).first.click(timeout=3000)
    for name in ("Ben", "Amara"):
        found = teacher.page.get_by_role("button", name=f"Admit {name}", exact=True)
        with contextlib.suppress(Exception):
            found.click(timeout=20_000)
    turn = teacher.page.get_by_role("button", name="Give Ben a turn")
    turn.wait_for()
    turn.click()
    ben.page.get_by_role("status").filter(has_text="Your turn to speak").wait_for()
    for part in ("recorder", "media", "app"):
        at.kill(part)
        wait_for(lambda: get(f"{at.url}/readyz") == 200, 60, f"all is ready after the {part} died")
    why = teacher.page.get_by_label("Why? This is kept in the register.")
    press_until(teacher.page.get_by_role("button", name="Remove Ben").first, why.is_visible)
    why.fill(REASON)
    teacher.page.get_by_role("button", name="Remove now").click()
    ben.page.get_by_role("heading", name="The meeting is over for you").wait_for()
    seat = teacher.page.url.rpartition("/")[2]
    return seat


def test_nothing_that_is_logged_or_told_names_anybody(
    at: Installation, someone: Opener, spans: Collector
) -> None:
    seat = meet(at, someone)
    link = at.facts["family_link"].removeprefix(at.url)
    for address in (
        f"{link}x",
        f"{link}/x",
        f"/room/{seat}",
        "/join/Amara",
        "/nowhere/Amara",
        f"/live/{seat}",
    ):
        said_by_http(at, address)
        said_by_http(at, address, Host="evil.example")
        said_by_http(at, address, Cookie="sessionid=guessed")
    for address in (f"/live/{seat}", f"/rtc/v1?access_token={seat}", "/rtc?access_token=guessed", "/nowhere"):
        knock_on_socket(at, address)
    at.python(RENAME.format(LETTERS, AWAY))
    worker = at.var / "log" / "worker.log"
    wait_for(lambda: "Traceback" in worker.read_text(), 60, "the worker tells of an error of ours")
    at.python(RENAME.format(AWAY, LETTERS))
    time.sleep(3)

    told = {path.name: path.read_text() for path in (at.var / "log").glob("*.log*")}
    assert {"app.log", "worker.log", "media.log", "recorder.log"} <= set(told)
    printed = (at.var / "demo.out").read_text()
    own_words = at.python(
        "import json; from django.conf import settings; from circletime.pages import demo\n"
        "print(demo.words(json.loads((settings.VAR / 'demo.json').read_text())))"
    )
    assert own_words in printed
    told["what the demo printed"] = printed.replace(own_words, "")
    for address in ("/metrics", "/readyz", "/healthz"):
        told[address] = said_by_http(at, address)
    # What was not sent yet when the app was killed is lost; the child was removed after that.
    wanted = {"GET", "POST", "press remove", "RoomService/RemoveParticipant"}
    wait_for(lambda: wanted <= {span.name for span in spans.spans()}, 15, "spans are collected")
    told["spans"] = spans.text()
    assert "circletime_people" in told["/metrics"] and '"parts"' in told["/readyz"]
    for command in (
        ["doctor"],
        ["audit", "verify"],
        ["keys", "backup", f"{at.var}-keys"],
        ["backup", f"{at.var}-data"],
    ):
        done = at.run(*command)
        told[" ".join(command)] = done.stdout + done.stderr

    words, ways = json.loads(at.python(KNOWN))
    ways += [who["password"] for who in at.facts["staff"].values()]
    assert len(words) > 100 and len(ways) > 20
    found = []
    for where, text in told.items():
        found += [f"{where}: {way}" for way in ways if way in text]
        named = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, words)) + r")(?!\w)")
        found += [f"{where}: {match[0]}" for match in named.finditer(text)]
        hidden = (link[:9], f"/room/{seat}", "Zebedee", "Quillfeather")
        found += [f"{where}: {part}" for part in hidden if part in text]
        found += [f"{where}: {match[0]}" for match in re.finditer(r"[\w.+-]+@[\w.-]+\.[a-z]{2,}\b", text)]
    assert found == []


def test_every_line_is_one_of_json_under_a_number(at: Installation) -> None:
    for part in ("app", "worker"):
        lines = [json.loads(line) for line in (at.var / "log" / f"{part}.log").read_text().splitlines()]
        assert lines, part
        assert all({"at", "level", "logger", "about", "message"} <= set(line) for line in lines)
        assert any(line["about"] != "-" for line in lines)
