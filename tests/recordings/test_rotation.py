"""A new school key: every recording opens at every moment of it, and the old key opens nothing after."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pyrage
import pytest
from django.db import connection

from circletime.audit.queries import list_kinds, verify
from circletime.health.checks import kept
from circletime.health.checks.every import before_start
from circletime.meetings.rules import State
from circletime.pages import cli
from circletime.recordings import keys, outer, queries
from circletime.recordings.actions import capture, rotation
from circletime.recordings.keys import KeyTrouble
from circletime.recordings.models import Recording
from config import env
from tests.recordings.school import BEGAN, make_meeting, make_recording
from tests.recordings.test_retention import ROOT

BY = "system:test"


@pytest.fixture
def recordings(staff) -> list[Recording]:
    return [make_recording(make_meeting(staff, state=State.ENDED, seconds=60), []) for _ in range(3)]


def all_open(recordings: list[Recording]) -> bool:
    """Each key opens its manifest: through an object read long ago, and through a fresh one."""
    for one in recordings:
        for each in (one, Recording.objects.get(pk=one.pk)):
            with queries.open_part(one.public_id, "manifest-1.ctv", queries.key_of(each)) as part:
                assert part.complete and part.read()
    return True


def test_only_the_wrapped_keys_change(settings, recordings):
    school = (settings.KEYS / "vault_kek").read_bytes()
    before = {path: path.read_bytes() for path in settings.VAULT.rglob("*.ctv")}
    own = {path: path.read_bytes() for path in (settings.KEYS / "recordings").iterdir()}
    data_keys = [queries.key_of(one) for one in recordings]
    assert rotation.rotate(by=BY, now=BEGAN) == rotation.Rotation(3)
    assert {path: path.read_bytes() for path in settings.VAULT.rglob("*.ctv")} == before
    assert {path: path.read_bytes() for path in (settings.KEYS / "recordings").iterdir()} == own
    assert [queries.key_of(Recording.objects.get(pk=one.pk)) for one in recordings] == data_keys
    assert sorted(path.name for path in settings.KEYS.iterdir()) == ["recordings", "vault_kek"]
    assert (settings.KEYS / "vault_kek").read_bytes() != school
    assert (settings.KEYS / "vault_kek").stat().st_mode & 0o777 == 0o600
    # The old key, from a backup, opens nothing of today's database.
    (settings.KEYS / "vault_kek").write_bytes(school)
    for one in recordings:
        with pytest.raises(KeyTrouble, match="not the one this recording was made with"):
            queries.key_of(Recording.objects.get(pk=one.pk))
    assert list_kinds(rotation.SUBJECT) == [
        "recordings.school_key.rotating",
        "recordings.school_key.rotated",
    ]
    assert verify()[1] is None


STEPS = [
    "circletime.core.keyfiles.make",
    "os.link",
    "pathlib.Path.replace",
    "circletime.core.keyfiles.keep_folder",
    "circletime.recordings.keys.wrap",
    "circletime.recordings.outer.retire",
    "circletime.core.keyfiles.destroy",
    "pathlib.Path.unlink",
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_all_open_and_it_goes_on(settings, recordings, monkeypatch, step, nth, after):
    module, _, name = step.rpartition(".")
    owner = {"os": os, "pathlib.Path": __import__("pathlib").Path}.get(module) or sys.modules[module]
    really, count = getattr(owner, name), 0

    def killed(*args: object, **more: object) -> object:
        nonlocal count
        count += 1
        if count == nth and not after:
            raise KeyboardInterrupt
        answer = really(*args, **more)
        if count == nth:
            raise KeyboardInterrupt
        return answer

    data_keys = [queries.key_of(one) for one in recordings]
    monkeypatch.setattr(owner, name, killed)
    try:
        rotation.rotate(by=BY, now=BEGAN)
    except KeyboardInterrupt:
        pass
    else:
        assert count < nth  # it comes only once
    monkeypatch.undo()
    assert all_open(recordings)
    rotation.rotate(by=BY, now=BEGAN)
    assert all_open(recordings) and not outer.is_rotating()
    assert [queries.key_of(Recording.objects.get(pk=one.pk)) for one in recordings] == data_keys
    assert sorted(p.name for p in settings.KEYS.iterdir() if p.name[0] != ".") == ["recordings", "vault_kek"]


def test_killed_as_the_old_key_goes_what_was_made_with_it_meanwhile_opens(recordings, monkeypatch):
    """A recording that came after the wrapping is wrapped anew for good before the key is gone."""
    late, with_old = recordings[0], bytes(recordings[0].wrapped_key)
    key, wrap_all, retire, rounds = queries.key_of(late), rotation._wrap_all, outer.retire, 0

    def one_comes_late() -> tuple[int, tuple[str, ...]]:
        nonlocal rounds
        rounds += 1
        answer = wrap_all()
        if rounds == 1:
            Recording.objects.filter(pk=late.pk).update(wrapped_key=with_old)
        return answer

    def killed() -> None:
        retire()
        raise KeyboardInterrupt

    monkeypatch.setattr(rotation, "_wrap_all", one_comes_late)
    monkeypatch.setattr(outer, "retire", killed)
    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(by=BY, now=BEGAN)
    monkeypatch.undo()
    assert rounds == 2 and not outer.is_rotating()
    assert queries.key_of(Recording.objects.get(pk=late.pk)) == key and all_open(recordings)


def test_the_old_key_is_overwritten_and_never_the_new_one(settings, recordings):
    os.link(settings.KEYS / "vault_kek", settings.KEYS / "vault_kek.old")
    with pytest.raises(KeyTrouble, match="not in its place yet"):
        outer.retire()
    assert all_open(recordings)
    (settings.KEYS / "vault_kek.old").unlink()
    held = (settings.KEYS / "vault_kek").open("rb")  # as the disk has it, under whatever name
    rotation.rotate(by=BY, now=BEGAN)
    assert held.read() == b"-" * 64


def test_a_recording_that_cannot_be_wrapped_anew_keeps_the_old_key(settings, recordings, capsys):
    lost = settings.KEYS / "recordings" / recordings[1].public_id
    lost.rename(settings.KEYS / "away")
    assert cli.main(["vault", "rotate-key"]) == 1
    said = capsys.readouterr().out
    assert recordings[1].public_id in said and "2 keys wrapped anew, 1 not" in said
    assert (settings.KEYS / "vault_kek.old").exists() and not kept.school_key(BEGAN).fine
    (settings.KEYS / "away").rename(lost)
    assert all_open(recordings)
    assert cli.main(["vault", "rotate-key"]) == 0
    assert "1 keys wrapped anew. The old key is destroyed." in capsys.readouterr().out
    assert all_open(recordings) and kept.school_key(BEGAN).fine


def test_without_its_key_nothing_is_replaced(settings, recordings, capsys):
    (settings.KEYS / "vault_kek").rename(settings.KEYS / "away")
    assert cli.main(["vault", "rotate-key"]) == 1
    assert "vault_kek is missing" in capsys.readouterr().err
    assert sorted(path.name for path in settings.KEYS.iterdir()) == ["away", "recordings"]


def test_a_second_one_at_the_same_time_is_refused(settings, recordings):
    with outer.alone(), pytest.raises(KeyTrouble, match="already, by another command"):
        rotation.rotate(by=BY, now=BEGAN)
    assert not outer.is_rotating()


def test_what_was_wrapped_by_the_schools_key_alone_gets_a_file_of_its_own(settings, recordings):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    old, school = recordings[0], bytes.fromhex((settings.KEYS / "vault_kek").read_text())
    key, head = queries.key_of(old), b"\x01" + keys._mark(school)
    keys.forget(old.public_id)
    sealed = AESGCM(school).encrypt(bytes(12), key, head + old.public_id.encode())
    Recording.objects.filter(pk=old.pk).update(wrapped_key=head + bytes(12) + sealed)
    rotation.rotate(by=BY, now=BEGAN)
    assert queries.key_of(Recording.objects.get(pk=old.pk)) == key and old.public_id in keys.own_names()


def test_destroyed_ones_are_left_as_they_are(recordings):
    Recording.objects.filter(pk=recordings[0].pk).update(wrapped_key=b"")
    assert rotation.rotate(by=BY, now=BEGAN).wrapped == 2
    assert bytes(Recording.objects.get(pk=recordings[0].pk).wrapped_key) == b""


def test_meetings_that_start_meanwhile_keep_their_keys(transactional_db, staff, settings):
    """Twenty recordings are made while the key is replaced again and again; each opens at any moment."""
    meetings = [make_meeting(staff) for _ in range(20)]
    made: list[Recording] = []
    stop = threading.Event()

    def make(meeting) -> None:
        from django.db import transaction

        with transaction.atomic():
            made.append(capture.ensure_row(meeting, BY, BEGAN))
        connection.close()

    def look() -> int:
        looks = 0
        while not stop.is_set():
            for one in list(made):
                assert len(queries.key_of(one)) == 32  # as it was read then, or is now
                looks += 1
        connection.close()
        return looks

    make(meetings[0])  # which makes the file
    with ThreadPoolExecutor(3) as pool:
        looking, going = pool.submit(look), pool.submit(lambda: [make(one) for one in meetings[1:]])
        rounds = 0
        while not going.done() or rounds < 3:
            rotation.rotate(by=BY, now=BEGAN)
            rounds += 1
        stop.set()
        assert looking.result() > 20
        going.result()
    assert len(made) == 20 and not outer.is_rotating()
    assert all(len(queries.key_of(Recording.objects.get(pk=one.pk))) == 32 for one in made)


# An age identity, kept elsewhere


@pytest.fixture
def identity(settings, tmp_path):
    path = tmp_path / "stick" / "identity.txt"
    path.parent.mkdir()
    made = pyrage.x25519.Identity.generate()
    path.write_text(f"# created: today\n# public key: {made.to_public()}\n{made}\n")
    return path


def test_the_key_moves_into_an_age_file_and_back(settings, recordings, identity):
    school = (settings.KEYS / "vault_kek").read_bytes()
    settings.KEK_IDENTITY = identity
    assert all_open(recordings) and not kept.school_key(BEGAN).fine  # still an open file, and it is said
    rotation.rotate(by=BY, now=BEGAN)
    raw = (settings.KEYS / "vault_kek").read_bytes()
    assert raw.startswith(b"age-encryption.org/v1") and all_open(recordings) and kept.school_key(BEGAN).fine
    assert pyrage.decrypt(raw, [pyrage.x25519.Identity.from_str(identity.read_text().split()[-1])]) != school
    settings.KEK_IDENTITY = None
    with pytest.raises(KeyTrouble, match="locked with an age identity"):
        queries.key_of(recordings[0])
    found = kept.school_key(BEGAN)
    assert not found.fine and "CIRCLETIME_KEK=age:PATH" in found.line
    settings.KEK_IDENTITY = identity
    rotation.rotate(by=BY, now=BEGAN)
    assert all_open(recordings)


def test_the_first_key_is_made_locked(settings, identity):
    settings.KEK_IDENTITY = identity
    key = keys.new_key()
    wrapped = keys.wrap(key, "one", may_make_file=True)
    assert keys.unwrap(wrapped, "one") == key and outer.is_locked()


def test_another_identity_opens_nothing_and_says_so(settings, identity, tmp_path):
    settings.KEK_IDENTITY = identity
    wrapped = keys.wrap(keys.new_key(), "one", may_make_file=True)
    other = tmp_path / "other.txt"
    other.write_text(str(pyrage.x25519.Identity.generate()))
    settings.KEK_IDENTITY = other
    with pytest.raises(KeyTrouble, match="does not open the key file"):
        keys.unwrap(wrapped, "one")
    assert before_start([]) == [f"The age identity {other} does not open the key file {outer.path()}."]
    other.unlink()
    with pytest.raises(KeyTrouble, match="cannot be read"):
        keys.unwrap(wrapped, "one")
    settings.KEK_IDENTITY = identity
    raw = bytearray((settings.KEYS / "vault_kek").read_bytes())
    raw[-1] ^= 1
    (settings.KEYS / "vault_kek").write_bytes(raw)
    with pytest.raises(KeyTrouble, match="does not open"):
        keys.unwrap(wrapped, "one")


@pytest.mark.parametrize(
    "value", ["files", "age", "age:", "kms:x", "age:/nowhere/at/all", "age:/etc/hostname"]
)
def test_a_wrong_setting_fails_at_start_with_a_sentence(value, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CIRCLETIME_KEK", value)
        with pytest.raises(env.BadSetting, match="CIRCLETIME_KEK") as caught:
            env.identity("CIRCLETIME_KEK")
    assert str(caught.value).endswith((".", ".."))


def test_the_command_says_a_wrong_setting_without_a_trace(tmp_path):
    given = os.environ | {"CIRCLETIME_VAR": str(tmp_path / "var"), "CIRCLETIME_KEK": "age:/nowhere"}
    command = [sys.executable, "-m", "circletime.pages.cli", "vault", "rotate-key"]
    told = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
    assert told.returncode == 2 and "CIRCLETIME_KEK" in told.stderr and "Traceback" not in told.stderr
