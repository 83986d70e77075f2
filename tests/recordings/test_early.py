"""Before its day only by the headteacher and the safeguarding lead together, with a reason (T9)."""

import json
from datetime import date, timedelta

import pytest

from circletime.audit.queries import entries, list_kinds
from circletime.core.errors import NotAllowed, Refused
from circletime.meetings.rules import State
from circletime.people.models import RoleGrant, User
from circletime.recordings import keys, queries, tasks
from circletime.recordings.actions import early, holds
from circletime.recordings.models import EarlyDeletion, Recording
from circletime.recordings.rules import State as Stands
from tests.recordings.school import BEGAN, make_meeting, make_recording
from tests.recordings.test_retention import DAY

WHY = "A neighbour walked through the picture"


@pytest.fixture
def recording(staff) -> Recording:
    return make_recording(make_meeting(staff, state=State.ENDED, seconds=60), [])


def ask(recording, by, **more) -> EarlyDeletion:
    given = {"ground": "not meant", "reason": WHY, "now": BEGAN} | more
    return early.ask_early(recording=recording, by=by, **given)


def still_there(recording: Recording) -> bool:
    recording.refresh_from_db()
    return recording.state == Stands.STOPPED and bool(queries.key_of(recording))


@pytest.mark.parametrize("role", ["teacher", "support", "office", "governor", "slt"])
def test_nobody_else_asks_confirms_or_withdraws(staff, recording, role):
    with pytest.raises(NotAllowed):
        ask(recording, staff[role])
    ask(recording, staff["dsl"])
    for act in (early.confirm_early, early.withdraw_early):
        with pytest.raises(NotAllowed):
            act(recording=recording, by=staff[role], now=BEGAN)
    assert still_there(recording)


@pytest.mark.parametrize(("first", "second"), [("headteacher", "dsl"), ("dsl", "headteacher")])
def test_the_two_together_delete_it_at_once(staff, recording, first, second):
    ask(recording, staff[first])
    assert still_there(recording)
    early.confirm_early(recording=recording, by=staff[second], now=BEGAN)
    recording.refresh_from_db()
    assert recording.state == Stands.DESTROYED and bytes(recording.wrapped_key) == b""
    assert not queries.folder_of(recording.public_id).exists() and keys.own_names() == []
    facts = json.loads(recording.certificate.text)
    assert (facts["rule"], facts["ground"]) == (
        "early",
        "Somebody is in it who should not have been recorded",
    )
    assert (facts["asked_by"], facts["confirmed_by"]) == (staff[first].actor, staff[second].actor)
    assert WHY not in recording.certificate.text
    assert WHY not in "".join(row.data for row in entries())
    assert list_kinds(recording.subject)[:2] == ["recordings.early.asked", "recordings.early.confirmed"]


def test_one_person_alone_never_does_whatever_their_roles(staff, recording):
    RoleGrant.objects.create(user=staff["headteacher"], role="dsl")
    both = User.objects.get(pk=staff["headteacher"].pk)
    ask(recording, both)
    with pytest.raises(NotAllowed, match="Somebody else"):
        early.confirm_early(recording=recording, by=both, now=BEGAN)
    assert still_there(recording)
    # The safeguarding lead confirms; the one who asked counts as the headteacher.
    early.confirm_early(recording=recording, by=staff["dsl"], now=BEGAN)
    assert not Recording.objects.filter(pk=recording.pk, state=Stands.STOPPED).exists()


def test_two_of_the_same_role_are_not_the_two(staff, recording):
    RoleGrant.objects.create(user=staff["support"], role="dsl")
    ask(recording, staff["dsl"])
    with pytest.raises(NotAllowed, match="each of them once"):
        early.confirm_early(recording=recording, by=User.objects.get(pk=staff["support"].pk), now=BEGAN)
    assert still_there(recording)


def test_who_lost_the_role_meanwhile_does_not_count(staff, recording):
    ask(recording, staff["dsl"])
    staff["dsl"].rolegrant_set.filter(role="dsl").delete()
    with pytest.raises(NotAllowed):
        early.confirm_early(recording=recording, by=staff["headteacher"], now=BEGAN)
    assert still_there(recording)


def test_a_held_recording_cannot_be_deleted_early(staff, recording):
    ask(recording, staff["dsl"])
    holds.place_hold(
        recordings=[recording], reason="Asked for", review_on=date(2026, 12, 1), by=staff["slt"], now=BEGAN
    )
    with pytest.raises(Refused, match="kept until it is released"):
        early.confirm_early(recording=recording, by=staff["headteacher"], now=BEGAN)
    with pytest.raises(Refused, match="kept until it is released"):
        ask(recording, staff["headteacher"])
    assert still_there(recording)


def test_a_wish_is_over_after_seven_days(staff, recording):
    ask(recording, staff["dsl"])
    week = BEGAN + timedelta(days=7)
    assert queries.open_early(recording, week - timedelta(seconds=1))
    with pytest.raises(Refused, match="Nobody asks"):
        early.confirm_early(recording=recording, by=staff["headteacher"], now=week)
    assert still_there(recording)
    ask(recording, staff["headteacher"], now=week)  # and may be asked for anew


@pytest.mark.parametrize("role", ["dsl", "headteacher"])
def test_either_withdraws_it(staff, recording, role):
    ask(recording, staff["dsl"])
    with pytest.raises(Refused, match="already"):
        ask(recording, staff["headteacher"])
    early.withdraw_early(recording=recording, by=staff[role], now=BEGAN)
    with pytest.raises(Refused, match="Nobody asks"):
        early.confirm_early(recording=recording, by=staff["headteacher"], now=BEGAN)
    assert still_there(recording)


@pytest.mark.parametrize(
    ("more", "field"),
    [({"ground": "because"}, "ground"), ({"ground": ""}, "ground"), ({"reason": " "}, "reason")],
)
def test_without_a_reason_nothing_is_asked(staff, recording, more, field):
    with pytest.raises(Refused) as refused:
        ask(recording, staff["dsl"], **more)
    assert refused.value.field == field and not EarlyDeletion.objects.exists()


def test_what_is_being_recorded_or_gone_is_not_asked_for(staff, recording):
    Recording.objects.filter(pk=recording.pk).update(state=Stands.RECORDING)
    with pytest.raises(Refused, match="still being recorded"):
        ask(recording, staff["dsl"])
    Recording.objects.filter(pk=recording.pk).update(state=Stands.STOPPED)
    with pytest.raises(Refused, match="was destroyed"):
        ask(recording, staff["dsl"], now=DAY)


def test_a_disk_that_refuses_leaves_the_rest_to_the_worker(staff, recording, monkeypatch):
    def refuse(public_id: str) -> None:
        raise PermissionError("no")

    ask(recording, staff["dsl"])
    monkeypatch.setattr(keys, "forget", refuse)
    early.confirm_early(recording=recording, by=staff["headteacher"], now=BEGAN)
    recording.refresh_from_db()
    assert recording.state == Stands.DESTROYING and not queries.may_be_seen(recording, BEGAN)
    monkeypatch.undo()
    assert tasks.destroy_due(BEGAN).destroyed == 1
    recording.refresh_from_db()
    assert json.loads(recording.certificate.text)["rule"] == "early"
