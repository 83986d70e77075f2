"""What is uploaded and brought in, spoiled: taken or refused with a sentence, and nothing is lost."""

import base64
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typst
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from circletime.audit import queries as audit
from circletime.audit import verify_log
from circletime.audit.actions import sign_checkpoint
from circletime.audit.rules import block, read_block
from circletime.core.errors import Refused
from circletime.documents.pdf import check_pdf
from circletime.oversight.queries.reports import check_report
from circletime.people.roster import actions, tasks
from circletime.people.roster.models import RosterImport
from circletime.people.roster.rules import State
from tests.attack.amount import inputs, thrown
from tests.attack.browsers import Crowd
from tests.attack.mutation import Spoil, spoils
from tests.roster.exports import School as Export
from tests.roster.exports import zipped
from tests.web.visits import Visits
from tests.world import World

NEVER_FEWER = (
    "people.Pupil",
    "people.Adult",
    "people.Household",
    "people.SchoolClass",
    "people.User",
    "audit.Row",
)


@pytest.fixture
def visits(world: World) -> Visits:
    return Crowd(world)


class TestRoster:
    """A zip file of the school's own system, or one CSV file, by the worker's hands into the school."""

    def bring(self, world: World, name: str, content: bytes) -> str:
        """Hand it over, have it read, bring it in where it can be; answers where it ends. It is undone."""
        office, now = world.staff["office"], world.now
        before = {each: apps.get_model(each).objects.count() for each in NEVER_FEWER}
        with transaction.atomic():
            file = SimpleUploadedFile(name, content)
            made = actions.hand_over(file=file, name=name, size=len(content), mapping="", by=office, now=now)
            assert tasks.work(now)
            made = RosterImport.objects.get(pk=made.pk)
            if made.state == State.READY:
                actions.ask_to_apply(of=made, confirmed=True, by=office, now=now)
                assert tasks.work(now)
                made = RosterImport.objects.get(pk=made.pk)
            assert "Something of ours went wrong" not in made.said, made.said
            for each, count in before.items():
                assert apps.get_model(each).objects.count() >= count, each
            assert audit.verify()[1] is None
            transaction.set_rollback(True)
        actions.path_of(made).unlink(missing_ok=True)
        return str(made.state)

    def test_a_spoiled_zip_file(self, world: World, tmp_path: Path) -> None:
        good = Export().write(tmp_path).read_bytes()
        assert self.bring(world, "roster.zip", good) == State.APPLIED, "unspoiled it comes in"

        @thrown(inputs(25))
        @given(spoils())
        def spoiled(spoil: Spoil) -> None:
            self.bring(world, "roster.zip", spoil(good))

        spoiled()

    def test_spoiled_tables_in_a_whole_zip_file(self, world: World, tmp_path: Path) -> None:
        files = {
            name: text.encode() if isinstance(text, str) else text for name, text in Export().files().items()
        }
        ends = set()

        @thrown(inputs(40))
        @given(spoil=spoils(), which=st.sampled_from(sorted(files)))
        def spoiled(spoil: Spoil, which: str) -> None:
            whole = zipped(tmp_path / "a.zip", files | {which: spoil(files[which])})
            ends.add(self.bring(world, "roster.zip", whole.read_bytes()))

        spoiled()
        assert State.APPLIED in ends, "some of it was good enough to come in"

    def test_a_spoiled_csv_file(self, world: World) -> None:
        rows = "".join(f"Child{n},Somebody,{n % 6 + 1},Oak,Adult {n},a{n}@home.example\n" for n in range(20))
        good = f"First name,Last name,Year,Class,Parent,Parent email\n{rows}".encode()

        @thrown(inputs(25))
        @given(
            spoil=spoils(),
            name=st.sampled_from(["a.csv", "a.txt", "..\\..\\a.csv", "/etc/a.csv", "\u202ea.csv"]),
        )
        def spoiled(spoil: Spoil, name: str) -> None:
            self.bring(world, name, spoil(good))

        spoiled()

    def test_names_in_a_zip_file_lead_nowhere(self, world: World, tmp_path: Path) -> None:
        """An entry of a zip file is read where it is, whatever path it calls itself."""
        path = tmp_path / "slip.zip"
        with zipfile.ZipFile(path, "w") as whole:
            for name, text in Export().files().items():
                whole.writestr(f"../../../{tmp_path}/{name}", text)
        before = sorted(tmp_path.iterdir())
        assert self.bring(world, "roster.zip", path.read_bytes()) == State.APPLIED
        assert sorted(tmp_path.iterdir()) == before


