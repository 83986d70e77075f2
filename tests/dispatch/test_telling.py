"""Who is written to, about what, and in which words: never too many, never the wrong one."""

import re
from datetime import date, timedelta

import pytest
import vobject

from circletime.access.actions import stopping
from circletime.audit.models import Row
from circletime.audit.queries import list_kinds, verify
from circletime.dispatch.actions.telling import tell_conduct
from circletime.dispatch.actions.workplace import set_work_address
from circletime.dispatch.models import Delivery, Notice
from circletime.dispatch.queries.reach import may_go, standing_of
from circletime.dispatch.rules import Standing
from circletime.meetings.actions import lifecycle
from circletime.meetings.actions.schedule import cancel, move, plan_next
from circletime.meetings.models import Meeting
from circletime.meetings.rules import Kind, Purpose, State
from circletime.meetings.tasks import run_clock, tell_newcomers
from circletime.notices import tasks
from circletime.notices.models import Letter
from circletime.people import links
from circletime.people.actions import end_restriction, note_restriction
from circletime.people.families import by_link
from circletime.people.models import Adult, FamilyLink, Group, Household, Pupil
from circletime.people.queries import token_hash
from tests.dispatch.conftest import family, letters, notice, only, plan, rows
from tests.web.post_office import PostOffice
from tests.world import World

TOKEN = re.compile(r"/f/([A-Za-z0-9_-]{43})")


def text_of(mail: object) -> str:
    return mail.get_body(("plain",)).get_content()  # type: ignore[attr-defined, no-any-return]


def html_of(mail: object) -> str:
    return mail.get_body(("html",)).get_content()  # type: ignore[attr-defined, no-any-return]


def entry_of(mail: object) -> object:
    (part,) = [one for one in mail.walk() if one.get_content_type() == "text/calendar"]  # type: ignore[attr-defined]
    return vobject.readOne(part.get_content())


def send(world: World) -> None:
    tasks.send_due(world.now, may_go)


def test_a_family_reads_what_when_how_and_why(world: World, office: PostOffice) -> None:
    (amara,) = only(world, "Amara")
    home = family(amara, Ada="ada@home.example")
    set_work_address(
        school_class=world.oak,
        address="https://j2e.example/oak",
        by=world.staff["office"],
        now=world.now,
    )
    plan(world)
    send(world)
    (mail,) = office.came
    assert mail["Subject"] == "Oak: Circle time on Wednesday 25 November at 12:00"
    assert mail["To"] == "ada@home.example" and mail["Reply-To"] == "osei@larkfield.example"
    text, html = text_of(mail), html_of(mail)
    for said in ("Dear family of Amara,", "Circle time", "20 minutes", "https://j2e.example/oak", "30 days"):
        assert said in text and said in html, said
    assert "This meeting is social" in text and "osei@larkfield.example" in text
    for kept_back in (world.oak.password, world.oak.join_id, amara.last_name, "Farrow"):
        assert kept_back not in text + html + mail["Subject"]
    assert 'lang="en" dir="ltr"' in html and "src=" not in html and "<script" not in html
    (token,) = set(TOKEN.findall(text))
    assert TOKEN.findall(html)[0] == token
    assert (found := by_link(token_hash(token), world.now)) and found.households == (home,)
    entry = entry_of(mail).vevent  # type: ignore[attr-defined]
    assert entry.summary.value == "Oak: Circle time" and token in entry.location.value
    assert entry.dtstart.value == world.now + timedelta(hours=24) and entry.sequence.value == "0"


def test_of_a_link_only_a_hash_and_a_name_are_kept(world: World, office: PostOffice) -> None:
    only(world, "Amara")
    plan(world)
    send(world)
    tokens = set(TOKEN.findall(text_of(office.came[0])))
    kept = [
        str(vars(one)) for model in (Letter, FamilyLink, Delivery, Notice, Row) for one in model.objects.all()
    ]
    assert tokens and not [token for token in tokens for text in kept if token in text]
    link = FamilyLink.objects.earliest("pk")
    one_bit = links.token_of(link.pk)[:-1] + ("A" if links.token_of(link.pk)[-1] != "A" else "Q")
    assert by_link(token_hash(one_bit), world.now) is None
    FamilyLink.objects.update(burned_at=world.now)
    assert by_link(token_hash(links.token_of(link.pk)), world.now) is None


