"""Everything of one person, nobody else's name, and a row in the log."""

import io
import json
import zipfile
from typing import Any

import pytest
from django.urls import reverse

from circletime.audit.models import Row
from circletime.people.models import Adult, Pupil, User
from tests.protection.conftest import Held
from tests.protection.test_retention import incident
from tests.web.visits import Visits


def taken(visits: Visits, sort: str, pk: int, role: str = "headteacher") -> tuple[dict[str, Any], str]:
    answer = visits.by_role(role).post(reverse("protection-export", args=[sort, pk]))
    assert answer.status_code == 200 and answer["Content-Type"] == "application/zip"
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    assert packed.namelist() == ["read.html", "data.json"]
    return json.loads(packed.read("data.json")), packed.read("read.html").decode()


def sections(facts: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    return {each["title"]: each["rows"] for each in facts["sections"]}


def test_of_a_child(oak_met: Held, visits: Visits) -> None:
    incident(oak_met, "behaviour", closed=True)
    facts, page = taken(visits, "child", oak_met.ben.pk)
    found = sections(facts)
    assert {"What": "Last name", "Kept": "Onlyben"} in found["On the roster"]
    assert [row["Seen as"] for row in found["In meetings"]] == ["Ben"]
    assert len(found["Expected in meetings"]) == 2 and found["What the family was told"]
    assert found["Incidents"] == [{"What": "that say they are about them", "How many": "1"}]
    assert "cried" not in page and "read aloud" not in page
    assert "a person" in page.lower() or "decides" in page
    row = Row.objects.get(kind="protection.person.exported")
    assert row.subject == f"pupil:{oak_met.ben.pk}" and "Ben" not in row.data


def test_the_same_stands_in_both_files(oak_met: Held, visits: Visits) -> None:
    facts, page = taken(visits, "child", oak_met.amara.pk)
    for section in facts["sections"]:
        for row in section["rows"]:
            for cell in row.values():
                assert cell.replace("'", "&#x27;") in page


@pytest.mark.parametrize("sort", ["child", "adult", "staff"])
def test_nobody_else_is_named(sort: str, oak_met: Held, visits: Visits) -> None:
    incident(oak_met, "behaviour", closed=True)
    who = {"child": oak_met.ben, "adult": oak_met.bruno, "staff": oak_met.world.teacher}[sort]
    facts, page = taken(visits, sort, who.pk)
    text = json.dumps(facts, ensure_ascii=False) + page
    others = [f"{one.first_name} {one.last_name}" for one in Pupil.objects.exclude(pk=oak_met.ben.pk)]
    others += [one.name for one in Adult.objects.exclude(pk=oak_met.bruno.pk)]
    others += [one.name for one in User.objects.exclude(pk=oak_met.world.teacher.pk)]
    others += ["Amara", "Onlyben"] if sort != "child" else ["Amara", "Bruno", "Mrs Osei"]
    assert [name for name in others if name in text] == []


def test_of_an_adult_and_of_staff(oak_met: Held, visits: Visits) -> None:
    found = sections(taken(visits, "adult", oak_met.bruno.pk, "dsl")[0])
    assert {"What": "Email", "Kept": "bruno@home.example"} in found["On the roster"]
    assert found["Letters to this address"]
    found = sections(taken(visits, "staff", oak_met.world.teacher.pk)[0])
    assert {"What": "Name", "Kept": "Mrs Osei"} in found["Account"]
    assert found["Meetings planned as host"] and found["In meetings"] and found["In the log, as a number"]
