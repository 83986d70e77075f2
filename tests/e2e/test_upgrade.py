"""A newer release takes over while a meeting runs: nobody leaves the room, and nothing is missed.

There is one release so far, so the next one is made here: this program with a higher number, a new column in
the table of those who are in the room, and a new table.
"""

import json
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import silences
from tests.e2e.conftest import Opener
from tests.grown.people import Someone
from tests.harness import (
    DESKTOP,
    Installation,
    Person,
    heard_by,
    installation,
    knock,
    sign_in,
    start_meeting,
    wait_for,
)
from tests.media.test_supervisor import gone
from tests.pace import paced
from tests.releases import edit, install, migration, release

# A minute and a half; without browsers tests/grown/test_upgrade.py is run on every change.
pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.soak, pytest.mark.timeout(900)]

SEAT = """    label = models.CharField(max_length=120)
    person = person_field()
    key ="""
COLUMN = 'models.CharField(max_length=12, default="calm", db_default="calm")'
GROWS = f"""
    migrations.AddField("seat", "mood", {COLUMN}),
    migrations.CreateModel("Sticker", [("id", models.BigAutoField(primary_key=True)),
                                       ("seat", models.ForeignKey("meetings.seat", models.CASCADE))]),
"""


def grow(made: Path) -> None:
    migration(made, "meetings", "0900_next", LAST, GROWS)
    edit(
        made / "circletime/meetings/models.py",
        SEAT,
        SEAT.replace("    key =", f"    mood = {COLUMN}\n    key ="),
    )


def break_tables(made: Path) -> None:
    migration(made, "meetings", "0900_next", LAST, GROWS + 'migrations.RunSQL("nonsense"),')


LAST = sorted(path.stem for path in Path("circletime/meetings/migrations").glob("0*.py"))[-1]


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("releases")


