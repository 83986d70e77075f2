"""The worker's part: letters that are due are sent, old ones are emptied.

Each is sent at least once. Who dies between the mail server's "taken" and our writing it down leaves a
letter that comes a second time, under the same Message-ID; nothing stronger can be claimed of e-mail.
"""

import logging
from datetime import datetime

from circletime.core import time
from circletime.notices import post
from circletime.notices.actions import empty_letter, letter_refused, letter_sent, take_letter
from circletime.notices.models import Letter
from circletime.notices.queries import due_to_be_emptied
from circletime.notices.trouble import Refusal, Trouble

log = logging.getLogger(__name__)

WORKER = "system:worker"

AT_MOST = 50
"""Letters in one go, so that what else is mailed does not wait for a whole school's."""


def send_due(now: datetime) -> int:
    """Send what is due by `now`, as far as the mail server takes it; answers how many it took."""
    sent = 0
    with post.connected() as connection:
        for _ in range(AT_MOST):
            letter = take_letter(now=max(now, time.now()))
            if letter is None:
                break
            refusal = _send(letter, connection)
            if refusal is None:
                sent += 1
            elif refusal.of_the_server:
                break
    return sent


def _send(letter: Letter, connection: post.Connection) -> Refusal | None:
    try:
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
