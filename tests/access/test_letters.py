"""What whoever asked is written: when they are invited, to what, and where a refusal can be taken (T10)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from circletime.access.actions import ending, invitations
from circletime.access.models import Case, Invitation, Letter
from circletime.access.queries.case import language_of
from circletime.access.rules.case import State
from circletime.access.rules.outcome import RefusalGround
from circletime.access.words import COMPLAIN, GROUNDS
from circletime.core.errors import Refused
from circletime.core.languages import TRANSLATED
from circletime.notices import post
from circletime.notices.models import Letter as Sent
from circletime.people import links
from circletime.people.models import Adult, Pupil, User
from circletime.recordings.queries import is_held
from tests.access.conftest import ASKED, Asked, recorded
from tests.access.copies import make_copy

MORNING = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
"""A Tuesday."""


@pytest.fixture
def slot(staff: dict[str, User]) -> dict[str, Any]:
    return {
        "starts_at": MORNING,
        "minutes": 45,
        "where": "school",
        "place": "Room 4",
        "leader": staff["headteacher"],
        "by": staff["slt"],
        "now": ASKED,
    }


@pytest.fixture
def invited(ready: Asked, slot: dict[str, Any], staff: dict[str, User], amara: Pupil) -> Case:
    recorded(staff, amara)
    return invitations.invite(case=ready(), **slot)


def entry(letter: Sent) -> dict[str, str]:
    lines = letter.calendar.replace("\r\n ", "").splitlines()
    return {line.split(":", 1)[0].split(";")[0]: line.split(":", 1)[1] for line in lines if ":" in line}


def test_the_invitation_says_when_where_and_with_whom_and_has_an_entry_for_the_calendar(
    invited: Case, parent: Adult, amara: Pupil
) -> None:
    sent = Sent.objects.get()
    assert (sent.to, sent.about, sent.kind) == (parent.email, invited.subject, "case")
    assert "Tuesday 1 December 2026 at 09:00" in sent.text and "Room 4" in sent.text
    assert "Mrs Sunderland, a senior leader" in sent.text and "right to a copy" in sent.text
    found = entry(sent)
    assert found["METHOD"] == "REQUEST" and found["SEQUENCE"] == "0"
    assert found["DTSTART"].endswith("090000Z") and found["LOCATION"] == "Room 4"
    everything = sent.subject + sent.text.replace(parent.name, "") + sent.calendar
    for word in (amara.last_name, amara.first_name, f"/{amara.pk}", "/recordings/", "http"):
        assert word not in everything.replace(parent.email, ""), word
    assert Letter.objects.get().text == sent.text


def test_a_change_has_the_same_name_and_a_higher_number_and_so_has_calling_it_off(
    invited: Case, slot: dict[str, Any], staff: dict[str, User]
) -> None:
    changed = slot | {"starts_at": MORNING + timedelta(days=1), "where": "online", "leader": staff["dsl"]}
    invitations.change_invitation(case=invited, link="https://meet.example/v/abc", **changed)
    case = invitations.call_off(case=invited, reason="Ms Vale is ill", by=staff["slt"], now=ASKED)
    first, second, third = Sent.objects.order_by("pk")
    found = [entry(letter) for letter in (first, second, third)]
    assert len({each["UID"] for each in found}) == 1
    assert [each["SEQUENCE"] for each in found] == ["0", "1", "2"]
    assert [each["METHOD"] for each in found] == ["REQUEST", "REQUEST", "CANCEL"]
    assert (
        "takes the place of what we wrote before" in second.text
        and "https://meet.example/v/abc" in second.text
    )
    assert "Room 4" not in second.text + second.calendar
    assert "Wednesday 2 December 2026 at 09:00 does not take place" in third.text
    assert case.state == State.READY
    again = invitations.invite(case=case, **slot)
    assert again.state == State.INVITED and Invitation.objects.count() == 2
    assert entry(Sent.objects.latest("pk"))["UID"] != found[0]["UID"]


ENGLISH = "Dear Esi Kalani,"
LINE = "Ten sam list po angielsku, tak jak napisała go szkoła:"


def of(*adults: tuple[str, str, str], child: Pupil) -> None:
    """The child's household with these adults alone: each one's name, address and language."""
    home = child.households.get()
    home.adults.update(left_at=ASKED)
    for name, email, language in adults:
        Adult.objects.create(name=name, email=email, language=language).households.add(home)


def test_it_is_written_in_their_language_with_the_english_beneath(
    ready: Asked, slot: dict[str, Any], parent: Adult, amara: Pupil
) -> None:
    Adult.objects.filter(pk=parent.pk).update(language="pl")
    case = invitations.invite(case=ready(), **slot)
    sent = Sent.objects.get()
    own, line, english = sent.text.partition(LINE)
    assert line and "Chcielibyśmy je Państwu pokazać." in own and ENGLISH not in own
    assert "Gdzie: W szkole, Room 4" in own and "wtorek, 1 grudnia 2026, godz. 09:00" in own
    assert "Jak długo: najwyżej 45 minut" in own and "Dear" not in own
    assert english.strip().startswith(ENGLISH) and "We would like to show them to you." in english
    assert "Where: At school, Room 4" in english and "Tuesday 1 December 2026 at 09:00" in english
    assert sent.html.index('<div lang="pl" dir="ltr"') < sent.html.index('<div lang="en" dir="ltr"')
    assert 'html lang="pl"' in sent.html and "Chcielibyśmy" in sent.html and "Dear Esi" in sent.html
    whose = amara.school_class.name
    assert sent.subject == f"{whose}: Zaproszenie do obejrzenia nagrań (Your invitation to a viewing)"
    assert amara.last_name not in sent.subject and amara.first_name not in sent.subject
    found = entry(sent)
    assert found["SUMMARY"] == "Oglądanie nagrań: Mrs Sunderland" and found["LOCATION"] == "Room 4"
    kept = Letter.objects.get()
    assert (kept.text, kept.subject, kept.language) == (sent.text, sent.subject, "pl")
    moved = slot | {"starts_at": MORNING + timedelta(days=1), "where": "online"}
    invitations.change_invitation(case=case, **moved)
    invitations.call_off(case=case, reason="Ms Vale is ill", by=slot["by"], now=ASKED)
    changed, off = Sent.objects.order_by("pk")[1:]
    assert "Zmienił się czas lub miejsce" in changed.text and "takes the place of what" in changed.text
    assert entry(changed)["LOCATION"] == r"Przez internet\, na naszej stronie"
    own, _, english = off.text.partition(LINE)
    assert "nie odbędzie się" in own and "„Ms Vale is ill”" in own
    assert "does not take place" in english and "in our own words: “Ms Vale is ill”" in english


def test_from_right_to_left_as_well(ready: Asked, slot: dict[str, Any], parent: Adult) -> None:
    Adult.objects.filter(pk=parent.pk).update(language="ur")
    invitations.invite(case=ready(), **slot)
    sent = Sent.objects.get()
    assert 'html lang="ur" dir="rtl"' in sent.html and '<div lang="en" dir="ltr"' in sent.html
    assert "ریکارڈنگ دیکھنے کی دعوت" in sent.subject and ENGLISH in sent.text


def test_english_stands_there_once(invited: Case) -> None:
    sent = Sent.objects.get()
    assert sent.language == Letter.objects.get().language == "en" and sent.text.count(ENGLISH) == 1
    assert sent.html.count("<div lang=") == 1 and "in English" not in sent.text


@pytest.mark.parametrize("code", [one.code for one in TRANSLATED])
def test_each_language_fits_into_its_subject_and_has_the_ways_to_complain_twice(
    code: str, ready: Asked, slot: dict[str, Any], parent: Adult, amara: Pupil
) -> None:
    Adult.objects.filter(pk=parent.pk).update(language=code)
    amara.school_class.name = "Willow and Ash " * 4
    amara.school_class.save()
    case = invitations.invite(case=ready(), **slot)
    ending.refuse(case=case, ground="harm", reason="In our words", by=slot["by"], now=ASKED)
    for letter in Letter.objects.all():
        assert len(letter.subject) <= 200 and letter.language == code
    refusal = Letter.objects.get(kind="refused")
    assert refusal.text.count("ico.org.uk") == 2 and refusal.text.count("In our words") == 2
    assert GROUNDS[RefusalGround.HARM] in refusal.text and COMPLAIN in refusal.text


@pytest.mark.parametrize(
    ("adults", "asked", "written"),
    [
        ([("Ada Kalani", "ada@home.example", "ur")], {"asker_name": "Ada Kalani"}, "ur"),
        (
            [("Ada Kalani", "ada@home.example", "ur"), ("Bruno Kalani", "bruno@home.example", "pl")],
            {"asker_name": "bruno  KALANI"},
            "pl",
        ),
        (
            [("Ada Kalani", "ada@home.example", "ur"), ("Bruno Kalani", "bruno@home.example", "pl")],
            {"asker_name": "Their aunt", "asker_email": "ADA@home.example"},
            "ur",
        ),
        (
            [("Ada Kalani", "home@home.example", "ur"), ("Bruno Kalani", "home@home.example", "pl")],
            {"asker_name": "Their aunt", "asker_email": "home@home.example"},
            "en",
        ),
        (
            [("Ada Kalani", "ada@home.example", "ta"), ("Bruno Kalani", "", "ta")],
            {"asker_name": "Their aunt", "asker_email": "aunt@post.example"},
            "ta",
        ),
        (
            [("Ada Kalani", "ada@home.example", "ta"), ("Bruno Kalani", "", "xx")],
            {"asker_name": "Their aunt", "asker_email": "aunt@post.example"},
            "en",
        ),
        ([], {"asker_name": "Their aunt", "asker_email": "aunt@post.example"}, "en"),
    ],
)
def test_it_is_the_language_of_who_asked_else_of_a_home_that_has_one(
    adults: list[tuple[str, str, str]], asked: dict[str, str], written: str, ask: Asked, amara: Pupil
) -> None:
    of(*adults, child=amara)
    assert language_of(ask(**asked)) == written


@pytest.mark.parametrize("name", ["Esi\r\nBcc: evil@else.example", "{family-link:%s}", "<b>Esi</b>"])
def test_no_name_steers_a_letter(
    ready: Asked, slot: dict[str, Any], parent: Adult, amara: Pupil, name: str
) -> None:
    (stolen,) = links.make_links([amara.households.get()], until=MORNING, about="test", by="test", now=ASKED)
    case = ready()
    Adult.objects.filter(pk=parent.pk).update(language="pl")
    Case.objects.filter(pk=case.pk).update(asker_name=name.replace("%s", stolen.pk))
    amara.school_class.name = name.replace("%s", stolen.pk)
    amara.school_class.save()
    invitations.invite(case=case, **slot)
    mail = post.write(Sent.objects.get())
    assert mail.to == [parent.email] and "\n" not in mail.subject and mail.message()["Bcc"] is None
    assert links.token_of(stolen.pk) not in mail.message().as_string() + str(mail.body)
    assert "<b>" not in Sent.objects.get().html


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"starts_at": None}, "starts_at"),
        ({"starts_at": ASKED + timedelta(hours=4)}, "starts_at"),
        ({"starts_at": ASKED + timedelta(hours=23, minutes=59)}, "starts_at"),
        ({"starts_at": datetime(2026, 12, 5, 9, 0, tzinfo=UTC)}, "starts_at"),
        ({"starts_at": MORNING.replace(hour=8, minute=29)}, "starts_at"),
        ({"starts_at": MORNING.replace(hour=16, minute=16)}, "starts_at"),
        ({"starts_at": MORNING.replace(hour=23, minute=50)}, "starts_at"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 181}, "minutes"),
        ({"where": "the moon"}, "where"),
        ({"place": " "}, "place"),
        ({"place": "x" * 121}, "place"),
        ({"leader": None}, "leader"),
    ],
)
def test_what_is_wrong_with_an_invitation_is_said(
    ready: Asked, slot: dict[str, Any], more: dict[str, Any], field: str
) -> None:
    case = ready()
    with pytest.raises(Refused) as refusal:
        invitations.invite(case=case, **(slot | more))
    case.refresh_from_db()
    assert refusal.value.field == field and case.state == State.READY
    assert not Invitation.objects.exists() and not Sent.objects.exists()


@pytest.mark.parametrize("who", ["teacher", "office", "governor", "support"])
def test_who_is_there_is_a_senior_leader(
    who: str, ready: Asked, slot: dict[str, Any], staff: dict[str, User]
) -> None:
    with pytest.raises(Refused, match="senior leader"):
        invitations.invite(case=ready(), **(slot | {"leader": staff[who]}))


def test_summer_time_is_the_schools(ready: Asked, slot: dict[str, Any], staff: dict[str, User]) -> None:
    half_past_eight_in_june = datetime(2027, 6, 1, 7, 30, tzinfo=UTC)
    invitations.invite(case=ready(), **(slot | {"starts_at": half_past_eight_in_june}))
    assert "Tuesday 1 June 2027 at 08:30" in Letter.objects.get().text


def test_who_has_no_address_gets_a_letter_to_print(ready: Asked, slot: dict[str, Any], parent: Adult) -> None:
    for address in ("", "nowhere"):
        Adult.objects.filter(pk=parent.pk).update(email=address)
        invitations.invite(case=ready(), **slot)
    assert not Sent.objects.exists()
    assert [letter.to for letter in Letter.objects.all()] == ["", ""]


@pytest.mark.parametrize("ground", list(RefusalGround))
def test_a_refusal_names_its_reason_and_the_three_ways_to_complain(
    ground: RefusalGround, invited: Case, staff: dict[str, User]
) -> None:
    recording = invited.recordings.get().recording
    for wrong in ("", "we are busy"):
        with pytest.raises(Refused) as refusal:
            ending.refuse(case=invited, ground=wrong, reason="Because", by=staff["slt"], now=ASKED)
        assert refusal.value.field == "ground"
    with pytest.raises(Refused) as refusal:
        ending.refuse(case=invited, ground=ground, reason="", by=staff["slt"], now=ASKED)
    assert refusal.value.field == "reason" and is_held(recording)
    case = ending.refuse(case=invited, ground=ground, reason="In our words", by=staff["slt"], now=ASKED)
    assert (case.state, case.outcome, case.ground) == (State.REFUSED, "refused", ground)
    letter = Letter.objects.latest("pk")
    assert GROUNDS[ground] in letter.text and "In our words" in letter.text
    for way in (
        "headteacher or to the chair of governors",
        "Information Commissioner",
        "ico.org.uk",
        "a court",
    ):
        assert way in letter.text
    assert entry(Sent.objects.filter(calendar__contains="CANCEL").get())["SEQUENCE"] == "1"
    assert not is_held(recording)


def test_it_is_closed_as_viewed_only_after_a_viewing(
    invited: Case, slot: dict[str, Any], staff: dict[str, User]
) -> None:
    who: dict[str, Any] = {"by": staff["slt"], "now": ASKED}
    viewed = invitations.mark_viewed(case=invited, **who)
    assert Invitation.objects.get().held_at == ASKED
    again = invitations.invite(case=viewed, **slot)
    assert again.state == State.INVITED
    viewed = invitations.mark_viewed(case=again, **who)
    for wrong in ("", "nothing", "refused", "withdrawn"):
        with pytest.raises(Refused):
            ending.close(case=viewed, outcome=wrong, **who)
    closed = ending.close(case=viewed, outcome="viewed", **who)
    assert (closed.state, closed.outcome) == (State.CLOSED, "viewed")
    assert closed.hold is not None and not is_held(closed.recordings.get().recording)


def test_without_a_viewing_only_a_copy_answers_it(ready: Asked, staff: dict[str, User], amara: Pupil) -> None:
    recorded(staff, amara)
    case = ready()
    for wrong in ("viewed", "nothing"):
        with pytest.raises(Refused):
            ending.close(case=case, outcome=wrong, by=staff["slt"], now=ASKED)
    with pytest.raises(Refused, match="No copy was taken yet"):
        ending.close(case=case, outcome="copy", by=staff["slt"], now=ASKED)
    copy = make_copy(case, staff["dsl"], ASKED)
    with pytest.raises(Refused, match="not taken yet"):
        ending.close(case=case, outcome="copy", by=staff["slt"], now=ASKED)
    assert is_held(case.recordings.get().recording)
    copy.taken_at = ASKED
    copy.save()
    assert ending.close(case=case, outcome="copy", by=staff["slt"], now=ASKED).state == State.CLOSED


def test_a_copy_that_waits_keeps_its_recording(invited: Case, staff: dict[str, User]) -> None:
    viewed = invitations.mark_viewed(case=invited, by=staff["slt"], now=ASKED)
    copy = make_copy(viewed, staff["dsl"], ASKED)
    with pytest.raises(Refused, match="not taken yet"):
        ending.close(case=viewed, outcome="viewed", by=staff["slt"], now=ASKED)
    copy.called_back_at, copy.called_back_by = ASKED, staff["dsl"]
    copy.save()
    assert ending.close(case=viewed, outcome="viewed", by=staff["slt"], now=ASKED).state == State.CLOSED
