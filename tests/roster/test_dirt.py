"""Exports that are dirty as public sample sets are: each odd place has file, line, column and a sentence."""

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circletime.core.errors import Refused
from circletime.people.models import Adult, Pupil, User
from circletime.people.roster import mapped, reading
from circletime.people.roster.models import RosterImport
from circletime.people.roster.odd import Oddities
from circletime.people.roster.reader import NeedsMapping, keep_mapping
from circletime.people.roster.tables import recognise
from tests.roster.conftest import NOW, Bring, Plan, begin
from tests.roster.exports import (
    ENROLLMENTS,
    ROLES,
    USERS_11,
    USERS_12,
    School,
    enrol,
    manifest,
    table,
    user,
    zipped,
)

pytestmark = pytest.mark.django_db


def said(plan: Plan, file: str, line: int) -> str:
    found = [f"{odd.column}: {odd.words}" for odd in plan.odd if (odd.file, odd.line) == (file, line)]
    return " ".join(found)


def test_version_1_2_has_its_roles_in_a_file_of_their_own(look: Bring, school: School) -> None:
    school.extra |= {"manifest.csv": manifest("1.2"), "roles.csv": table(ROLES, roles(school))}
    school.extra["users.csv"] = table(USERS_12, without_role(school))
    plan = look(school)
    assert plan.counts["added"] == 12 and plan.counts["refused"] == 0


def roles(school: School) -> list[dict[str, str]]:
    return [
        {
            "sourcedId": f"r{n}",
            "userSourcedId": each["sourcedId"],
            "role": each["role"],
            "roleType": "primary",
        }
        for n, each in enumerate(school.users)
    ]


def without_role(school: School) -> list[dict[str, str]]:
    return [{key: value for key, value in each.items() if key != "role"} for each in school.users]


def test_role_rows_in_a_file_of_another_name(look: Bring, school: School) -> None:
    text = table(ROLES, roles(school)).replace("dateLastModified", "dataLastModified")
    school.extra |= {"manifest.csv": manifest("1.2"), "userProfiles.csv": text}
    school.extra["users.csv"] = table(USERS_12, without_role(school)).replace(
        "preferredGivenName", "prefferedGivenName"
    )
    plan = look(school)
    assert plan.counts["added"] == 12
    assert "columns of roles.csv" in said(plan, "userProfiles.csv", 0)
    assert "dateLastModified" in said(plan, "userProfiles.csv", 1)
    assert "preferredGivenName" in said(plan, "users.csv", 1)


def test_misspelt_heads_and_file_names(look: Bring, school: School) -> None:
    files = school.files()
    users = str(files.pop("users.csv")).replace("sourcedId", "sourcedID", 1).replace("givenName", "GivenNmae")
    files["Users.CSV"] = users.replace("agentSourcedIds", "agents")
    files["enrollement.csv"] = str(files.pop("enrollments.csv")).replace("classSourcedId", "Class_Sourced_ID")
    school.extra = files
    school.users, school.classes, school.enrollments = [], [], []
    plan = plan_files(look, files)
    assert plan.counts["added"] == 12
    assert "read as givenName" in said(plan, "Users.CSV", 1)
    assert "read as enrollments.csv" in said(plan, "enrollement.csv", 0)


def plan_files(look: Bring, files: dict[str, Any]) -> Plan:
    class Files(School):
        def files(self) -> dict[str, Any]:
            return files

    return look(Files())


def test_each_odd_row_says_what_to_mend(look: Bring, school: School) -> None:
    first = len(school.users) + 2
    school.users += [
        user("p1", "student", "Twice", "Osei"),
        user("", "student", "Nobody", "Osei"),
        user("z1", "wizard", "Merl", "Osei"),
        user("p7", "student", "", "Osei"),
        user("p8", "student", "Nia", "Osei"),
        user("t9", "teacher", "No", "Mail"),
        user("p9", "studnet", "Jun", "Osei", dateLastModified="1/05/2023", agentSourcedIds="t1,nobody"),
        user("g9", "parent", "Lone", "Osei", email="not an address"),
        user("p10", "student", "Uma", "Osei", status="actve", dateLastModified="31/31/2023"),
        user("p11", "student", "x" * 90, ""),
    ]
    school.enrollments += [enrol("c1", key) for key in ("p7", "p9", "p10", "p11")]
    school.enrollments += [enrol("c1", "ghost"), enrol("nowhere", "p1"), enrol("c1", "p1", "rider")]
    plan = look(school)
    users = [said(plan, "users.csv", first + n) for n in range(10)]
    for words, piece in zip(
        users,
        ["there already", "ID is missing", "no role", "first name", "in no class", "e-mail address",
         "student", "no e-mail address", "was read as active", "longer than 60"],
        strict=True,
    ):  # fmt: skip
        assert piece in words, (piece, words)
    assert (
        "2023-05-01" in users[6] and "linked to staff" in users[6] and "“nobody” is nobody's ID" in users[6]
    )
    assert "no day" in users[8] and "linked to no child" in users[7]
    last = len(school.enrollments) + 1
    assert "nobody's" in said(plan, "enrollments.csv", last - 2)
    assert "classes.csv does not have it" in said(plan, "enrollments.csv", last - 1)
    assert plan.counts["refused"] == 9
    assert plan.counts["added"] == 15


