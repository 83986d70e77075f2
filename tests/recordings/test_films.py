"""Films as rows: asked for, claimed, thrown away, carried over from before, and gone with their recording."""

from datetime import timedelta

import pytest

from circletime.audit.queries import list_kinds
from circletime.core.errors import Refused
from circletime.meetings.rules import State
from circletime.recordings import queries, tasks
from circletime.recordings.actions import film as actions
from circletime.recordings.film import job
from circletime.recordings.film.cut import Cut, Stretch
from circletime.recordings.models import Film, Recording
from circletime.recordings.rules import FILM_LEASE, FilmKind
from circletime.recordings.rules import State as Stands
from tests.recordings.school import BEGAN, days_pass, make_meeting, make_recording, put_film

BY = "user:1"


@pytest.fixture
def recording(staff) -> Recording:
    return make_recording(make_meeting(staff, state=State.ENDED, seconds=5), [])


def ask(recording: Recording, kind: FilmKind, cut: Cut | None = None) -> Film:
    return actions.ask(recording=recording, kind=kind, cut=cut or Cut(), by=BY, now=BEGAN)


@pytest.mark.parametrize("state", [Stands.PREPARING, Stands.RECORDING, Stands.LOST, Stands.DESTROYED])
def test_no_film_is_made_of_what_is_still_recorded_or_gone(recording, state):
    Recording.objects.filter(pk=recording.pk).update(state=state)
    with pytest.raises(Refused):
        ask(recording, FilmKind.REDACTED)
    assert recording.films.count() == 1 and not list_kinds(recording.subject)


def test_whole_and_one_persons_films_are_there_once_and_redacted_ones_as_often_as_asked(recording):
    ben, amara = Cut(keep=frozenset({"ben"})), Cut(keep=frozenset({"amara"}))
    assert ask(recording, FilmKind.WHOLE) == recording.films.get()
    assert ask(recording, FilmKind.PERSON, ben) == ask(recording, FilmKind.PERSON, ben)
    assert ask(recording, FilmKind.PERSON, amara) != ask(recording, FilmKind.PERSON, ben)
    assert ask(recording, FilmKind.REDACTED, ben) != ask(recording, FilmKind.REDACTED, ben)
    assert list_kinds(recording.subject) == ["recordings.film.asked"] * 4


def test_the_log_says_which_film_and_not_what_was_cut(recording):
    from circletime.audit.models import Row

    film = ask(recording, FilmKind.REDACTED, Cut(keep=frozenset({"ben"}), stretches=(Stretch(1, 2, "ben"),)))
    row = Row.objects.latest("number")
    assert film.public_id in row.data and row.by == BY and "ben" not in row.data


def test_two_workers_make_two_films_and_no_film_twice(recording):
    second = ask(recording, FilmKind.REDACTED, Cut(keep=frozenset()))
    one, other = actions.claim_next(BEGAN), actions.claim_next(BEGAN)
    assert one is not None and other is not None and actions.claim_next(BEGAN) is None
    assert {one.pk, other.pk} == {recording.films.get(kind=FilmKind.WHOLE).pk, second.pk}
    assert job.make(one) and job.make(other)
    names = {path.name for path in queries.folder_of(recording.public_id).glob("film*")}
    assert names == {name for film in (one, other) for name in (film.head_name, film.rest_name)}
    assert queries.vault_verify() == (1, [])


def test_a_film_thrown_away_leaves_nothing_and_its_maker_stops(recording):
    film = ask(recording, FilmKind.REDACTED, Cut(keep=frozenset()))
    recording.films.filter(kind=FilmKind.WHOLE).delete()
    claimed = actions.claim_next(BEGAN)
    assert claimed == film
    actions.throw_away(film=film, by=BY, now=BEGAN)
    assert job.make(claimed) is False
    assert not list(queries.folder_of(recording.public_id).glob("film*"))
    made = ask(recording, FilmKind.REDACTED, Cut(keep=frozenset()))
    put_film(made, b"x" * 3000)
    (queries.folder_of(recording.public_id) / f"{actions.draft_prefix(made)}1").mkdir()
    actions.throw_away(film=made, by=BY, now=BEGAN)
    actions.throw_away(film=made, by=BY, now=BEGAN)
    assert not list(queries.folder_of(recording.public_id).glob("film*"))
    assert list_kinds(recording.subject).count("recordings.film.thrown_away") == 2


def test_a_late_maker_puts_nothing_over_the_film_of_the_one_that_took_over(recording):
    late, quick = actions.claim_next(BEGAN), actions.claim_next(BEGAN + FILM_LEASE * 2)
    assert late is not None and quick is not None and job.make(quick)
    folder = queries.folder_of(recording.public_id)
    before = [(folder / name).read_bytes() for name in (quick.head_name, quick.rest_name)]
    put = []
    assert actions.made(late, places=[], put=lambda: put.append(1), now=BEGAN) is False and not put
    assert job.make(late) is False
    assert [(folder / name).read_bytes() for name in (quick.head_name, quick.rest_name)] == before


def test_films_go_with_their_recording(recording):
    put_film(ask(recording, FilmKind.REDACTED, Cut(keep=frozenset({"ben"}))), b"x" * 3000)
    day = BEGAN + timedelta(days=30)
    days_pass(day)
    assert tasks.destroy_due(day).destroyed == 1
    assert not Film.objects.exists() and not queries.folder_of(recording.public_id).exists()