def test_four_children_in_three_classes_are_one_letter_a_meeting(world: World) -> None:
    amara, ben = only(world, "Amara", "Ben")
    home = family(amara, ben, Ada="ada@home.example")
    for other in Pupil.objects.exclude(school_class=world.oak)[:2]:
        other.households.set([home])
    plan(world)
    (letter,) = letters()
    assert "Dear family of Amara and Ben," in letter.text and len(rows()) == 1


def test_an_adult_of_two_households_gets_one_letter_with_both_links(world: World) -> None:
    amara, ben = only(world, "Amara", "Ben")
    one, other = family(amara, Ada="ada@home.example"), family(ben, name="Other")
    Adult.objects.get(email="ada@home.example").households.add(other)
    plan(world)
    (letter,) = letters()
    assert "Dear family of Amara and Ben," in letter.text
    assert "Your link for Amara:" in letter.text and "Your link for Ben:" in letter.text
    assert {row.household for row in rows()} == {one, other} and {row.letter for row in rows()} == {letter}


def test_two_adults_of_one_address_get_one_letter(world: World) -> None:
    (amara,) = only(world, "Amara")
    family(amara, Ada="Home@home.example", Bruno="home@home.example")
    plan(world)
    assert [letter.to for letter in letters()] == ["Home@home.example"]


@pytest.mark.parametrize("whom", ["adult", "household", "everybody"])
def test_a_restriction_wins(world: World, whom: str) -> None:
    """Parents apart, one of them restricted."""
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    apart = Household.objects.create(name="Apart")
    amara.households.add(apart)
    adult = Adult.objects.create(name="Bruno Apart", email="bruno@home.example")
    adult.households.add(apart)
    told = {"adult": {"adult": adult}, "household": {"household": apart}, "everybody": {}}[whom]
    note_restriction(
        pupil=amara, what="An order", since=world.now.date(), by=world.staff["dsl"], now=world.now, **told
    )
    plan(world)
    assert [letter.to for letter in letters()] == ([] if whom == "everybody" else ["ada@home.example"])
    assert apart not in {row.household for row in rows()}


def test_one_that_is_noted_while_the_letter_waits_stops_it(world: World, office: PostOffice) -> None:
    amara, ben = only(world, "Amara", "Ben")
    family(amara, Ada="ada@home.example")
    family(ben, Bruno="bruno@home.example")
    plan(world)
    adult = Adult.objects.get(email="ada@home.example")
    note_restriction(
        pupil=amara,
        what="An order",
        since=world.now.date(),
        by=world.staff["dsl"],
        now=world.now,
        adult=adult,
    )
    send(world)
    assert [mail["To"] for mail in office.came] == ["bruno@home.example"]
    assert Letter.objects.get(to="ada@home.example").state == "stopped"
    assert "notices.letter.withdrawn" in [row.kind for row in Row.objects.all()]


def test_a_restriction_burns_the_links_it_is_about(world: World) -> None:
    amara, ben = only(world, "Amara", "Ben")
    family(amara, Ada="ada@home.example")
    family(ben, Bruno="bruno@home.example")
    plan(world)
    adult = Adult.objects.get(email="ada@home.example")
    stopping.note_restriction(
        pupil=amara,
        what="An order",
        since=world.now.date(),
        by=world.staff["dsl"],
        now=world.now,
        adult=adult,
    )
    opened = {row.adult: by_link(token_hash(links.token_of(row.link_id)), world.now) for row in rows()}
    assert opened.pop(adult) is None and all(opened.values())


def test_a_link_that_a_restriction_burned_stays_dead_when_the_restriction_ends(world: World) -> None:
    """It may have been passed on meanwhile; the next letter brings another."""
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    plan(world)
    (row,) = rows()
    noted = stopping.note_restriction(
        pupil=amara,
        what="An order",
        since=world.now.date(),
        by=world.staff["dsl"],
        now=world.now,
        adult=row.adult,
    )
    end_restriction(restriction=noted, reason="The court lifted it", by=world.staff["dsl"], now=world.now)
    assert by_link(token_hash(links.token_of(row.link_id)), world.now) is None
    plan(world, hours=48)
    assert by_link(token_hash(links.token_of(rows()[0].link_id)), world.now)


