"""Messages to SchoolPing: by a signed webhook or a gateway's address, and what a bad one costs: no e-mail."""

import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from circletime.meetings.rules import Kind, Purpose
from circletime.notices import ping, tasks
from circletime.notices.models import Letter
from circletime.notices.rules import Channel
from circletime.notices.trouble import Trouble
from config import env
from tests.dispatch.conftest import family, only, plan
from tests.dispatch.webhook import Webhook, open_webhook
from tests.web.post_office import PostOffice
from tests.world import World

SECRET = "what both sides have"


@pytest.fixture
def webhook(settings: Any) -> Iterator[Webhook]:
    with open_webhook() as opened:
        settings.SCHOOLPING, settings.SCHOOLPING_SECRET = opened.address, SECRET
        yield opened


def message() -> Letter:
    return Letter.objects.get(channel=Channel.WEBHOOK)


def test_the_class_is_told_signed_and_without_a_child(
    world: World, office: PostOffice, webhook: Webhook
) -> None:
    (amara,) = only(world, "Amara")
    family(amara, Ada="ada@home.example")
    plan(world)
    tasks.send_due(world.now)
    ((heads, body),) = webhook.came
    signed = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert heads["x-circletime-signature"] == signed and heads["idempotency-key"] == message().public_id
    told = json.loads(body)
    assert told["to"] == "Oak" and told["subject"].startswith("Oak: ") and told["id"] == message().public_id
    for kept_back in ("Amara", "Farrow", "/f/", "family-link", "ada@", world.oak.password, world.oak.join_id):
        assert kept_back not in body.decode()
    assert message().state == "sent" and len(office.came) == 1


@pytest.mark.parametrize(
    "code, trouble, state",
    [
        (500, Trouble.PING_AWAY, "waiting"),
        (429, Trouble.PING_AWAY, "waiting"),
        (401, Trouble.PING_UNSIGNED, "waiting"),
        (400, Trouble.PING_REFUSED, "failed"),
        (302, Trouble.PING_REFUSED, "failed"),
    ],
)
def test_what_it_answers_is_a_sentence_and_holds_up_no_mail(
    world: World, office: PostOffice, webhook: Webhook, code: int, trouble: Trouble, state: str
) -> None:
    only(world, "Amara")
    webhook.answers = code
    plan(world)
    tasks.send_due(world.now)
    assert (message().state, message().trouble, message().code) == (state, trouble, code)
    assert message().get_trouble_display().startswith("SchoolPing's address") and office.came
    webhook.answers = 200
    world.later(hours=1)
    tasks.send_due(world.now)
    assert message().state == ("sent" if state == "waiting" else "failed")
    assert {heads["idempotency-key"] for heads, _ in webhook.came} == {message().public_id}


def test_one_that_is_slow_or_away_is_tried_again(
    world: World, office: PostOffice, webhook: Webhook, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ping, "SECONDS", 0.2)
    only(world, "Amara")
    webhook.seconds = 0.6
    plan(world)
    tasks.send_due(world.now)
    assert (message().trouble, message().unsure) == (Trouble.PING_AWAY, 1), "it may have been taken"
    with socket.create_server(("127.0.0.1", 0)) as free:
        settings.SCHOOLPING = f"http://127.0.0.1:{free.getsockname()[1]}"
    world.later(hours=1)
    tasks.send_due(world.now)
    assert (message().state, message().unsure) == ("waiting", 1), "nobody was there to take it"
    settings.SCHOOLPING, webhook.seconds = webhook.address, 0.0
    world.later(hours=1)
    tasks.send_due(world.now)
    assert message().state == "sent" and office.came


def test_a_mail_server_that_is_away_holds_up_no_message(
    world: World, webhook: Webhook, settings: Any
) -> None:
    only(world, "Amara")
    with socket.create_server(("127.0.0.1", 0)) as free:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free.getsockname()[1]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_USE_TLS = False
    plan(world)
    tasks.send_due(world.now)
    assert message().state == "sent" and len(webhook.came) == 1


def test_a_gateway_is_written_to_once_for_a_class(world: World, office: PostOffice, settings: Any) -> None:
    settings.SCHOOLPING = "mailto:gateway@schoolping.example"
    (amara,) = only(world, "Amara")
    home = family(amara, Ada="ada@home.example")
    plan(world)
    plan(world, kind=Kind.PARENTS, household=home, purpose=Purpose.FAMILY, hours=48)
    tasks.send_due(world.now)
    to_gateway = [mail for mail in office.came if mail["To"] == "gateway@schoolping.example"]
    assert len(to_gateway) == 1 and "Amara" not in to_gateway[0].as_string(), "a talk is no class's business"


@pytest.mark.parametrize(
    "bad", ["schoolping.example", "http://schoolping.example", "mailto:a@b,c@d", "ftp://x"]
)
def test_a_setting_that_cannot_be_used_is_a_sentence(bad: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIRCLETIME_SCHOOLPING", bad)
    with pytest.raises(env.BadSetting, match="mailto: and one address"):
        env.schoolping("CIRCLETIME_SCHOOLPING")
