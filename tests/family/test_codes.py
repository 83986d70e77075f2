"""Signing in with a mailed code, attacked: guessed, asked for by the hundred, used twice, taken elsewhere."""

import json
import time as clock
from typing import Any

import pytest
from django.core import serializers
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from circletime.audit.models import Row
from circletime.meetings import throttle
from circletime.notices.models import Letter
from circletime.pages.handler import held_back
from circletime.pages.views.join import ANSWERS_AFTER
from circletime.people import codes
from circletime.people.models import MailCode
from tests.family.conftest import Home
from tests.pace import paced
from tests.web.page import Page
from tests.web.post_office import open_office
from tests.world import World


def is_in(client: Client) -> bool:
    return bool(client.get(reverse("family-home")).status_code == 200)


class TestAskingForOne:
    def test_the_answer_is_the_same_for_a_stranger(self, world: World, home: Home) -> None:
        answers, asked = [], []
        for email in (home.adult("Amara").email, "nobody@home.example"):
            client = home.visits.browser()
            with CaptureQueriesContext(
                connection,
            ) as queries:
                answer = client.post(reverse("family-sign-in"), {"email": email})
            page = client.get(answer["Location"])
            answers.append((answer.status_code, answer["Location"], Page(page).words().replace(email, "")))
            asked.append([query["sql"].split()[:3] for query in queries])
            assert not any("people_adult" in query["sql"] for query in queries), "nobody is looked up here"
        assert answers[0] == answers[1] and asked[0] == asked[1]

    def test_it_takes_the_same_time(self, home: Home) -> None:
        """Both pages are held back until the door's even answer is due, as the door is."""
        client = home.visits.browser()
        for name, typed in (
            ("family-sign-in", {"email": "nobody@home.example"}),
            ("family-code", {"code": "1"}),
        ):
            began = clock.monotonic()
            due = held_back(client.post(reverse(name), typed)) - began
            assert ANSWERS_AFTER <= due < ANSWERS_AFTER + paced(0.1)

    def test_a_stranger_is_mailed_nothing(self, world: World, home: Home) -> None:
        for email in ("nobody@home.example", world.teacher.email):
            home.ask(email)
        assert home.codes() == []
        assert not MailCode.objects.filter(due_at__isnull=False).exists(), "and it is not tried again"
        assert not Row.objects.filter(kind__startswith="people.family_code").exists()

    def test_who_has_left_is_a_stranger(self, world: World, home: Home) -> None:
        gone, childless = home.adult("Amara"), home.adult("Ben")
        gone.left_at = world.now
        gone.save()
        world.oak.pupil_set.filter(first_name="Ben").update(left_at=world.now)
        for adult in (gone, childless):
            home.ask(adult.email)
        assert home.codes() == []

    @pytest.mark.parametrize(
        "email", ["", "somebody", "a@b", "a@home.example\nBcc: b@home.example", "a@home.example," * 90]
    )
    def test_what_is_no_address_is_said_beside_the_field_and_kept(self, home: Home, email: str) -> None:
        answer = home.visits.browser().post(reverse("family-sign-in"), {"email": email})
        page = Page(answer)
        assert answer.status_code == 400 and page.said_beside("email").startswith("Type your e-mail address")
        assert page.value("email") == email[:254].strip()
        assert not MailCode.objects.exists()

    def test_nobodys_mailbox_is_flooded(self, world: World, home: Home) -> None:
        email = home.adult("Amara").email
        for _ in range(codes.PER_ADDRESS_HERE):
            home.ask(email)
        here = home.visits.browser().post(reverse("family-sign-in"), {"email": email.upper()})
        assert here.status_code == 429 and "wait an hour" in Page(here).said_beside("email")
        home.ask(email, place="192.0.2.1")  # and nobody else is kept from asking by that
        unknown = [
            home.visits.browser()
            .post(reverse("family-sign-in"), {"email": "nobody@home.example"})
            .status_code
            for _ in range(codes.PER_ADDRESS_HERE + 1)
        ]
        assert unknown[-1] == 429, "a stranger's address is counted alike"
        world.later(minutes=61)
        home.ask(email)

    def test_one_place_asks_for_so_many_and_no_more(self, home: Home) -> None:
        for number in range(codes.PER_PLACE):
            home.ask(f"nobody{number}@home.example")
        client = home.visits.browser()
        assert client.post(reverse("family-sign-in"), {"email": "one@home.example"}).status_code == 429
        home.ask("one@home.example", place="192.0.2.1")

    def test_another_sites_form_asks_for_nothing(self, home: Home) -> None:
        client = home.visits.browser(enforce_csrf_checks=True)
        answer = client.post(reverse("family-sign-in"), {"email": home.adult("Amara").email})
        assert answer.status_code == 403 and not MailCode.objects.exists()


