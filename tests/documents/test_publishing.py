"""Writing and publishing: by whom, of what, and that nothing published is ever changed (C4)."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from circletime.audit.queries import entries
from circletime.core.errors import NotAllowed, Refused
from circletime.documents.actions.publish import Written, drop_draft, publish, write
from circletime.documents.models import Version, Wording
from circletime.documents.queries import current, draft, list_wordings
from circletime.documents.rules.kinds import Asks, Audience, Gate, Kind
from tests.documents.papers import TEXT, Papers
from tests.documents.test_pdf import at_opening, good, spoiled
from tests.web.page import Page
from tests.web.visits import Visits
from tests.world import World

__all__ = ["good"]
OTHER = "Another wording of it, which is long enough to be read as a document."


def test_only_who_looks_after_documents_writes_and_publishes(world: World, papers: Papers) -> None:
    for who in ("teacher", "support", "slt", "governor"):
        with pytest.raises(NotAllowed):
            papers.write(by=world.staff[who])
        with pytest.raises(NotAllowed):
            publish(
                kind=Kind.CONDUCT,
                revision=0,
                asks=Asks(),
                due_on=None,
                changes="",
                by=world.staff[who],
                now=world.now,
            )
    for who in ("office", "dsl", "headteacher"):
        papers.write(by=world.staff[who])
    assert draft(Kind.CONDUCT) is not None and current(Kind.CONDUCT) is None


def test_a_published_version_is_not_written_over(world: World, papers: Papers) -> None:
    first = papers.publish()
    with pytest.raises(Refused) as refusal:
        papers.write(text=OTHER, revision=first.revision)
    assert refusal.value.code == "meanwhile"
    papers.publish(text=OTHER)
    kept = Wording.objects.get(version=first)
    assert kept.text == TEXT.strip() and Version.objects.get(pk=first.pk).digest == first.digest
    told = [e.data for e in entries() if e.kind == "documents.version.published"]
    assert first.digest in told[0] and len(told) == 2


def test_two_who_write_at_once_do_not_write_over_each_other(world: World, papers: Papers) -> None:
    seen = papers.write().revision
    papers.write(text=OTHER, by=world.staff["headteacher"])
    for act in (
        lambda: papers.write(revision=seen),
        lambda: publish(
            kind=Kind.CONDUCT,
            revision=seen,
            asks=Kind.CONDUCT.usual,
            due_on=None,
            changes="",
            by=papers.office,
            now=world.now,
        ),
        lambda: drop_draft(kind=Kind.CONDUCT, revision=seen, by=papers.office, now=world.now),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "meanwhile"
    kept = draft(Kind.CONDUCT)
    assert kept is not None and list_wordings(kept)[0].text == OTHER


def test_a_correction_says_why_and_asks_nobody_new(world: World, papers: Papers) -> None:
    papers.publish()
    with pytest.raises(Refused) as refusal:
        papers.publish(text=OTHER, changes="", asks_again=False)
    assert refusal.value.field == "changes"
    with pytest.raises(Refused) as refusal:
        papers.publish(text=OTHER, of=(Audience.STAFF, Audience.HOUSEHOLDS), asks_again=False)
    assert refusal.value.field == "of"
    with pytest.raises(Refused) as refusal:
        papers.publish(Kind.VIDEO, asks_again=False)
    assert refusal.value.field == "asks_again"
    assert Version.objects.filter(number__isnull=False).count() == 1


@pytest.mark.parametrize(
    ("of", "gates", "days", "field"),
    [
        ((), (Gate.JOINING,), None, "of"),
        ((Audience.HOUSEHOLDS,), (Gate.HOSTING,), None, "gates"),
        ((Audience.HOUSEHOLDS,), (Gate.WATCHING,), None, "gates"),
        ((Audience.STAFF,), (), -1, "due_on"),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field(
    world: World,
    papers: Papers,
    of: tuple[Audience, ...],
    gates: tuple[Gate, ...],
    days: int | None,
    field: str,
) -> None:
    due = world.now.date() + timedelta(days=days) if days else None
    with pytest.raises(Refused) as refusal:
        papers.publish(of=of, gates=gates, due_on=due)
    assert refusal.value.field == field and current(Kind.CONDUCT) is None


def test_it_is_there_in_english_before_it_holds(world: World, papers: Papers) -> None:
    written = write(kind=Kind.HOME, written=Written(OTHER), language="pl", by=papers.office, now=world.now)
    with pytest.raises(Refused) as refusal:
        publish(
            kind=Kind.HOME,
            revision=written.revision,
            asks=Asks(),
            due_on=None,
            changes="",
            by=papers.office,
            now=world.now,
        )
    assert refusal.value.code == "english"


def test_the_desk_from_our_own_wording_to_a_published_policy(papers: Papers, visits: Visits) -> None:
    head = visits.by_role("headteacher")
    address = reverse("policy-edit", args=[Kind.CONDUCT])
    begun = Page(head.get(address))
    assert "an adult stays nearby" in begun.value("text").lower()
    typed = {"text": begun.value("text"), "language": "en", "revision": "0", "then": "publish"}
    answer = head.post(address, typed)
    assert answer["Location"] == reverse("policy-publish", args=[Kind.CONDUCT])
    page = Page(head.get(answer["Location"]))
    ticked = [e.get("value") for e in page.every if "checked" in e.attributes]
    assert ticked == ["households", "joining"]
    done = head.post(
        answer["Location"], {"revision": page.value("revision"), "of": "households", "gates": "joining"}
    )
    assert done["Location"] == reverse("policy", args=[Kind.CONDUCT])
    shown = Page(head.get(done["Location"])).words()
    assert "Not adopted yet" in shown and "An adult stays nearby the whole time." in shown


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_is_kept(
    papers: Papers, visits: Visits
) -> None:
    office = visits.by_role("office")
    address = reverse("policy-edit", args=[Kind.HOME])
    page = Page(office.post(address, {"text": "too short", "language": "en", "revision": "0"}))
    assert page.value("text") == "too short" and page.said_beside("text")
    papers.publish()
    papers.write(text=OTHER)
    address = reverse("policy-publish", args=[Kind.CONDUCT])
    typed = {"revision": "1", "changes": "", "of": "households", "due_on": "2031-02-31"}
    page = Page(office.post(address, typed))
    assert page.said_beside("due_on") == "Choose a day, or leave it empty."
    page = Page(office.post(address, typed | {"due_on": "2027-02-01", "asks_again": "no"}))
    assert "why nobody is asked again" in page.said_beside("changes") and page.value("due_on") == "2027-02-01"
    assert current(Kind.CONDUCT).number == 1  # type: ignore[union-attr]


def test_an_uploaded_pdf_is_handed_out_to_be_saved_and_nothing_else(
    papers: Papers, visits: Visits, good: bytes
) -> None:
    office = visits.by_role("office")
    upload = SimpleUploadedFile('x"; rm -rf.html', good, content_type="text/html")
    office.post(reverse("policy-edit", args=[Kind.HOME]), {"revision": "0", "language": "en", "file": upload})
    office.post(reverse("policy-publish", args=[Kind.HOME]), {"revision": "1", "of": "households"})
    version = current(Kind.HOME)
    assert version is not None
    answer = visits.browser().get(reverse("document-file", args=[version.public_id, "en"]))
    assert answer.content == good
    assert answer["Content-Type"] == "application/pdf" and answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == 'attachment; filename="home-school-agreement-1-en.pdf"'
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_spoiled_upload_is_refused_beside_its_field(papers: Papers, visits: Visits, good: bytes) -> None:
    office = visits.by_role("office")
    address = reverse("policy-edit", args=[Kind.HOME])
    for content in (spoiled(good, at_opening), b"<script>", good + b"\0" * 5_300_000):
        upload = SimpleUploadedFile("policy.pdf", content, content_type="application/pdf")
        answer = office.post(address, {"revision": "0", "language": "en", "file": upload})
        assert answer.status_code == 400 and Page(answer).said_beside("file")
    assert draft(Kind.HOME) is None


def test_a_document_that_is_not_for_families_is_not_handed_to_strangers(
    world: World, papers: Papers, visits: Visits, good: bytes
) -> None:
    from circletime.documents.pdf import check_pdf

    written = write(kind=Kind.USE, written=Written(pdf=check_pdf(good)), by=papers.office, now=world.now)
    address = reverse("document-file", args=[written.public_id, "en"])
    office = visits.by_role("office")
    assert office.get(address).status_code == 404, "a draft is nobody's to have"
    publish(
        kind=Kind.USE,
        revision=1,
        asks=Kind.USE.usual,
        due_on=None,
        changes="",
        by=papers.office,
        now=world.now,
    )
    assert visits.browser().get(address).status_code == 404
    assert office.get(address).status_code == 200 == visits.by_role("governor").get(address).status_code


def test_a_document_in_another_language_is_shown_with_it(
    world: World, papers: Papers, visits: Visits
) -> None:
    papers.write()
    papers.write(text="Słuchamy się nawzajem i mówi tylko jedna osoba naraz, po kolei.", language="pl")
    publish(
        kind=Kind.CONDUCT,
        revision=2,
        asks=Kind.CONDUCT.usual,
        due_on=None,
        changes="",
        by=papers.office,
        now=world.now,
    )
    browser = visits.browser()
    visits.open_meeting()
    visits.class_door(browser)
    shown = Page(visits.ask(browser, "Amara"))
    polish = next(e for e in shown.every if e.tag == "details")
    assert "Polski" in polish.text and "Słuchamy" in polish.text
