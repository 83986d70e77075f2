"""What a film leaves out, as plain values: nothing that is not shown is in the script at all."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circletime.recordings.film.cut import SOUND_MARGIN, Cut, Stretch, alone, redact
from circletime.recordings.film.script import FPS, Script, Track, Turn, scenes

T0 = 1_700_000_000.0
HOST, AMARA, BEN, CHLOE = "seat-host", "seat-amara", "seat-ben", "seat-chloe"


def track(identity: str, source: str, begins: float, ends: float) -> Track:
    return Track(identity, source, Path(f"{identity}-{source}-{begins}.ctv"), T0 + begins, T0 + ends)


SCRIPT = Script(
    begins=T0,
    ends=T0 + 60,
    heading="Recorded for Oak",
    zone="Europe/London",
    tracks=(
        track(HOST, "camera", 0, 60),
        track(HOST, "microphone", 0, 60),
        track(AMARA, "camera", 5, 50),
        track(AMARA, "microphone", 20, 30),
        track(BEN, "camera", 3, 10),
        track(BEN, "camera", 9, 20),
        track(BEN, "microphone", 10, 15),
        track(BEN, "screen", 15, 20),
        track(BEN, "camera", 40, 55),
        track(CHLOE, "camera", 1, 60),
    ),
    labels={HOST: "Mrs Osei", AMARA: "Amara", BEN: "Ben", CHLOE: "Chloé"},
    hosts=frozenset({HOST}),
    turns=(Turn(BEN, T0 + 10, T0 + 15), Turn(AMARA, T0 + 20, T0 + 30)),
)
FOR_AMARA = Cut(keep=frozenset({HOST, AMARA}))


def test_nothing_of_who_is_not_kept_is_in_the_script():
    told = repr(redact(SCRIPT, FOR_AMARA))
    for tale in (BEN, CHLOE, "Ben", "Chloé"):
        assert tale not in told
    assert AMARA in told and HOST in told


def test_the_others_are_plain_tiles_while_they_were_there_and_never_large():
    cut = redact(SCRIPT, FOR_AMARA)
    ben, chloe = ((b.begins - T0, b.ends - T0) for b in cut.blanks if b.identity == "other-1"), cut.blanks
    assert list(ben) == [(3, 20), (40, 55)]
    assert [cut.labels[blank.identity] for blank in chloe] == ["Another child"] * 3
    for scene in scenes(cut):
        assert scene.large in (HOST, AMARA)
        assert scene.floor in (None, AMARA)
    assert {len(scene.people) for scene in scenes(cut)} == {1, 2, 3, 4}


def test_a_host_is_kept_only_when_named():
    cut = redact(SCRIPT, Cut(keep=frozenset({AMARA}), others="Somebody else"))
    assert HOST not in repr(cut) and "Osei" not in repr(cut)
    assert not cut.hosts and "Somebody else" in cut.labels.values()
    assert all(scene.large in (None, AMARA) for scene in scenes(cut))


def test_the_screen_of_somebody_who_is_not_kept_is_not_there():
    assert not [t for t in redact(SCRIPT, FOR_AMARA).tracks if t.source == "screen"]


def test_nobody_kept_leaves_plain_tiles_only():
    cut = redact(SCRIPT, Cut(keep=frozenset()))
    assert cut.tracks == () and cut.turns == () and len({b.identity for b in cut.blanks}) == 4


def test_an_empty_cut_leaves_nothing_out():
    assert redact(SCRIPT, Cut()) == SCRIPT
    assert Cut().to_json() == {} and Cut.from_json({}) == Cut()


def test_one_persons_film_has_their_picture_and_everybodys_sound():
    cut = alone(SCRIPT, Cut(keep=frozenset({BEN})))
    assert {t.identity for t in cut.tracks if t.is_picture} == {BEN}
    assert {t.identity for t in cut.tracks if not t.is_picture} == {HOST, AMARA, BEN}
    assert {person for scene in scenes(cut) for person in scene.people} == {BEN}


def test_who_is_hidden_for_a_while_is_not_large_then():
    stretch = Stretch(22, 25, AMARA)
    for scene in scenes(redact(SCRIPT, Cut(stretches=(stretch,)))):
        hidden = T0 + 22 <= scene.begins < T0 + 25
        speaks = T0 + 20 <= scene.begins < T0 + 30
        assert (scene.large == AMARA) == (speaks and not hidden)


times = st.floats(0, 3600, allow_nan=False)


@given(times, times)
def test_a_stretch_is_widened_to_whole_pictures_and_never_narrowed(one, other):
    begins, ends = sorted((one, other))
    (veil,) = redact(SCRIPT, Cut(stretches=(Stretch(begins, ends),))).veils
    assert veil.unseen is not None and veil.unheard is not None
    first, last = ((moment - T0) * FPS for moment in veil.unseen)
    assert abs(first - round(first)) < 1e-3 and abs(last - round(last)) < 1e-3
    assert first / FPS <= begins + 1e-6 and last / FPS > ends - 1e-6
    assert veil.unheard[0] - T0 <= begins - SOUND_MARGIN + 1e-6
    assert veil.unheard[1] - T0 >= ends + SOUND_MARGIN - 1e-6
    assert veil.covers(AMARA) and veil.covers("other-0")


@pytest.mark.parametrize(
    ("begins", "ends"), [(-1, 2), (5, 4), (float("nan"), 1), (0, float("nan")), (0, float("inf"))]
)
def test_what_is_no_stretch_is_refused(begins, ends):
    with pytest.raises(ValueError, match="stretch"):
        Stretch(begins, ends)


cuts = st.builds(
    Cut,
    keep=st.none() | st.frozensets(st.text(max_size=22), max_size=5),
    others=st.text(max_size=20),
    stretches=st.lists(
        st.builds(
            lambda begins, length, **more: Stretch(begins, begins + length, **more),
            times,
            times,
            identity=st.text(max_size=22),
            picture=st.booleans(),
            sound=st.booleans(),
        ),
        max_size=4,
    ).map(tuple),
)


@given(cuts)
def test_a_cut_comes_back_from_the_database_as_it_was(cut):
    assert Cut.from_json(json.loads(json.dumps(cut.to_json()))) == cut


def test_a_cut_of_somebody_who_was_not_there_keeps_nobody_else():
    cut = redact(SCRIPT, Cut(keep=frozenset({"nobody"})))
    assert cut.tracks == ()


def test_stretches_are_added_to_what_is_hidden_already():
    first = redact(SCRIPT, Cut(stretches=(Stretch(1, 2),)))
    second = redact(first, Cut(stretches=(Stretch(3, 4, AMARA),)))
    assert len(second.veils) == 2 and replace(second, veils=()) == SCRIPT
