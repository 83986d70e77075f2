"""A copy leaves the school once, signed off, to one browser (T10)."""

import pytest
from django.test import Client
from django.urls import reverse

from circletime.access.actions import redaction, stopping
from circletime.access.models import (
    Copy,
    Mark,
)
from circletime.audit.queries import list_kinds
from circletime.recordings.models import Recording
from tests.access.viewing.conftest import change_mark, signed_in
from tests.access.viewings import (
    Viewing,
    make_film,
)
from tests.waiting import run


def sign_off(viewing: Viewing, client: Client):
    address = reverse(
        "redaction-sign-off", args=[viewing.row.case.public_id, viewing.row.recording.public_id]
    )
    return client.post(address)


def taken(answer) -> bytes:
    async def read() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return run(read)


def link_in(answer) -> str:
    import re

    found = re.search(r"/take/([\w-]+)", answer.content.decode())
    assert found
    return found[1]


@pytest.fixture
def signed(viewing, staff) -> str:
    answer = sign_off(viewing, signed_in(staff["dsl"]))
    assert answer.status_code == 200
    return link_in(answer)


def take(secret: str, client: Client, method: str = "post"):
    return getattr(client, method)(reverse("take", args=[secret]))


def test_no_copy_before_the_safeguarding_lead_signs_it_off(viewing, staff):
    for who in ("slt", "headteacher"):
        answer = sign_off(viewing, signed_in(staff[who]))
        assert answer.status_code == 403 and b"/take/" not in answer.content
    for who in ("teacher", "office", "governor"):
        assert sign_off(viewing, signed_in(staff[who])).status_code == 403
    assert not Copy.objects.exists()


def test_the_safeguarding_lead_signs_off_nothing_they_made_or_nobody_approved(viewing, staff):
    change_mark(viewing, staff)
    assert sign_off(viewing, signed_in(staff["dsl"])).status_code == 409
    Mark.objects.all().delete()
    made = make_film(viewing.row, staff["dsl"], viewing.clock.now)
    redaction.approve(
        case_recording=viewing.row, film=made.public_id, by=staff["headteacher"], now=viewing.clock.now
    )
    assert sign_off(viewing, signed_in(staff["dsl"])).status_code == 403
    assert not Copy.objects.exists()


def test_a_copy_is_taken_once(viewing, staff, signed):
    parent = Client()
    assert take(signed, parent, "get").status_code == 200
    data = taken(take(signed, parent))
    assert data.startswith(b"<!doctype html>") and data.rstrip().endswith(b"</html>")
    copy = Copy.objects.get()
    assert copy.taken_at is not None and bytes(copy.wrapped) == b"" and copy.begun_times == 1
    for client in (parent, Client()):
        assert take(signed, client).status_code == 404 and take(signed, client, "get").status_code == 404
    assert list_kinds(copy.subject) == ["access.copy.begun", "access.copy.taken"]


def test_a_broken_download_is_begun_again_by_the_same_browser_within_the_hour(viewing, signed):
    parent = Client()
    answer = take(signed, parent)
    assert answer.status_code == 200  # nothing of it is read: it broke off
    assert take(signed, Client()).status_code == 404
    viewing.clock.later(minutes=59)
    assert b"Begin again" in take(signed, parent, "get").content
    viewing.clock.later(minutes=2)
    assert take(signed, parent).status_code == 404
    assert Copy.objects.get().taken_at is None


def test_a_copy_that_is_being_sent_stops_when_it_is_called_back(viewing, staff, signed):
    answer = take(signed, Client())
    address = reverse(
        "redaction-call-back", args=[viewing.row.case.public_id, viewing.row.recording.public_id]
    )
    form = {"copy": Copy.objects.get().public_id}
    assert signed_in(staff["slt"]).post(address, form).status_code == 302
    assert b'class="film"' not in taken(answer)
    assert Copy.objects.get().taken_at is None and take(signed, Client()).status_code == 404


@pytest.mark.parametrize("what", ["late", "changed", "stopped", "destroyed", "early"])
def test_no_copy_is_sent_when(viewing, staff, signed, what):
    if what == "late":
        viewing.clock.later(days=7)
    elif what == "early":
        viewing.clock.later(minutes=-5)
    elif what == "changed":
        change_mark(viewing, staff)
    elif what == "stopped":
        stopping.stop(case=viewing.row.case, reason="A court order", by=staff["dsl"], now=viewing.clock.now)
    else:
        Recording.objects.update(state="destroyed")
    assert take(signed, Client()).status_code == 404 and take(signed, Client(), "get").status_code == 404


def test_another_copy_calls_the_first_back(viewing, staff, signed):
    second = link_in(sign_off(viewing, signed_in(staff["dsl"])))
    assert take(signed, Client()).status_code == 404
    assert take(second, Client()).status_code == 200


def test_the_passphrase_is_told_once_and_kept_nowhere(viewing, staff):
    import re

    from django.db import connection

    answer = sign_off(viewing, signed_in(staff["dsl"]))
    passphrase = re.search(r">([a-z0-9]{5}(?:-[a-z0-9]{5}){3})<", answer.content.decode())
    assert passphrase
    address = reverse("redaction", args=[viewing.row.case.public_id, viewing.row.recording.public_id])
    assert passphrase[1] not in signed_in(staff["dsl"]).get(address).content.decode()
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            said = str(cursor.fetchall())
            assert passphrase[1] not in said and link_in(answer) not in said, table
    assert passphrase[1].encode() not in taken(take(link_in(answer), Client()))