class TestGuessing:
    def test_five_wrong_ones_are_the_end_of_it(self, home: Home) -> None:
        client = home.ask(home.adult("Amara").email)
        (code,) = home.codes()
        for number in range(codes.TRIES):
            wrong = home.type(client, f"{(int(code.replace(' ', '')) + 1 + number) % 10**8:08}")
            assert wrong.status_code == 403
            assert Page(wrong).said_beside("code").startswith("That code does not work")
        assert home.type(client, code).status_code == 403
        assert not is_in(client)

    def test_who_guesses_much_has_to_wait(self, world: World, home: Home) -> None:
        for _ in range(2):
            client = home.ask("nobody@home.example")
            said = [home.type(client, "1111 1111").status_code for _ in range(throttle.PER_ADDRESS // 2)]
            assert set(said) == {403}
        assert home.type(client, "1111 1111").status_code == 429
        mother = home.ask(home.adult("Amara").email, place="192.0.2.1")
        (code,) = home.codes()
        assert home.type(mother, code).status_code == 302, "nobody else waits"

    def test_it_works_in_the_browser_that_asked_and_in_no_other(self, home: Home) -> None:
        email = home.adult("Amara").email
        mine, other = home.ask(email), home.ask(email, place="192.0.2.1")
        first, second = home.codes()
        nobody = home.visits.browser("192.0.2.2")
        assert home.type(nobody, first)["Location"] == reverse("family-sign-in")
        assert home.type(other, first).status_code == 403
        assert home.type(mine, second).status_code == 403
        assert home.type(mine, first).status_code == 302

    def test_it_works_once(self, home: Home) -> None:
        client = home.ask(home.adult("Amara").email)
        (code,) = home.codes()
        asked = client.session["code_asked"]
        assert home.type(client, code).status_code == 302
        thief = home.visits.browser("192.0.2.1")
        session = thief.session
        session["code_asked"] = asked
        session.save()
        assert home.type(thief, code).status_code == 403
        assert is_in(client) and not is_in(thief)

    def test_it_works_for_a_quarter_of_an_hour(self, world: World, home: Home) -> None:
        late, early = home.ask(home.adult("Amara").email), home.ask(home.adult("Ben").email)
        first, second = home.codes()
        world.later(minutes=14, seconds=59)
        assert home.type(early, second).status_code == 302
        world.later(seconds=1)
        assert home.type(late, first).status_code == 403

    def test_a_row_without_a_code_opens_to_nothing(self, home: Home) -> None:
        """Before the worker came, and for a stranger, there is no code to guess."""
        client = home.ask("nobody@home.example")
        for typed in ("", " ", "none", "0", "0000000000"):
            assert home.type(client, typed).status_code in (400, 403)
        assert not is_in(client)

    def test_it_is_kept_nowhere(self, home: Home) -> None:
        home.ask(home.adult("Amara").email)
        (code,) = home.codes()
        every = serializers.serialize(
            "json", [*MailCode.objects.all(), *Row.objects.all(), *Letter.objects.all()]
        )
        for form in (code, code.replace(" ", "")):
            assert form not in every
        row = MailCode.objects.get()
        assert row.code_hash and row.email not in json.dumps(
            list(Row.objects.values_list("data", "subject", "by"))
        )

    def test_the_session_is_another_one_after_it(self, home: Home) -> None:
        """Whoever planted a session in this browser before is not signed in by it."""
        client = home.ask(home.adult("Amara").email)
        before = client.session.session_key
        home.type(client, *home.codes())
        assert client.session.session_key != before


class TestTheMail:
    def test_it_arrives_with_a_code_that_any_phone_can_type(
        self, world: World, home: Home, settings: Any
    ) -> None:
        with open_office() as office:
            settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
            settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
            settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
            adult = home.adult("Amara")
            client = home.ask(f"  {adult.email.upper()} ")
            home.codes_by_server = home.codes()  # type: ignore[attr-defined]
            (letter,) = office.came
        text = letter.get_content()
        assert letter["To"] == adult.email and letter["Auto-Submitted"] == "auto-generated"
        assert "Amara" not in letter.as_string() and adult.name not in letter.as_string()
        code = text.split("\n")[0].strip()
        urdu = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
        assert home.type(client, f" {code.translate(urdu)} ").status_code == 302
        assert is_in(client)

    def test_a_server_that_is_away_is_asked_again_and_a_refusal_is_kept(
        self, world: World, home: Home, settings: Any
    ) -> None:
        with open_office() as office:
            settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
            settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
            settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
            home.ask(home.adult("Amara").email)
            office.greylists = True
            home.codes()
            assert office.came == []
            world.later(minutes=2)
            home.codes()
            assert len(office.came) == 1
            office.greylists = False
            office.at_recipient = "550 5.1.1 No such user"
            home.ask(home.adult("Ben").email)
            home.codes()
        kinds = Row.objects.filter(kind__startswith="people.family_code").order_by("number")
        assert [row.kind for row in kinds] == ["people.family_code.sent", "people.family_code.refused"]
        assert not MailCode.objects.filter(due_at__isnull=False).exists()

    def test_one_that_was_not_sent_in_time_is_given_up(self, world: World, home: Home) -> None:
        home.ask(home.adult("Amara").email)
        world.later(minutes=16)
        assert home.codes() == []

    def test_rows_are_forgotten(self, world: World, home: Home) -> None:
        home.ask("nobody@home.example")
        world.later(hours=25)
        home.codes()
        assert not MailCode.objects.exists()


class TestTheSignIn:
    def test_it_ends_with_the_day(self, world: World, home: Home) -> None:
        clients = home.by_code(home.adult("Amara")), home.by_link("Ben")
        world.later(hours=11, minutes=59)
        assert all(is_in(client) for client in clients)
        world.later(minutes=2)
        assert not any(is_in(client) for client in clients)

    def test_it_ends_when_the_address_is_another_one(self, home: Home) -> None:
        adult = home.adult("Amara")
        client = home.by_code(adult)
        adult.email = "new@home.example"
        adult.save()
        assert client.get(reverse("family-home"))["Location"] == reverse("family-over")

    def test_it_ends_when_the_adult_or_the_last_child_has_left(self, world: World, home: Home) -> None:
        first, second = home.adult("Amara"), home.adult("Ben")
        clients = home.by_code(first), home.by_code(second)
        first.left_at = world.now
        first.save()
        world.oak.pupil_set.filter(first_name="Ben").update(left_at=world.now)
        assert not any(is_in(client) for client in clients)

    def test_who_signs_out_is_out_also_where_the_session_was_copied(self, home: Home) -> None:
        client = home.by_code(home.adult("Amara"))
        thief = home.visits.browser("192.0.2.1")
        session = thief.session
        session["door"] = client.session["door"]
        session.save()
        assert is_in(thief)
        assert client.get(reverse("family-sign-out")).status_code == 405
        assert client.post(reverse("family-sign-out"))["Location"] == reverse("family-sign-in")
        assert not is_in(client) and not is_in(thief)
        assert dict(client.session) == {}

    def test_two_adults_of_one_address_share_the_sign_in(self, world: World, home: Home) -> None:
        first, second = home.adult("Amara"), home.adult("Ben")
        second.email = first.email
        second.save()
        page = Page(home.by_code(first).get(reverse("family-home"))).words()
        assert "Amara" in page and "Ben" in page
