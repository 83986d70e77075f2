"""What another site can make a browser do here, and what a page of ours tells another site: nothing."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from circletime.audit.models import Row
from circletime.meetings.models import Meeting, Seat
from tests.web.page import Page
from tests.web.school import School, address_of, body, client_of, routes
from tests.web.visits import Visits
from tests.world import PASSWORD, World

SIGNED = {"hooks-livekit"}
"""Called by the media server and signed with its key; no browser has anything to send there."""


def addresses(school: School) -> dict[str, str]:
    """Every address of the program, filled in."""
    return {name: address_of(name, school) for name in routes()}


def strict(client: Client) -> Client:
    """The same browser, at a server that checks where forms come from, as in service."""
    made = Client(enforce_csrf_checks=True, REMOTE_ADDR="203.0.113.7")
    made.cookies = client.cookies
    return made


@pytest.mark.parametrize("who", ["anonymous", "pupil", "teacher", "headteacher"])
def test_no_form_is_taken_from_another_site(who: str, school: School, visits: Visits) -> None:
    client = strict(client_of(who, school, visits))
    rows, seats = Row.objects.count(), list(Seat.objects.values())
    for name, address in addresses(school).items():
        if name in SIGNED:
            assert client.post(address, {"event": "x"}).status_code == 401
            continue
        for answer in (
            client.post(address, body(name, school)),
            client.post(address, body(name, school), HTTP_ORIGIN="https://evil.example"),
            client.post(address, "{}", content_type="text/plain", HTTP_REFERER="https://evil.example/"),
        ):
            assert answer.status_code == 403, name
    assert Row.objects.count() == rows and list(Seat.objects.values()) == seats
    assert Meeting.objects.get(pk=school.running.pk).state == "live"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_no_other_method_does_anything(method: str, school: School, visits: Visits) -> None:
    for client in (visits.by_role("headteacher"), visits.browser()):
        rows = Row.objects.count()
        for name, address in addresses(school).items():
            answer = getattr(client, method)(address)
            # allauth takes PUT for POST, with all its checks.
            assert answer.status_code in (302, 401, 404, 405) or name.startswith(("account_", "mfa_")), name
        assert Row.objects.count() == rows


def test_our_own_forms_are_taken(school: School, visits: Visits) -> None:
    client = strict(visits.browser())

    def token(address: str) -> str:
        return Page(client.get(address)).value("csrfmiddlewaretoken")

    join, name = reverse("join"), reverse("join-name")
    assert client.post(join, body("join", school) | {"csrfmiddlewaretoken": token(join)}).status_code == 302
    answer = client.post(name, body("join-name", school) | {"csrfmiddlewaretoken": token(name)})
    assert answer.status_code == 302
    page = client.get(answer["Location"])
    boot = re.search(r'"csrf": "(\w+)", "live": "\S+", "act": "(\S+?)"', page.content.decode())
    assert boot
    sent: dict[str, Any] = {"data": "{}", "content_type": "application/json"}
    assert client.post(f"{boot[2]}leave", **sent).status_code == 403
    assert client.post(f"{boot[2]}leave", **sent, HTTP_X_CSRFTOKEN=boot[1]).status_code == 200


def test_a_form_that_was_refused_says_what_to_do(browser: Client) -> None:
    answer = strict(browser).post(reverse("join"), {"class_id": "x"})
    assert "load the page again" in Page(answer).words()


def policy(answer: Any) -> dict[str, list[str]]:
    return {
        part.split()[0]: part.split()[1:] for part in answer["Content-Security-Policy"].split(";") if part
    }


def is_page(answer: Any) -> bool:
    return bool(answer.headers.get("Content-Type", "").startswith("text/html"))


Answers = list[tuple[str, Any]]
_shown: dict[str, Answers] = {}


def every_answer(who: str, request: pytest.FixtureRequest) -> Answers:
    """What one person's browser is shown at every address; the errors too. Asked for once: all tests look at
    the same answers, and only the first needs a school."""
    if who not in _shown:
        _shown[who] = _ask_for_all(who, request.getfixturevalue("school"), request.getfixturevalue("visits"))
    return _shown[who]


def _ask_for_all(who: str, school: School, visits: Visits) -> Answers:
    client = client_of(who, school, visits)
    pages = [(name, client.get(address)) for name, address in addresses(school).items()]
    pages.append(("nowhere", client.get("/nowhere")))
    pages.append(("refused", strict(client).post(reverse("join"))))
    return pages


@pytest.mark.parametrize("who", ["anonymous", "pupil", "governor", "teacher", "dsl"])
def test_no_page_is_framed_runs_strange_scripts_or_is_kept(who: str, request: pytest.FixtureRequest) -> None:
    shown = every_answer(who, request)
    assert sum(is_page(answer) and answer.status_code == 200 for _, answer in shown) > 5
    for name, answer in shown:
        assert answer["X-Frame-Options"] == "DENY", name
        assert answer["X-Content-Type-Options"] == "nosniff", name
        assert answer["Referrer-Policy"] == "same-origin", name
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", name
        rules = policy(answer)
        assert rules["frame-ancestors"] == rules["base-uri"] == rules["default-src"] == ["'none'"], name
        assert rules["script-src"] == rules["style-src"] == rules["form-action"] == ["'self'"], name
        assert "unsafe" not in answer["Content-Security-Policy"] and "*" not in str(rules), name
        for cookie in answer.cookies.values():
            assert cookie["samesite"] in ("Lax", "Strict"), name
            assert cookie["httponly"] or cookie.key in ("csrftoken", "messages"), name


@pytest.mark.parametrize("who", ["anonymous", "pupil", "governor", "teacher", "dsl"])
def test_no_page_names_another_site_or_holds_a_script_of_its_own(
    who: str, request: pytest.FixtureRequest
) -> None:
    for name, answer in every_answer(who, request):
        if not is_page(answer):
            continue
        page = Page(answer)
        for address in page.addresses():
            parts = urlsplit(address)
            assert not parts.netloc and parts.scheme in ("", "data"), f"{name}: {address}"
            assert not address.lower().startswith("javascript"), name
        for element in page.every:
            assert not any(each.startswith("on") or each == "style" for each in element.attributes), name
            assert element.tag not in ("style", "iframe", "object", "embed", "base"), name
            if element.tag == "script":
                assert "src" in element.attributes or element.get("type") == "application/json", name
        assert not re.search(r"https?://", page.source), name


@pytest.mark.parametrize("who", ["pupil", "teacher", "dsl"])
def test_no_browser_keeps_a_page_with_somebody_on_it(who: str, request: pytest.FixtureRequest) -> None:
    """On a shared machine the next child presses Back; after sign-out nothing of a page may be there."""
    open_to_all = {"home", "nowhere", "refused", "robots", "rtc/validate", "rtc/v1/validate", "hooks-livekit"}
    for name, answer in every_answer(who, request):
        if answer.status_code != 200 or name in open_to_all or name.startswith("account_"):
            continue
        assert "no-store" in answer.headers.get("Cache-Control", ""), name


def test_scripts_and_styles_of_pages_are_there(request: pytest.FixtureRequest) -> None:
    missing = set()
    for who in ("pupil", "teacher"):
        for _, answer in every_answer(who, request):
            if is_page(answer):
                for address in Page(answer).addresses():
                    path = address.removeprefix("/static/")
                    if path != address and not path.startswith("room/") and not finders.find(path):
                        missing.add(address)
    assert not missing


def test_search_engines_are_asked_to_stay_away(school: School, visits: Visits) -> None:
    client, _ = visits.let_in("Ben", school.host)
    for name in ("join", "join-name"):
        answer = client.get(reverse(name))
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert 'content="noindex, nofollow"' in Page(answer).source


class TestWhatAFamilySees:
    """No surname, e-mail address or pupil's number, on any page or in any address (P7)."""

    @pytest.fixture
    def marked(self, world: World) -> list[str]:
        """Oak's children and families, with words that are found wherever they turn up."""
        for number, child in enumerate(world.oak.pupil_set.all()):
            for household in child.households.all():
                household.name = f"Zzhouse{number}"
                household.save()
                for adult in household.adults.all():
                    adult.name = f"Ada Zzadult{number}"
                    adult.email = f"zzmail{number}@home.example"
                    adult.save()
            child.last_name = f"Zzlast{number}"
            child.save()
        return ["Zzhouse", "Zzlast", "Zzadult", "zzmail", "larkfield.example", "@"]

    @pytest.fixture
    def pages(self, world: World, visits: Visits, marked: list[str]) -> list[Any]:
        """All a family's browser is sent, on every way through the door."""
        client = visits.browser()
        seen: list[Any] = []

        def note(answer: Any) -> Any:
            seen.append(answer)
            if answer.status_code == 302:
                note(client.get(answer["Location"]))
            return answer

        typed: Callable[[str, str], Any] = lambda name, last: note(visits.ask(client, name, last))  # noqa: E731
        note(client.get(reverse("join")))
        note(visits.class_door(client, "bcdfgh", "wrong"))
        visits.planned()
        note(visits.class_door(client))
        meeting, _ = world.live()
        note(client.get(reverse("join-name")))
        typed("Zebedee", "")
        typed("Olivia", "")
        typed("Olivia", "Nobody")
        typed("", "")
        typed("Amara", "")
        seat = Seat.objects.get(meeting=meeting, label="Amara")
        other = visits.browser("192.0.2.8")
        visits.class_door(other)
        seen.append(visits.ask(other, "Amara"))
        note(client.get(reverse("family", args=["nothing"])))
        note(client.get(reverse("family", args=[visits.link_of(visits.family_of(world.pupil("Ben")))])))
        typed("Amara", "")
        typed("Ben", "")
        note(client.get(reverse("room", args=["nothing"])))
        note(client.post(reverse("room-command", args=[seat.public_id, "end"])))
        note(client.get(reverse("meetings")))
        note(client.get("/nowhere"))
        assert {200, 302, 400, 403, 404, 409} <= {answer.status_code for answer in seen}
        return seen

    def test_nothing_of_another_family_is_on_a_page(
        self, world: World, pages: list[Any], marked: list[str]
    ) -> None:
        for answer in pages:
            whole = answer.content.decode() + str(dict(answer.headers))
            for word in marked:
                assert word not in whole, f"{word} at {answer.request['PATH_INFO']}"
        for child in world.oak.pupil_set.exclude(first_name__in=["Amara", "Ben", "Olivia"]):
            assert not any(child.first_name in answer.content.decode() for answer in pages)

    def test_nobody_is_numbered(self, world: World, pages: list[Any]) -> None:
        """A page holds no key of the database: no number stands in an attribute, an address or the boot."""
        for answer in pages:
            for element in Page(answer).every if is_page(answer) else []:
                for name, value in element.attributes.items():
                    known = name in ("maxlength", "content", "tabindex")
                    assert known or not re.fullmatch(r"\d+", value), f"{element.tag} {name}={value}"
                if element.get("id") == "boot":
                    assert not re.search(r"[:\[,]\s*\d+\s*[,}\]]", element.text)

    def test_nothing_personal_is_in_an_address(self, world: World, pages: list[Any]) -> None:
        secrets = [world.oak.join_id, world.oak.password, "amara", "olivia", "ben", "nobody", "oak", PASSWORD]
        found = [answer.headers.get("Location", "") for answer in pages]
        found += [address for answer in pages if is_page(answer) for address in Page(answer).addresses()]
        for address in found:
            readable = address.removeprefix("/room/") if address.startswith("/room/") else address
            if readable == address:
                assert not any(secret in address.lower() for secret in secrets), address
            else:
                assert re.fullmatch(r"[\w-]{22}", readable), address
            own = ("/accounts/login/?next=/meetings/", "/language?next=/")
            assert "?" not in address or address.startswith(own), address

    def test_the_room_page_holds_what_the_room_client_needs_and_no_more(self, pages: list[Any]) -> None:
        rooms = [answer for answer in pages if answer.request["PATH_INFO"].startswith("/room/")]
        boots = [Page(answer).by_id("boot") for answer in rooms if answer.status_code == 200]
        assert len(boots) == 2
        for boot in boots:
            assert set(json.loads(boot.text)) == {
                "seat",
                "role",
                "label",
                "viewer_mark",
                "csrf",
                "live",
                "act",
                "purpose",
                "class_name",
                "admitted",
                "leave_url",
                "incident_url",
                "language_url",
            }


def test_no_address_of_staff_names_a_person(school: School, request: pytest.FixtureRequest) -> None:
    people = {user.name.split()[-1].lower() for user in school.world.staff.values()}
    people |= {word.lower() for child in school.world.oak.pupil_set.all() for word in child.last_name.split()}
    for who in ("teacher", "office", "headteacher"):
        for name, answer in every_answer(who, request):
            for address in Page(answer).addresses() if is_page(answer) else []:
                parts = re.split(r"[^a-z']+", re.sub(r"/[\w-]{22}(?=/|$)", "", address.lower()))
                assert not people & set(parts), f"{name}: {address}"
                assert "@" not in address and "%40" not in address
