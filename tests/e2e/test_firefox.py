"""A meeting with Firefox in it: it joins, sees, is seen, hears a turn and speaks in one.

The school has a relay of its own here, and so each browser is told of that, and of nothing else.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Opener
from tests.e2e.test_class_meets import ASKED_OUTSIDE
from tests.firefox import Firefox
from tests.harness import (
    DESKTOP,
    PHONE,
    Installation,
    admit,
    free_ports,
    heard_by,
    installation,
    knock,
    seen_by,
    sign_in,
    start_meeting,
    wait_for,
)
from tests.media.certificates import certificate

pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.timeout(400)]

QUIET = -58.0
"""Firefox's fake microphone is quieter than the recorded voices: about -48 dB."""


RELAY = "turn.larkfield.example"


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder, port = tmp_path_factory.mktemp("school"), free_ports(5)
    cert, key = certificate(folder, RELAY)
    relay = {"DOMAIN": RELAY, "CERT": str(cert), "KEY": str(key), "PORT": str(port + 4)}
    settings = {f"CIRCLETIME_TURN_{name}": value for name, value in relay.items()}
    with installation(folder / "var", port=port, settings=settings) as running:
        yield running


@pytest.fixture
def ben(tmp_path: Path) -> Iterator[Firefox]:
    one = Firefox(tmp_path, "Ben")
    try:
        yield one
    finally:
        one.close()


def test_a_child_in_firefox(at: Installation, someone: Opener, ben: Firefox) -> None:
    teacher = someone("teacher", size=DESKTOP)
    amara = someone("Amara", size=PHONE)
    amara.context.add_init_script(ASKED_OUTSIDE)
    sign_in(teacher, at, "teacher")
    start_meeting(teacher, at)
    knock(amara, at, "Amara")
    admit(teacher, "Admit Amara")

    ben.goto(at.facts["meeting"]["join_url"])
    ben.fill(class_id=at.facts["class"]["id"], password=at.facts["class"]["password"])
    ben.press("Next")
    wait_for(lambda: ben.evaluate("() => Boolean(document.querySelector('[name=grown_up]'))"), 20, "his name")
    ben.fill(name="Ben", grown_up=True)
    ben.press("Ask to join")
    admit(teacher, "Admit Ben")

    wait_for(lambda: ben.seen().get("Mrs Osei") == "teacher", 20, "Firefox sees the teacher")
    wait_for(lambda: ben.seen().get("Amara") == "Amara", 20, "and the other child")
    for one in (teacher, amara):
        wait_for(lambda one=one: seen_by(one).get("Ben") is not None, 20, f"{one.who} sees Firefox")
    asked = amara.page.evaluate("window.askedOutside.flatMap((server) => server.urls)")
    assert set(asked) == {f"turns:{RELAY}:443?transport=tcp"}
    wait_for(lambda: ben.heard() == {"teacher"}, 20, "Firefox hears the teacher alone")
    assert "Ben" not in heard_by(teacher, floor_db=QUIET)

    amara.page.get_by_role("button", name="Hand up").first.click()
    teacher.page.get_by_role("button", name="Give Amara a turn").click()
    wait_for(lambda: ben.heard() == {"teacher", "Amara"}, 20, "Firefox hears the turn")

    ben.press("Hand up")
    teacher.page.get_by_role("button", name="Give Ben a turn").click()
    for one in (teacher, amara):
        wait_for(lambda one=one: "Ben" in heard_by(one, floor_db=QUIET), 20, f"{one.who} hears Firefox")
    wait_for(lambda: ben.heard() == {"teacher"}, 20, "the other turn is over")
    teacher.page.get_by_role("button", name="End turn").first.click()
    wait_for(lambda: "Ben" not in heard_by(teacher, floor_db=QUIET), 10, "his turn is over")
