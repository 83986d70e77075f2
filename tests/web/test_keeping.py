"""The pages of what is kept longer, deleted early, and gone: what is said, where, and what stays typed."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from circletime.meetings.rules import State
from circletime.recordings import queries, tasks
from circletime.recordings.actions import early, holds
from circletime.recordings.models import EarlyDeletion, Hold, Recording, Vigil
from tests.recordings.school import make_meeting, make_recording
from tests.web.page import Page
from tests.web.pdf import text_of
from tests.web.visits import Visits
from tests.world import World

WHY = "A parent asked to see it <b>"


@pytest.fixture
def recording(world: World) -> Recording:
    return make_recording(make_meeting(world.staff, state=State.ENDED, seconds=600), [])


def keep(world: World, *recordings: Recording, days: int = 10) -> Hold:
    return holds.place_hold(
        recordings=recordings,
        reason=WHY,
        review_on=world.now.date() + timedelta(days=days),
        by=world.staff["slt"],
        now=world.now,
    )


def typed(one: Recording, world: World, **more: Any) -> dict[str, Any]:
    review = world.now.date() + timedelta(days=10)
    return {"recording": one.public_id, "reason": WHY, "review_on": review.isoformat()} | more


def day_comes(world: World, recording: Recording) -> None:
    world.now = world.now.replace(year=2026, month=12, day=24)
    Vigil.objects.update_or_create(pk=1, defaults={"at": world.now - timedelta(days=1)})


def test_several_are_chosen_in_the_list_and_kept(world: World, visits: Visits, recording: Recording) -> None:
    other = make_recording(make_meeting(world.staff, state=State.ENDED, seconds=60), [])
    client = visits.by_role("slt")
    listed = Page(client.get(reverse("recordings")))
    boxes = [e for e in listed.every if e.get("type") == "checkbox"]
    assert {box.get("value") for box in boxes} == {recording.public_id, other.public_id}
    assert "Keep the chosen ones longer" in listed.buttons()
    asked = Page(client.get(reverse("hold-new"), {"recording": [recording.public_id, other.public_id]}))
    assert sum(e.get("name") == "recording" and "checked" in e.attributes for e in asked.every) == 2
    answer = client.post(
        reverse("hold-new"), typed(recording, world, recording=[recording.public_id, other.public_id])
    )
    assert answer["Location"] == reverse("hold", args=[Hold.objects.get().public_id])
    for address in (reverse("recordings"), reverse("recording", args=[recording.public_id])):
        words = Page(client.get(address)).words()
        assert "Kept until released" in words and WHY in words and "4 December 2026" in words
        assert "will be destroyed on" not in words.lower()


@pytest.mark.parametrize(
    ("more", "field", "said"),
    [
        ({"reason": " "}, "reason", "Say why"),
        ({"review_on": ""}, "review_on", "Say on which day"),
        ({"review_on": "2026-11-24"}, "review_on", "to come"),
        ({"review_on": "2029-01-01"}, "review_on", "within a year"),
        ({"review_on": "soon"}, "review_on", "Say on which day"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_the_rest_is_kept(
    world: World, visits: Visits, recording: Recording, more: dict[str, str], field: str, said: str
) -> None:
    sent = typed(recording, world, **more)
    answer = visits.by_role("slt").post(reverse("hold-new"), sent)
    page = Page(answer)
    assert answer.status_code == 400 and page.marked() == {field}
    assert said in page.said_beside(field)
    assert (
        page.value("reason").strip() == sent["reason"].strip()
        and page.value("review_on") == sent["review_on"]
    )
    assert page.value("recording") == recording.public_id
    assert not Hold.objects.exists()


def test_none_chosen_is_said(world: World, visits: Visits, recording: Recording) -> None:
    for none in ([], ["x" * 22]):
        answer = visits.by_role("dsl").post(reverse("hold-new"), typed(recording, world, recording=none))
        assert answer.status_code == 400 and Page(answer).alerts() == ["Choose at least one recording."]


def test_a_review_that_is_overdue_is_shown_and_moved_on(
    world: World, visits: Visits, recording: Recording
) -> None:
    hold = keep(world, recording)
    client, page = visits.by_role("dsl"), reverse("hold", args=[hold.public_id])
    assert "Overdue" not in Page(client.get(page)).words()
    world.later(days=11)
    client = visits.by_role("dsl")
    for address in (page, reverse("recordings"), reverse("recording", args=[recording.public_id])):
        assert "Overdue" in Page(client.get(address)).words(), address
    wrong = Page(client.post(reverse("hold-review", args=[hold.public_id]), {"review_on": "2026-11-25"}))
    assert "to come" in wrong.said_beside("review_on") and wrong.value("review_on") == "2026-11-25"
    assert (
        client.post(reverse("hold-review", args=[hold.public_id]), {"review_on": "2027-01-05"}).status_code
        == 302
    )
    assert "Overdue" not in Page(client.get(page)).words()


def test_it_is_released_with_a_reason_and_only_once(
    world: World, visits: Visits, recording: Recording
) -> None:
    hold = keep(world, recording)
    client, release = visits.by_role("dsl"), reverse("hold-release", args=[hold.public_id])
    wrong = client.post(release, {"reason": ""})
    assert wrong.status_code == 400 and "Say why" in Page(wrong).said_beside("reason")
    assert client.post(release, {"reason": "The case is closed"}).status_code == 302
    page = Page(client.get(reverse("hold", args=[hold.public_id])))
    assert "Released" in page.words() and "The case is closed" in page.words() and "Ms Vale" in page.words()
    assert "Release" not in page.buttons()
    again = client.post(release, {"reason": "Once more"})
    assert again.status_code == 409 and Page(again).alerts() == ["This was released already."]
    assert "will be destroyed on" in Page(client.get(reverse("recordings"))).words()


def test_the_headteacher_reads_a_hold_and_changes_nothing(
    world: World, visits: Visits, recording: Recording
) -> None:
    hold = keep(world, recording)
    client = visits.by_role("headteacher")
    page = Page(client.get(reverse("hold", args=[hold.public_id])))
    assert WHY in page.words() and "Release" not in page.buttons()
    listed = Page(client.get(reverse("recordings")))
    assert not [e for e in listed.every if e.get("type") == "checkbox"]


def test_past_its_day_nobody_watches_though_the_worker_has_not_run(
    world: World, visits: Visits, recording: Recording
) -> None:
    client, page = visits.by_role("slt"), reverse("recording", args=[recording.public_id])
    day_comes(world, recording)
    shown = Page(client.get(page))
    assert "Its day has come; it is being destroyed." in shown.words() and "Watch" not in shown.buttons()
    refused = client.post(page, {"why": "Quickly, before it goes"})
    assert refused.status_code == 410 and b"<video" not in refused.content
    listed = Page(client.get(reverse("recordings")))
    assert "being destroyed" in listed.words() and page not in listed.addresses()


def test_a_doubted_clock_is_said_in_the_list(world: World, visits: Visits, recording: Recording) -> None:
    tasks.destroy_due(world.now)
    world.later(days=30)
    (said,) = Page(visits.by_role("slt").get(reverse("recordings"))).alerts()
    assert "Nothing is destroyed" in said and "Tell whoever looks after Circletime." in said


def test_what_is_gone_has_a_certificate_to_read_and_to_take_away(
    world: World, visits: Visits, recording: Recording
) -> None:
    client = visits.by_role("headteacher")
    page = reverse("recording-certificate", args=[recording.public_id])
    assert client.get(page).status_code == 404
    day_comes(world, recording)
    tasks.destroy_due(world.now)
    client = visits.by_role("headteacher")
    assert page in Page(client.get(reverse("recordings"))).addresses()
    assert page in Page(client.get(reverse("recording", args=[recording.public_id]))).addresses()
    words = Page(client.get(page)).words()
    assert (
        "Class meeting, Oak" in words and "The signature fits" in words and "Its 30 days were over" in words
    )
    taken = client.get(page + ".json")
    assert taken["Content-Disposition"] == 'attachment; filename="destroyed-2026-12-24.json"'
    found = json.loads(taken.content)
    assert found["certificate"]["recording"] == recording.public_id and len(found["signature"]) == 128
    stored = queries.certificate_of(recording.public_id)
    assert stored is not None
    sheet = client.get(page + ".pdf")
    assert sheet["Content-Type"] == "application/pdf"
    assert sheet["Content-Disposition"] == 'attachment; filename="destroyed-2026-12-24.pdf"'
    written = "".join(text_of(sheet.content).split())
    for told in ("Classmeeting,Oak", "Its30dayswereover", "Thesignaturefits", found["signature"]):
        assert told in written, told
    assert "Larkfield" in written and found["certificate"]["public_key"] in written
    type(stored).objects.update(text=stored.text.replace("Oak", "#Ash$"))
    assert "does not fit" in Page(client.get(page)).alerts()[0]
    changed = "".join(text_of(client.get(page + ".pdf").content).split())
    assert "Thesignaturedoesnotfit" in changed and "#Ash$" in changed


def test_one_asks_and_the_other_deletes_it(world: World, visits: Visits, recording: Recording) -> None:
    page = reverse("recording-early", args=[recording.public_id])
    dsl, head = visits.by_role("dsl"), visits.by_role("headteacher")
    for sent, field in (
        ({"ground": "", "reason": WHY}, "ground"),
        ({"ground": "harm", "reason": " "}, "reason"),
    ):
        wrong = dsl.post(page, sent)
        shown = Page(wrong)
        assert wrong.status_code == 400 and shown.marked() == {field} and shown.said_beside(field)
        assert (
            shown.value("ground") == sent["ground"]
            and shown.value("reason").strip() == sent["reason"].strip()
        )
    assert dsl.post(page, {"ground": "harm", "reason": WHY}).status_code == 302
    assert "Delete it for good" not in Page(dsl.get(page)).buttons()
    assert dsl.post(page, {"do": "confirm"}).status_code == 403
    told = Page(visits.by_role("slt").get(reverse("recording", args=[recording.public_id]))).words()
    assert "Ms Vale asked on 24 November 2026 to delete this recording early" in told
    shown = Page(head.get(page))
    assert WHY in shown.words() and "Delete it for good" in shown.buttons()
    assert head.post(page, {"do": "confirm"}).status_code == 302
    recording.refresh_from_db()
    assert recording.state == "destroyed"
    words = Page(head.get(reverse("recording-certificate", args=[recording.public_id]))).words()
    assert "headteacher and the safeguarding lead together" in words and "Something harmful" in words
    assert WHY not in words
    assert head.post(page, {"do": "confirm"}).status_code == 410


def test_either_takes_the_wish_back(world: World, visits: Visits, recording: Recording) -> None:
    page = reverse("recording-early", args=[recording.public_id])
    early.ask_early(recording=recording, ground="other", reason=WHY, by=world.staff["dsl"], now=world.now)
    assert visits.by_role("headteacher").post(page, {"do": "withdraw"}).status_code == 302
    assert EarlyDeletion.objects.get().withdrawn_by == world.staff["headteacher"]
    assert "Ask for it" in Page(visits.by_role("dsl").get(page)).buttons()


def test_what_is_held_offers_no_early_deletion(world: World, visits: Visits, recording: Recording) -> None:
    keep(world, recording)
    page = reverse("recording-early", args=[recording.public_id])
    client = visits.by_role("dsl")
    shown = Page(client.get(page))
    assert "kept until it is released" in shown.words() and "Ask for it" not in shown.buttons()
    assert client.post(page, {"ground": "harm", "reason": WHY}).status_code == 409


def test_every_field_has_a_label(world: World, visits: Visits, recording: Recording) -> None:
    hold = keep(world, make_recording(make_meeting(world.staff, state=State.ENDED, seconds=60), []))
    client = visits.by_role("dsl")
    for address in (
        reverse("recordings"),
        reverse("hold-new") + f"?recording={recording.public_id}",
        reverse("hold", args=[hold.public_id]),
        reverse("recording-early", args=[recording.public_id]),
    ):
        page = Page(client.get(address))
        assert [e.tag for e in page.every].count("h1") == 1
        labelled = {e.get("for") for e in page.every if e.tag == "label"}
        around = {id(inner) for e in page.every if e.tag == "label" for inner in e.inside}
        for e in page.every:
            if e.tag in ("input", "select", "textarea") and e.get("type") != "hidden":
                assert e.get("id") in labelled or id(e) in around, (address, e)