@pytest.fixture(scope="module")
def at(releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    command = install(release(releases, "0.1.0"))
    with installation(tmp_path_factory.mktemp("school"), classes=1, program=command) as running:
        yield running


def upgrade(at: Installation, made: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([install(made), "upgrade"], env=at.env, capture_output=True, text=True, check=False)


def version(at: Installation) -> str:
    try:
        answer = urllib.request.urlopen(f"{at.url}/readyz", timeout=20)
    except urllib.error.HTTPError as trouble:  # not ready, which a slow machine is now and then
        answer = trouble
    with answer:
        return str(json.load(answer)["version"])


def test_a_meeting_goes_on_while_the_next_release_takes_over(
    at: Installation, releases: Path, someone: Opener
) -> None:
    closed: list[str] = []
    people = [someone("teacher", size=DESKTOP), someone("Amara"), someone("Ben")]
    teacher, amara, ben = people
    for one in people:
        silences.watch(one)
        one.page.on("websocket", lambda ws, one=one: ws.on("close", lambda _: closed.append(one.who)))
    sign_in(teacher, at, "teacher")
    start_meeting(teacher, at)
    for child in (amara, ben):
        knock(child, at, child.who)
        teacher.page.get_by_role("button", name=f"Admit {child.who}").click()
    for one in people:
        wait_for(lambda one=one: silences.comes(one, 2, 0), 30, f"{one.who} sees the others")
    teacher.page.get_by_role("button", name="Give Amara a turn").click()
    wait_for(lambda: silences.comes(ben, 2, 2), 10, "Amara is heard")
    old = {name: at.pid(name) for name in ("app", "worker", "media", "recorder")}

    failed = upgrade(at, release(releases, "0.1.5", break_tables))
    assert failed.returncode == 1 and "Circletime 0.1.0 goes on" in failed.stderr, failed.stderr
    assert old == {name: at.pid(name) for name in old} and version(at) == "0.1.0"

    with silences.longest(people) as missed:
        began = time.monotonic()
        done = upgrade(at, release(releases, "0.2.0", grow))
        print(done.stdout, f"took {time.monotonic() - began:.1f} s", missed)
        assert done.returncode == 0, done.stderr + at.logs()
        assert "Circletime 0.2.0 runs. 0.1.0 goes on for the rooms that were open" in done.stdout
        wait_for(lambda: version(at) == "0.2.0", 5, "whoever comes now is at the new version")
        teacher.page.wait_for_timeout(2000)
    print(missed)
    assert closed == [], "a socket was closed"
    for kind, limit in silences.BREAKS.items():
        assert max(missed[kind]) < paced(limit), missed
    assert (at.pid("media"), at.pid("recorder")) == (old["media"], old["recorder"])
    assert at.pid("app") != old["app"] and not gone({old["app"]})

    # Who comes now is at the new process, and who is given a turn there is heard at the old one, and back.
    chloe = someone("Chloé")
    silences.watch(chloe)
    knock(chloe, at, "Chloé")
    teacher.page.get_by_role("button", name="Admit Chloé").click()
    wait_for(lambda: silences.comes(chloe, 3, 2), 20, "Chloé sees everybody and hears Amara")
    chloe.page.get_by_role("button", name="Hand up").first.click()
    teacher.page.get_by_role("button", name="Give Chloé a turn").click()
    wait_for(lambda: heard_by(ben, 400) == {"teacher", "Chloé"}, 10, "Chloé is heard, and Amara no longer")
    teacher.page.get_by_role("button", name="Give Ben a turn").click()
    wait_for(lambda: heard_by(chloe, 400) == {"teacher", "Ben"}, 10, "Ben is heard by who came later")
    assert closed == []
    _nobody_gets_in_beside(at, amara)
    assert closed == []
    _is_removed(at, teacher, ben)
    _ends_on_time(at, [teacher, amara, chloe])
    wait_for(lambda: gone({old["app"]}), 10, "the old process has left with the last of them")
    assert at.run("audit", "verify").returncode == 0
    assert "Traceback" not in at.logs(), at.logs()


def _same_browser(at: Installation, one: Person) -> Someone:
    """Whoever has this person's cookies."""
    same = Someone(at.url)
    for cookie in one.context.cookies():
        same.client.cookies.set(cookie["name"], cookie["value"])
    same.seat = one.page.url.rpartition("/")[2]
    boot = one.page.locator("script[type='application/json']").first.text_content()
    same.csrf = json.loads(boot or "{}")["csrf"]
    return same


def _nobody_gets_in_beside(at: Installation, child: Person) -> None:
    """Her connection stands at the old process; with her seat nobody is let in at the new one."""
    kind = "kind='meetings.guest.lie'"
    lies = f"from circletime.audit.models import Row\nprint(Row.objects.filter({kind}).count())"
    assert at.python(lies) == "0"
    assert not _same_browser(at, child).is_let_in()
    assert at.python(lies) == "1"


def _is_removed(at: Installation, teacher: Person, child: Person) -> None:
    """By a button that the new process answers, out of the room that the old one relays."""
    began = time.monotonic()
    seat = child.page.url.rpartition("/")[2]
    assert _same_browser(at, teacher).presses("remove", seat=seat, reason="Too loud").status_code == 200
    child.page.get_by_text("Your teacher has ended the meeting for you").wait_for()
    print(f"removed after {time.monotonic() - began:.2f} s")
    assert time.monotonic() - began < paced(1.5)


def _ends_on_time(at: Installation, people: list[Person]) -> None:
    find = "from circletime.meetings.models import Meeting\none = Meeting.objects.get(state='live')\n"
    set_end = "from datetime import timedelta\nfrom circletime.core import time\n"
    at.python(find + set_end + "one.ends_at = time.now() + timedelta(seconds=4)\none.save()")
    for one in people:
        one.page.get_by_text(re.compile("The meeting has ended")).first.wait_for(timeout=paced(10_000))
    late = at.python(
        "from circletime.meetings.models import Meeting\none = Meeting.objects.get(ended_at__isnull=False)\n"
        "print((one.ended_at - one.ends_at).total_seconds())"
    )
    assert 0 <= float(late) < paced(1.0)