def test_links_from_either_side_and_pupils_linked_to_pupils(look: Bring, school: School) -> None:
    school.user("p4")["agentSourcedIds"] = "p5, t1"
    school.user("g3")["agentSourcedIds"] = '["p3","p4"]'
    plan = look(school)
    adults = plan.adults
    assert adults["p3"] == adults["p4"] == ["g3"] and adults["p1"] == ["g1", "g2"]
    line = school.users.index(school.user("p4")) + 2
    assert "Two children are linked" in said(plan, "users.csv", line)
    assert "linked to staff" in said(plan, "users.csv", line)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_it_reads_what_other_programs_write(
    look: Bring, school: School, encoding: str, delimiter: str
) -> None:
    school.user("p1")["givenName"] = "Zoë"
    school.user("p3")["givenName"] = 'Ann\r\n"Lee"'
    school.extra["users.csv"] = table(USERS_11, school.users, delimiter).encode(encoding)
    plan = look(school)
    firsts = {each.source_id: each.said["first_name"] for each in plan.of("pupil")}
    assert (firsts["p1"], firsts["p3"]) == ("Zoë", 'Ann "Lee"')
    assert ("not in UTF-8" in said(plan, "users.csv", 0)) == (encoding == "cp1252")


def test_a_quoted_line_break_keeps_the_line_numbers_right(look: Bring, school: School) -> None:
    school.users = [user("z0", "student", "A\nB", "C"), user("z1", "wizard", "D", "E"), *school.users]
    school.enrollments.append(enrol("c1", "z0"))
    assert "no role" in said(look(school), "users.csv", 4)


def test_odd_zips(look: Bring, school: School, tmp_path: Path) -> None:
    files = {f"Export 2026\\roster/../{name}": text for name, text in school.files().items()}
    files |= {"__MACOSX/._users.csv": b"\0\1", "notes.docx": "x", ".hidden.csv": "x", "Thumbs.db": b"\0"}
    plan = look(zipped(tmp_path / "odd.zip", files))
    assert plan.counts["added"] == 12
    assert sorted(path.name for path in tmp_path.iterdir()) == ["odd.zip"], "nothing is unpacked"


