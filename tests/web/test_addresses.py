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
    "family",
    "leaver",
)

TABLE = """
GET  home                                302
POST home                                302
GET  join                                200
POST join                                302
GET  join-name                           302 200 302 302 302 302 302 302 302 302 200 302
POST join-name                           302 302 302 302 302 302 302 302 302 302 403 302
GET  join-class                          200
GET  join-open                           200
GET  language                            200
POST language                            302
GET  languages                            in  in 200 403 403 403 403 403 403 200  in  in
GET  language-csv                         in  in 200 403 403 403 403 403 403 200  in  in
GET  language-sentences                   in  in 200 403 403 403 403 403 403 200  in  in
POST language-sentences                   in  in 302 403 403 403 403 403 403 302  in  in
GET  family                              302
GET  family-wait                         302
GET  family-home                         302 302 302 302 302 302 302 302 302 302 200 302
GET  family-sign-in                      200 200 200 200 200 200 200 200 200 200 302 200
POST family-sign-in                      302
GET  family-code                         302
POST family-code                         302
POST family-sign-out                     302
GET  family-over                         200
GET  family-test                         302 302 302 302 302 302 302 302 302 302 200 302
GET  family-ask                          302 302 302 302 302 302 302 302 302 302 200 302
POST family-ask                          302 302 302 302 302 302 302 302 302 302 400 302
GET  family-document                     302 302 302 302 302 302 302 302 302 302 404 302
POST family-document                     302 302 302 302 302 302 302 302 302 302 404 302
GET  family-entry                        302 302 302 302 302 302 302 302 302 302 404 302
GET  meetings                             in  in 200 200 200 200 200 200 200 200  in  in
GET  meeting-new                          in  in 403 403 200 200 200 200 200 200  in  in
POST meeting-new                          in  in 403 403 302 400 302 400 400 302  in  in
GET  meeting-week                         in  in 200 200 200 200 200 200 200 200  in  in
GET  meeting                              in  in 200 404 200 404 200 200 200 200  in  in
POST meeting-start                        in  in 403 404 302 404 302 403 403 403  in  in
POST meeting-join                         in  in 302 302 302 302 403 302 302 302  in  in
GET  meeting-cancel                       in  in 403 404 200 404 200 403 403 403  in  in
POST meeting-cancel                       in  in 403 404 302 404 302 403 403 403  in  in
GET  meeting-move                         in  in 403 404 200 404 200 403 403 403  in  in
POST meeting-move                         in  in 403 404 302 404 302 403 403 403  in  in
POST meeting-plan-next                    in  in 403 404 409 404 409 403 403 403  in  in
GET  register                             in  in 200 404 200 404 200 200 200 200  in  in
GET  register-csv                         in  in 200 404 200 404 200 200 200 200  in  in
GET  register-pdf                         in  in 200 404 200 404 200 200 200 200  in  in
GET  classes                              in  in 200 200 200 200 200 200 200 200  in  in
GET  class-change                         in  in 200 404 403 404 200 404 404 200  in  in
POST class-change                         in  in 302 404 403 404 302 404 404 302  in  in
GET  roster                               in  in 200 403 403 403 403 403 403 200  in  in
POST roster                               in  in 400 403 403 403 403 403 403 400  in  in
GET  roster-import                        in  in 200 403 403 403 403 403 403 200  in  in
POST roster-columns                       in  in 409 403 403 403 403 403 403 409  in  in
POST roster-apply                         in  in 409 403 403 403 403 403 403 409  in  in
POST roster-drop                          in  in 409 403 403 403 403 403 403 409  in  in
GET  roster-undo                          in  in 200 403 403 403 403 403 403 200  in  in
POST roster-undo                          in  in 302 403 403 403 403 403 403 302  in  in
GET  roster-odd                           in  in 200 403 403 403 403 403 403 200  in  in
GET  roster-changes                       in  in 200 403 403 403 403 403 403 200  in  in
GET  recordings                           in  in 403 403 403 403 403 200 200 200  in  in
GET  recording                            in  in 403 403 403 403 403 200 200 200  in  in
POST recording                            in  in 403 403 403 403 403 302 302 302  in  in
GET  recording-film                       in  in 403 403 403 403 403 403 403 403  in  in
GET  recording-other-film                 in  in 403 403 403 403 403 403 403 403  in  in
POST recording-watched                    in  in 403 403 403 403 403 403 403 403  in  in
POST recording-person                     in  in 403 403 403 403 403 403 403 403  in  in
POST recording-make                       in  in 403 403 403 403 403 302 302 302  in  in
POST recording-open                       in  in 403 403 403 403 403 302 302 302  in  in
POST recording-close                      in  in 403 403 403 403 403 302 302 302  in  in
GET  recording-early                      in  in 403 403 403 403 403 403 200 200  in  in
POST recording-early                      in  in 403 403 403 403 403 403 302 302  in  in
GET  recording-certificate                in  in 403 403 403 403 403 200 200 200  in  in
GET  recording-certificate-pdf            in  in 403 403 403 403 403 200 200 200  in  in
GET  recording-certificate-json           in  in 403 403 403 403 403 200 200 200  in  in
GET  hold-new                             in  in 403 403 403 403 403 200 200 403  in  in
POST hold-new                             in  in 403 403 403 403 403 302 302 403  in  in
GET  hold                                 in  in 403 403 403 403 403 200 200 200  in  in
POST hold-review                          in  in 403 403 403 403 403 302 302 403  in  in
POST hold-release                         in  in 403 403 403 403 403 302 302 403  in  in
GET  letters                              in  in 200 403 403 403 403 200 200 200  in  in
GET  letter                               in  in 200 403 403 403 403 200 200 200  in  in
POST letter-again                         in  in 302 403 403 403 403 302 302 302  in  in
POST letter-stop                          in  in 409 403 403 403 403 409 409 409  in  in
GET  dispatch                             in  in 200 403 403 403 403 200 200 200  in  in
GET  dispatch-progress                    in  in 200 403 403 403 403 200 200 200  in  in
POST dispatch-send-day                    in  in 302 403 403 403 403 302 302 302  in  in
GET  dispatch-work                        in  in 200 403 403 403 403 403 403 200  in  in
POST dispatch-work                        in  in 302 403 403 403 403 403 403 302  in  in
POST dispatch-send                        in  in 302 403 403 403 403 302 302 302  in  in
POST dispatch-again                       in  in 302 403 403 403 403 302 302 302  in  in
GET  dispatch-all-again                   in  in 200 403 403 403 403 200 200 200  in  in
POST dispatch-all-again                   in  in 302 403 403 403 403 302 302 302  in  in
POST dispatch-tick                        in  in 302 403 403 403 403 302 302 302  in  in
GET  dispatch-schoolping                  in  in 200 403 403 403 403 200 200 200  in  in
POST dispatch-schoolping                  in  in 302 403 403 403 403 302 302 302  in  in
POST dispatch-recipients                  in  in 200 403 403 403 403 403 403 200  in  in
GET  requests                             in  in 302 302 403 403 403 200 200 200  in  in
GET  request-new                          in  in 200 403 403 403 403 200 200 200  in  in
POST request-new                          in  in 302 403 403 403 403 302 302 302  in  in
GET  request-register                     in  in 403 200 403 403 403 200 200 200  in  in
GET  request-register-csv                 in  in 403 200 403 403 403 200 200 200  in  in
GET  request                              in  in 403 403 403 403 403 200 200 200  in  in
GET  request-file                         in  in 403 403 403 403 403 200 200 200  in  in
GET  request-letter                       in  in 403 403 403 403 403 200 200 200  in  in
POST request-step                         in  in 403 403 403 403 403 302 302 302  in  in
GET  report                               in  in 403 200 403 403 403 200 200 200  in  in
GET  report-clause                        in  in 403 200 403 403 403 200 200 200  in  in
POST report-pdf                           in  in 403 200 403 403 403 200 200 200  in  in
POST report-csv                           in  in 403 200 403 403 403 200 200 200  in  in
GET  report-check                         in  in 403 200 403 403 403 200 200 200  in  in
POST report-check                         in  in 403 400 403 403 403 400 400 400  in  in
GET  log                                  in  in 403 200 403 403 403 403 200 200  in  in
POST log                                  in  in 403 400 403 403 403 403 400 400  in  in
POST log-export                           in  in 403 200 403 403 403 403 200 200  in  in
GET  log-script                           in  in 403 200 403 403 403 403 200 200  in  in
GET  restrictions                         in  in 200 403 403 403 403 200 200 200  in  in
GET  restriction-new                      in  in 200 403 403 403 403 403 200 403  in  in
POST restriction-new                      in  in 302 403 403 403 403 403 302 403  in  in
POST restriction-end                      in  in 403 403 403 403 403 403 302 403  in  in
GET  supervised                           in  in 403 403 403 403 403 200 200 200  in  in
POST supervised-open                      in  in 403 403 403 403 403 302 403 403  in  in
POST supervised-here                      in  in 403 403 403 403 403 200 403 403  in  in
POST supervised-beside                    in  in 403 403 403 403 403 302 403 403  in  in
POST supervised-longer                    in  in 403 403 403 403 403 302 403 403  in  in
POST supervised-close                     in  in 403 403 403 403 403 302 403 403  in  in
POST supervised-link                      in  in 403 403 403 403 403 200 200 200  in  in
POST supervised-burn                      in  in 403 403 403 403 403 302 302 302  in  in
GET  supervised-film                      in  in 403 403 403 403 403 200 403 403  in  in
GET  redaction                            in  in 403 403 403 403 403 200 200 200  in  in
GET  redaction-film                       in  in 403 403 403 403 403 200 200 200  in  in
POST redaction-mark                       in  in 403 403 403 403 403 302 302 302  in  in
POST redaction-unmark                     in  in 403 403 403 403 403 302 302 302  in  in
POST redaction-make                       in  in 403 403 403 403 403 302 302 302  in  in
POST redaction-approve                    in  in 403 403 403 403 403 403 409 409  in  in
POST redaction-compare                    in  in 403 403 403 403 403 302 302 302  in  in
POST redaction-sign-off                   in  in 403 403 403 403 403 403 200 403  in  in
POST redaction-call-back                  in  in 403 403 403 403 403 302 302 302  in  in
GET  see                                 200
POST see                                 302
GET  see-state                           404
GET  see-piece                           404
GET  take                                200
POST take                                200
GET  policies                             in  in 200 200 200 200 200 200 200 200  in  in
GET  policy                               in  in 200 200 200 200 200 200 200 200  in  in
GET  policy-limits                        in  in 200 200 200 200 200 200 200 200  in  in
POST policy-limits                        in  in 403 403 403 403 403 403 302 302  in  in
GET  policy-version                       in  in 200 200 200 200 200 200 200 200  in  in
POST policy-acknowledge                   in  in 302 302 302 302 302 302 302 302  in  in
GET  policy-edit                          in  in 200 403 403 403 403 403 200 200  in  in
POST policy-edit                          in  in 302 403 403 403 403 403 302 302  in  in
POST policy-drop                          in  in 302 403 403 403 403 403 302 302  in  in
GET  policy-publish                       in  in 200 403 403 403 403 403 200 200  in  in
POST policy-publish                       in  in 302 403 403 403 403 403 302 302  in  in
GET  policy-readers                       in  in 200 403 403 403 403 403 200 200  in  in
GET  policy-readers-csv                   in  in 200 403 403 403 403 403 200 200  in  in
POST policy-paper                         in  in 302 403 403 403 403 403 302 302  in  in
POST policy-remind                        in  in 302 403 403 403 403 403 302 302  in  in
GET  policy-progress                      in  in 200 403 403 403 403 403 200 200  in  in
GET  policy-review                        in  in 200 200 403 403 403 403 200 200  in  in
GET  policy-review-pdf                    in  in 200 200 403 403 403 403 200 200  in  in
POST policy-adopt                         in  in 403 302 403 403 403 403 403 302  in  in
GET  document-file                       404
GET  people                               in  in 200 403 403 403 403 200 200 200  in  in
GET  protection                           in  in 200 403 403 403 403 403 200 200  in  in
POST protection                           in  in 403 403 403 403 403 403 302 302  in  in
GET  protection-pdf                       in  in 200 403 403 403 403 403 200 200  in  in
GET  protection-person                    in  in 403 403 403 403 403 403 200 200  in  in
POST protection-person                    in  in 403 403 403 403 403 403 409 409  in  in
POST protection-export                    in  in 403 403 403 403 403 403 200 200  in  in
GET  people-class-new                     in  in 200 403 403 403 403 403 403 200  in  in
POST people-class-new                     in  in 302 403 403 403 403 403 403 302  in  in
GET  people-class                         in  in 200 403 403 403 403 200 200 200  in  in
POST people-class                         in  in 302 403 403 403 403 403 403 302  in  in
POST people-class-letters                 in  in 200 403 403 403 403 403 403 200  in  in
GET  people-group                         in  in 200 403 403 403 403 200 200 200  in  in
POST people-group                         in  in 302 403 403 403 403 403 403 302  in  in
GET  people-pupil-new                     in  in 200 403 403 403 403 403 403 200  in  in
POST people-pupil-new                     in  in 302 403 403 403 403 403 403 302  in  in
GET  people-pupil                         in  in 200 403 403 403 403 200 200 200  in  in
POST people-pupil                         in  in 302 403 403 403 403 403 403 302  in  in
GET  people-household-new                 in  in 200 403 403 403 403 403 403 200  in  in
POST people-household-new                 in  in 302 403 403 403 403 403 403 302  in  in
GET  people-household                     in  in 200 403 403 403 403 200 200 200  in  in
POST people-household                     in  in 302 403 403 403 403 403 403 302  in  in
POST people-letter                        in  in 200 403 403 403 403 403 403 200  in  in
POST people-link                          in  in 200 403 403 403 403 403 403 200  in  in
POST people-link-burn                     in  in 302 403 403 403 403 403 403 302  in  in
GET  people-adult                         in  in 200 403 403 403 403 200 200 200  in  in
POST people-adult                         in  in 302 403 403 403 403 403 403 302  in  in
GET  people-staff                         in  in 200 403 403 403 403 200 200 200  in  in
GET  people-staff-new                     in  in 200 403 403 403 403 403 403 200  in  in
POST people-staff-new                     in  in 302 403 403 403 403 403 403 302  in  in
GET  people-staff-one                     in  in 200 403 403 403 403 200 200 200  in  in
POST people-staff-one                     in  in 302 403 403 403 403 404 404 302  in  in
GET  cards-all                            in  in 200 403 403 403 403 403 403 200  in  in
GET  cards                                in  in 200 404 403 404 200 404 404 200  in  in
GET  robots                              200
GET  leaks                                in  in 403 403 200 200 200 200 200 200  in  in
GET  leak                                 in  in 403 403 200 404 200 200 200 200  in  in
POST leak-burn                            in  in 403 403 302 404 302 302 302 302  in  in
POST leak-leave                           in  in 403 403 302 404 302 302 302 302  in  in
GET  incidents                            in  in 200 403 200 200 200 200 200 200  in  in
GET  incident-new                         in  in 200 403 200 200 200 200 200 200  in  in
POST incident-new                         in  in 302 403 302 302 302 302 302 302  in  in
GET  incident                             in  in 404 403 404 404 200 404 200 200  in  in
POST incident                             in  in 404 403 404 404 302 404 302 302  in  in
GET  exceptions                           in  in 403 403 200 200 200 200 200 200  in  in
POST exceptions                           in  in 403 403 302 302 409 302 302 302  in  in
GET  exception                            in  in 403 403 404 404 200 404 200 200  in  in
POST exception                            in  in 403 403 404 404 403 404 302 302  in  in
GET  monitoring                           in  in 403 200 403 403 403 403 200 200  in  in
GET  monitored                            in  in 403 403 403 403 403 403 200 200  in  in
POST monitored                            in  in 403 403 403 403 403 403 302 302  in  in
GET  well                                 in  in 200 403 403 403 403 200 200 200  in  in
GET  healthz                             200
GET  readyz                              503
GET  metrics                             404
GET  mail                                404
POST mail                                404
GET  mail-entry                          404
POST mail-entry                          404
GET  room                                404 200 404 404 404 404 404 404 404 404 404 404
POST room-command                        404 200 404 404 404 404 404 404 404 404 404 404
POST hooks-livekit                       401
GET  rtc/validate                        401
POST rtc/validate                        401
GET  rtc/v1/validate                     401
POST rtc/v1/validate                     401

GET  account_login                       200 200 302 302 302 302 302 302 302 302 200 200
POST account_login                       200 200 302 302 302 302 302 302 302 302 200 200
GET  account_logout                      302 302 200 200 200 200 200 200 200 200 302 302
POST account_logout                      302
GET  account_inactive                    200
GET  account_signup                      200 200 302 302 302 302 302 302 302 302 200 200
POST account_signup                      200 200 302 302 302 302 302 302 302 302 200 200
GET  account_reauthenticate              302 302 200 200 200 302 200 200 200 200 302 302
POST account_reauthenticate              302 302 200 200 200 302 200 200 200 200 302 302
GET  account_email                       404
POST account_email                       404
GET  account_email_verification_sent     404
POST account_email_verification_sent     404
GET  account_change_password             302 302 200 200 200 200 200 200 200 200 302 302
POST account_change_password             302 302 200 200 200 200 200 200 200 200 302 302
GET  account_set_password                404
POST account_set_password                404
GET  account_reset_password              200
POST account_reset_password              200
GET  account_confirm_login_code          404
POST account_confirm_login_code          404
GET  account_confirm_email               404
POST account_confirm_email               404
GET  account_reset_password_from_key_done 200
GET  account_reset_password_from_key     200
POST account_reset_password_from_key     200
GET  account_reset_password_done         200

GET  accounts/                           302
POST accounts/                           302
GET  mfa_index                            in  in 200 200 200 200 200 200 200 200  in  in
GET  mfa_authenticate                     in  in 302 302 302 302 302 302 302 302  in  in
POST mfa_authenticate                     in  in 302 302 302 302 302 302 302 302  in  in
GET  mfa_reauthenticate                   in  in 302 302 302 302 302 302 302 302  in  in
POST mfa_reauthenticate                   in  in 302 302 302 302 302 302 302 302  in  in
GET  mfa_activate_totp                    in  in 200 200 200 200 200 200 200 200  in  in
POST mfa_activate_totp                    in  in 200 200 200 200 200 200 200 200  in  in
GET  mfa_deactivate_totp                  in  in 404 404 404 404 404 404 404 404  in  in
POST mfa_deactivate_totp                  in  in 404 404 404 404 404 404 404 404  in  in
GET  mfa_view_recovery_codes              in  in 404 404 404 404 404 404 404 404  in  in
GET  mfa_generate_recovery_codes          in  in 200 200 200 200 200 200 200 200  in  in
POST mfa_generate_recovery_codes          in  in 200 200 200 302 200 200 200 200  in  in
GET  mfa_list_webauthn                   302
POST mfa_list_webauthn                   302
GET  mfa_add_webauthn                     in  in 200 200 200 200 200 200 200 200  in  in
POST mfa_add_webauthn                     in  in 200 200 200 200 200 200 200 200  in  in
GET  mfa_login_webauthn                   in  in 302 302 302 302 302 302 302 302  in  in
POST mfa_login_webauthn                  200 200 302 302 302 302 302 302 302 302 200 200
GET  mfa_reauthenticate_webauthn          in  in 302 302 302 200 302 302 302 302  in  in
POST mfa_reauthenticate_webauthn          in  in 302 302 302 200 302 302 302 302  in  in
GET  mfa_remove_webauthn                  in  in 404 404 404 200 404 404 404 404  in  in
POST mfa_remove_webauthn                  in  in 404 404 404 302 404 404 404 404  in  in
GET  openid_connect_login                404
GET  openid_connect_callback             404
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


NOBODY = ("anonymous", "pupil", "family", "leaver")
"""Who has no account here, or none any more."""


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
            if "in" in wanted and who not in NOBODY:
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
