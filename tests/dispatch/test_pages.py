"""The office's pages: what they show, what they take, and what they never give away."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from circletime.audit.queries import list_kinds
from circletime.dispatch.queries.reach import may_go
from circletime.meetings.models import Meeting
from circletime.notices import tasks
from circletime.notices.models import Letter
from circletime.people.models import Adult, Household, Pupil
from tests.dispatch.conftest import family, letters, notice, only, plan, rows
from tests.signing import sign_in
from tests.web.page import Page
from tests.web.post_office import PostOffice
from tests.world import World


def clerk(world: World, role: str = "office") -> Client:
    client = Client()
    sign_in(client, world.staff[role])
    return client


def day_page(client: Client, **more: str) -> str:
    answer = client.get(reverse("dispatch"), {"day": notice().day.isoformat(), **more})
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_day_shows_each_household_once_and_no_link(world: World, office: PostOffice) -> None:
    amara, ben = only(world, "Amara", "Ben")
    family(amara, name="Mailed", Ada="ada@home.example")
    family(ben, name="Paper")
    plan(world)
    tasks.send_due(world.now, may_go)
    page = day_page(clerk(world))
    assert page.count("<bdi>Mailed</bdi>") == page.count("<bdi>Paper</bdi>") == 1
    assert "Sent 1" in page and "No address 1" in page and "How to join" in page
    assert "/f/" not in page and "family-link" not in page


def test_a_name_is_never_markup(world: World) -> None:
    (amara,) = only(world, "Amara")
    family(amara, name="<script>alert(1)</script>", Ada="ada@home.example")
    Household.objects.update(name="<script>alert(1)</script>")
    plan(world)
    assert "<script>alert" not in day_page(clerk(world))


def test_the_csv_runs_no_formula_and_its_links_are_written_down(world: World) -> None:
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    Pupil.objects.filter(pk=amara.pk).update(first_name='=HYPERLINK("http://evil.example")')
    Adult.objects.update(name="+44 1234")
    plan(world)
    answer = clerk(world).post(reverse("dispatch-recipients", args=[notice().public_id]))
    heads, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert heads == ["Class", "Child", "Parent or carer", "Link"]
    assert row[1].startswith("'=") and row[2].startswith("'+") and "/f/" in row[3]
    assert amara.last_name not in answer.content.decode() and "@" not in row[2]
    assert list_kinds(notice().about)[-1] == "dispatch.links.handed_out"


def test_the_pack_holds_no_child_no_link_and_no_password(world: World) -> None:
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    plan(world)
    client = clerk(world)
    address = reverse("dispatch-schoolping", args=[notice().public_id])
    page = client.get(address).content.decode()
    assert "Dear families of Oak," in page and "link is in our e-mail" in page
    for kept_back in ("Amara", "/f/", world.oak.password, world.oak.join_id):
        assert kept_back not in page
    assert client.post(address).status_code == 302
    assert "Sent by Mr Penrose" in client.get(address).content.decode()
    assert client.post(address).status_code == 409


def test_pressing_twice_is_a_sentence(world: World, office: PostOffice) -> None:
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    plan(world)
    tasks.send_due(world.now, may_go)
    again = {"again": f"{rows()[0].public_id}:{letters()[0].public_id}"}
    address = reverse("dispatch-again", args=[notice().public_id])
    assert clerk(world).post(address, again).status_code == 302
    answer = clerk(world, "slt").post(address, again)
    assert answer.status_code == 409 and "Somebody else has sent this one" in answer.content.decode()
    assert Letter.objects.count() == 2


@pytest.mark.parametrize(
    "verb, typed, status",
    [
        ("tick", {"how": "paper"}, 400),
        ("tick", {"row": "x" * 500, "how": "paper"}, 404),
        ("tick", {"row": "theirs", "how": "paper"}, 404),
        ("tick", {"row": "own", "how": "carrier pigeon"}, 400),
        ("again", {"again": "own"}, 409),
        ("again", {"again": "own:somebody-elses"}, 409),
        ("all-again", {"seen": "-1"}, 409),
        ("all-again", {"seen": "9" * 400}, 409),
        ("send", {"only": "theirs"}, 302),
    ],
)
def test_forged_forms_change_nothing(world: World, verb: str, typed: dict[str, str], status: int) -> None:
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    plan(world)
    theirs = rows()[0].public_id
    plan(world, hours=48)
    own = rows()[0].public_id
    sent = {
        name: {"own": own, "theirs": theirs}.get(text, text).replace("own:", f"{own}:")
        for name, text in typed.items()
    }
    before = [(letter.pk, letter.state) for letter in letters()]
    answer = clerk(world).post(reverse(f"dispatch-{verb}", args=[notice().public_id]), sent)
    assert answer.status_code == status
    assert [(letter.pk, letter.state) for letter in letters()] == before
    assert not any(row.told_at for row in rows())


@pytest.mark.parametrize("day", ["", "nonsense", "0001-01-01", "9999-12-31", "2026-02-31", "x" * 5000])
def test_any_day_may_be_asked_for(world: World, day: str) -> None:
    assert clerk(world).get(reverse("dispatch"), {"day": day}).status_code == 200


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "j2e.example", "https://j2e.example/ x", "https://" + "x" * 400]
)
def test_where_work_goes_on_is_an_address(world: World, address: str) -> None:
    client, page = clerk(world), reverse("dispatch-work")
    answer = client.post(page, {"school_class": world.oak.pk, "address": address})
    assert answer.status_code == 400 and "beginning with https://" in answer.content.decode()
    assert client.post(page, {"school_class": "0", "address": "https://j2e.example"}).status_code == 404
    assert (
        client.post(page, {"school_class": world.oak.pk, "address": "https://j2e.example/oak"}).status_code
        == 302
    )
    assert "https://j2e.example/oak" in client.get(page).content.decode()


def test_staff_read_a_letter_without_its_link(world: World) -> None:
    only(world, "Amara")
    plan(world)
    page = clerk(world).get(reverse("letter", args=[letters()[0].public_id])).content.decode()
    assert "own link]" in page and "{family-link" not in page


def test_a_meeting_is_moved_on_its_page(world: World) -> None:
    only(world, "Amara")
    meeting, client = plan(world), clerk(world, "teacher")
    page = reverse("meeting-move", args=[meeting.public_id])
    assert (
        reverse("meeting-move", args=[meeting.public_id])
        in client.get(reverse("meeting", args=[meeting.public_id])).content.decode()
    )
    later = timezone.localtime(meeting.starts_at + timedelta(hours=2))
    for typed, said in (
        ({"starts_at": "", "minutes": "20"}, "Give a day and a time."),
        ({"starts_at": f"{later:%Y-%m-%dT%H:%M}", "minutes": "21"}, "lasts 1 to 20 minutes"),
        ({"starts_at": f"{meeting.starts_at:%Y-%m-%dT%H:%M}", "minutes": "20"}, "has already"),
        ({"starts_at": "2020-01-01T10:00", "minutes": "20"}, "has passed"),
    ):
        answer = client.post(page, typed)
        assert answer.status_code == 400 and said in answer.content.decode(), said
        assert f'value="{typed["minutes"]}"' in answer.content.decode(), "what was typed is kept"
    assert client.post(page, {"starts_at": f"{later:%Y-%m-%dT%H:%M}", "minutes": "15"}).status_code == 302
    fresh = Meeting.objects.get(pk=meeting.pk)
    assert (fresh.starts_at, fresh.minutes, fresh.sequence) == (meeting.starts_at + timedelta(hours=2), 15, 1)


def test_after_an_abort_the_page_proposes_the_next_one(world: World) -> None:
    from circletime.meetings.actions import lifecycle

    only(world, "Amara")
    meeting, host = world.live()
    lifecycle.abort(by=host, reason="Amara fell", now=world.now)
    client = clerk(world, "teacher")
    page = Page(client.get(reverse("meeting", args=[meeting.public_id])))
    assert "Meet on Wednesday 25 November, 12:00" in page.words() and "they name a child" in page.words()
    answer = client.post(reverse("meeting-plan-next", args=[meeting.public_id]))
    assert answer.status_code == 302 and letters()[-1].calendar
    assert "stands in the letter" in Page(client.get(reverse("meeting", args=[meeting.public_id]))).words()
