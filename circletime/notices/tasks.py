"""The worker's part: letters that are due are sent, old ones are emptied.

Each is sent at least once. Who dies between the mail server's "taken" and our writing it down leaves a
letter that comes a second time, under the same Message-ID; nothing stronger can be claimed of e-mail.
How often that may have been is counted with the letter.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from circletime.core import spans, time
from circletime.notices import ping, post
from circletime.notices.actions import (
    empty_letter,
    letter_refused,
    letter_sent,
    letter_withdrawn,
    take_letter,
)
from circletime.notices.models import Letter
from circletime.notices.queries import due_to_be_emptied
from circletime.notices.rules import Channel
from circletime.notices.trouble import Refusal, Trouble

log = logging.getLogger(__name__)

WORKER = "system:worker"

AT_MOST = 50
"""Letters in one go, so that what else is mailed does not wait for a whole school's."""

MayGo = Callable[[Letter, datetime], bool]
"""Asked of each letter right before it is sent: whether it still may go to whom it is for."""


def _always(letter: Letter, now: datetime) -> bool:
    return True


def send_due(now: datetime, may_go: MayGo = _always) -> int:
    """Send what is due by `now`, as far as its server takes it; answers how many were taken."""
    with post.connected() as connection:
        return sum(_send_channel(channel, connection, now, may_go) for channel in Channel)


def _send_channel(channel: Channel, connection: post.Connection, now: datetime, may_go: MayGo) -> int:
    sent = 0
    for _ in range(AT_MOST):
        letter = take_letter(now=max(now, time.now()), channel=channel)
        if letter is None:
            break
        if not may_go(letter, time.now()):
            letter_withdrawn(letter=letter, by=WORKER, now=time.now())
            continue
        refusal = _send(letter, connection)
        if refusal is None:
            sent += 1
        elif refusal.of_the_server:
            break
    return sent


def _send(letter: Letter, connection: post.Connection) -> Refusal | None:
    try:
        with spans.span(f"send by {letter.channel}", asks=True):
            if letter.channel == Channel.WEBHOOK:
                refusal = ping.send(letter, sent_at=time.now().isoformat(timespec="seconds"))
            else:
                refusal = post.send(post.write(letter), connection)
    except (ValueError, TypeError, LookupError) as trouble:  # no program can write it as a mail
        log.error("the letter %s cannot be written: %s", letter.public_id, type(trouble).__name__)
        refusal = Refusal(Trouble.UNWRITABLE)
    if refusal is None:
        letter_sent(letter=letter, by=WORKER, now=time.now())
    else:
        log.warning("the letter %s was not taken: %s", letter.public_id, refusal)
        letter_refused(letter=letter, refusal=refusal, by=WORKER, now=time.now())
    return refusal


def empty_old(now: datetime) -> None:
    """Forget the words of letters that ended long ago."""
    for letter in due_to_be_emptied(now)[:1000]:
        empty_letter(letter=letter, by=WORKER, now=now)
