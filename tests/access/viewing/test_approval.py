"""Who decides what is left out, and what a film then shows (T10)."""

import pytest

from circletime.access.actions import redaction
from circletime.access.models import (
    Mark,
)
from circletime.access.queries import redaction as queries
from circletime.core.errors import NotAllowed, Refused
from tests.access.viewings import (
    make_film,
)


def test_no_maker_approves(staff, row, clock):
    made = make_film(row, staff["slt"], clock.now)
    with pytest.raises(NotAllowed):
        redaction.approve(case_recording=row, film=made.public_id, by=staff["slt"], now=clock.now)
    mark = redaction.mark(
        case_recording=row,
        begins=1,
        ends=2,
        seat="",
        picture=True,
        sound=False,
        why="name",
        note="",
        by=staff["dsl"],
        now=clock.now,
    )
    redaction.unmark(case_recording=row, mark=mark.public_id, by=staff["dsl"], now=clock.now)
    with pytest.raises(NotAllowed):
        redaction.approve(case_recording=row, film=made.public_id, by=staff["dsl"], now=clock.now)
    redaction.approve(case_recording=row, film=made.public_id, by=staff["headteacher"], now=clock.now)
    assert Mark.objects.get().removed_by == staff["dsl"]


def test_exactly_the_film_on_the_page_is_approved(staff, row, clock):
    first = make_film(row, staff["slt"], clock.now)
    second = make_film(row, staff["slt"], clock.now)
    dsl = {"case_recording": row, "by": staff["dsl"], "now": clock.now}
    with pytest.raises(Refused) as refused:
        redaction.approve(film=first.public_id, **dsl)
    assert refused.value.code == "another"
    type(second).objects.filter(pk=second.pk).update(state="making")
    with pytest.raises(Refused):
        redaction.approve(film=second.public_id, **dsl)
    type(second).objects.filter(pk=second.pk).update(state="ready")
    redaction.mark(
        begins=1,
        ends=2,
        seat="",
        picture=True,
        sound=True,
        why="voice",
        note="",
        **dsl | {"by": staff["slt"]},
    )
    with pytest.raises(Refused) as refused:
        redaction.approve(film=second.public_id, **dsl)
    assert refused.value.code == "outdated"


def test_a_film_keeps_the_child_and_staff_and_names_nobody_else(staff, row, film):
    cut = queries.cut_of(row)
    seats = {seat.public_id: seat for seat in row.recording.meeting.seat_set.all()}
    assert {seats[one].label for one in cut.keep} == {"Amara", "Mrs Osei"}
    rows = queries.left_out(row.case)
    assert [(row.whom, row.what) for row in rows] == [("1 other person", "Picture, sound and name")]
    assert "Ben" not in str(rows)
