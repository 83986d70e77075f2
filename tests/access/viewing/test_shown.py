"""A viewing as it is meant: what is shown, to whom, and what is kept of it (T10)."""

import io

import av

from circletime.access.models import (
    Case,
    Shown,
)
from circletime.access.queries.viewing import account_of
from circletime.audit.queries import list_kinds
from circletime.recordings.film.pieces import LONGEST, LONGEST_PIECE
from tests.access.viewings import (
    STARTS,
)


def test_a_piece_is_a_second_of_the_film_and_kept_nowhere(viewing):
    viewing.begin()
    answer = next(got for got in map(viewing.piece, (1, 2)) if got.content)
    assert answer.status_code == 200 and answer["Content-Type"] == "video/mp4"
    assert "no-store" in answer["Cache-Control"] and answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "Content-Disposition" not in answer and len(answer.content) < LONGEST_PIECE
    with av.open(io.BytesIO(answer.content)) as container:
        moments = [float(p.pts * p.time_base) for p in container.demux() if p.pts is not None]
    assert moments and all(1 <= at < 2 + LONGEST for at in moments)


def test_what_was_shown_and_who_was_there_is_kept(viewing):
    viewing.begin()
    at = 0.0
    viewing.say(at, playing=True)
    for _ in range(5):
        viewing.clock.later(seconds=2)
        at += 2
        viewing.state()
        assert viewing.say(at, playing=True).json()["viewer"]
    viewing.clock.later(seconds=1)
    viewing.state()
    viewing.say(20)
    assert viewing.post("close").status_code == 302
    account = account_of(viewing.session)
    assert [(row.begins, row.ends) for row in account.shown] == [(0, 11)]
    assert [(row.to_at - row.from_at).total_seconds() for row in account.leader] == [11]
    assert [(row.to_at - row.from_at).total_seconds() for row in account.viewer] == [11]
    case = Case.objects.get()
    assert case.state == "viewed" and case.invitations.get().held_at is not None
    kinds = list_kinds(viewing.session.subject)
    assert kinds[0] == "access.viewing.bound" and kinds[-1] == "access.viewing.closed"
    page = viewing.leader.get(viewing.address("supervised")).content.decode()
    assert "0:00 to 0:11" in page and "Over" in page


def test_what_nobody_could_see_was_not_shown(viewing):
    viewing.clock.now = STARTS
    viewing.post("open")
    viewing.say(0, playing=True)
    viewing.clock.later(seconds=2)
    viewing.say(2, playing=True)
    viewing.post("close")
    assert not Shown.objects.exists() and Case.objects.get().state == "invited"


def test_who_sits_beside_the_leader_is_named_and_checked(viewing):
    viewing.clock.now = STARTS
    viewing.post("open")
    for form, wrong in (
        ({"name": "", "checked": "yes"}, b"Write who is here"),
        ({"name": "Ama Boateng"}, b"Look at"),
    ):
        answer = viewing.post("beside", **form)
        assert answer.status_code == 400 and wrong in answer.content
    assert viewing.post("beside", name="Ama Boateng", checked="yes").status_code == 302
    viewing.say(0, playing=True)
    viewing.clock.later(seconds=2)
    viewing.say(2, playing=True)
    assert Shown.objects.get().ends == 2
    assert b"Ama Boateng" in viewing.leader.get(viewing.address("supervised")).content
