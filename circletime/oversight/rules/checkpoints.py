"""What stands in the letters about the log. Plain Python."""

from datetime import datetime

from circletime.audit.rules import Signed, Verdict

BREAK_SUBJECT = "Circletime's log does not hold"


def subject(signed: Signed) -> str:
    """As a mail program lists it."""
    return f"Checkpoint of the log: row {signed.number}"


def letter(signed: Signed, block: str, at: datetime) -> str:
    """Why a governor gets it, what to do with it, and the checkpoint."""
    return f"""On {at:%-d %B %Y at %H:%M} the log of {signed.school} had {signed.number} rows.

Keep this letter. It is a copy of the log's seal outside the school: should anybody change the log later, also
somebody who looks after the computer, this letter does not fit it any more. There is nothing to do today.

To compare them, paste the lines below into the page "The log" of Circletime, or give them to the small
program that is downloaded there with an export of the log.

Last digest: {signed.digest}
Public key:  {signed.public_key}

{block}
"""


def break_letter(found: Verdict, school: str) -> str:
    """What was found, and what to do."""
    return f"""the log of {school} was checked today and does not hold: {found.wrong}.

Somebody or something changed it outside Circletime: a person with the computer in their hands, a damaged
disk, or an old copy that was put back. Until that is known, what it says is not proof any more.

Ask whoever looks after Circletime what was done to the database, keep the letters with checkpoints that you
have, and have the command "circletime audit verify" run with one of them.

Circletime signs no checkpoint until this is put right, and writes again tomorrow.
"""
