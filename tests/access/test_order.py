"""A request goes its way step by step, by those who may, and what it is about is kept meanwhile (T10)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from circletime.access.actions import checks, ending, films, invitations, log, stopping
from circletime.access.models import Case, CaseRecording, Letter, Mark
from circletime.access.rules.case import State
from circletime.audit.queries import entries, verify
from circletime.core.errors import NotAllowed, Refused
from circletime.people.models import Adult, Pupil, User
from circletime.recordings import tasks
from circletime.recordings.actions import holds
from circletime.recordings.queries import is_held
from tests.access.conftest import ASKED, Asked, recorded
from tests.access.films import have_films
from tests.recordings.school import days_pass

SOON = ASKED + timedelta(days=2)
SLOT: dict[str, Any] = {"starts_at": SOON, "minutes": 30, "where": "school", "place": "Room 4"}


def mark_ready(case: Case, by: User, now: datetime) -> Case:
    """As it is done when the last film was approved."""
    have_films(case, by, now)
    return films.mark_ready(case=case, by=by, now=now)


def steps(case: Case, staff: dict[str, User], by: str) -> dict[str, Any]:
    """Every step there is, ready to be done by somebody."""
    who: dict[str, Any] = {"case": case, "by": staff[by], "now": ASKED}
    slot = SLOT | {"leader": staff["slt"]}
    return {
        "identity": lambda: checks.check_identity(how="Passport", **who),
        "responsibility": lambda: checks.check_responsibility(how="On record", **who),
        "identify": lambda: checks.identify(**who),
        "ready": lambda: mark_ready(**who),
        "unready": lambda: films.mark_unready(**who),
        "invite": lambda: invitations.invite(**slot, **who),
        "change": lambda: invitations.change_invitation(**slot, **who),
        "call_off": lambda: invitations.call_off(reason="She is ill", **who),
        "viewed": lambda: invitations.mark_viewed(**who),
        "close": lambda: ending.close(outcome="viewed", **who),
        "extend": lambda: ending.extend(reason="It is complex", **who),
        "stop": lambda: stopping.stop(reason="A court order", **who),
        "go_on": lambda: stopping.go_on(decision="It does not apply", **who),
        "refuse": lambda: ending.refuse(ground="harm", reason="It would harm", **who),
        "withdraw": lambda: ending.withdraw(reason="Said so by phone", **who),
    }


NOW_POSSIBLE = {
    "logged": {"identity", "responsibility", "extend", "stop", "refuse", "withdraw"},
    "checked": {"identify", "extend", "stop", "refuse", "withdraw"},
    "identified": {"ready", "extend", "stop", "refuse", "withdraw"},
    "ready": {"unready", "invite", "extend", "stop", "refuse", "withdraw"},
    "invited": {"change", "call_off", "viewed", "extend", "stop", "refuse", "withdraw"},
    "viewed": {"invite", "close", "extend", "stop", "refuse", "withdraw"},
    "stopped": {"go_on", "refuse", "withdraw"},
    "closed": set(),
    "refused": set(),
    "withdrawn": set(),
}
WAY = {
    "logged": [],
    "checked": ["identity", "responsibility"],
    "identified": ["identity", "responsibility", "identify"],
    "ready": ["identity", "responsibility", "identify", "ready"],
    "invited": ["identity", "responsibility", "identify", "ready", "invite"],
    "viewed": ["identity", "responsibility", "identify", "ready", "invite", "viewed"],
    "closed": ["identity", "responsibility", "identify", "ready", "invite", "viewed", "close"],
    "stopped": ["stop"],
    "refused": ["refuse"],
    "withdrawn": ["withdraw"],
}


@pytest.mark.parametrize("state", WAY)
def test_a_step_whose_turn_it_is_not_is_refused_and_changes_nothing(
    state: str, ask: Asked, staff: dict[str, User], amara: Pupil
) -> None:
    recorded(staff, amara)
    case = ask()
    for step in WAY[state]:
        steps(case, staff, "dsl")[step]()
    case.refresh_from_db()
    assert case.state == state
    for name, step in steps(case, staff, "dsl").items():
        if name in NOW_POSSIBLE[state]:
            continue
        before = (
            list(Case.objects.values()),
            case.steps.count(),
            Letter.objects.count(),
            len(list(entries())),
        )
        with pytest.raises(Refused):
            step()
        after = (
            list(Case.objects.values()),
            case.steps.count(),
            Letter.objects.count(),
            len(list(entries())),
        )
        assert after == before, name
    assert verify()[1] is None


@pytest.mark.parametrize("who", ["office", "governor", "teacher", "support", "teacher_ash"])
def test_nobody_else_takes_a_step(who: str, ask: Asked, staff: dict[str, User], amara: Pupil) -> None:
    recorded(staff, amara)
    case = ask()
    for state in ("logged", "checked", "identified", "ready", "invited", "viewed"):
        for name, step in steps(case, staff, who).items():
            with pytest.raises(NotAllowed):
                step()
            assert Case.objects.get().state == state, name
        following = WAY["closed"][len(WAY[state]) :]
        for name in following[: 2 if state == "logged" else 1]:
            steps(case, staff, "slt")[name]()


def test_only_the_safeguarding_lead_lets_a_stopped_request_go_on(ask: Asked, staff: dict[str, User]) -> None:
    case = stopping.stop(case=ask(), reason="A court order", by=staff["slt"], now=ASKED)
    for who in ("slt", "headteacher", "office"):
        with pytest.raises(NotAllowed):
            stopping.go_on(case=case, decision="It is fine", by=staff[who], now=ASKED)
    with pytest.raises(Refused, match="Write down what you decided"):
        stopping.go_on(case=case, decision=" ", by=staff["dsl"], now=ASKED)
    assert stopping.go_on(case=case, decision="It is fine", by=staff["dsl"], now=ASKED).state == State.LOGGED


def test_it_is_not_ready_while_a_film_is_not_approved(
    checked: Asked, staff: dict[str, User], amara: Pupil
) -> None:
    recorded(staff, amara)
    recorded(staff, amara)
    case = checks.identify(case=checked(), by=staff["slt"], now=ASKED)
    other = case.recordings.latest("pk")
    for left in (2, 1):
        with pytest.raises(Refused, match="Not every film of this request is approved"):
            films.mark_ready(case=case, by=staff["dsl"], now=ASKED)
        assert Case.objects.get().state == State.IDENTIFIED, left
        have_films(case, staff["dsl"], ASKED)
        if left == 2:
            Mark.objects.create(
                redaction=other.redaction,
                begins=0,
                ends=1,
                picture=True,
                sound=True,
                why="name",
                added_by=staff["slt"],
                added_at=ASKED,
            )
    Mark.objects.all().delete()
    assert films.mark_ready(case=case, by=staff["dsl"], now=ASKED).state == State.READY


@pytest.mark.parametrize("who", ["governor", "teacher", "support"])
def test_who_may_not_log_one(who: str, ask: Asked, staff: dict[str, User]) -> None:
    with pytest.raises(NotAllowed):
        ask(by=staff[who])
    assert not Case.objects.exists()


def test_what_is_kept_is_held_from_the_moment_somebody_asks(
    ask: Asked, staff: dict[str, User], amara: Pupil
) -> None:
    ben = Pupil.objects.filter(first_name="Ben").earliest("pk")
    hers, his = recorded(staff, amara, ben), recorded(staff, ben)
    case = ask(by=staff["office"])
    assert is_held(hers) and not is_held(his)
    assert case.hold is not None and case.hold.placed_by is None
    (row,) = CaseRecording.objects.all()
    assert (row.recording, row.minutes, row.seconds, row.there) == (hers, 10, 30, True)
    later = ASKED + timedelta(days=40)
    days_pass(later)
    tasks.destroy_due(later)
    hers.refresh_from_db()
    his.refresh_from_db()
    assert hers.state == "stopped" and his.state == "destroyed"


def test_nobody_releases_what_a_request_keeps_but_its_end(
    ask: Asked, staff: dict[str, User], amara: Pupil
) -> None:
    hers = recorded(staff, amara)
    case = ask()
    assert case.hold is not None
    with pytest.raises(Refused, match="keeps these recordings"):
        holds.release_hold(hold=case.hold, reason="Not needed", by=staff["dsl"], now=ASKED)
    later = ASKED + timedelta(days=40)
    ending.withdraw(case=case, reason="Said so by phone", by=staff["headteacher"], now=later)
    assert not is_held(hers)
    days_pass(later)
    tasks.destroy_due(later)
    hers.refresh_from_db()
    assert hers.state == "destroyed"


def test_what_was_gone_already_is_listed_as_gone(
    checked: Asked, staff: dict[str, User], amara: Pupil
) -> None:
    old = recorded(staff, amara, began=ASKED - timedelta(days=33))
    due = recorded(staff, amara, began=ASKED - timedelta(days=30))
    kept = recorded(staff, amara)
    days_pass(ASKED)
    Recording = type(old)
    Recording.objects.filter(pk=due.pk).update(destroy_on=ASKED.date() + timedelta(days=9))
    tasks.destroy_due(ASKED)
    Recording.objects.filter(pk=due.pk).update(destroy_on=ASKED.date())
    case = checks.identify(case=checked(), by=staff["slt"], now=ASKED)
    rows = {row.recording_id: row for row in case.recordings.all()}
    assert {pk: row.there for pk, row in rows.items()} == {old.pk: False, due.pk: False, kept.pk: True}
    assert rows[old.pk].gone and rows[old.pk].recording.certificate
    assert case.hold is not None and list(case.hold.recordings.all()) == [kept]


def test_what_was_made_after_the_day_of_asking_is_no_part_of_it(
    checked: Asked, staff: dict[str, User], amara: Pupil
) -> None:
    kept = recorded(staff, amara)
    recorded(staff, amara, began=ASKED + timedelta(days=1))
    case = checks.identify(case=checked(), by=staff["slt"], now=ASKED + timedelta(days=2))
    assert [row.recording for row in case.recordings.all()] == [kept]


def test_a_request_about_a_child_without_recordings_is_answered_with_that(
    checked: Asked, staff: dict[str, User]
) -> None:
    case = checks.identify(case=checked(), by=staff["slt"], now=ASKED)
    assert case.hold is None and not case.recordings.exists()
    with pytest.raises(Refused):
        ending.close(case=case, outcome="viewed", by=staff["slt"], now=ASKED)
    closed = ending.close(case=case, outcome="nothing", by=staff["slt"], now=ASKED)
    assert closed.state == State.CLOSED
    assert "no recording of your child" in Letter.objects.get().text


def test_a_child_who_left_and_is_on_no_roster(ask: Asked, staff: dict[str, User], amara: Pupil) -> None:
    with pytest.raises(Refused, match="type the name"):
        ask(pupil=None)
    kept = recorded(staff, amara)
    case = ask(pupil=None, child_name="Amara Somebody", by=staff["office"])
    assert case.child == "Amara Somebody" and not case.recordings.exists()
    case = log.name_child(case=case, pupil=amara, by=staff["slt"], now=ASKED)
    assert case.pupil == amara and is_held(kept)
    with pytest.raises(Refused):
        log.name_child(case=case, pupil=amara, by=staff["slt"], now=ASKED)


def test_the_one_who_asks_is_known_by_their_name(ask: Asked, parent: Adult) -> None:
    assert ask().asker == parent and ask().email == parent.email
    stranger = ask(asker_name="Somebody Else", asker_email="else@post.example")
    assert stranger.asker is None and stranger.email == "else@post.example"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"asker_name": " "}, "asker_name"),
        ({"asker_name": "x" * 121}, "asker_name"),
        ({"relation": "friend"}, "relation"),
        ({"channel": ""}, "channel"),
        ({"asked_on": None}, "asked_on"),
        ({"asked_on": ASKED.date() + timedelta(days=1)}, "asked_on"),
        ({"asked_on": date(2024, 1, 1)}, "asked_on"),
        ({"asker_email": "not an address"}, "asker_email"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(ask: Asked, more: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refusal:
        ask(**more)
    assert refusal.value.field == field and not Case.objects.exists()


def test_the_log_names_nobody(ready: Asked, staff: dict[str, User], parent: Adult, amara: Pupil) -> None:
    recorded(staff, amara)
    case = ready()
    steps(case, staff, "slt")["invite"]()
    ending.refuse(case=case, ground="harm", reason="It would harm Amara", by=staff["dsl"], now=ASKED)
    text = " ".join(row.kind + row.subject + row.data for row in entries())
    for word in (amara.first_name, amara.last_name, parent.email, "Passport", "harm Amara"):
        assert word not in text
    assert "access.case.refuse" in text
