"""Every address, thrown whatever comes to mind, by everybody: no error of ours, and nothing is lost."""

import copy
import json
import math
import traceback
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from circletime.audit.queries import verify
from tests.attack.amount import inputs, thrown
from tests.attack.browsers import light
from tests.attack.description import FILES, JSON, describe
from tests.web.school import School, address_of, client_of
from tests.web.test_addresses import PERSONAS, expected
from tests.web.visits import Visits

FEW = 260
NASTY = (
    "\0",
    "²",
    "٣",
    "-1",
    "9" * 30,
    "1e400",
    "NaN",
    "0x10",
    "0001-01-01",
    "9999-12-31",
    "0001-01-01T00:00",
    "9999-12-31T23:59",
    "2026-02-30",
    "0001-01-01T00:00+14:00",
    "a" * 5000,
    "<i id=pwned>",
    "\"'><i id=pwned>",
    "' or 1=1 --",
    "{{7*7}}{% now %}",
    "%s%n%(x)s{0.__class__}",
    "../../../etc/passwd",
    "x\r\nSet-Cookie: pwned=1",
    "\u202e\u200b\ufeff",
    "=HYPERLINK(1)",
    "[]",
    "[[0, 1e999]]",
    "null",
)
"""What breaks programs, wherever it is typed."""
LONE = ("\ud800", "\udfff x")
"""Half a character: JSON can carry it, UTF-8 and a database cannot."""
KEPT = (
    "audit.Row",
    "people.User",
    "people.Pupil",
    "people.Adult",
    "people.Household",
    "people.SchoolClass",
    "people.ContactRestriction",
    "meetings.Meeting",
    "meetings.Seat",
    "recordings.Recording",
    "recordings.Hold",
    "access.Case",
    "access.Copy",
    "oversight.Incident",
    "oversight.RuleException",
    "documents.Version",
    "notices.Letter",
)
"""Of these no row goes because of a request; erasing a person empties theirs. A draft is no version yet."""
SHRINK = {"POST policy-drop": "documents.Version"}


@dataclass
class Attack:
    """What is thrown, by whom, and what came of it."""

    school: School
    clients: dict[str, Client]
    before: dict[str, int]
    count: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    broken: dict[str, str] = field(default_factory=dict)

    def throw(self, who: str, what: str, method: str, path: str, **sent: Any) -> None:
        """One request, undone again; each way to break is kept once, with what broke it."""
        fresh = light(Client(REMOTE_ADDR="203.0.113.7"))
        fresh.cookies = copy.deepcopy(self.clients[who].cookies)
        self.count += 1
        try:
            with transaction.atomic():
                answer = fresh.generic(method, path, **sent)
                self.answers[answer.status_code] += 1
                self._check(answer, what)
                if method == "POST" and answer.status_code < 400:
                    self._nothing_lost(what)
                transaction.set_rollback(True)
        except Exception as trouble:
            where = traceback.extract_tb(trouble.__traceback__)
            ours = [each for each in where if "/circletime/" in each.filename] or where
            file = ours[-1].filename.rpartition("circletime/")[2]
            place = f"{type(trouble).__name__} at {file}:{ours[-1].lineno}"
            self.broken.setdefault(place, f"{who}: {what} {path} {str(sent)[:600]}: {trouble}"[:1500])

    def _check(self, answer: Any, what: str) -> None:
        assert answer.status_code < 500 or answer.status_code == 503, f"answered {answer.status_code}"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "pwned" not in answer.cookies
        if answer.streaming:
            return
        if answer.content:
            assert answer["Content-Type"], "what is sent says what it is"
        if answer["Content-Type"].startswith("text/html"):
            assert b"<i id=pwned>" not in answer.content, "what was typed became part of the page"
            assert b"Traceback" not in answer.content
            assert "default-src 'none'" in answer["Content-Security-Policy"]

    def _nothing_lost(self, what: str) -> None:
        for name, count in self.before.items():
            left = apps.get_model(name).objects.count()
            assert left >= count or SHRINK.get(what) == name, f"{count - left} rows of {name} are gone"
        _, broken = verify()
        assert broken is None, broken