def test_a_leaver_and_a_changed_address_are_not_written_to(world: World, office: PostOffice) -> None:
    amara, ben = only(world, "Amara", "Ben")
    family(amara, Ada="ada@home.example")
    family(ben, Bruno="old@home.example")
    plan(world)
    Pupil.objects.filter(pk=amara.pk).update(left_at=world.now)
    Adult.objects.filter(email="old@home.example").update(email="new@home.example")
    send(world)
    assert not office.came
    plan(world, hours=48)
    assert [letter.to for letter in letters()][2:] == ["new@home.example"]


def test_no_address_is_counted_and_loses_no_meeting(world: World) -> None:
    amara, ben, chloe = only(world, "Amara", "Ben", "Chloé")
    family(amara, Ada="")
    family(ben, Bruno="not an address")
    family(chloe)
    plan(world)
    assert not letters()
    assert [standing_of(row) for row in rows()] == [Standing.NO_ADDRESS] * 3
    assert all(row.link_id for row in rows()), "there is a link to print"


@pytest.mark.parametrize(
    "name", ["Amara\r\nBcc: evil@else.example", "عمارة \u202eevil", "{family-link:%s}", "<b>Amara</b>"]
)
def test_no_name_steers_a_letter(world: World, office: PostOffice, name: str) -> None:
    (amara,) = only(world, "Amara")
    other = Household.objects.create(name="Other")
    (stolen,) = links.make_links([other], until=world.now, about="test", by="test", now=world.now)
    family(amara, Ada="ada@home.example")
    Pupil.objects.filter(pk=amara.pk).update(first_name=name.replace("%s", stolen.pk))
    world.teacher.name = world.oak.name = "Oak\r\nBcc: evil@else.example"
    world.oak.save()
    plan(world)
    send(world)
    (mail,) = office.came
    assert mail["Bcc"] is None and office.asked_for == ["ada@home.example"]
    assert links.token_of(stolen.pk) not in text_of(mail) + html_of(mail)
    assert "\u202e" not in text_of(mail) and "<b>" not in html_of(mail)


def test_each_reads_it_in_their_own_language(world: World) -> None:
    amara, ben = only(world, "Amara", "Ben")
    family(amara, Ada="ada@home.example")
    family(ben, Bruno="bruno@home.example")
    Adult.objects.filter(email="ada@home.example").update(language="ur")
    Adult.objects.filter(email="bruno@home.example").update(language="xx")
    plan(world)
    found = {letter.to: letter for letter in letters()}
    assert 'lang="ur" dir="rtl"' in found["ada@home.example"].html
    assert 'lang="en" dir="ltr"' in found["bruno@home.example"].html


def test_a_group_is_its_own_families_and_a_talk_is_one_family(world: World) -> None:
    amara, ben = only(world, "Amara", "Ben")
    home = family(amara, Ada="ada@home.example")
    family(ben, Bruno="bruno@home.example")
    group = Group.objects.get(school_class=world.oak)
    group.pupils.set([ben])
    plan(world, kind=Kind.GROUP, group=group)
    (letter,) = letters()
    assert letter.to == "bruno@home.example" and letter.subject.startswith("Oak, Readers: ")
    plan(world, kind=Kind.PARENTS, household=home, hours=48, purpose=Purpose.FAMILY)
    assert letters()[-1].to == "ada@home.example" and len(letters()) == 2
    assert "we would like to talk with you" in letters()[-1].subject


def test_staff_meetings_write_to_nobody(world: World) -> None:
    plan(world, kind=Kind.STAFF, purpose=Purpose.STAFF)
    assert not letters() and not Notice.objects.exists()


