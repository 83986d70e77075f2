"""The pages of a request to see: guided, each step in its turn, nothing lost, and no names for governors."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from circletime.access.actions import checks, ending, films
from circletime.access.actions.log import log_case
from circletime.access.models import Case, Copy, Letter
from circletime.meetings.rules import State
from circletime.people.models import ContactRestriction, Pupil
from circletime.recordings.models import Recording
from tests.access.copies import make_copy
from tests.access.films import have_films
from tests.recordings.school import make_meeting, make_recording, make_seat
from tests.web.page import Page
from tests.web.pdf import text_of
from tests.web.visits import Visits
from tests.world import World

WORDS = "Everything of <b>last week</b>"


@pytest.fixture
def recording(world: World) -> Recording:
    """One that Amara is in."""
    meeting = make_meeting(world.staff, state=State.ENDED, seconds=600)
    seat = make_seat(meeting, "Amara")
    type(seat).objects.filter(pk=seat.pk).update(pupil=world.pupil("Amara"))
    return make_recording(meeting, [])


def form(world: World, **more: str) -> dict[str, str]:
    said = {
        "pupil": str(world.pupil("Amara").pk),
        "asker_name": "Ada Somebody",
        "relation": "parent",
        "channel": "spoken",
        "asked_on": world.now.date().isoformat(),
        "words": WORDS,
    }
    return said | more


def logged(world: World, **more: Any) -> Case:
    said: dict[str, Any] = {
        "pupil": world.pupil("Amara"),
        "asker_name": "Ada Somebody",
        "asker_email": "ada@home.example",
        "relation": "parent",
        "channel": "spoken",
        "asked_on": world.now.date(),
        "by": world.staff["slt"],
        "now": world.now,
    }
    return log_case(**(said | more))


def do(client: Client, case: Case, verb: str, **typed: str) -> Any:
    return client.post(reverse("request-step", args=[case.public_id, verb]), typed)


def test_the_whole_way_by_its_buttons(world: World, visits: Visits, recording: Recording) -> None:
    client = visits.by_role("slt")
    assert "Log a request" in Page(client.get(reverse("requests"))).buttons()
    answer = client.post(reverse("request-new"), form(world, asker_email="ada@home.example"))
    case = Case.objects.get()
    assert answer["Location"] == reverse("request", args=[case.public_id])
    page = Page(client.get(answer["Location"]))
    assert WORDS in page.words() and "I have checked who they are" in page.buttons()
    listed = Page(client.get(reverse("requests")))
    assert "30 days left" in listed.words() and f"Check who asks, request {case.pk}" in listed.buttons()
    assert do(client, case, "identity", how="Known to me").status_code == 302
    assert do(client, case, "responsibility", how="On our record").status_code == 302
    page = Page(client.get(answer["Location"]))
    assert "These are the recordings" in page.buttons() and "10 min" in page.words()
    assert do(client, case, "identify").status_code == 302
    have_films(case, world.staff["dsl"], world.now)
    films.mark_ready(case=case, by=world.staff["dsl"], now=world.now)
    leader = str(world.staff["headteacher"].pk)
    slot = {"starts_at": "2026-12-01T09:00", "minutes": "45", "where": "school", "place": "Room 4"}
    assert do(client, case, "invite", leader=leader, **slot).status_code == 302
    page = Page(client.get(answer["Location"]))
    assert "Tuesday 1 December 2026, 09:00" in page.words() and "Change the invitation" in page.buttons()
    assert page.value("starts_at") == "2026-12-01T09:00" and page.value("place") == "Room 4"
    assert do(client, case, "call-off", reason="She is ill").status_code == 302
    case.refresh_from_db()
    assert case.state == "ready"
    refused = do(client, case, "close", outcome="copy")
    assert refused.status_code == 409 and "No copy was taken yet" in Page(refused).words()
    make_copy(case, world.staff["dsl"], world.now)
    Copy.objects.update(taken_at=world.now)
    assert do(client, case, "close", outcome="copy").status_code == 302
    page = Page(client.get(answer["Location"]))
    assert "A copy was given" in page.words() and not [b for b in page.buttons() if "Close" in b]


@pytest.mark.parametrize(
    ("more", "field", "said"),
    [
        ({"pupil": ""}, "pupil", "type the name"),
        ({"pupil": "9" * 30}, "pupil", "type the name"),
        ({"asker_name": ""}, "asker_name", "Say who asks"),
        ({"relation": "friend"}, "relation", "what they are to the child"),
        ({"channel": ""}, "channel", "how they asked"),
        ({"asked_on": "soon"}, "asked_on", "on which day"),
        ({"asked_on": "2027-01-01"}, "asked_on", "a day that was"),
        ({"asker_email": "ada@"}, "asker_email", "no e-mail address"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_the_rest_is_kept(
    world: World, visits: Visits, more: dict[str, str], field: str, said: str
) -> None:
    sent = form(world, **more)
    answer = visits.by_role("office").post(reverse("request-new"), sent)
    page = Page(answer)
    assert answer.status_code == 400 and page.marked() == {field} and said in page.said_beside(field)
    assert page.value("words") == WORDS
    for name in {"asker_name", "relation", "channel", "pupil"} - {field}:
        assert page.value(name) == sent[name], name
    assert not Case.objects.exists()


def test_the_office_logs_one_and_sees_no_more_of_it(world: World, visits: Visits) -> None:
    client = visits.by_role("office")
    answer = client.post(reverse("request-new"), form(world))
    case = Case.objects.get()
    page = Page(client.get(answer["Location"]))
    assert f"logged as request {case.pk}" in page.words() and "Ada Somebody" not in page.words()
    assert client.get(reverse("requests"))["Location"] == reverse("request-new")
    for name in ("request", "request-file"):
        assert client.get(reverse(name, args=[case.public_id])).status_code == 403
    assert client.get(reverse("request-new") + "?logged=<b>").status_code == 200


def test_a_step_out_of_its_turn_says_so_and_nothing_is_lost(world: World, visits: Visits) -> None:
    case, client = logged(world), visits.by_role("slt")
    answer = do(client, case, "identify")
    assert answer.status_code == 409 and "Somebody may have been quicker" in Page(answer).alerts()[0]
    wrong = do(client, case, "refuse", ground="", reason="Because of that")
    page = Page(wrong)
    assert wrong.status_code == 400 and "lawful reason" in page.said_beside("ground")
    assert "Because of that" in page.source
    assert do(client, case, "destroy").status_code == 404
    case.refresh_from_db()
    assert case.state == "logged"


def test_two_handlers_at_once_do_a_step_once(world: World, visits: Visits, recording: Recording) -> None:
    case, slt, dsl = logged(world), visits.by_role("slt"), visits.by_role("dsl")
    assert do(slt, case, "identity", how="Known to me").status_code == 302
    second = do(dsl, case, "identity", how="Passport")
    assert second.status_code == 409 and "checked already" in Page(second).alerts()[0]
    case.refresh_from_db()
    assert case.identity_how == "Known to me" and case.identity_checked_by == world.staff["slt"]


def test_another_requests_letter_is_not_found_under_this_one(world: World, visits: Visits) -> None:
    mine, other = logged(world), logged(world)
    ending.extend(case=other, reason="It is complex", by=world.staff["slt"], now=world.now)
    letter, client = Letter.objects.get(), visits.by_role("slt")
    assert client.get(reverse("request-letter", args=[other.public_id, letter.pk])).status_code == 200
    assert client.get(reverse("request-letter", args=[mine.public_id, letter.pk])).status_code == 404
    assert client.get(reverse("request-letter", args=[mine.public_id, 10**30])).status_code == 404


def test_a_stopped_one_says_so_and_only_the_safeguarding_lead_has_the_button(
    world: World, visits: Visits
) -> None:
    office = visits.by_role("office")
    amara = world.pupil("Amara")
    asked = Page(office.get(reverse("restriction-new"), {"pupil": amara.pk}))
    assert "Note it" in asked.buttons()
    typed = {"pupil": str(amara.pk), "whom": "everybody", "what": "An order of the court", "since": ""}
    wrong = office.post(reverse("restriction-new"), typed)
    assert wrong.status_code == 400 and "from which day" in Page(wrong).said_beside("since")
    assert Page(wrong).value("what") == "An order of the court"
    typed["since"] = world.now.date().isoformat()
    assert office.post(reverse("restriction-new"), typed).status_code == 302
    case = logged(world)
    address = reverse("request", args=[case.public_id])
    shown = Page(visits.by_role("slt").get(address))
    assert "Nothing goes on until the safeguarding lead has decided in writing" in shown.words()
    assert "An order of the court" in shown.words() and "Let it go on" not in shown.buttons()
    assert do(visits.by_role("slt"), case, "go-on", decision="It is fine").status_code == 403
    dsl = visits.by_role("dsl")
    assert "Let it go on" in Page(dsl.get(address)).buttons()
    assert do(dsl, case, "go-on", decision="It is about an uncle").status_code == 302
    assert "I have checked who they are" in Page(dsl.get(address)).buttons()
    restriction = ContactRestriction.objects.get()
    end = reverse("restriction-end", args=[restriction.public_id])
    refused = dsl.post(end, {"end_reason": ""})
    assert refused.status_code == 400 and "Say why" in Page(refused).said_beside("end_reason")
    assert dsl.post(end, {"end_reason": "Lifted"}).status_code == 302
    assert "Lifted" in Page(dsl.get(reverse("restrictions"))).words()


def test_overdue_is_said_in_words(world: World, visits: Visits) -> None:
    logged(world, asked_on=world.now.date() - timedelta(days=40))
    page = Page(visits.by_role("slt").get(reverse("requests")))
    assert "Overdue by " in page.words()


def test_governors_read_a_register_without_names(world: World, visits: Visits) -> None:
    amara = world.pupil("Amara")
    late = logged(world, asked_on=world.now.date() - timedelta(days=40), words=WORDS)
    ending.withdraw(case=late, reason="Said Ada", by=world.staff["slt"], now=world.now)
    logged(world)
    client = visits.by_role("governor")
    assert client.get(reverse("requests"))["Location"] == reverse("request-register")
    page = Page(client.get(reverse("request-register")))
    answer = client.get(reverse("request-register-csv"))
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:2] == ["Number", "Asked in"] and len(rows) == 3
    assert rows[2] == [str(late.pk), "October 2026", "Over", "Withdrawn by whoever asked", "40", "no", "yes"]
    assert rows[1][2:] == ["Logged", "", "0", "no", "no"]
    assert "overdue" in page.words() and "October 2026" in page.words()
    text = page.source + answer.content.decode()
    everybody = {name for pupil in Pupil.objects.all() for name in (pupil.last_name,)}
    for word in (amara.first_name, "Ada", "Oak", "Said", "last week", late.public_id, *everybody):
        assert word not in text, word


def test_the_case_file_has_every_step_and_takes_no_name_for_markup(
    world: World, visits: Visits, recording: Recording
) -> None:
    case = logged(world, asker_name='#strong("Ada") $x$ *bold*', words=WORDS)
    checks.check_identity(case=case, how="Passport seen", by=world.staff["slt"], now=world.now)
    ending.refuse(case=case, ground="law", reason="The Act of May", by=world.staff["dsl"], now=world.now)
    answer = visits.by_role("headteacher").get(reverse("request-file", args=[case.public_id]))
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="request-{case.pk}.pdf"'
    text = text_of(answer.content)
    for said in ("Passport seen", "The Act of May", "Ms Abara", "Ms Vale", '#strong("Ada") $x$ *bold*'):
        assert "".join(said.split()) in "".join(text.split()), said


def test_every_field_has_a_label_and_every_id_is_there_once(
    world: World, visits: Visits, recording: Recording
) -> None:
    case, client = logged(world, pupil=None, child_name="Amara"), visits.by_role("dsl")
    other = logged(world)
    for verb, typed in (("identity", "Known"), ("responsibility", "Known")):
        do(client, other, verb, how=typed)
    do(client, other, "identify")
    have_films(other, world.staff["dsl"], world.now)
    films.mark_ready(case=other, by=world.staff["dsl"], now=world.now)
    amara = world.pupil("Amara").pk
    for address in (
        reverse("requests"),
        reverse("request-new"),
        reverse("request", args=[case.public_id]),
        reverse("request", args=[other.public_id]),
        reverse("request-register"),
        reverse("restrictions"),
        reverse("restriction-new"),
        reverse("restriction-new") + f"?pupil={amara}",
    ):
        page = Page(client.get(address))
        assert [e.tag for e in page.every].count("h1") == 1
        ids = [e.get("id") for e in page.every if e.get("id")]
        assert len(ids) == len(set(ids)), address
        labelled = {e.get("for") for e in page.every if e.tag == "label"}
        for e in page.every:
            if e.tag in ("input", "select", "textarea") and e.get("type") != "hidden":
                assert e.get("id") in labelled, (address, e)