def test_a_spoiled_pdf() -> None:
    source = (
        '= Our policy\nWe listen to each other.\n- Kind words\n#link("https://larkfield.example")[The school]'
    )
    good = bytes(typst.compile(source.encode(), format="pdf"))
    assert check_pdf(good).pages == 1

    @thrown(inputs(60))
    @given(spoils())
    def spoiled(spoil: Spoil) -> None:
        try:
            check_pdf(spoil(good))
        except Refused as refusal:
            assert refusal.field == "file" and refusal.status == 400

    spoiled()


class TestReport:
    """A signed report that somebody hands in to be checked."""

    @pytest.fixture(params=["csv", "pdf"])
    def signed(self, request: Any, world: World, visits: Visits) -> bytes:
        answer = visits.by_role("governor").post(f"/report/report.{request.param}", {"span": "week"})
        assert answer.status_code == 200
        return bytes(answer.content)

    def test_a_spoiled_one_never_passes(self, signed: bytes) -> None:
        assert check_report(signed).in_log

        @thrown(inputs(60))
        @given(spoils())
        def spoiled(spoil: Spoil) -> None:
            changed = spoil(signed)
            try:
                check_report(changed)
            except Refused as refusal:
                assert refusal.status == 400
            else:
                assert changed == signed, "it was changed, and passed"

        spoiled()

    @given(
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.text()), lambda each: st.lists(each)
        )
    )
    @thrown(inputs(40))
    def test_whatever_is_where_the_signature_stands(self, said: Any) -> None:
        for kept in (said, {"text": said, "signature": "00"}, {"text": json.dumps(said), "signature": said}):
            with pytest.raises(verify_log.Broken):
                verify_log.check_report(_with_signature(json.dumps(kept).encode()))

    @pytest.mark.parametrize("deep", [b"[" * 8000, b'{"a":' * 2000])
    def test_a_signature_without_a_bottom(self, deep: bytes, world: World, visits: Visits) -> None:
        """Once an error of ours: what is nested too deep is no signature."""
        hollow = [deep, json.dumps({"text": deep.decode(), "signature": "00"}).encode()]
        for each in hollow:
            file = SimpleUploadedFile("report.csv", _with_signature(each))
            answer = visits.by_role("governor").post("/report/check", {"report": file})
            assert answer.status_code == 400


def _with_signature(packed: bytes) -> bytes:
    return b"a,b\r\n%circletime-signature " + base64.b64encode(packed) + b"\n"


def test_a_spoiled_letter_and_a_spoiled_export(world: World) -> None:
    """A checkpoint out of a letter, and the log that was taken away, in the page and in the script."""
    world.live()
    with transaction.atomic():
        sign_checkpoint(school="Larkfield", by="test", now=world.now)
    kept = audit.last_checkpoint()
    assert kept is not None
    letter = block(kept.text, kept.signature)
    lines = "".join(audit.export(school="Larkfield", at=world.now)).encode()
    assert read_block(letter).number and verify_log.check_export(lines.decode().splitlines())

    @thrown(inputs(60))
    @given(spoils())
    def spoiled(spoil: Spoil) -> None:
        text = spoil(letter.encode()).decode("utf-8", "replace")
        _only(Refused, lambda: read_block(text))
        _only(verify_log.Broken, lambda: verify_log.read_letter(text))
        export = spoil(lines).decode("utf-8", "replace").splitlines()
        _only(verify_log.Broken, lambda: verify_log.check_export(export))

    spoiled()


def _only(refusal: type[Exception], read: Callable[[], object]) -> None:
    try:
        read()
    except refusal:
        pass