def test_moving_it_moves_the_entry_and_stops_what_still_waited(world: World, office: PostOffice) -> None:
    amara, ben = only(world, "Amara", "Ben")
    family(amara, Ada="ada@home.example")
    family(ben, Bruno="bruno@home.example")
    meeting = plan(world)
    office.boxes["bruno@home.example"] = "450 4.2.0 Come back later"
    send(world)
    move(
        meeting=meeting,
        starts_at=world.now + timedelta(hours=30),
        minutes=15,
        by=world.teacher,
        now=world.now,
    )
    assert [letter.state for letter in letters()] == ["sent", "stopped", "waiting", "waiting"]
    office.boxes.clear()
    send(world)
    first, *moved = office.came
    assert {mail["To"] for mail in moved} == {"ada@home.example", "bruno@home.example"}
    assert "has moved to Wednesday 25 November at 18:00" in moved[0]["Subject"]
    was, now = (entry_of(mail).vevent for mail in (first, moved[0]))  # type: ignore[attr-defined]
    assert was.uid.value == now.uid.value and now.sequence.value == "1"
    assert now.dtend.value - now.dtstart.value == timedelta(minutes=15)
    assert "meetings.meeting.moved" in list_kinds(meeting.subject)


def test_cancelling_tells_those_who_knew(world: World, office: PostOffice) -> None:
    amara, ben = only(world, "Amara", "Ben")
    family(amara, Ada="ada@home.example")
    family(ben, Bruno="bruno@home.example")
    meeting = plan(world)
    office.boxes["bruno@home.example"] = "450 4.2.0 Come back later"
    send(world)
    cancel(meeting=meeting, by=world.teacher, now=world.now)
    office.boxes.clear()
    world.later(hours=2)
    send(world)
    assert [mail["To"] for mail in office.came] == ["ada@home.example"] * 2
    entry = entry_of(office.came[1])
    assert entry.method.value == "CANCEL" and entry.vevent.status.value == "CANCELLED"  # type: ignore[attr-defined]
    assert not TOKEN.search(text_of(office.came[1]))


def test_a_meeting_that_nobody_started_is_told_of(world: World) -> None:
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    meeting = plan(world, hours=0)
    send_states = {letter.pk for letter in letters()}
    Letter.objects.update(state="sent", sent_at=world.now)
    lifecycle.open_waiting_room(meeting=meeting, by="test", now=world.now)
    world.later(minutes=31)
    run_clock(world.now)
    fresh = [letter for letter in letters() if letter.pk not in send_states]
    assert fresh and all("does not take place" in letter.subject for letter in fresh)


def broken_off(world: World, reason: str) -> Meeting:
    meeting, host = world.live()
    world.later(minutes=3)
    lifecycle.abort(by=host, reason=reason, now=world.now)
    return world.fresh(meeting)


def test_aborting_tells_why_and_when_the_next_one_is(world: World, office: PostOffice) -> None:
    amara, ben = only(world, "Amara", "Ben")
    family(amara, Ada="ada@home.example")
    family(ben, Bruno="bruno@home.example")
    following = plan(world, hours=48)
    broken_off(world, "Internet failure")
    assert notice().what == "aborted"
    send(world)
    mails = [mail for mail in office.came if "had to stop" in mail["Subject"]]
    assert {mail["To"] for mail in mails} == {"ada@home.example", "bruno@home.example"}
    assert "the school's internet connection failed" in text_of(mails[0])
    entry = entry_of(mails[0]).vevent  # type: ignore[attr-defined]
    assert entry.dtstart.value == following.starts_at and following.public_id in entry.uid.value
    assert len(office.came) == 4, "what invited to the one that was broken off is not sent any more"


@pytest.mark.parametrize(
    "reason, reads, never",
    [
        ("Safeguarding", "to keep everybody in the meeting safe", "{"),
        ("staff  ILLNESS", "was taken ill", "{"),
        ("The heating failed", "“The heating failed”", "{"),
        ("amara's brother shouted", "the school will be glad to explain", "shouted"),
        ("Because of Mr Castellan", "the school will be glad to explain", "Castellan"),
    ],
)
def test_the_reason_is_told_and_no_child_is(world: World, reason: str, reads: str, never: str) -> None:
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    Pupil.objects.update(last_name="Castellan")
    meeting = broken_off(world, reason)
    assert reads in letters()[-1].text and meeting.end_reason == reason.strip()
    assert never not in letters()[-1].text.replace("{family", "")


