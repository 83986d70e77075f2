"""The form that puts a meeting in the calendar: what it refuses, says and keeps (C1, C2, C3)."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from circletime.audit.models import Row
from circletime.documents.actions.limits import set_limit
from circletime.meetings.models import Meeting
from circletime.meetings.rules import PURPOSES_OF, Kind, Purpose
from circletime.people.models import Group, Household, Pupil, SchoolClass
from circletime.policy.limits import Limit
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import World

PURPOSE = {"class": "circle", "group": "story", "parents": "family", "staff": "staff"}


def written(world: World, *, days: float = 0, minutes: float = 60) -> str:
    """A moment as the browser sends it: local, without a zone."""
    return f"{timezone.localtime(world.now + timedelta(days=days, minutes=minutes)):%Y-%m-%dT%H:%M}"


def form(world: World, kind: str = "class", **changed: object) -> dict[str, Any]:
    """A form that is right, but for what is changed."""
    oak = world.oak
    typed: dict[str, Any] = {
        "kind": kind,
        "school_class": str(oak.pk),
        "group": str(Group.objects.get(school_class=oak, name="Readers").pk) if kind == "group" else "",
        "household": str(world.pupil("Ben").households.get().pk) if kind == "parents" else "",
        "purpose": PURPOSE[kind],
        "starts_at": written(world),
        "minutes": "20",
    }
    return typed | changed


def ash() -> SchoolClass:
    return SchoolClass.objects.get(name="Ash")


def refuse(client: Client, typed: dict[str, Any], field: str) -> str:
    """Send a form that must come back: a sentence beside `field`, all that was typed, and nothing saved."""
    before = (Meeting.objects.count(), Row.objects.count())
    answer = client.post(reverse("meeting-new"), typed)
    assert answer.status_code == 400, answer.status_code
    page = Page(answer)
    sentence = page.said_beside(field)
    assert sentence.endswith(".") and len(sentence.split()) > 2, sentence
    assert page.marked() == {field}
    assert page.alerts() == [sentence]
    for name, value in typed.items():
        offered = [option.get("value") for option in page.field(name).inside]
        if page.field(name).tag != "select" or value in offered:
            assert page.value(name) == value[:40].replace("\0", ""), name
    assert (Meeting.objects.count(), Row.objects.count()) == before
    return sentence


@pytest.fixture
def teacher(visits: Visits) -> Client:
    return visits.by_role("teacher")


@pytest.mark.parametrize(
    "kind, most, who",
    [
        ("class", 20, "pupils or parents"),
        ("group", 20, "pupils or parents"),
        ("parents", 20, "pupils or parents"),
        ("staff", 40, "staff"),
    ],
)
def test_no_meeting_is_longer_than_its_kind_may_be(
    kind: str, most: int, who: str, world: World, teacher: Client
) -> None:
    for minutes in (most + 1, 60, 0, -5, 10**7):
        said = refuse(teacher, form(world, kind, minutes=str(minutes)), "minutes")
        assert said == f"A meeting with {who} lasts 1 to {most} minutes."
    assert teacher.post(reverse("meeting-new"), form(world, kind, minutes=str(most))).status_code == 302
    assert Meeting.objects.get().minutes == most


def test_the_form_has_its_limits_from_the_policy(world: World, teacher: Client) -> None:
    for limit, value in ((Limit.FAMILIES, 17), (Limit.STAFF, 33)):
        set_limit(limit=limit, value=value, by=world.staff["headteacher"], now=world.now)
    page = Page(teacher.get(reverse("meeting-new")))
    most = {option.get("value"): option.get("data-most") for option in page.field("kind").inside}
    assert most == {"class": "17", "group": "17", "parents": "17", "staff": "33"}
    assert page.value("minutes") == "17"
    assert "At most 17 with pupils or parents, 33 with staff." in page.words()
    refuse(teacher, form(world, minutes="18"), "minutes")
    script = Path(str(finders.find("js/new-meeting.js"))).read_text()
    assert not re.search(r"\b(17|20|33|40)\b", script)


def test_minutes_that_are_no_number(world: World, teacher: Client) -> None:
    for minutes in ("", "twenty", "20.5", "1e1", "0x14", "²", "9" * 500, " ", "\0"):
        refuse(teacher, form(world, minutes=minutes), "minutes")


NO_MOMENTS = (
    "",
    "tomorrow",
    "24/11/2026 13:00",
    "2026-11-25",
    "2026-13-40T00:00",
    "2026-02-30T10:00",
    "2026-11-25T25:00",
    "2026-11-25T10:00+99:00",
    "0001-01-01T00:00",
    "9999-12-31T23:59",
    "-2026-11-25T10:00",
    "2" * 500,
)


def test_a_moment_that_is_none(world: World, teacher: Client) -> None:
    for moment in NO_MOMENTS:
        refuse(teacher, form(world, starts_at=moment), "starts_at")


def test_a_meeting_in_the_past_or_far_away(world: World, teacher: Client) -> None:
    past = "This time has passed. Choose a later one."
    for typed in (
        written(world, minutes=-2),
        written(world, days=-1),
        "0026-11-25T10:00",
        "1970-01-01T00:00",
    ):
        assert refuse(teacher, form(world, starts_at=typed), "starts_at") == past
    for typed in (written(world, days=367), "2926-11-25T10:00"):
        assert "within the next year" in refuse(teacher, form(world, starts_at=typed), "starts_at")


def test_two_meetings_of_one_class_do_not_overlap(world: World, teacher: Client) -> None:
    new = reverse("meeting-new")
    assert teacher.post(new, form(world, starts_at=written(world, minutes=60))).status_code == 302
    for kind in ("class", "group", "parents"):
        for minutes in (41, 60, 79):
            typed = form(world, kind, starts_at=written(world, minutes=minutes))
            assert "already has a meeting then" in refuse(teacher, typed, "starts_at")
    for kind, minutes in (("class", 40), ("group", 80)):
        assert (
            teacher.post(new, form(world, kind, starts_at=written(world, minutes=minutes))).status_code == 302
        )


def test_another_class_or_a_cancelled_meeting_is_not_in_the_way(
    world: World, teacher: Client, visits: Visits
) -> None:
    new = reverse("meeting-new")
    assert teacher.post(new, form(world)).status_code == 302
    first = Meeting.objects.get()
    other = visits.by_role("teacher_ash")
    assert other.post(new, form(world, school_class=str(ash().pk))).status_code == 302
    teacher.post(reverse("meeting-cancel", args=[first.public_id]))
    assert teacher.post(new, form(world)).status_code == 302


def test_there_has_to_be_somebody_to_meet(world: World, teacher: Client) -> None:
    empty = Group.objects.create(school_class=world.oak, name="Painters")
    said = refuse(teacher, form(world, "group", group=str(empty.pk)), "group")
    assert said == "There is nobody in this group yet."
    alone = Household.objects.create(name="Nobody")
    world.pupil("Amara").households.add(alone)
    refuse(teacher, form(world, "parents", household=str(alone.pk)), "household")
    for child in Pupil.objects.filter(school_class=world.oak):
        child.school_class = ash()
        child.mark = f"x{child.pk}"
        child.save()
    refuse(teacher, form(world), "school_class")


def test_nobody_plans_for_another_class(world: World, teacher: Client, visits: Visits) -> None:
    foreign = Group.objects.get(school_class=ash())
    family = Household.objects.filter(pupils__school_class=ash()).earliest("pk")
    for client in (teacher, visits.by_role("support")):
        refuse(client, form(world, school_class=str(ash().pk)), "school_class")
        refuse(client, form(world, "group", group=str(foreign.pk)), "group")
        refuse(client, form(world, "group", group=str(foreign.pk), school_class=""), "school_class")
        refuse(client, form(world, "parents", household=str(family.pk)), "household")
    head = visits.by_role("headteacher")
    refuse(head, form(world, "group", group=str(foreign.pk)), "group")
    assert not Meeting.objects.exists()


def test_another_class_is_refused_like_one_that_is_not_there(world: World, teacher: Client) -> None:
    theirs = Group.objects.get(school_class=ash())
    assert refuse(teacher, form(world, school_class=str(ash().pk)), "school_class") == refuse(
        teacher, form(world, school_class="99999"), "school_class"
    )
    assert refuse(teacher, form(world, "group", group=str(theirs.pk)), "group") == refuse(
        teacher, form(world, "group", group="99999"), "group"
    )


def test_a_choice_that_is_not_on_the_list(world: World, teacher: Client) -> None:
    for nonsense in ("", "0", "-1", "99999999", "9" * 400, "oak", "1 or 1=1", "¹", "\0"):
        refuse(teacher, form(world, school_class=nonsense), "school_class")
        refuse(teacher, form(world, "group", group=nonsense), "group")
        refuse(teacher, form(world, "parents", household=nonsense), "household")
        refuse(teacher, form(world) | {"kind": nonsense}, "kind")
        refuse(teacher, form(world, purpose=nonsense), "purpose")


def test_a_purpose_belongs_to_its_kind(world: World, teacher: Client) -> None:
    for kind, purposes in PURPOSES_OF.items():
        for purpose in Purpose:
            if kind != Kind.STAFF and purpose not in purposes:
                refuse(teacher, form(world, kind, purpose=purpose), "purpose")


def test_a_field_that_is_not_sent_at_all(world: World, teacher: Client) -> None:
    for missing in ("kind", "school_class", "purpose", "starts_at", "minutes"):
        refuse(teacher, {n: v for n, v in form(world).items() if n != missing}, missing)


def test_an_empty_form_and_one_too_big(world: World, teacher: Client) -> None:
    refuse(teacher, {}, "starts_at")
    for name in form(world):
        field = name if name not in ("group", "household") else "starts_at"
        typed = form(world, starts_at="never") if field == "starts_at" else form(world)
        refuse(teacher, typed | {name: "🎈" * 9000}, field)
    assert teacher.post(reverse("meeting-new"), {"kind": "x" * 300_000}).status_code == 400
    assert not Meeting.objects.exists()


def test_what_was_typed_is_kept_as_text(world: World, teacher: Client) -> None:
    evil = '"><script>alert(1)</script>'
    refuse(teacher, form(world, starts_at=evil), "starts_at")
    answer = teacher.post(reverse("meeting-new"), form(world, starts_at=evil))
    assert b"<script>alert" not in answer.content


def test_every_field_has_its_words(world: World, teacher: Client) -> None:
    page = Page(teacher.get(reverse("meeting-new")))
    labels = {each.get("for"): each.text for each in page.every if each.tag == "label"}
    for name, words in {
        "school_class": "Class",
        "group": "Group",
        "purpose": "Purpose",
        "starts_at": "Starts",
        "minutes": "Lasts",
    }.items():
        assert labels[page.field(name).get("id")] == words
    assert page.alerts() == [] and page.marked() == set()


def test_a_family_is_offered_only_to_its_own_class(world: World, teacher: Client) -> None:
    page = Page(teacher.get(reverse("meeting-new")))
    for name, model in (("group", Group), ("household", Household)):
        offered = {option.get("value") for option in page.field(name).inside} - {""}
        own = {"group": "school_class", "household": "pupils__school_class"}[name]
        wanted = model._default_manager.filter(**{own: world.oak}).values_list("pk", flat=True)
        assert offered == {str(pk) for pk in wanted}


def test_the_minutes_of_a_week_that_is_none(teacher: Client) -> None:
    for moment in NO_MOMENTS:
        assert teacher.get(reverse("meeting-week"), {"starts": moment}).status_code == 200


def test_the_minutes_of_a_week_are_of_ones_own_classes(world: World, visits: Visits, teacher: Client) -> None:
    teacher.post(reverse("meeting-new"), form(world))
    week = reverse("meeting-week")
    assert teacher.get(week).json() == {str(world.oak.pk): 20}
    assert visits.by_role("teacher_ash").get(week).json() == {str(ash().pk): 0}
    assert visits.by_role("governor").get(week).json() == {}


def test_a_meeting_that_runs_is_not_cancelled(world: World, teacher: Client) -> None:
    meeting, _ = world.live()
    answer = teacher.post(reverse("meeting-cancel", args=[meeting.public_id]))
    assert answer.status_code == 409 and len(Page(answer).alerts()) == 1
    assert world.fresh(meeting).state == "live"


def test_a_staff_meeting_of_the_head_is_everybodys(world: World, visits: Visits) -> None:
    head = visits.by_role("headteacher")
    assert head.post(reverse("meeting-new"), form(world, "staff", minutes="40")).status_code == 302
    meeting = Meeting.objects.get()
    assert meeting.kind == Kind.STAFF and meeting.school_class is None


def test_who_chooses_a_group_need_not_say_so_twice(world: World, teacher: Client) -> None:
    readers = Group.objects.get(school_class=world.oak, name="Readers")
    answer = teacher.post(reverse("meeting-new"), form(world, "class", group=str(readers.pk)))
    assert answer.status_code == 302
    made = Meeting.objects.latest("pk")
    assert (made.kind, made.group) == (Kind.GROUP, readers)
