"""The quarterly review: its days, its reminders, its pack and the board's adoption (C7)."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.urls import reverse

from circletime.audit.queries import list_kinds, verify
from circletime.core.days import months_after
from circletime.core.errors import NotAllowed, Refused
from circletime.documents import tasks
from circletime.documents.actions.adopt import adopt
from circletime.documents.models import Adoption, ReviewReminder, Version
from circletime.documents.queries import adoption_of, list_overdue, review_of
from circletime.documents.rules.kinds import Kind
from circletime.documents.rules.review import next_review, step_due
from circletime.notices.models import Letter
from tests.documents.papers import Papers
from tests.fake_media import FakeMedia
from tests.web.page import Page
from tests.web.pdf import text_of
from tests.web.visits import Visits
from tests.world import World, make_world


def adopted(world: World, version: Version, *, met_on: date | None = None, who: str = "governor") -> Adoption:
    return adopt(
        version=version,
        met_on=met_on or world.now.date(),
        minute="7.2",
        signatories="Dr Mistry\nMrs Sunderland",
        by=world.staff[who],
        now=world.now,
    )


def on(world: World, day: date) -> datetime:
    world.now = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    return world.now


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (date(2026, 11, 24), date(2027, 2, 24)),
        (date(2026, 11, 30), date(2027, 2, 28)),
        (date(2027, 11, 30), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2027, 3, 31)),
    ],
)
def test_a_quarter_later(last: date, due: date) -> None:
    assert next_review(last) == due


def test_months_are_counted_over_years() -> None:
    assert months_after(date(2026, 10, 31), 14) == date(2027, 12, 31)


@pytest.mark.parametrize(
    ("before", "step"), [(31, None), (30, 30), (8, 30), (7, 7), (2, 7), (1, 1), (0, 1), (-5, 1)]
)
def test_the_steps(before: int, step: int | None) -> None:
    due = date(2027, 2, 24)
    assert step_due(due, due - timedelta(days=before)) == (timedelta(days=step) if step else None)


def test_reminded_a_month_a_week_and_a_day_before_and_once_each(world: World, papers: Papers) -> None:
    version = papers.publish(Kind.VIDEO)
    due = review_of(version, world.now).due_on
    whom = {world.staff[who].email for who in ("headteacher", "dsl", "governor")}
    for before, so_far in ((31, 0), (30, 1), (29, 1), (8, 1), (7, 2), (6, 2), (1, 3), (0, 3), (-3, 3)):
        now = on(world, due - timedelta(days=before))
        for _ in range(3):
            tasks.remind_reviews(now)
        assert Letter.objects.count() == 3 * so_far, before
    assert set(Letter.objects.values_list("to", flat=True)) == whom


def test_steps_that_passed_while_nothing_ran_are_written_once(world: World, papers: Papers) -> None:
    due = review_of(papers.publish(Kind.VIDEO), world.now).due_on
    tasks.remind_reviews(on(world, due - timedelta(days=1)))
    assert Letter.objects.count() == 3 and ReviewReminder.objects.count() == 3
    tasks.remind_reviews(on(world, due - timedelta(days=20)))  # the clock is set back
    assert Letter.objects.count() == 3


def test_an_adoption_begins_the_next_quarter(world: World, papers: Papers) -> None:
    version = papers.publish(Kind.VIDEO)
    first = review_of(version, world.now)
    now = on(world, first.due_on + timedelta(days=1))
    assert list_overdue(now) != []
    adopted(world, version, met_on=now.date())
    assert list_overdue(now) == [] and review_of(version, now).due_on == months_after(now.date(), 3)
    tasks.remind_reviews(now)
    assert not Letter.objects.exists()


def test_only_a_governor_or_the_headteacher_writes_down_an_adoption(world: World, papers: Papers) -> None:
    version = papers.publish(Kind.VIDEO)
    for who in ("teacher", "support", "office", "slt", "dsl"):
        with pytest.raises(NotAllowed):
            adopted(world, version, who=who)
    assert adopted(world, version).signatories == ["Dr Mistry", "Mrs Sunderland"]


def test_two_reviewers_at_once_write_it_down_once(world: World, papers: Papers) -> None:
    version = papers.publish(Kind.VIDEO)
    adopted(world, version)
    with pytest.raises(Refused) as refusal:
        adopted(world, version, who="headteacher")
    assert refusal.value.code == "adopted" and Adoption.objects.count() == 1


def test_two_reviewers_in_the_same_moment(transactional_db: None, media: FakeMedia) -> None:
    """Each in a thread and a transaction of their own, begun together."""
    world = make_world(media, pupils=1)
    version, begun = Papers(world).publish(Kind.VIDEO), Barrier(2)

    def press(who: str) -> str:
        begun.wait()
        try:
            adopted(world, version, who=who)
            return "done"
        except Refused as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, ("governor", "headteacher"))) == ["adopted", "done"]
    assert Adoption.objects.count() == 1
    assert list_kinds(Kind.VIDEO.subject).count("documents.version.adopted") == 1
    assert verify()[1] is None


def test_what_does_not_hold_any_more_is_not_adopted(world: World, papers: Papers) -> None:
    old = papers.publish(Kind.VIDEO)
    new = papers.publish(Kind.VIDEO, text="Another wording of the policy, long enough to be read as one.")
    with pytest.raises(Refused):
        adopted(world, old)
    adopted(world, new)
    assert adoption_of(old) is None and adoption_of(new) is not None


def test_a_small_correction_stays_adopted_and_a_new_version_does_not(world: World, papers: Papers) -> None:
    adopted(world, papers.publish(Kind.VIDEO))
    small = papers.publish(
        Kind.VIDEO, text="A corrected wording of the policy, long enough to be one.", asks_again=False
    )
    assert adoption_of(small) is not None
    new = papers.publish(Kind.VIDEO, text="Another wording of the policy, long enough to be read as one.")
    assert adoption_of(new) is None


@pytest.mark.parametrize(
    ("met_on", "minute", "signatories", "field"),
    [
        ("", "7", "Dr Mistry", "met_on"),
        ("2026-11-25", "7", "Dr Mistry", "met_on"),
        ("2020-01-01", "7", "Dr Mistry", "met_on"),
        ("2026-02-31", "7", "Dr Mistry", "met_on"),
        ("2026-11-24", " ", "Dr Mistry", "minute"),
        ("2026-11-24", "7" * 121, "Dr Mistry", "minute"),
        ("2026-11-24", "7", " \n ", "signatories"),
        ("2026-11-24", "7", "\n".join(f"Name {n}" for n in range(13)), "signatories"),
    ],
)
def test_an_adoption_that_lacks_something_is_asked_for_it(
    papers: Papers, visits: Visits, met_on: str, minute: str, signatories: str, field: str
) -> None:
    version = papers.publish(Kind.VIDEO)
    typed = {"version": version.public_id, "met_on": met_on, "minute": minute, "signatories": signatories}
    answer = visits.by_role("governor").post(reverse("policy-adopt", args=[version.kind]), typed)
    page = Page(answer)
    assert answer.status_code == 400 and page.said_beside(field) and page.marked() == {field}
    assert page.value("minute") == minute and not Adoption.objects.exists()


def test_overdue_shows_on_every_page_of_staff_and_on_none_of_families(
    world: World, papers: Papers, visits: Visits
) -> None:
    version = papers.publish(Kind.VIDEO)
    on(world, review_of(version, world.now).due_on + timedelta(days=1))
    words = "The review of the Video conferencing policy was due on 24 February 2027."
    for who in ("teacher", "governor", "office"):
        client = visits.by_role(who)
        for name in ("meetings", "classes", "policies"):
            assert words in Page(client.get(reverse(name))).words(), (who, name)
    assert words not in Page(visits.browser().get(reverse("join"))).words()
    on(world, date(2027, 2, 24))
    assert words not in Page(visits.by_role("teacher").get(reverse("meetings"))).words(), (
        "on the day it is not"
    )


def test_the_pack_says_what_changed_and_what_is_proposed(
    world: World, papers: Papers, visits: Visits
) -> None:
    adopted(world, papers.publish(Kind.VIDEO, text="We meet for at most twenty minutes, and listen."))
    papers.publish(
        Kind.VIDEO, text="We meet for at most fifteen minutes, and listen.", changes="Shorter meetings"
    )
    papers.write(Kind.VIDEO, "We meet for at most fifteen minutes, #strong[and] take turns.")
    governor = visits.by_role("governor")
    page = Page(governor.get(reverse("policy-review", args=[Kind.VIDEO])))
    marks = [(e.tag, e.text) for e in page.every if e.tag in ("ins", "del")]
    assert (
        ("del", "twenty") in marks
        and ("ins", "fifteen") in marks
        and ("ins", "#strong[and] take turns.") in marks
    )
    assert "Shorter meetings" in page.words() and "minute 7.2" in page.words()
    answer = governor.get(reverse("policy-review-pdf", args=[Kind.VIDEO]))
    words = " ".join(text_of(answer.content).split())
    assert "Shorter meetings" in words and "#strong[and] take turns." in words and "fifteen" in words


def test_a_policys_page_has_its_three_dates(world: World, papers: Papers, visits: Visits) -> None:
    version = papers.publish(Kind.VIDEO)
    teacher = visits.by_role("teacher")
    address = reverse("policy", args=[Kind.VIDEO])
    before = facts(Page(teacher.get(address)))
    assert before["Date last review adopted"] == "Not adopted yet"
    assert before["Next review due"] == "24 February 2027"
    adopted(world, version)
    after = facts(Page(teacher.get(address)))
    assert after["Date of policy"] == "24 November 2026"
    assert after["Date last review adopted"] == "24 November 2026, minute 7.2"
    assert after["Frequency of reviews"] == "Quarterly"


def facts(page: Page) -> dict[str, str]:
    """What stands beside what on a page."""
    terms = [e.text.strip() for e in page.every if e.tag == "dt"]
    return dict(zip(terms, [e.text.strip() for e in page.every if e.tag == "dd"], strict=True))


def test_a_signatorys_name_is_only_ever_text(world: World, papers: Papers, visits: Visits) -> None:
    version = papers.publish(Kind.VIDEO)
    name = "<script>alert(1)</script>"
    adopt(
        version=version,
        met_on=world.now.date(),
        minute=name,
        signatories=name,
        by=world.staff["governor"],
        now=world.now,
    )
    source = visits.by_role("teacher").get(reverse("policy", args=[Kind.VIDEO])).content.decode()
    assert name not in source and "&lt;script&gt;" in source
    assert json.dumps([name]) in json.dumps(Adoption.objects.get().signatories)
