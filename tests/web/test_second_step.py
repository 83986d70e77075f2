"""More than a password, for whoever may watch recordings: asked for, set up, used, guessed at, lost."""

import base64
import hmac
import struct
import time as clock
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as plain_settings
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from circletime.audit.models import Row
from circletime.core.errors import NotAllowed, Refused
from circletime.notices.models import Letter
from circletime.pages import cli
from circletime.pages import sign_in as pages
from circletime.people.models import User
from circletime.people.rules import Role, can_reset_sign_in, needs_second_step
from circletime.people.second_steps import count_without, has_second_step, list_second_steps
from tests.signing import sign_in
from tests.web.page import Page
from tests.web.soft_key import keep
from tests.web.visits import Visits
from tests.world import PASSWORD, World

LEADERS = ("slt", "dsl", "headteacher")
LOGIN, INDEX, CODE, AGAIN, APP = (
    reverse(name)
    for name in ("account_login", "mfa_index", "mfa_authenticate", "mfa_reauthenticate", "mfa_activate_totp")
)


def code_of(secret: str, at: float | None = None) -> str:
    """What an app shows (RFC 6238), worked out here once more."""
    counter = struct.pack(">Q", int(clock.time() if at is None else at) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, "sha1").digest()
    place = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[place : place + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def password_in(visits: Visits, user: User, **more: Any) -> tuple[Client, Any]:
    """A browser after the sign-in page."""
    client = visits.browser("192.0.2.7")
    return client, client.post(LOGIN, {"login": user.email, "password": PASSWORD}, **more)


def set_up(visits: Visits, user: User) -> tuple[Client, str, list[str]]:
    """Somebody signs in and sets an app up: their browser, the app's secret, and the codes on paper."""
    client, _ = password_in(visits, user)
    secret = next(each for each in Page(client.get(APP)).every if each.get("class") == "secret").text
    done = client.post(APP, {"code": code_of(secret)})
    assert done.status_code == 302, Page(done).alerts()
    paper = Page(client.get(done["Location"]))
    return client, secret, [each.text for each in paper.every if each.tag == "code"]


@pytest.fixture
def slt(world: World) -> User:
    return world.staff["slt"]


@pytest.mark.parametrize("role", LEADERS)
def test_a_leader_with_a_password_alone_is_led_to_set_a_second_step_up_and_gets_nothing_else(
    role: str, world: World, visits: Visits
) -> None:
    client, _ = password_in(visits, world.staff[role])
    for name in ("home", "meetings", "classes", "recordings", "people", "join", "language", "requests"):
        for answer in (client.get(reverse(name)), client.post(reverse(name), {"x": "y"})):
            assert (answer.status_code, answer["Location"]) == (302, INDEX), name
    page = Page(client.get(INDEX))
    assert "your password alone is not enough" in page.words()
    assert reverse("meetings") not in page.addresses(), "no menu of what is not open yet"
    assert reverse("mfa_add_webauthn") in page.addresses() and APP in page.addresses()
    assert client.post(reverse("account_logout"))["Location"] == LOGIN


@pytest.mark.parametrize("role", ["teacher", "support", "office", "governor"])
def test_it_is_offered_to_everybody_else(role: str, world: World, visits: Visits) -> None:
    client, _ = password_in(visits, world.staff[role])
    assert INDEX in Page(client.get(reverse("meetings"))).addresses()
    assert "set up a passkey" in Page(client.get(reverse("meetings"))).words()
    assert APP in Page(client.get(INDEX)).addresses()
    assert "not enough" not in Page(client.get(INDEX)).words()
    keep(world.staff[role])
    assert "set up a passkey" not in Page(client.get(reverse("meetings"))).words()


def test_who_becomes_a_leader_is_asked_at_the_next_page(world: World, visits: Visits) -> None:
    client, _ = password_in(visits, world.teacher)
    assert client.get(reverse("meetings")).status_code == 200
    world.teacher.rolegrant_set.create(role="dsl")
    assert client.get(reverse("meetings"))["Location"] == INDEX


def test_where_it_is_only_offered_a_password_is_enough(
    world: World, visits: Visits, settings: Any, slt: User
) -> None:
    settings.SECOND_STEP = "offered"
    client, _ = password_in(visits, slt)
    assert client.get(reverse("recordings")).status_code == 200


def test_a_school_that_says_nothing_asks_for_it() -> None:
    assert plain_settings.SECOND_STEP == "required"


def test_an_app_is_set_up_and_asked_for_at_every_sign_in(visits: Visits, slt: User) -> None:
    client, secret, paper = set_up(visits, slt)
    assert client.get(reverse("recordings")).status_code == 200, "it was shown just now"
    assert len(set(paper)) == 10
    other, answer = password_in(visits, slt)
    assert answer["Location"] == CODE
    assert other.get(reverse("meetings"))["Location"].startswith(LOGIN), "half signed in is not signed in"
    wrong = other.post(CODE, {"code": "000000"})
    assert Page(wrong).alerts() == ["That did not work. A code works once, and for half a minute."]
    assert other.post(CODE, {"code": code_of(secret, clock.time() + 30)})["Location"] == reverse("meetings")
    assert other.get(reverse("recordings")).status_code == 200


def test_sign_in_leads_on_to_the_page_that_was_asked_for(visits: Visits, slt: User) -> None:
    _, _, paper = set_up(visits, slt)
    client = visits.browser()
    asked = client.get(reverse("requests"))
    client.post(asked["Location"], {"login": slt.email, "password": PASSWORD, "next": reverse("requests")})
    assert client.post(CODE, {"code": paper[0]})["Location"] == reverse("requests")


def test_no_code_works_twice(visits: Visits, slt: User, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret, paper = set_up(visits, slt)
    at = clock.time() + 30
    for code in (code_of(secret, at), paper[3]):
        first, again = (password_in(visits, slt)[0] for _ in "ab")
        assert first.post(CODE, {"code": code}).status_code == 302
        real = clock.time
        monkeypatch.setattr(clock, "time", lambda real=real: real() + 31)  # allauth has forgotten it by now
        assert again.post(CODE, {"code": code}).status_code == 200
        assert again.post(CODE, {"code": f"{code[:3]} {code[3:]}"}).status_code == 200
        monkeypatch.undo()


def test_whoever_knows_the_password_does_not_guess_the_code(visits: Visits, slt: User) -> None:
    _, secret, paper = set_up(visits, slt)
    client, _ = password_in(visits, slt)
    for number in range(5):
        assert "did not work" in Page(client.post(CODE, {"code": f"{number:06d}"})).alerts()[0]
    other, _ = password_in(visits, slt)
    for code in (code_of(secret, clock.time() + 30), paper[0]):
        assert "wrong too often" in Page(other.post(CODE, {"code": code})).alerts()[0]


def test_signing_in_rightly_uses_nothing_up(visits: Visits, slt: User) -> None:
    _, _, paper = set_up(visits, slt)
    for code in paper[:8]:
        client, _ = password_in(visits, slt)
        assert client.post(CODE, {"code": code}).status_code == 302


def test_a_browser_from_before_shows_it_as_well(visits: Visits, slt: User) -> None:
    """Whoever knew the password and was signed in first is not let in by what its owner sets up."""
    before, _ = password_in(visits, slt)
    _, _, paper = set_up(visits, slt)
    answer = before.get(reverse("recordings"))
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    again = before.get(answer["Location"])
    assert again["Location"].startswith(AGAIN), "a password is not asked for where there is better"
    key = before.session.session_key
    done = before.post(again["Location"], {"code": paper[0]})
    assert done["Location"] == reverse("recordings") and before.session.session_key != key
    assert before.get(reverse("recordings")).status_code == 200


def test_a_password_does_not_stand_in_for_a_code(visits: Visits, slt: User) -> None:
    client, _, _ = set_up(visits, slt)
    answer = client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert answer["Location"].startswith(AGAIN)


def test_a_page_that_changes_it_asks_whether_it_is_still_they(visits: Visits, slt: User) -> None:
    set_up(visits, slt)
    late = sign_in(visits.browser(), slt, seconds_ago=16 * 60)
    for name in ("mfa_add_webauthn", "mfa_deactivate_totp", "mfa_generate_recovery_codes"):
        assert late.get(reverse(name))["Location"].startswith(AGAIN), name
        assert late.post(reverse(name))["Location"].startswith(AGAIN), name
    assert [each.sort for each in list_second_steps(slt)] == ["totp", "recovery_codes"]


def test_nobody_touches_anothers_passkey(visits: Visits, world: World, slt: User) -> None:
    theirs = Authenticator.objects.create(user=world.staff["dsl"], type="webauthn", data={"name": "Mine"})
    client, _, _ = set_up(visits, slt)
    for answer in (client.get, client.post):
        assert answer(reverse("mfa_remove_webauthn", args=[theirs.pk])).status_code == 404
    assert Authenticator.objects.filter(pk=theirs.pk).exists()


def test_what_changes_is_logged_and_written_to_its_owner(visits: Visits, world: World, slt: User) -> None:
    client, _, _ = set_up(visits, slt)
    client.post(reverse("mfa_generate_recovery_codes"))
    client.post(reverse("mfa_deactivate_totp"))
    rows = [
        (row.kind, row.by, row.data)
        for row in Row.objects.filter(kind__contains="second_step").order_by("number")
    ]
    added, removed = "people.second_step.added", "people.second_step.removed"
    paper, app = '{"sort":"recovery_codes"}', '{"sort":"totp"}'
    assert rows == [
        (added, slt.actor, paper),
        (added, slt.actor, app),
        (added, slt.actor, paper),
        (removed, slt.actor, paper),
        (removed, slt.actor, paper),
        (removed, slt.actor, app),
    ]
    letters = Letter.objects.filter(kind="account").order_by("pk")
    assert [each.to for each in letters] == [slt.email] * 3
    assert "Added: app that shows codes." in letters[0].text and "Was it not you?" in letters[0].text
    assert client.get(reverse("meetings"))["Location"] == INDEX, "and they set a new one up"


def test_what_goes_wrong_leaves_nothing(visits: Visits, slt: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log, the letter and the second step are one: without the letter, none of them is."""
    client, _ = password_in(visits, slt)
    secret = next(each for each in Page(client.get(APP)).every if each.get("class") == "secret").text

    def fails(**more: Any) -> None:
        raise PermissionDenied

    monkeypatch.setattr(pages, "tell", fails)
    assert client.post(APP, {"code": code_of(secret)}).status_code == 403
    assert (
        not Authenticator.objects.exists() and not Row.objects.filter(kind__contains="second_step").exists()
    )
    assert client.get(reverse("meetings"))["Location"] == INDEX


def test_codes_on_paper_are_shown_once(visits: Visits, slt: User) -> None:
    client, _, paper = set_up(visits, slt)
    seen = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert "10 of 10 left" in seen and not any(code in seen for code in paper)
    assert client.get(f"{reverse('mfa_view_recovery_codes')}download/").status_code == 404


def test_no_secret_is_readable_in_the_database(visits: Visits, slt: User) -> None:
    _, secret, paper = set_up(visits, slt)
    kept = str(list(Authenticator.objects.values()))
    assert secret not in kept and not any(code in kept for code in paper)


def test_without_their_key_codes_are_refused_and_a_sentence_says_so(
    visits: Visits, slt: User, settings: Any
) -> None:
    _, secret, _ = set_up(visits, slt)
    (settings.KEYS / "second_step_key").unlink()
    client, _ = password_in(visits, slt)
    answer = client.post(CODE, {"code": code_of(secret, clock.time() + 30)})
    assert Page(answer).alerts() == ["Codes cannot be checked here just now. Use a passkey."]


class TestLost:
    """Somebody else takes it away, and a new one is set up."""

    def take_away(self, visits: Visits, by: str, user: User) -> Any:
        return visits.by_role(by).post(reverse("people-staff-one", args=[user.pk]), {"verb": "reset"})

    def test_another_leader_takes_it_away(self, visits: Visits, world: World, slt: User) -> None:
        client, _, _ = set_up(visits, slt)
        world.later(minutes=1)
        assert self.take_away(visits, "dsl", slt).status_code == 302
        assert not has_second_step(slt) and not list_second_steps(slt)
        row = Row.objects.get(kind="people.second_step.reset")
        assert (row.by, row.subject) == (world.staff["dsl"].actor, slt.actor)
        letter = Letter.objects.filter(kind="account").latest("pk")
        assert letter.to == slt.email and "Ms Vale has taken away" in letter.text
        assert client.get(reverse("meetings"))["Location"].startswith(LOGIN), "every browser is signed out"
        again, _ = password_in(visits, slt)
        assert again.get(reverse("meetings"))["Location"] == INDEX

    @pytest.mark.parametrize("by", ["office", "governor", "teacher", "support", "slt"])
    def test_for_a_leader_nobody_but_another_leader(self, by: str, visits: Visits, slt: User) -> None:
        set_up(visits, slt)
        assert self.take_away(visits, by, slt).status_code in (403, 404)
        assert has_second_step(slt)

    @pytest.mark.parametrize("by, done", [("office", True), ("headteacher", True), ("teacher", False)])
    def test_for_a_teacher_the_office_as_well(
        self, by: str, done: bool, visits: Visits, world: World
    ) -> None:
        set_up(visits, world.stranger)
        self.take_away(visits, by, world.stranger)
        assert has_second_step(world.stranger) is not done

    def test_it_is_offered_to_who_may_and_only_where_there_is_one(
        self, visits: Visits, world: World, slt: User
    ) -> None:
        page = reverse("people-staff-one", args=[slt.pk])
        assert "Lost" not in Page(visits.by_role("dsl").get(page)).words()
        set_up(visits, slt)
        for who, offered in (("dsl", True), ("headteacher", True), ("office", False), ("slt", False)):
            assert ("Take it away" in Page(visits.by_role(who).get(page)).words()) is offered, who

    def test_it_is_done_once(self, world: World, slt: User) -> None:
        with pytest.raises(Refused):
            pages.reset(user=slt, by=world.staff["dsl"], now=world.now)
        with pytest.raises(NotAllowed):
            pages.reset(user=slt, by=slt, now=world.now)

    def test_the_command_is_for_the_last_leader(
        self, visits: Visits, slt: User, capsys: pytest.CaptureFixture[str]
    ) -> None:
        set_up(visits, slt)
        assert cli.main(["sign-in", "reset", slt.email.upper()]) == 0
        assert "set up a new one" in capsys.readouterr().out
        assert not has_second_step(slt)
        assert Row.objects.get(kind="people.second_step.reset").by == "system:command"
        assert cli.main(["sign-in", "reset", slt.email]) == 2
        assert cli.main(["sign-in", "reset", "nobody@larkfield.example"]) == 2
        assert "has no second step" in capsys.readouterr().err


def test_who_needs_it_and_who_may_take_it_away() -> None:
    needs = {role for role in Role if needs_second_step({role})}
    assert needs == {Role.SLT, Role.DSL, Role.HEADTEACHER}
    for role in Role:
        assert can_reset_sign_in({role}, {Role.SLT}, own=False) is (role in needs)
        assert can_reset_sign_in({role}, {Role.TEACHER}, own=False) is (role in needs | {Role.OFFICE})
        assert not can_reset_sign_in({role}, {Role.TEACHER}, own=True)


def test_it_is_counted_who_has_none_yet(visits: Visits, world: World, slt: User) -> None:
    assert count_without() == (3, 3)
    set_up(visits, slt)
    set_up(visits, world.teacher)
    assert count_without() == (3, 2)
