"""What is asked again before the things that matter most; and when a browser is signed out by itself."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from circletime.audit.models import Row
from circletime.pages.shown_lately import ASKED
from circletime.people.models import User
from circletime.people.rules import is_session_over
from circletime.policy.limits import SHOWN_LATELY, STAFF_IDLE, STAFF_SIGNED_IN
from circletime.recordings.models import Viewing
from tests.signing import sign_in
from tests.web.page import Page
from tests.web.school import School, address_of, body, routes
from tests.web.soft_key import SoftKey, keep
from tests.web.test_passkeys import AGAIN, options
from tests.web.test_second_step import set_up
from tests.web.visits import Visits
from tests.world import NOON, PASSWORD, World

LONG_AGO = SHOWN_LATELY.total_seconds() + 1
PASSWORD_AGAIN = reverse("account_reauthenticate")
VERBS = {"people-staff-one": {"verb": "roles", "roles": ["teacher"]}, "exception": {"verb": "grant"}}


def stale(visits: Visits, user: User) -> Client:
    """A browser that was signed in longer ago."""
    return sign_in(visits.browser(), user, seconds_ago=LONG_AGO)


def test_what_matters_most_is_asked_before(school: School, visits: Visits) -> None:
    assert set(ASKED) < set(routes())
    for name in ASKED:
        who = school.world.staff["slt" if name.startswith("supervised") else "dsl"]
        client, rows = stale(visits, who), Row.objects.count()
        answer = client.post(address_of(name, school), body(name, school) | VERBS.get(name, {}))
        assert answer.status_code == 302 and answer["Location"].startswith(PASSWORD_AGAIN), name
        assert Row.objects.count() == rows, name


def test_who_showed_it_lately_is_not_asked(school: School, visits: Visits) -> None:
    recording = reverse("recording", args=[school.recording.public_id])
    for seconds, asked in ((0, False), (LONG_AGO - 60, False), (LONG_AGO, True)):
        client = sign_in(visits.browser(), school.world.staff["slt"], seconds_ago=seconds)
        answer = client.post(recording, {"why": "A parent asked to see it"})
        assert (answer["Location"] != recording) is asked, seconds


def test_watching_goes_on_with_what_was_said(school: School, visits: Visits) -> None:
    """A passkey is asked for; then the reason that was typed is taken, without being typed again."""
    slt, key = school.world.staff["slt"], SoftKey()
    keep(slt, key)
    client = stale(visits, slt)
    recording = reverse("recording", args=[school.recording.public_id])
    asked = client.post(recording, {"why": "A parent asked to see it"})
    assert asked["Location"].startswith(AGAIN)
    before = client.session.session_key
    credential = key.get(options(client.get(asked["Location"])))
    done = client.post(AGAIN, {"credential": credential, "next": recording})
    assert done["Location"] == recording
    assert Viewing.objects.get(user=slt).why == "A parent asked to see it"
    assert client.session.session_key not in (None, before), "under a new key"
    assert client.get(recording).status_code == 200


def test_the_player_is_not_shown_to_who_finds_the_machine(school: School, visits: Visits) -> None:
    slt, recording = school.world.staff["slt"], reverse("recording", args=[school.recording.public_id])
    Viewing.objects.create(recording=school.recording, user=slt, at=school.world.now, why="Said before")
    assert sign_in(visits.browser(), slt).get(recording).status_code == 200
    assert stale(visits, slt).get(recording)["Location"].startswith(PASSWORD_AGAIN)


def test_who_has_a_code_is_not_let_on_with_a_password(world: World, visits: Visits) -> None:
    _, _, paper = set_up(visits, world.staff["dsl"])
    client = stale(visits, world.staff["dsl"])
    asked = client.post(reverse("log-export"))
    assert asked["Location"] == f"{reverse('mfa_reauthenticate')}?next={reverse('log').replace('/', '%2F')}"
    assert client.post(PASSWORD_AGAIN, {"password": PASSWORD})["Location"] == reverse("mfa_reauthenticate")
    assert client.post(reverse("log-export")).status_code == 302
    wrong = client.post(asked["Location"], {"code": "000000"})
    assert "did not work" in Page(wrong).alerts()[0]
    assert client.post(asked["Location"], {"code": paper[0]})["Location"] == reverse("log")
    assert client.post(reverse("log-export")).status_code == 200


def test_who_has_a_password_alone_types_it(world: World, visits: Visits, settings: Any) -> None:
    settings.SECOND_STEP = "offered"
    client = sign_in(visits.browser(), world.staff["dsl"], seconds_ago=LONG_AGO, second_step=False)
    asked = client.post(reverse("log-export"))
    assert asked["Location"].startswith(PASSWORD_AGAIN)
    before = client.session.session_key
    assert client.post(asked["Location"], {"password": "wrong"}).status_code == 200
    assert client.session.session_key == before
    assert client.post(asked["Location"], {"password": PASSWORD})["Location"] == reverse("log")
    assert client.session.session_key != before
    assert client.post(reverse("log-export")).status_code == 200


def test_who_has_neither_signs_in_again(world: World, visits: Visits, settings: Any) -> None:
    """Whose only way in is an account elsewhere shows that once more."""
    settings.SECOND_STEP = "offered"
    dsl = world.staff["dsl"]
    dsl.set_unusable_password()
    dsl.save()
    client = sign_in(visits.browser(), dsl, second_step=False)
    assert client.post(reverse("log-export")).status_code == 200
    world.later(minutes=16)
    assert client.post(reverse("log-export"))["Location"].startswith(reverse("account_login"))
    assert client.get(reverse("log")).status_code == 302


class TestSessions:
    """A browser is signed out when it was not used for long, and at the end of the day in any case."""

    def test_the_rule(self) -> None:
        later = NOON + timedelta(hours=1)
        assert not is_session_over(began=NOON, seen=NOON, ended=None, now=NOON + STAFF_IDLE / 2)
        assert is_session_over(began=NOON, seen=NOON, ended=None, now=NOON + STAFF_IDLE)
        end = NOON + STAFF_SIGNED_IN
        assert is_session_over(began=NOON, seen=end, ended=None, now=end)
        assert not is_session_over(began=NOON, seen=end, ended=None, now=end - timedelta(seconds=1))
        assert is_session_over(began=NOON, seen=later, ended=later, now=later)
        assert not is_session_over(began=later, seen=later, ended=NOON, now=later)

    def test_a_browser_that_was_left_is_signed_out_and_told_why(self, world: World, visits: Visits) -> None:
        client = visits.by_role("teacher")
        assert client.get(reverse("meetings")).status_code == 200
        world.later(seconds=STAFF_IDLE.total_seconds() - 1)
        assert client.get(reverse("meetings")).status_code == 200, "used again just in time"
        world.later(seconds=STAFF_IDLE.total_seconds())
        asked = client.get(reverse("classes"))
        assert asked["Location"] == f"{reverse('account_login')}?next={reverse('classes')}"
        assert "You were signed out" in Page(client.get(asked["Location"])).words()
        assert not client.session.get("_auth_user_id")
        back = client.post(asked["Location"], {"login": world.teacher.email, "password": PASSWORD})
        assert back.status_code == 302 and client.get(reverse("meetings")).status_code == 200
        client.post(reverse("account_logout"))
        assert "signed out" not in Page(client.get(reverse("account_login"))).words()

    def test_a_day_ends(self, world: World, visits: Visits) -> None:
        client = visits.by_role("teacher")
        for _ in range(8):
            assert client.get(reverse("meetings")).status_code == 200
            world.later(seconds=STAFF_SIGNED_IN.total_seconds() / 8)
        assert client.get(reverse("meetings")).status_code == 302

    def test_what_a_page_asks_for_by_itself_is_no_use(self, world: World, visits: Visits) -> None:
        client = visits.by_role("office")
        for _ in range(4):
            client.get(reverse("dispatch-progress"))
            world.later(seconds=STAFF_IDLE.total_seconds() / 3)
        assert client.get(reverse("meetings")).status_code == 302

    def test_no_host_is_put_out_of_a_meeting(self, world: World, visits: Visits) -> None:
        """A host whose day ends while the meeting runs goes on in it, and signs in after it."""
        client = visits.by_role("teacher")
        meeting = visits.open_meeting()
        client.get(reverse("meetings"))
        from circletime.meetings.actions import door

        seat = door.enter_as_host(
            meeting=meeting, by=world.teacher, confirmed=True, key="a-key", now=world.now
        )
        session = client.session
        session["seats"] = {seat.public_id: "a-key"}
        session.save()
        world.later(seconds=STAFF_SIGNED_IN.total_seconds())
        assert client.get(reverse("room", args=[seat.public_id])).status_code == 200
        assert client.get(reverse("meetings")).status_code == 302
        assert client.get(reverse("room", args=[seat.public_id])).status_code == 404

    @pytest.mark.parametrize("what", ["switched off and on", "reset"])
    def test_what_somebody_did_ends_every_open_browser(self, what: str, world: World, visits: Visits) -> None:
        from circletime.pages import sign_in as pages
        from circletime.people.actions.staff import switch_off, switch_on

        keep(world.stranger)
        clients = [visits.signed_in(world.stranger) for _ in "ab"]
        assert all(client.get(reverse("meetings")).status_code == 200 for client in clients)
        by, now = world.staff["headteacher"], world.later(minutes=1)
        if what == "reset":
            pages.reset(user=world.stranger, by=by, now=now)
        else:
            switch_off(user=world.stranger, by=by, now=now)
            assert all(client.get(reverse("meetings")).status_code == 302 for client in clients)
            switch_on(user=world.stranger, by=by, now=now)
        assert all(client.get(reverse("meetings")).status_code == 302 for client in clients)
