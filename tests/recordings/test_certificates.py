"""What stays when a recording is gone: a signed certificate that names no child (T9)."""

import hashlib
import json
import re
import subprocess
import sys

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import DatabaseError, connection

from circletime.audit import queries as audit
from circletime.meetings.rules import State
from circletime.people.models import Household, Pupil
from circletime.recordings import keys, queries, tasks
from circletime.recordings.models import Certificate, Recording
from circletime.recordings.rules import State as Stands
from tests.guard import drop_guard, put_guard
from tests.recordings.school import BEGAN, make_meeting, make_recording, make_seat
from tests.recordings.test_retention import DAY, ROOT


@pytest.fixture
def recording(staff) -> Recording:
    meeting = make_meeting(staff, state=State.ENDED, seconds=600)
    make_seat(meeting, "Amara")
    return make_recording(meeting, [])


@pytest.fixture
def certificate(recording) -> Certificate:
    tasks.destroy_due(DAY)
    return Certificate.objects.get()


def test_it_says_what_was_destroyed_when_and_why(recording):
    folder = queries.folder_of(recording.public_id)
    sizes = [(path.name, path.stat().st_size) for path in sorted(folder.iterdir())]
    tasks.destroy_due(DAY)
    facts = json.loads(Certificate.objects.get().text)
    listed = "".join(f"{name} {size}\n" for name, size in sizes)
    assert facts.pop("log_digest") and facts.pop("log_row") and len(facts.pop("public_key")) == 64
    assert facts == {
        "format": 1,
        "title": "Certificate that a recording was destroyed",
        "recording": recording.public_id,
        "meeting": "Class meeting, Oak",
        "day": "2026-11-24",
        "minutes": 10,
        "parts": len(sizes),
        "bytes": sum(size for _, size in sizes),
        "sha256": hashlib.sha256(listed.encode()).hexdigest(),
        "rule": "T9",
        "was_held": False,
        "kept_until": "2026-12-24",
        "destroyed_at": "2026-12-24T09:00:00Z",
    }


def test_anybody_checks_it_as_the_page_says(certificate):
    facts = json.loads(certificate.text)
    text = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(facts["public_key"]))
    key.verify(bytes.fromhex(certificate.signature), text)
    with pytest.raises(InvalidSignature):
        key.verify(bytes.fromhex(certificate.signature), text.replace(b'"minutes":10', b'"minutes":11'))


def test_the_program_in_the_docs_checks_it(certificate, tmp_path):
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/vault-format.md").read_text(), re.DOTALL)
    download = {"certificate": json.loads(certificate.text), "signature": certificate.signature}

    def check(what: dict) -> subprocess.CompletedProcess:
        (tmp_path / "download.json").write_text(json.dumps(what))
        command = [sys.executable, "-c", program, str(tmp_path / "download.json"), keys.public_key()]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert check(download).stdout == "This is what was signed.\n"
    download["certificate"]["minutes"] = 9
    told = check(download)
    assert told.returncode == 1 and "InvalidSignature" in told.stderr


def test_it_and_the_log_hold_each_other(certificate):
    facts = json.loads(certificate.text)
    rows = {row.number: row for row in audit.entries()}
    assert rows[facts["log_row"]].digest == facts["log_digest"]
    assert rows[facts["log_row"]].kind == "recordings.recording.destroyed"
    following = rows[facts["log_row"] + 1]
    assert following.kind == "recordings.certificate.signed"
    assert json.loads(following.data)["sha256"] == hashlib.sha256(certificate.text.encode()).hexdigest()
    assert audit.verify()[1] is None


def test_no_child_and_no_family_is_named(staff):
    household = Household.objects.earliest("pk")
    meeting = make_meeting(staff, state=State.ENDED, seconds=60)
    meeting.kind, meeting.household = "parents", household
    meeting.save()
    make_recording(meeting, [])
    tasks.destroy_due(DAY)
    text = Certificate.objects.get().text
    assert json.loads(text)["meeting"] == "Parents meeting, Oak"
    for pupil in Pupil.objects.all():
        assert pupil.last_name not in text and f'"{pupil.first_name}' not in text
    log = "".join(row.data + row.subject for row in audit.entries())
    assert household.name not in text + log


def test_a_meeting_that_never_began_says_so(recording):
    recording.meeting.live_at = None
    recording.meeting.save()
    tasks.destroy_due(DAY)
    facts = json.loads(Certificate.objects.get().text)
    assert (facts["rule"], facts["minutes"]) == ("never began", 0)


def test_the_database_refuses_to_change_or_drop_it(transactional_db, certificate):
    put_guard()
    try:
        for statement in (
            "UPDATE recordings_certificate SET signature = ''",
            "DELETE FROM recordings_certificate",
        ):
            with connection.cursor() as cursor, pytest.raises(DatabaseError, match="never changed"):
                cursor.execute(statement)
    finally:
        drop_guard()


def test_one_that_was_changed_is_found(certificate):
    assert queries.vault_verify() == (0, [])
    Certificate.objects.update(text=certificate.text.replace('"minutes":10', '"minutes":20'))
    assert queries.vault_verify()[1] == [
        f"{certificate.recording.public_id}: its certificate is not what was signed"
    ]


def test_a_lost_key_is_not_made_again_behind_ones_back(certificate, staff, settings):
    (settings.KEYS / "certificate_key").unlink()
    assert "certificate_key is missing" in queries.vault_verify()[1][0]
    other = make_recording(make_meeting(staff, state=State.ENDED, seconds=60), [])
    came = tasks.destroy_due(DAY)
    other.refresh_from_db()
    # Key and bytes are gone all the same; only its end is still to be signed, and that is said.
    assert (came.destroyed, came.left) == (0, 1) and other.state == Stands.DESTROYING
    assert bytes(other.wrapped_key) == b"" and not queries.folder_of(other.public_id).exists()


def test_a_key_that_comes_back_signs_what_waited(recording, settings):
    tasks.destroy_due(BEGAN)
    settings.KEYS.mkdir(exist_ok=True)
    (settings.KEYS / "certificate_key").write_text("broken")
    assert tasks.destroy_due(DAY - (DAY - BEGAN)).destroyed == 0
    recording.destroy_on = "2026-11-24"
    recording.save()
    assert tasks.destroy_due(BEGAN).left == 1
    (settings.KEYS / "certificate_key").unlink()
    assert tasks.destroy_due(BEGAN).destroyed == 1
    assert Certificate.objects.count() == 1
