"""A link that was made public: nothing is given away, staff hear of it, and one press burns it (T11)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from circletime.audit.models import Row
from circletime.audit.queries import verify
from circletime.notices.models import Letter
from circletime.oversight import tasks
from circletime.oversight.actions import leaks as actions
from circletime.oversight.models import Leak, Sighting
from circletime.oversight.rules.leaks import LEFT_FOR
from circletime.people import links
from circletime.people.actions import note_restriction
from circletime.people.models import FamilyLink, Household, Pupil, SchoolClass
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import World

FACEBOOK = {"HTTP_USER_AGENT": "facebookexternalhit/1.1"}
WHATSAPP = {"HTTP_USER_AGENT": "WhatsApp/2.23"}
X = {"HTTP_USER_AGENT": "Twitterbot/1.0"}
FROM_FACEBOOK = {"HTTP_REFERER": "https://l.facebook.com/"}


@pytest.fixture
def family(world: World, visits: Visits) -> Household:
    return visits.family_of(world.pupil("Ben"))


@pytest.fixture
def token(family: Household, visits: Visits) -> str:
    return visits.link_of(family)


def link(token: str) -> str:
    return reverse("family", args=[token])


def card(school_class: SchoolClass) -> str:
    return reverse("join-class", args=[school_class.join_id])


def fetched(visits: Visits, address: str, headers: dict[str, str] = FACEBOOK) -> Any:
    return visits.browser("192.0.2.99").get(address, **headers)


def raised(visits: Visits, world: World, address: str, headers: dict[str, str] = FACEBOOK) -> Leak:
    fetched(visits, address, headers)
    tasks.raise_alarms(world.now)
    return Leak.objects.latest("pk")


class TestWhatAProgramLearns:
    """Nothing: not of the school, not of a child, not whether a link works."""

    def test_good_burned_and_invented_links_are_answered_alike(self, token: str, visits: Visits) -> None:
        FamilyLink.objects.filter(household__pupils__first_name="Amara").update(burned_at=None)
        answers = [fetched(visits, link(each)) for each in (token, token[:-1] + "_", "x" * 32, "nothing")]
        FamilyLink.objects.update(burned_at="2020-01-01T00:00Z")
        answers += [fetched(visits, link(token)), fetched(visits, reverse("join"))]
        answers += [fetched(visits, reverse("join-class", args=["bcdfgh"]))]
        for each in answers:
            del each.headers["X-Request-ID"]  # Random, of each request: it tells nothing of the link.
        assert len({(a.status_code, a.content, str(sorted(a.headers.items()))) for a in answers}) == 1
        assert answers[0].status_code == 200 and not answers[0].cookies

    def test_nothing_of_the_school_is_in_a_preview(self, world: World, token: str, visits: Visits) -> None:
        for address in (link(token), card(world.oak), reverse("join")):
            for headers in (FACEBOOK, WHATSAPP):
                answer = fetched(visits, address, headers)
                text = answer.content.decode()
                assert "og:" not in text and "twitter:" not in text and "<body></body>" in text
                assert text.count("Circletime") == 1 and "<title>Circletime</title>" in text
                assert answer["Referrer-Policy"] == "no-referrer" and "no-store" in answer["Cache-Control"]
                assert answer["X-Robots-Tag"] == "noindex, nofollow"

    def test_it_is_not_looked_up_before_the_answer(self, token: str, visits: Visits) -> None:
        kinds = []
        for each in (token, "y" * 32):
            with CaptureQueriesContext(connection) as asked:
                fetched(visits, link(each))
            kinds.append([query["sql"].split()[0] for query in asked.captured_queries])
            assert not any("familylink" in query["sql"].lower() for query in asked.captured_queries)
        assert kinds[0] == kinds[1]

    def test_a_link_is_not_used_up(self, world: World, token: str, visits: Visits, browser: Client) -> None:
        visits.open_meeting()
        for _ in range(20):
            assert fetched(visits, link(token)).status_code == 200
        assert browser.get(link(token))["Location"] == reverse("join-name")
        assert "/room/" in visits.ask(browser, "Ben")["Location"]

    def test_a_head_request_is_one_as_well(self, token: str, visits: Visits) -> None:
        assert visits.browser().head(link(token), **FACEBOOK).status_code == 200
        assert Sighting.objects.get().place == "link"

    def test_a_flood_of_invented_links_fills_no_table_and_alarms_nobody(
        self, world: World, visits: Visits, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(actions, "MOST_WAITING", 30)
        for number in range(40):
            fetched(visits, link(f"invented{number}"))
            fetched(visits, reverse("join-class", args=[f"invented{number}"]))
        assert Sighting.objects.count() == 30
        tasks.raise_alarms(world.now)
        assert not Sighting.objects.exists() and not Leak.objects.exists() and not Letter.objects.exists()

    def test_only_a_hash_of_what_stood_in_the_address_is_kept(
        self, world: World, token: str, visits: Visits
    ) -> None:
        fetched(visits, link(token))
        fetched(visits, card(world.oak))
        kept = str(list(Sighting.objects.values()))
        assert token not in kept and world.oak.join_id not in kept


class TestAlarm:
    def test_the_hosts_of_the_class_and_the_safeguarding_lead_are_told(
        self, world: World, token: str, visits: Visits
    ) -> None:
        leak = raised(visits, world, link(token))
        assert (leak.place, leak.network, leak.alarm, leak.fetched) == ("link", "facebook", True, 1)
        assert {each.to for each in Letter.objects.all()} == {
            world.staff[who].email for who in ("teacher", "support", "dsl")
        }
        letter = Letter.objects.earliest("pk")
        assert "Oak" in letter.subject and "Facebook" in letter.text
        assert reverse("leak", args=[leak.public_id]) in letter.text
        child = world.pupil("Ben")
        for word in (child.first_name, child.last_name, token):
            assert word not in letter.subject + letter.text
        row = Row.objects.get(kind="oversight.leak.raised")
        assert child.first_name not in row.data and child.last_name not in row.data and token not in row.data
        assert verify()[1] is None

    def test_a_hundred_fetches_are_one_alarm_with_a_count(
        self, world: World, token: str, visits: Visits
    ) -> None:
        for _ in range(60):
            fetched(visits, link(token))
        tasks.raise_alarms(world.now)
        for _ in range(40):
            fetched(visits, link(token))
        world.later(minutes=5)
        visits.browser().get(link(token), **FROM_FACEBOOK)
        tasks.raise_alarms(world.now)
        leak = Leak.objects.get()
        assert (leak.fetched, leak.followed) == (100, 1)
        assert leak.last_at - leak.first_at == timedelta(minutes=5)
        assert Letter.objects.count() == 3
        assert Row.objects.filter(kind="oversight.leak.raised").count() == 1

    def test_who_comes_from_a_network_goes_on_and_is_told_of(
        self, world: World, token: str, visits: Visits, browser: Client
    ) -> None:
        visits.open_meeting()
        assert browser.get(link(token), **FROM_FACEBOOK)["Location"] == reverse("join-name")
        tasks.raise_alarms(world.now)
        leak = Leak.objects.get()
        assert (leak.fetched, leak.followed, leak.alarm) == (0, 1, True)
        assert "somebody came from there" in Letter.objects.filter(kind="leak").earliest("pk").text

    def test_a_class_address_alarms_about_its_class(self, world: World, visits: Visits) -> None:
        leak = raised(visits, world, card(world.oak).upper().replace("/JOIN/", "/join/"))
        assert leak.school_class == world.oak and leak.alarm

    def test_the_class_address_asks_for_the_password_and_tells_nothing(
        self, world: World, visits: Visits, browser: Client
    ) -> None:
        real, none = (
            Page(browser.get(reverse("join-class", args=[each]))) for each in (world.oak.join_id, "zzzzzz")
        )
        assert real.value("class_id") == world.oak.join_id and not real.alerts()
        assert real.words() == none.words()
        assert world.oak.password not in real.source
        assert not Sighting.objects.exists()

    def test_a_chat_programs_preview_is_a_softer_notice(
        self, world: World, token: str, visits: Visits
    ) -> None:
        leak = raised(visits, world, link(token), WHATSAPP)
        assert not leak.alarm and not Letter.objects.exists()
        page = Page(visits.by_role("teacher").get(reverse("leaks")))
        assert "Softer notices" in page.words() and "WhatsApp" in page.words()
        assert "not answered" not in page.words()

    def test_the_join_page_alone_is_no_alarm(self, world: World, visits: Visits) -> None:
        for headers in (WHATSAPP, {"HTTP_USER_AGENT": "Googlebot/2.1"}):
            fetched(visits, reverse("join"), headers)
        assert not Sighting.objects.exists()
        leak = raised(visits, world, reverse("join"))
        assert not leak.alarm and not Letter.objects.exists()
        with pytest.raises(actions.Refused):
            actions.burn_and_reissue(leak=leak, by=world.staff["dsl"], now=world.now)

    def test_a_household_in_two_classes_alarms_the_hosts_of_both(
        self, world: World, family: Household, token: str, visits: Visits
    ) -> None:
        ash = SchoolClass.objects.get(name="Ash")
        family.pupils.add(Pupil.objects.filter(school_class=ash).earliest("pk"))
        leak = raised(visits, world, link(token))
        told = {each.to for each in Letter.objects.all()}
        assert {world.teacher.email, world.stranger.email} <= told
        for who, child, other in (("teacher", "Ben", "Amara"), ("teacher_ash", "Amara", "Ben")):
            text = Page(visits.by_role(who).get(reverse("leak", args=[leak.public_id]))).words()
            assert child in text and other not in text, "each host sees their own class's children"

    def test_a_link_that_is_dead_already_alarms_nobody(
        self, world: World, token: str, visits: Visits
    ) -> None:
        leak = raised(visits, world, link(token))
        actions.burn_and_reissue(leak=leak, by=world.teacher, now=world.now)
        sent = Letter.objects.count()
        fetched(visits, link(token))
        fetched(visits, link(token), X)
        tasks.raise_alarms(world.now)
        leak.refresh_from_db()
        assert leak.fetched == 2 and Leak.objects.count() == 1 and Letter.objects.count() == sent

    def test_one_bit_changed_is_nothing(self, world: World, token: str, visits: Visits) -> None:
        for index, letter in enumerate(token):
            changed = chr(ord(letter) ^ 1)
            if changed.isalnum():
                fetched(visits, link(token[:index] + changed + token[index + 1 :]))
        tasks.raise_alarms(world.now)
        assert not Leak.objects.exists()


class TestAnswer:
    def test_one_press_burns_the_link_and_mails_a_new_one(
        self, world: World, family: Household, token: str, visits: Visits
    ) -> None:
        meeting = visits.open_meeting()
        assert meeting
        leak = raised(visits, world, link(token))
        begun = visits.browser("192.0.2.4")
        begun.get(link(token))
        answer = visits.by_role("teacher").post(reverse("leak-burn", args=[leak.public_id]))
        assert answer["Location"] == reverse("leak", args=[leak.public_id])
        assert visits.browser().get(link(token)).status_code == 403
        assert visits.ask(begun, "Ben")["Location"] == reverse("family-over"), "nor the form begun before"
        letters = Letter.objects.filter(kind="link")
        assert {each.to for each in letters} == {each.email for each in family.adults.all()}
        new = links.fill(letters[0].text).split("/f/")[1].split()[0]
        assert visits.browser("192.0.2.5").get(link(new))["Location"] == reverse("join-name")
        leak.refresh_from_db()
        assert (leak.answer, leak.answered_by) == ("burned", world.teacher)
        assert "mailed to" in leak.note and new not in leak.note
        kinds = list(Row.objects.order_by("number").values_list("kind", flat=True))
        assert kinds.index("people.family_link.burned") < kinds.index("oversight.leak.answered")
        assert not any(new in row.data + row.subject for row in Row.objects.all())

    def test_nobody_with_a_contact_restriction_is_mailed_one(
        self, world: World, family: Household, token: str, visits: Visits
    ) -> None:
        leak = raised(visits, world, link(token))
        note_restriction(
            pupil=world.pupil("Ben"),
            household=family,
            what="By order of the court",
            since=world.now.date(),
            by=world.staff["dsl"],
            now=world.now,
        )
        made = actions.burn_and_reissue(leak=leak, by=world.staff["dsl"], now=world.now)
        assert not Letter.objects.filter(kind="link").exists() and "No new one" in made.note
        assert not FamilyLink.objects.filter(burned_at=None).exists()
        assert Letter.objects.filter(to=world.staff["office"].email).exists()

    def test_a_class_gets_a_new_id_and_password(self, world: World, visits: Visits) -> None:
        old = (world.oak.join_id, world.oak.password)
        leak = raised(visits, world, card(world.oak))
        other = raised(visits, world, card(world.oak), X)
        actions.burn_and_reissue(leak=leak, by=world.support, now=world.now)
        world.oak.refresh_from_db()
        assert not {world.oak.join_id, world.oak.password} & set(old)
        assert visits.class_door(visits.browser(), *old).status_code == 403
        other.refresh_from_db()
        assert other.answer == "burned", "what is about the same class is answered with it"
        letter = Letter.objects.get(to=world.staff["office"].email)
        for word in (world.oak.join_id, world.oak.password, *old):
            assert word not in letter.text + letter.subject + other.note
        again = raised(visits, world, card(world.oak))
        assert again.pk not in (leak.pk, other.pk) and again.answered_at is None, "the new one leaked too"

    def test_left_as_it_is_holds_for_a_week(self, world: World, token: str, visits: Visits) -> None:
        leak = raised(visits, world, link(token))
        page = visits.by_role("dsl").post(reverse("leak-leave", args=[leak.public_id]), {"note": " "})
        assert page.status_code == 400 and Page(page).said_beside("note")
        visits.by_role("dsl").post(
            reverse("leak-leave", args=[leak.public_id]), {"note": "A closed group of the class's parents"}
        )
        leak.refresh_from_db()
        assert (leak.answer, leak.answered_by) == ("left", world.staff["dsl"])
        again = raised(visits, world, link(token))
        assert again == leak and again.fetched == 2
        world.now += LEFT_FOR
        later = raised(visits, world, link(token))
        assert later != leak and later.alarm

    def test_it_is_answered_once(self, world: World, token: str, visits: Visits) -> None:
        leak = raised(visits, world, link(token))
        actions.burn_and_reissue(leak=leak, by=world.teacher, now=world.now)
        links = FamilyLink.objects.count()
        again = visits.by_role("dsl").post(reverse("leak-burn", args=[leak.public_id]))
        assert again.status_code == 409 and "already" in Page(again).alerts()[0]
        assert FamilyLink.objects.count() == links

    @pytest.mark.parametrize("who", ["teacher_ash", "office", "governor"])
    def test_nobody_else_sees_or_answers_it(self, who: str, world: World, token: str, visits: Visits) -> None:
        leak = raised(visits, world, link(token))
        client = visits.by_role(who)
        for answer in (
            client.get(reverse("leak", args=[leak.public_id])),
            client.post(reverse("leak-burn", args=[leak.public_id])),
            client.post(reverse("leak-leave", args=[leak.public_id]), {"note": "Nothing to see"}),
        ):
            assert answer.status_code in (403, 404) and b"Ben" not in answer.content
        with pytest.raises(actions.Refused):
            actions.burn_and_reissue(leak=leak, by=world.staff[who], now=world.now)
        assert FamilyLink.objects.filter(burned_at=None).count() == 1
        assert Leak.objects.get().answered_at is None

    def test_the_header_counts_what_waits_for_an_answer(
        self, world: World, token: str, visits: Visits
    ) -> None:
        def said(who: str) -> bool:
            return "Alarms 1 not answered" in Page(visits.by_role(who).get(reverse("classes"))).words()

        assert not said("teacher") and not said("dsl")
        leak = raised(visits, world, link(token))
        raised(visits, world, card(world.oak), WHATSAPP)
        assert [said(who) for who in ("teacher", "support", "dsl", "slt", "headteacher")] == [True] * 5
        assert not any(said(who) for who in ("teacher_ash", "office", "governor"))
        actions.burn_and_reissue(leak=leak, by=world.teacher, now=world.now)
        assert not said("teacher") and not said("dsl")


def test_robots_are_kept_out_but_for_those_whose_coming_tells(browser: Client) -> None:
    lines = browser.get("/robots.txt").content.decode().splitlines()
    assert lines[-2:] == ["User-agent: *", "Disallow: /"]
    assert "User-agent: twitterbot" in lines and "Allow: /f/" in lines and "Allow: /" not in lines


def test_no_page_is_indexed(world: World, visits: Visits, browser: Client) -> None:
    for client, address in ((browser, "/join/"), (browser, "/nowhere"), (visits.by_role("dsl"), "/classes/")):
        assert client.get(address)["X-Robots-Tag"] == "noindex, nofollow"
