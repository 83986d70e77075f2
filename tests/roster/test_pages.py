"""The roster's pages: who may use them, each step, and what a hostile browser gains."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from circletime.pages import cli, cli_people
from circletime.people.factory import invent_school
from circletime.people.models import Pupil, RosterImport, RosterMapping, RosterStaged, RosterTie, User
from circletime.people.roster import actions, tasks
from circletime.people.roster.reading import LARGEST_FILE
from tests.roster.exports import School, enrol, user
from tests.signing import sign_in
from tests.waiting import run

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-enough-password"


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, settings: Any) -> None:
    settings.VAR = tmp_path / "var"


@pytest.fixture
def staff() -> dict[str, User]:
    made = invent_school(now=timezone.now(), classes=1, pupils=6, password=PASSWORD)
    return {key: account for key, (account, _) in made.staff.items()}


@pytest.fixture
def office(staff: dict[str, User]) -> Client:
    return signed_in(staff["office"])


def signed_in(account: User, **options: Any) -> Client:
    client = Client(**options)
    sign_in(client, account)
    return client


def hand_over(client: Client, content: bytes, name: str = "roster.zip", **more: str) -> Any:
    return client.post(reverse("roster"), {"file": SimpleUploadedFile(name, content)} | more)


def page(client: Client, made: RosterImport) -> str:
    answer = client.get(reverse("roster-import", args=[made.public_id]))
    assert answer.status_code == 200
    return str(answer.content.decode())


def file(client: Client, name: str) -> str:
    """A file that is sent as it is read."""
    answer = client.get(reverse(name, args=[last().public_id]))

    async def read() -> bytes:
        return b"".join([piece async for piece in answer.streaming_content])

    return run(read).decode()


def last() -> RosterImport:
    return RosterImport.objects.latest("pk")


def work() -> None:
    assert tasks.work(timezone.now())


@pytest.fixture
def content(school: School, tmp_path: Path) -> bytes:
    return school.write(tmp_path).read_bytes()


def test_from_a_file_to_the_roster_and_back(office: Client, content: bytes) -> None:
    answer = hand_over(office, content)
    made = last()
    assert answer["Location"] == reverse("roster-import", args=[made.public_id])
    assert 'http-equiv="refresh"' in page(office, made)
    assert actions.path_of(made).stat().st_mode & 0o077 == 0
    work()
    seen = page(office, made)
    assert "Amara Osei" in seen and "S3cret-pass" not in seen and "Administrators get no account" in seen
    assert not Pupil.objects.filter(source_id="p1").exists(), "a preview writes nothing"
    office.post(reverse("roster-apply", args=[made.public_id]))
    work()
    made.refresh_from_db()
    assert (made.state, made.counts["added"]) == ("applied", 12 - 1)
    assert Pupil.objects.filter(source_id="p1").exists()
    assert not actions.path_of(made).exists(), "the file is not kept"
    assert not RosterStaged.objects.exists() and not RosterTie.objects.exists(), "nor what was read of it"
    assert "Amara Osei" not in page(office, made)
    answer = office.get(reverse("roster-undo", args=[made.public_id]))
    assert "Take this import back?" in answer.content.decode()
    office.post(reverse("roster-undo", args=[made.public_id]))
    assert not Pupil.objects.filter(source_id="p1").exists()
    assert not tasks.work(timezone.now())


@pytest.mark.parametrize("role", ["teacher", "support", "slt", "dsl", "governor"])
def test_nobody_else_comes_near(role: str, staff: dict[str, User], content: bytes) -> None:
    hand_over(signed_in(staff["headteacher"]), content)
    made, client = last(), signed_in(staff[role])
    assert hand_over(client, content).status_code == 403
    assert client.get(reverse("roster")).status_code == 403
    for name in ("roster-import", "roster-odd", "roster-undo"):
        assert client.get(reverse(name, args=[made.public_id])).status_code == 403
    for name in ("roster-apply", "roster-drop", "roster-columns", "roster-undo"):
        assert client.post(reverse(name, args=[made.public_id])).status_code == 403
    assert RosterImport.objects.count() == 1
    assert reverse("roster") not in client.get(reverse("meetings")).content.decode()
    assert Client().get(reverse("roster")).status_code == 302


def test_a_forged_form_is_refused(staff: dict[str, User], content: bytes) -> None:
    client = signed_in(staff["office"], enforce_csrf_checks=True)
    assert hand_over(client, content).status_code == 403
    assert not RosterImport.objects.exists()


def test_what_is_no_roster_is_told_beside_the_field(
    office: Client, django_capture_on_commit_callbacks: Any
) -> None:
    for answer, words in (
        (office.post(reverse("roster")), "Choose a file first"),
        (hand_over(office, b"x", "roster.xlsx"), "saved as CSV first"),
        (hand_over(office, b"x", "a.csv", mapping="nobody's"), "source of the list"),
    ):
        assert answer.status_code == 400 and words in answer.content.decode()
    hand_over(office, b"%PDF-1.7", "../../evil.csv")
    assert last().file_name == "evil.csv" and actions.path_of(last()).name == last().public_id
    with django_capture_on_commit_callbacks(execute=True):
        work()
    assert "no CSV file" in page(office, last()) and not actions.path_of(last()).exists()


def test_a_file_larger_than_a_roster_is_not_kept(staff: dict[str, User], tmp_path: Path) -> None:
    with pytest.raises(actions.Refused, match="larger than 64 MB"), (tmp_path / "x").open("w+b") as file:
        actions.hand_over(
            file=file, name="a.zip", size=LARGEST_FILE + 1, mapping="", by=staff["office"], now=timezone.now()
        )


def test_columns_are_named_once(office: Client) -> None:
    hand_over(office, b"Kind;Nachname;Klasse\nAmara;Osei;Oak\n", "Büro.csv")
    work()
    made = last()
    assert "Which column is which?" in page(office, made)
    form = {"name": "Office list", "first_name": "Kind", "last_name": "Nachname", "class_name": "stolen"}
    answer = office.post(reverse("roster-columns", args=[made.public_id]), form)
    assert answer.status_code == 400 and "Choose a column for: Class" in answer.content.decode()
    assert 'value="Office list"' in answer.content.decode()
    office.post(reverse("roster-columns", args=[made.public_id]), form | {"class_name": "Klasse"})
    work()
    assert "Amara Osei" in page(office, made)
    assert RosterMapping.objects.get().columns["class_name"] == "Klasse"


def test_many_leavers_are_ticked_first(office: Client, tmp_path: Path) -> None:
    big = School()
    big.users += [user(f"x{n}", "student", f"Kid{n}", "Vasko") for n in range(30)]
    big.enrollments += [enrol("c2", f"x{n}") for n in range(30)]
    for school, form, status in ((big, {}, 302), (School(), {}, 400), (School(), {"many_leave": "yes"}, 302)):
        hand_over(office, school.write(tmp_path).read_bytes())
        work()
        answer = office.post(reverse("roster-apply", args=[last().public_id]), form)
        assert answer.status_code == status
        tasks.work(timezone.now())
    assert Pupil.objects.filter(source_id__startswith="x", left_at=None).count() == 0


def test_what_changed_since_it_was_shown_is_shown_again(office: Client, content: bytes) -> None:
    hand_over(office, content)
    work()
    Pupil.objects.filter(left_at=None).update(left_at=timezone.now())
    office.post(reverse("roster-apply", args=[last().public_id]))
    work()
    assert last().state == "ready" and "changed since this was shown" in page(office, last())


def test_odd_rows_as_csv_run_nothing(office: Client, school: School, tmp_path: Path) -> None:
    school.users.append(user("q1", "=cmd|calc", "A", "B"))
    school.users.append(user("q2", "student", "<script>alert(1)</script>", "B", email="=1+1"))
    hand_over(office, school.write(tmp_path).read_bytes())
    work()
    text = file(office, "roster-odd")
    assert '"users.csv"' in text
    assert not [cell for cell in text.split(",") if cell.strip('"').startswith(("=", "+", "@"))]
    assert "<script>" not in page(office, last())


def test_a_file_nobody_wanted_is_thrown_away(
    office: Client, content: bytes, django_capture_on_commit_callbacks: Any
) -> None:
    hand_over(office, content)
    work()
    made = last()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.work(made.made_at + tasks.FORGOTTEN_AFTER * 2)
    made.refresh_from_db()
    assert made.state == "dropped" and not made.shown and not actions.path_of(made).exists()


def test_a_worker_that_died_in_between_begins_again(
    office: Client, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_over(office, content)
    work()
    office.post(reverse("roster-apply", args=[last().public_id]))

    def die(*args: object, **rest: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("circletime.people.roster.apply._Apply._remember", die)
        with pytest.raises(KeyboardInterrupt):
            tasks.work(timezone.now())
    assert not Pupil.objects.filter(source_id="p1").exists(), "nothing half done"
    work()
    assert last().state == "applied" and Pupil.objects.filter(source_id="p1").exists()


class TestCommand:
    @pytest.fixture(autouse=True)
    def no_migration(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cli_people, "make_tables", lambda: None)

    def run(self, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str]]:
        status = cli.main(["roster", "import", *words])
        return status, capsys.readouterr().out.strip().splitlines()

    def test_preview_then_in(self, school: School, tmp_path: Path, capsys: Any) -> None:
        school.users.append(user("z", "wizard", "A", "B"))
        path = str(school.write(tmp_path))
        line = '{"added": 12, "changed": 0, "unchanged": 0, "refused": 1}'
        status, lines = self.run(capsys, path, "--preview")
        assert (status, lines[-1]) == (0, line) and not Pupil.objects.exists()
        assert any(each.startswith("users.csv, line 13, role: ") for each in lines)
        assert self.run(capsys, path)[1][-1] == line and Pupil.objects.count() == 5
        assert '"unchanged": 12' in self.run(capsys, path)[1][-1]

    def test_what_cannot_be_used(self, tmp_path: Path, capsys: Any) -> None:
        zeros = '{"added": 0, "changed": 0, "unchanged": 0, "refused": 0}'
        status, lines = self.run(capsys, str(tmp_path / "nothing.zip"))
        assert status == 1 and lines == ["There is no such file.", zeros]
        (tmp_path / "a.csv").write_text("A,B\n1,2\n")
        status, lines = self.run(capsys, str(tmp_path / "a.csv"))
        assert status == 1 and "--mapping" in lines[-2] and lines[-1] == zeros
        assert self.run(capsys, str(tmp_path / "a.csv"), "--mapping", "no such")[0] == 1
        assert not RosterImport.objects.exists()