def test_a_folder_is_as_good_as_a_zip_file(look: Bring, school: School, tmp_path: Path) -> None:
    inner = tmp_path / "export"
    inner.mkdir()
    for name, text in school.files().items():
        (inner / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    assert look(tmp_path).counts["added"] == 12


class TestWhole:
    """A file that cannot be used is refused whole, with a sentence, and nothing is written."""

    def refuse(self, path: Path, words: str) -> None:
        with pytest.raises(Refused, match=words):
            begin(path, NOW)
        assert not Pupil.objects.exists() and not User.objects.exists() and not Adult.objects.exists()

    def test_no_such_kind_of_file(self, tmp_path: Path) -> None:
        for name, content, words in (
            ("a.pdf", b"%PDF-1.7 and so on", "no CSV file"),
            ("a.xls", b"\xd0\xcf\x11\xe0old office", "no CSV file"),
            ("a.csv", b"", "empty"),
            ("b.csv", b"first\0\0\1\2name,\0\0", "no text file"),
            ("c.zip", b"PK\3\4 broken", "no CSV file"),
        ):
            path = tmp_path / name
            path.write_bytes(content)
            self.refuse(path, words)
        self.refuse(tmp_path / "nothing.csv", "no such file")
        self.refuse(zipped(tmp_path / "d.zip", {"readme.md": "x"}), "no CSV file")

    def test_a_file_is_missing_or_without_its_columns(self, school: School, tmp_path: Path) -> None:
        files = school.files()
        for gone, words in (("users", "people"), ("classes", "classes"), ("enrollments", "which class")):
            some = {name: text for name, text in files.items() if name != f"{gone}.csv"}
            self.refuse(zipped(tmp_path / f"{gone}.zip", some), words)
        bad = files | {"users.csv": "a,b,c\n1,2,3\n"}
        self.refuse(zipped(tmp_path / "bad.zip", bad), "users.csv has no column")

    def test_a_zip_bomb(self, school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading, "LARGEST_FILE", 100_000)
        monkeypatch.setattr(reading, "LARGEST_WHOLE", 150_000)
        bomb = "sourcedId,givenName,familyName\n" + "a" * 200_000
        self.refuse(zipped(tmp_path / "bomb.zip", school.files() | {"users.csv": bomb}), "larger than")
        many = {f"x{n}.csv": "a" * 90_000 for n in range(2)}
        self.refuse(zipped(tmp_path / "many.zip", many), "Unpacked")

    def test_a_zip_file_that_lies_about_its_sizes(self, school: School, tmp_path: Path) -> None:
        path = zipped(tmp_path / "lie.zip", school.files() | {"users.csv": "a" * 100_000})
        content = path.read_bytes()
        with zipfile.ZipFile(path) as whole:
            real = whole.getinfo("users.csv").file_size
        path.write_bytes(content.replace(real.to_bytes(4, "little"), (50).to_bytes(4, "little")))
        self.refuse(path, "damaged|larger|no column|no child|nobody")

    def test_too_many_files_and_a_locked_one(self, tmp_path: Path) -> None:
        self.refuse(zipped(tmp_path / "m.zip", {f"{n}.csv": "a" for n in range(201)}), "more than 200 files")

    def test_a_field_without_an_end(self, school: School, tmp_path: Path) -> None:
        users = str(school.files()["users.csv"]) + 'p20,active,,"' + "x" * 200_000
        self.refuse(zipped(tmp_path / "f.zip", school.files() | {"users.csv": users}), "quotation mark")

    def test_nobody_is_a_child(self, school: School, tmp_path: Path) -> None:
        school.users = [each for each in school.users if each["role"] != "student"]
        self.refuse(school.write(tmp_path), "no child")


def test_microsofts_school_data_sync(bring: Bring, tmp_path: Path) -> None:
    files = {
        "orgs.csv": "sourcedId,name,type\no1,Larkfield Primary School,school\n",
        "users.csv": "sourcedId,username,givenName,familyName,password,email,phone\n"
        "1,amara,Amara,Osei,Secret1!,,\n2,fennick,Ines,Fennick,,ines@larkfield.example,\n"
        "3,ada@home.example,Ada,Osei,,ada@home.example,07000900001\n",
        "roles.csv": "userSourcedId,orgSourcedId,role\n1,o1,student\n2,o1,teacher\n",
        "classes.csv": "sourcedId,orgSourcedId,title\nc,o1,Oak\n",
        "enrollments.csv": "classSourcedId,userSourcedId,role\nc,1,student\nc,2,teacher\n",
        "relationships.csv": "userSourcedId,relationshipUserSourcedId,relationshipRole\n1,3,guardian\n",
    }
    plan = bring(zipped(tmp_path / "sds.zip", files))
    assert plan.counts["added"] == 4 and plan.counts["refused"] == 0
    pupil = Pupil.objects.get()
    assert [each.email for each in pupil.households.get().adults.all()] == ["ada@home.example"]
    assert [each.name for each in pupil.school_class.staff.all()] == ["Ines Fennick"]


def test_microsofts_first_format(bring: Bring, tmp_path: Path) -> None:
    files = {
        "School.csv": "SIS ID,Name\ns,Larkfield Primary School\n",
        "Student.csv": "SIS ID,School SIS ID,First Name,Last Name,Password\n1,s,Amara,Osei,Secret1!\n",
        "Teacher.csv": "SIS ID,School SIS ID,First Name,Last Name,Username\n"
        "9,s,Ines,Fennick,ines@larkfield.example\n",
        "Section.csv": "SIS ID,School SIS ID,Section Name\nc,s,Oak\n",
        "StudentEnrollment.csv": "Section SIS ID,SIS ID\nc,1\n",
        "TeacherRoster.csv": "Section SIS ID,SIS ID\nc,9\n",
        "User.csv": "Email,First Name,Last Name,Phone,SIS ID\nAda@home.example,Ada,Osei,070,\n",
        "Guardianrelationship.csv": "SIS ID,Email,Role\n1,Ada@home.example,Parent\n",
    }
    bring(zipped(tmp_path / "v1.zip", files))
    pupil = Pupil.objects.get()
    assert [each.name for each in pupil.households.get().adults.all()] == ["Ada Osei"]
    assert [each.name for each in pupil.school_class.staff.all()] == ["Ines Fennick"]


class TestAnyCsv:
    TEXT = (
        "Adno;Forename;Surname;Reg Group;Parent 1;Parent 1 Email;Password\n"
        "7;Amara;Osei;1 Oak;Ada Osei;ada@home.example;secret\n"
        "8;Kofi;Osei;3 Elm;Ada Osei;ADA@home.example;secret\n"
        "9;;Vasko;3 Elm;;;\n"
    )

    def test_columns_are_known_by_their_names(self, bring: Bring, tmp_path: Path) -> None:
        (tmp_path / "list.csv").write_text(self.TEXT)
        plan = bring(tmp_path / "list.csv")
        assert plan.counts == {"added": 5, "changed": 0, "unchanged": 0, "leaving": 0, "refused": 1}
        amara, kofi = Pupil.objects.order_by("source_id")
        assert amara.households.get() == kofi.households.get()
        assert (kofi.school_class.name, kofi.school_class.year) == ("3 Elm", 3)
        assert "first name is missing" in said(plan, "list.csv", 4)

    def test_other_columns_are_mapped_once_and_remembered(self, bring: Bring, tmp_path: Path) -> None:
        path = tmp_path / "list.csv"
        path.write_text("Kind,Nachname,Klasse\nAmara,Osei,Oak\n")
        with pytest.raises(NeedsMapping):
            begin(path, NOW)
        with pytest.raises(Refused, match="Class"):
            keep_mapping(name="list", columns={"first_name": "Kind", "last_name": "Nachname"})
        with pytest.raises(Refused, match="no mapping"):
            begin(path, NOW, "list")
        keep_mapping(
            name="list", columns={"first_name": "Kind", "last_name": "Nachname", "class_name": "Klasse"}
        )
        bring(path, "list")
        plan = bring(path, "list")
        assert (plan.counts["unchanged"], Pupil.objects.get().first_name) == (2, "Amara")

    def test_a_mapped_column_that_is_gone(self, tmp_path: Path) -> None:
        keep_mapping(name="list", columns={"first_name": "A", "last_name": "B", "class_name": "C"})
        path = tmp_path / "list.csv"
        path.write_text("A,B,D\n1,2,3\n")
        with pytest.raises(Refused, match="no column for: Class"):
            begin(path, NOW, "list")

    def test_no_column_is_guessed_for_two_things(self) -> None:
        found = mapped.guess(["Name", "Email", "Parent Email", "Class", "First name"])
        assert len(set(found.values())) == len(found)


def test_a_hundred_thousand_rows_are_read(tmp_path: Path) -> None:
    rows = "".join(f"c{n % 30},p{n},student\n" for n in range(100_000))
    path = zipped(tmp_path / "big.zip", {"enrollments.csv": "classSourcedId,userSourcedId,role\n" + rows})
    (found,) = recognise(reading.list_files(path), Oddities(RosterImport()))
    assert sum(1 for _ in found.rows()) == 100_000


CELL = st.sampled_from(
    ["p1", "g1", "student", "parent", "", "active", "c1", "tobedeleted", "1/2/2023", "🙂", "x"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=400), rows=st.lists(st.lists(CELL, max_size=20), max_size=6))
def test_no_bytes_make_it_fall_over(content: bytes, rows: list[list[str]], tmp_path: Path) -> None:
    """It answers a plan, a refusal, or that it needs to know the columns; nothing else, whatever is in it."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    (tmp_path / "any.csv").write_bytes(content)
    school = School()
    dirty = {
        "users.csv": table(USERS_11, school.users) + out.getvalue(),
        "classes.csv": school.files()["classes.csv"],
        "enrollments.csv": table(ENROLLMENTS, school.enrollments).encode() + content,
    }
    for path in (
        tmp_path / "any.csv",
        zipped(tmp_path / "a.zip", dirty),
        zipped(tmp_path / "b.zip", dirty | {"users.csv": content}),
    ):
        try:
            begin(path, NOW)
        except (Refused, NeedsMapping):
            pass
