"""Every address of the program, asked for by everybody. A new address has to be written down here."""

import copy
import json

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from circletime.meetings.models import Seat
from tests.web.page import Page
from tests.web.school import CONFIRMED, School, address_of, body, client_of, routes
from tests.web.visits import Visits
from tests.world import World

PERSONAS = (
    "anonymous",
    "pupil",
    "office",
    "governor",
    "support",
    "teacher_ash",
    "teacher",
    "slt",
    "dsl",
    "headteacher",
)

TABLE = """
GET  home                                  302
POST home                                  302
GET  join                                  200
POST join                                  302
GET  join-name                             302 200 302 302 302 302 302 302 302 302
POST join-name                             302
GET  join-class                            200
GET  join-open                             200
GET  language                               200
POST language                               302
GET  languages                              in  in 200 403 403 403 403 403 403 200
GET  language-csv                           in  in 200 403 403 403 403 403 403 200
GET  language-sentences                     in  in 200 403 403 403 403 403 403 200
POST language-sentences                     in  in 302 403 403 403 403 403 403 302
GET  family                                302
GET  family-wait                           302
GET  family-home                           302
GET  family-sign-in                        200
POST family-sign-in                        302
GET  family-code                           302
POST family-code                           302
POST family-sign-out                       302
GET  family-over                           200
GET  family-test                           302
GET  family-ask                            302
POST family-ask                            302
GET  family-document                       302
POST family-document                       302
GET  family-entry                          302
GET  meetings                               in  in 200 200 200 200 200 200 200 200
GET  meeting-new                            in  in 403 403 200 200 200 200 200 200
POST meeting-new                            in  in 403 403 302 400 302 400 400 302
GET  meeting-week                           in  in 200 200 200 200 200 200 200 200
GET  meeting                                in  in 200 404 200 404 200 200 200 200
POST meeting-start                          in  in 403 404 302 404 302 403 403 403
POST meeting-join                           in  in 302 302 302 302 403 302 302 302
GET  meeting-cancel                         in  in 403 404 200 404 200 403 403 403
POST meeting-cancel                         in  in 403 404 302 404 302 403 403 403
GET  meeting-move                           in  in 403 404 200 404 200 403 403 403
POST meeting-move                           in  in 403 404 302 404 302 403 403 403
POST meeting-plan-next                      in  in 403 404 409 404 409 403 403 403
GET  register                               in  in 200 404 200 404 200 200 200 200
GET  register-csv                           in  in 200 404 200 404 200 200 200 200
GET  register-pdf                           in  in 200 404 200 404 200 200 200 200
GET  classes                                in  in 200 200 200 200 200 200 200 200
GET  class-change                           in  in 200 404 403 404 200 404 404 200
POST class-change                           in  in 302 404 403 404 302 404 404 302
GET  roster                                 in  in 200 403 403 403 403 403 403 200
POST roster                                 in  in 400 403 403 403 403 403 403 400
GET  roster-import                          in  in 200 403 403 403 403 403 403 200
POST roster-columns                         in  in 409 403 403 403 403 403 403 409
POST roster-apply                           in  in 409 403 403 403 403 403 403 409
POST roster-drop                            in  in 409 403 403 403 403 403 403 409
GET  roster-undo                            in  in 200 403 403 403 403 403 403 200
POST roster-undo                            in  in 302 403 403 403 403 403 403 302
GET  roster-odd                             in  in 200 403 403 403 403 403 403 200
GET  recordings                             in  in 403 403 403 403 403 200 200 200
GET  recording                              in  in 403 403 403 403 403 200 200 200
POST recording                              in  in 403 403 403 403 403 302 302 302
GET  recording-film                         in  in 403 403 403 403 403 403 403 403
GET  recording-other-film                   in  in 403 403 403 403 403 403 403 403
POST recording-watched                      in  in 403 403 403 403 403 403 403 403
POST recording-person                       in  in 403 403 403 403 403 403 403 403
POST recording-make                         in  in 403 403 403 403 403 302 302 302
POST recording-open                         in  in 403 403 403 403 403 302 302 302
POST recording-close                        in  in 403 403 403 403 403 302 302 302
GET  recording-early                        in  in 403 403 403 403 403 403 200 200
POST recording-early                        in  in 403 403 403 403 403 403 302 302
GET  recording-certificate                  in  in 403 403 403 403 403 200 200 200
GET  recording-certificate-pdf              in  in 403 403 403 403 403 200 200 200
GET  recording-certificate-json             in  in 403 403 403 403 403 200 200 200
GET  hold-new                               in  in 403 403 403 403 403 200 200 403
POST hold-new                               in  in 403 403 403 403 403 302 302 403
GET  hold                                   in  in 403 403 403 403 403 200 200 200
POST hold-review                            in  in 403 403 403 403 403 302 302 403
POST hold-release                           in  in 403 403 403 403 403 302 302 403
GET  letters                                in  in 200 403 403 403 403 200 200 200
GET  letter                                 in  in 200 403 403 403 403 200 200 200
POST letter-again                           in  in 302 403 403 403 403 302 302 302
POST letter-stop                            in  in 409 403 403 403 403 409 409 409
GET  dispatch                               in  in 200 403 403 403 403 200 200 200
GET  dispatch-progress                      in  in 200 403 403 403 403 200 200 200
POST dispatch-send-day                      in  in 302 403 403 403 403 302 302 302
GET  dispatch-work                          in  in 200 403 403 403 403 403 403 200
POST dispatch-work                          in  in 302 403 403 403 403 403 403 302
POST dispatch-send                          in  in 302 403 403 403 403 302 302 302
POST dispatch-again                         in  in 302 403 403 403 403 302 302 302
GET  dispatch-all-again                     in  in 200 403 403 403 403 200 200 200
POST dispatch-all-again                     in  in 302 403 403 403 403 302 302 302
POST dispatch-tick                          in  in 302 403 403 403 403 302 302 302
GET  dispatch-schoolping                    in  in 200 403 403 403 403 200 200 200
POST dispatch-schoolping                    in  in 302 403 403 403 403 302 302 302
POST dispatch-recipients                    in  in 200 403 403 403 403 403 403 200
GET  requests                               in  in 302 302 403 403 403 200 200 200
GET  request-new                            in  in 200 403 403 403 403 200 200 200
POST request-new                            in  in 302 403 403 403 403 302 302 302
GET  request-register                       in  in 403 200 403 403 403 200 200 200
GET  request-register-csv                   in  in 403 200 403 403 403 200 200 200
GET  request                                in  in 403 403 403 403 403 200 200 200
GET  request-file                           in  in 403 403 403 403 403 200 200 200
GET  request-letter                         in  in 403 403 403 403 403 200 200 200
POST request-step                           in  in 403 403 403 403 403 302 302 302
GET  report                                 in  in 403 200 403 403 403 200 200 200
GET  report-clause                          in  in 403 200 403 403 403 200 200 200
POST report-pdf                             in  in 403 200 403 403 403 200 200 200
POST report-csv                             in  in 403 200 403 403 403 200 200 200
GET  report-check                           in  in 403 200 403 403 403 200 200 200
POST report-check                           in  in 403 400 403 403 403 400 400 400
GET  log                                    in  in 403 200 403 403 403 403 200 200
POST log                                    in  in 403 400 403 403 403 403 400 400
POST log-export                             in  in 403 200 403 403 403 403 200 200
GET  log-script                             in  in 403 200 403 403 403 403 200 200
GET  restrictions                           in  in 200 403 403 403 403 200 200 200
GET  restriction-new                        in  in 200 403 403 403 403 403 200 403
POST restriction-new                        in  in 302 403 403 403 403 403 302 403
POST restriction-end                        in  in 403 403 403 403 403 403 302 403
GET  supervised                             in  in 403 403 403 403 403 200 200 200
POST supervised-open                        in  in 403 403 403 403 403 302 403 403
POST supervised-here                        in  in 403 403 403 403 403 200 403 403
POST supervised-beside                      in  in 403 403 403 403 403 302 403 403
POST supervised-longer                      in  in 403 403 403 403 403 302 403 403
POST supervised-close                       in  in 403 403 403 403 403 302 403 403
POST supervised-link                        in  in 403 403 403 403 403 200 200 200
POST supervised-burn                        in  in 403 403 403 403 403 302 302 302
GET  supervised-film                        in  in 403 403 403 403 403 200 403 403
GET  redaction                              in  in 403 403 403 403 403 200 200 200
GET  redaction-film                         in  in 403 403 403 403 403 200 200 200
POST redaction-mark                         in  in 403 403 403 403 403 302 302 302
POST redaction-unmark                       in  in 403 403 403 403 403 302 302 302
POST redaction-make                         in  in 403 403 403 403 403 302 302 302
POST redaction-approve                      in  in 403 403 403 403 403 403 409 409
POST redaction-compare                      in  in 403 403 403 403 403 302 302 302
POST redaction-sign-off                     in  in 403 403 403 403 403 403 200 403
POST redaction-call-back                    in  in 403 403 403 403 403 302 302 302
GET  see                                    200
POST see                                    302
GET  see-state                              404
GET  see-piece                              404
GET  take                                   200
POST take                                   200
GET  policies                               in  in 200 200 200 200 200 200 200 200
GET  policy                                 in  in 200 200 200 200 200 200 200 200
GET  policy-limits                          in  in 200 200 200 200 200 200 200 200
POST policy-limits                          in  in 403 403 403 403 403 403 302 302
GET  policy-version                         in  in 200 200 200 200 200 200 200 200
POST policy-acknowledge                     in  in 302 302 302 302 302 302 302 302
GET  policy-edit                            in  in 200 403 403 403 403 403 200 200
POST policy-edit                            in  in 302 403 403 403 403 403 302 302
POST policy-drop                            in  in 302 403 403 403 403 403 302 302
GET  policy-publish                         in  in 200 403 403 403 403 403 200 200
POST policy-publish                         in  in 302 403 403 403 403 403 302 302
GET  policy-readers                         in  in 200 403 403 403 403 403 200 200
GET  policy-readers-csv                     in  in 200 403 403 403 403 403 200 200
POST policy-paper                           in  in 302 403 403 403 403 403 302 302
POST policy-remind                          in  in 302 403 403 403 403 403 302 302
GET  policy-progress                        in  in 200 403 403 403 403 403 200 200
GET  policy-review                          in  in 200 200 403 403 403 403 200 200
GET  policy-review-pdf                      in  in 200 200 403 403 403 403 200 200
POST policy-adopt                           in  in 403 302 403 403 403 403 403 302
GET  document-file                         404
GET  people                       in  in 200 403 403 403 403 200 200 200
GET  protection                   in  in 200 403 403 403 403 403 200 200
POST protection                   in  in 403 403 403 403 403 403 302 302
GET  protection-pdf               in  in 200 403 403 403 403 403 200 200
GET  protection-person            in  in 403 403 403 403 403 403 200 200
POST protection-person            in  in 403 403 403 403 403 403 409 409
POST protection-export            in  in 403 403 403 403 403 403 200 200
GET  people-class-new             in  in 200 403 403 403 403 403 403 200
POST people-class-new             in  in 302 403 403 403 403 403 403 302
GET  people-class                 in  in 200 403 403 403 403 200 200 200
POST people-class                 in  in 302 403 403 403 403 403 403 302
POST people-class-letters         in  in 200 403 403 403 403 403 403 200
GET  people-group                 in  in 200 403 403 403 403 200 200 200
POST people-group                 in  in 302 403 403 403 403 403 403 302
GET  people-pupil-new             in  in 200 403 403 403 403 403 403 200
POST people-pupil-new             in  in 302 403 403 403 403 403 403 302
GET  people-pupil                 in  in 200 403 403 403 403 200 200 200
POST people-pupil                 in  in 302 403 403 403 403 403 403 302
GET  people-household-new         in  in 200 403 403 403 403 403 403 200
POST people-household-new         in  in 302 403 403 403 403 403 403 302
GET  people-household             in  in 200 403 403 403 403 200 200 200
POST people-household             in  in 302 403 403 403 403 403 403 302
POST people-letter                in  in 200 403 403 403 403 403 403 200
POST people-link                  in  in 200 403 403 403 403 403 403 200
POST people-link-burn             in  in 302 403 403 403 403 403 403 302
GET  people-adult                 in  in 200 403 403 403 403 200 200 200
POST people-adult                 in  in 302 403 403 403 403 403 403 302
GET  people-staff                 in  in 200 403 403 403 403 200 200 200
GET  people-staff-new             in  in 200 403 403 403 403 403 403 200
POST people-staff-new             in  in 302 403 403 403 403 403 403 302
GET  people-staff-one             in  in 200 403 403 403 403 200 200 200
POST people-staff-one             in  in 302 403 403 403 403 403 403 302
GET  cards-all                    in  in 200 403 403 403 403 403 403 200
GET  cards                        in  in 200 404 403 404 200 404 404 200
GET  robots                                200
GET  leaks                                  in  in 403 403 200 200 200 200 200 200
GET  leak                                   in  in 403 403 200 404 200 200 200 200
POST leak-burn                              in  in 403 403 302 404 302 302 302 302
POST leak-leave                             in  in 403 403 302 404 302 302 302 302
GET  incidents                              in  in 200 403 200 200 200 200 200 200
GET  incident-new                           in  in 200 403 200 200 200 200 200 200
POST incident-new                           in  in 302 403 302 302 302 302 302 302
GET  incident                               in  in 404 403 404 404 200 404 200 200
POST incident                               in  in 404 403 404 404 302 404 302 302
GET  exceptions                             in  in 403 403 200 200 200 200 200 200
POST exceptions                             in  in 403 403 302 302 409 302 302 302
GET  exception                              in  in 403 403 404 404 200 404 200 200
POST exception                              in  in 403 403 404 404 403 404 302 302
GET  monitoring                             in  in 403 200 403 403 403 403 200 200
GET  monitored                              in  in 403 403 403 403 403 403 200 200
POST monitored                              in  in 403 403 403 403 403 403 302 302
GET  well                                   in  in 200 403 403 403 403 200 200 200
GET  healthz                               200
GET  readyz                                503
GET  metrics                               404
GET  mail                                  404
POST mail                                  404
GET  mail-entry                            404
POST mail-entry                            404
GET  room                                  404 200 404 404 404 404 404 404 404 404
POST room-command                          404 200 404 404 404 404 404 404 404 404
POST hooks-livekit                         401
GET  rtc/validate                          401
POST rtc/validate                          401
GET  rtc/v1/validate                       401
POST rtc/v1/validate                       401

GET  account_login                         200 200 302 302 302 302 302 302 302 302
POST account_login                         200 200 302 302 302 302 302 302 302 302
GET  account_logout                        302 302 200 200 200 200 200 200 200 200
POST account_logout                        302
GET  account_inactive                      200
GET  account_signup                        200 200 302 302 302 302 302 302 302 302
POST account_signup                        200 200 302 302 302 302 302 302 302 302
GET  account_reauthenticate                302 302 200 200 200 200 200 200 200 200
POST account_reauthenticate                302 302 200 200 200 200 200 200 200 200
GET  account_email                         404
POST account_email                         404
GET  account_email_verification_sent       404
POST account_email_verification_sent       404
GET  account_change_password               302 302 200 200 200 200 200 200 200 200
POST account_change_password               302 302 200 200 200 200 200 200 200 200
GET  account_set_password                  404
POST account_set_password                  404
GET  account_reset_password                200
POST account_reset_password                200
GET  account_confirm_login_code            404
POST account_confirm_login_code            404
GET  account_confirm_email                 404
POST account_confirm_email                 404
GET  account_reset_password_from_key_done  200
GET  account_reset_password_from_key       200
POST account_reset_password_from_key       200
GET  account_reset_password_done           200

GET  accounts/                             302
POST accounts/                             302
GET  accounts/email/                       404
POST accounts/email/                       404
GET  accounts/confirm-email/               404
POST accounts/confirm-email/               404
GET  accounts/confirm-email/<str:key>/     404
POST accounts/confirm-email/<str:key>/     404
GET  accounts/password/set/                404
POST accounts/password/set/                404
GET  accounts/login/code/confirm/          404
POST accounts/login/code/confirm/          404
"""
"""What each of PERSONAS gets, in their order; a single code is everybody's, and `in` is sent to sign in.
A method that is not written down is 405, or `in` before that."""