def test_one_press_plans_the_next_one(world: World) -> None:
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    meeting = broken_off(world, "Staff illness")
    assert "as soon as the next meeting has a day" in letters()[-1].text and not letters()[-1].calendar
    made = plan_next(meeting=meeting, by=world.support, now=world.now)
    assert made.starts_at == meeting.starts_at + timedelta(days=1) and made.purpose == meeting.purpose
    assert "takes the place of the meeting that had to stop" in letters()[-1].text and letters()[-1].calendar
    with pytest.raises(Exception, match="in the calendar already"):
        plan_next(meeting=meeting, by=world.teacher, now=world.now)
    with pytest.raises(Exception, match="Only this meeting's host"):
        plan_next(meeting=meeting, by=world.stranger, now=world.now)


def test_a_friday_is_followed_by_a_monday(world: World) -> None:
    only(world, "Amara")
    world.later(days=3)
    meeting = broken_off(world, "Staff illness")
    assert plan_next(meeting=meeting, by=world.teacher, now=world.now).starts_at.weekday() == 0


def test_when_the_schools_own_connection_fails_families_are_told_later(
    world: World, office: PostOffice
) -> None:
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    meeting, host = world.live()
    send(world)
    world.drop(host)
    world.later(seconds=10)
    run_clock(world.now)
    world.later(minutes=3)
    run_clock(world.now)
    assert world.fresh(meeting).state == State.ABORTED
    assert world.fresh(meeting).end_reason == "No host came back"
    assert "the technology at school failed" in letters()[-1].text
    before = len(office.came)
    send(world)
    assert len(office.came) > before


def test_an_end_in_time_writes_nothing(world: World) -> None:
    only(world, "Amara")
    _, host = world.live()
    before = len(letters())
    lifecycle.end(by=host, now=world.now)
    assert len(letters()) == before and {letter.state for letter in letters()} == {"stopped"}


def test_who_came_since_is_told_once(world: World) -> None:
    amara, ben = only(world, "Amara", "Ben")
    family(amara, Ada="ada@home.example")
    family(ben, Bruno="")
    plan(world)
    tell_newcomers(world.now)
    assert [letter.to for letter in letters()] == ["ada@home.example"]
    Adult.objects.filter(email="").update(email="bruno@home.example")
    new = Pupil.objects.create(school_class=world.oak, first_name="Nadia", last_name="Vasko")
    family(new, name="Vasko", Esi="esi@home.example")
    for _ in range(2):
        tell_newcomers(world.now)
    assert [letter.to for letter in letters()][1:] == ["bruno@home.example", "esi@home.example"]
    assert len(rows()) == 3


def test_a_document_to_accept_is_asked_for_once_a_version_and_day(world: World) -> None:
    children = only(world, "Amara", "Ben")
    home = family(*children, Ada="ada@home.example")

    def tell(version: str, *, days: int = 0) -> None:
        day = world.now + timedelta(days=days)
        tell_conduct(
            title="Code of conduct for meetings",
            homes=[home],
            version=version,
            due_on=date(2026, 12, 3),
            by=world.staff["office"],
            now=day,
        )

    for version in ("1", "1", "2"):
        tell(version)
    first, second = letters()
    assert "“Code of conduct for meetings”" in first.text and "by Thursday 3 December 2026" in first.text
    assert "{family-link:" in first.text and not first.calendar
    assert first.about == "document:1" and second.about == "document:2"
    Adult.objects.filter(households=home).update(language="pl")
    tell("1", days=1)
    assert len(letters()) == 3 and "do dnia: " in letters()[-1].text


def test_the_log_names_nobody_and_holds(world: World, office: PostOffice) -> None:
    only(world, "Amara")
    plan(world)
    send(world)
    told = " ".join(f"{row.by} {row.subject} {row.data}" for row in Row.objects.all())
    assert "@home.example" not in told and "Amara" not in told
    assert verify()[1] is None