@pytest.mark.timeout(7200)
def test_no_input_is_an_error_of_ours(school: School, visits: Visits) -> None:
    """By schemathesis, from the description; then some of what fits is replaced by what does not."""
    clients = {who: client_of(who, school, visits) for who in PERSONAS}
    clients["family"] = visits.browser()
    clients["family"].get(f"/f/{school.link}")
    table = expected()
    order = ("headteacher", "slt", "dsl", "office", "teacher", "governor", "family", "pupil", "anonymous")
    document = describe(school, set(table), [clients[who] for who in order])
    schema = schemathesis.openapi.from_dict(document)
    operations = [each.ok() for each in schema.get_all_operations()]
    # Some of allauth's pages are shut by one of ours at the same address, under two names.
    described = {str(each.definition.raw["operationId"]) for each in operations}
    addresses = {(method, address_of(name, school)) for name, method in table}
    assert len(described) == len(addresses), "every address is described"
    attack = Attack(school, clients, {name: apps.get_model(name).objects.count() for name in KEPT})
    each_gets = math.ceil(inputs(FEW) / len(operations))
    for one in operations:
        what = str(one.definition.raw["operationId"])
        method, name = what.split(" ", 1)
        _throw_at(attack, one, what, _let_in(table[name, method]), each_gets)
    assert attack.count >= inputs(FEW)
    got_in = sum(count for status, count in attack.answers.items() if status < 400)
    assert got_in > attack.count / 4, f"hardly anything gets past the door: {attack.answers}"
    assert not attack.broken, "\n\n".join(f"{place}\n  {how}" for place, how in attack.broken.items())


def _let_in(codes: tuple[str, ...]) -> list[str]:
    """Who is let in there, or who knows; in three of four the fuzzer is one of them."""
    found = [who for who, code in zip(PERSONAS, codes, strict=True) if code not in ("in", "403", "404")]
    everybody = [*PERSONAS, "family"]
    return [*found * max(1, 3 * len(everybody) // max(1, len(found))), *everybody]


def _throw_at(attack: Attack, one: Any, what: str, people: list[str], count: int) -> None:
    modes = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
    strategies = [one.as_strategy(generation_mode=mode) for mode in modes]

    @thrown(count)
    @given(
        # Three of four fit the description: what fits none of it is turned away at once.
        case=st.one_of(strategies[0], strategies[0], strategies[0], strategies[1]),
        who=st.sampled_from(people),
        places=st.lists(st.integers(0, 20), max_size=3),
        spoils=st.lists(st.sampled_from(NASTY), min_size=3, max_size=3),
        lone=st.sampled_from(LONE),
    )
    def throw(case: Any, who: str, places: list[int], spoils: list[str], lone: str) -> None:
        sent = _sent(case, places, [lone, *spoils] if case.media_type == JSON else spoils)
        attack.throw(who, what, case.method, case.formatted_path, **sent)

    throw()


def _sent(case: Any, places: list[int], spoils: list[str]) -> dict[str, Any]:
    """What Django's client is given for a case of schemathesis'."""
    query = _spoiled(dict(case.query or {}), places, spoils)
    sent: dict[str, Any] = {"QUERY_STRING": _encoded(query)}
    for name, value in (case.headers or {}).items():
        # What no server hands on: lines within a header, and what is not Latin.
        plain = str(value).encode("latin-1", "ignore").decode("latin-1")
        sent[f"HTTP_{name.upper().replace('-', '_')}"] = (
            plain.replace("\r", "").replace("\n", "").replace("\0", "")
        )
    if case.method != "POST":
        return sent
    body = case.body if isinstance(case.body, dict) else {}
    body = _spoiled(dict(body), places, spoils)
    if case.media_type == JSON:
        whole = body if isinstance(case.body, dict) else case.body
        text = json.dumps(whole, default=str)
        return sent | {"data": text.encode(), "content_type": JSON}
    if case.media_type == FILES:
        return sent | _multipart(body)
    return sent | {"data": _encoded(body).encode(), "content_type": "application/x-www-form-urlencoded"}


def _spoiled(values: dict[str, Any], places: list[int], spoils: list[str]) -> dict[str, Any]:
    names = sorted(values)
    for place, spoil in zip(places, spoils, strict=False):
        if place < len(names):
            values[names[place]] = spoil
    return values


def _encoded(values: dict[str, Any]) -> str:
    plain = {}
    for name, value in values.items():
        several = value if isinstance(value, list) else [value]
        plain[str(name)] = [
            each if isinstance(each, str) else json.dumps(each, default=str) for each in several
        ]
    return urlencode(plain, doseq=True, errors="surrogatepass")


def _multipart(values: dict[str, Any]) -> dict[str, Any]:
    from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

    parts: dict[str, Any] = {}
    for name, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        is_file = name in ("file", "report", "checkpoint")
        parts[str(name)] = SimpleUploadedFile("x.csv", text.encode("utf-8", "replace")) if is_file else text
    return {"data": encode_multipart(BOUNDARY, parts), "content_type": MULTIPART_CONTENT}