def ask(client: Client, method: str, name: str, school: School) -> str:
    """What one request comes to; everything it did is undone again."""
    address = address_of(name, school)
    fresh = Client(REMOTE_ADDR="203.0.113.7")
    fresh.cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        if method == "GET":
            answer = fresh.get(address)
        elif name == "room-command":
            answer = fresh.post(address, json.dumps({"up": True}), content_type="application/json")
        else:
            answer = fresh.post(address, body(name, school))
        transaction.set_rollback(True)
    to_sign_in = answer.status_code == 302 and answer["Location"].startswith(reverse("account_login"))
    return "in" if to_sign_in and not name.startswith("account_") else str(answer.status_code)


def expected() -> dict[tuple[str, str], tuple[str, ...]]:
    """The table, read."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for line in TABLE.strip().splitlines():
        if not line:
            continue
        method, name, *codes = line.split()
        assert (name, method) not in found, f"{name} is in the table twice"
        assert len(codes) in (1, len(PERSONAS)), name
        found[name, method] = tuple(codes) if len(codes) > 1 else tuple(codes) * len(PERSONAS)
    return found


def test_every_address_is_in_the_table_and_nothing_else() -> None:
    assert {name for name, _ in expected()} == set(routes())


@pytest.mark.parametrize("who", PERSONAS)
def test_everybody_gets_what_the_table_says(who: str, school: School, visits: Visits) -> None:
    table, place = expected(), PERSONAS.index(who)
    client = client_of(who, school, visits)
    wrong = []
    for name in routes():
        for method in ("GET", "POST"):
            wanted = {table[name, method][place]} if (name, method) in table else {"405", "in"}
            if "in" in wanted and who not in ("anonymous", "pupil"):
                wanted.discard("in")
            given = ask(client, method, name, school)
            if given not in wanted:
                wrong.append(f"{method} {name}: {given}, not {' or '.join(wanted)}")
    assert not wrong


def test_what_is_not_there_is_answered_like_what_is_not_yours(school: School, visits: Visits) -> None:
    stranger = visits.by_role("teacher_ash")
    names = (
        "meeting",
        "meeting-cancel",
        "register",
        "register-csv",
        "register-pdf",
        "recording",
        "recording-film",
        "recording-early",
        "recording-certificate",
        "recording-certificate-pdf",
        "recording-certificate-json",
        "hold",
        "letter",
        "leak",
        "incident",
        "exception",
        "request",
        "request-file",
    )
    for name in names:
        theirs, nobodys = (
            stranger.get(address) for address in (address_of(name, school), reverse(name, args=["x" * 22]))
        )
        assert theirs.status_code == nobodys.status_code >= 403, name
        assert Page(theirs).words() == Page(nobodys).words(), name
    posts = (
        "meeting-start",
        "meeting-cancel",
        "recording-make",
        "recording-watched",
        "recording-person",
        "recording-open",
        "recording-early",
        "hold-review",
        "hold-release",
        "letter-again",
        "letter-stop",
        "leak-burn",
        "leak-leave",
        "incident",
        "exception",
        "restriction-end",
    )
    for post in posts:
        theirs, nobodys = (
            stranger.post(address) for address in (address_of(post, school), reverse(post, args=["x" * 22]))
        )
        assert theirs.status_code == nobodys.status_code >= 403, post


def test_another_browser_with_the_seats_address_gets_nothing(school: School, visits: Visits) -> None:
    _, seat = visits.let_in("Amara", school.host)
    other, _ = visits.let_in("Ben", school.host)
    for client in (visits.browser(), other, visits.by_role("teacher"), visits.by_role("dsl")):
        assert client.get(reverse("room", args=[seat.public_id])).status_code == 404
        for verb in ("leave", "hand", "grown-up"):
            assert client.post(reverse("room-command", args=[seat.public_id, verb])).status_code == 404
    seat.refresh_from_db()
    assert seat.state == "admitted" and seat.hand_at is None


def test_a_childs_browser_commands_nothing_of_a_hosts(school: School, visits: Visits) -> None:
    client, seat = visits.let_in("Amara", school.host)
    _, ben = visits.let_in("Ben", school.host)
    for verb, said in {
        "admit": {"seat": ben.public_id},
        "admit-expected": {},
        "send-back": {"seat": ben.public_id},
        "remove": {"seat": ben.public_id, "reason": "I do not like him"},
        "give-turn": {"seat": seat.public_id},
        "end-turn": {},
        "circle": {"on": True},
        "next-turn": {},
        "camera": {"seat": ben.public_id, "on": False},
        "screen-sharing": {"on": True, "seat": seat.public_id},
        "ask-grown-ups": {},
        "note": {"seat": ben.public_id, "text": "rude"},
        "end": {},
        "abort": {"reason": "bored"},
    }.items():
        answer = client.post(
            reverse("room-command", args=[seat.public_id, verb]), said, content_type="application/json"
        )
        assert answer.status_code == 403, verb
    assert school.world.fresh(school.running).state == "live"
    ben.refresh_from_db()
    assert ben.state == "admitted" and ben.camera_allowed


def test_who_signs_out_or_is_switched_off_is_out_of_every_page(school: School, visits: Visits) -> None:
    teacher = visits.by_role("teacher")
    page = reverse("meeting", args=[school.running.public_id])
    started = teacher.post(reverse("meeting-start", args=[school.running.public_id]), CONFIRMED)
    assert teacher.get(started["Location"]).status_code == 200
    school.world.teacher.is_active = False
    school.world.teacher.save()
    assert teacher.get(page).status_code == 302
    assert teacher.get(started["Location"]).status_code == 404
    school.world.teacher.is_active = True
    school.world.teacher.save()
    assert teacher.get(started["Location"]).status_code == 200
    teacher.post(reverse("account_logout"))
    assert teacher.get(page).status_code == 302
    assert teacher.get(started["Location"]).status_code == 404


def test_a_meeting_starts_with_the_points_confirmed_and_not_without_a_recorder(
    world: World, visits: Visits
) -> None:
    meeting = visits.open_meeting()
    teacher, start = visits.by_role("teacher"), reverse("meeting-start", args=[meeting.public_id])
    for confirmed in ([], ["1"], ["1", "2", "3"]):
        assert teacher.post(start, {"confirmed": confirmed}).status_code == 400
    assert not Seat.objects.exists()
    answer = teacher.post(start, CONFIRMED)
    assert answer.status_code == 503
    assert "The recorder is not answering" in Page(answer).alerts()[0]
    assert world.fresh(meeting).state == "open"
