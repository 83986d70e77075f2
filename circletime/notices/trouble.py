"""What a mail server's refusal means: for this letter or for all, for now or for good. In one place."""

import smtplib
import ssl
import traceback
from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    """Why a letter was not sent. What a server answered in its own words may name people and is not kept."""

    NONE = ""
    AWAY = "away"
    BUSY = "busy"
    SIGN_IN = "sign-in"
    SENDER = "sender"
    INSECURE = "insecure"
    LATER = "later"
    NO_BOX = "no box"
    UNWANTED = "unwanted"
    UNWRITABLE = "unwritable"
    TOO_OLD = "too old"
    CAME_BACK = "came back"
    PING_AWAY = "ping away"
    PING_UNSIGNED = "ping sign"
    PING_REFUSED = "ping refused"

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    Trouble.NONE: "",
    Trouble.AWAY: "The mail server did not answer. It is tried again.",
    Trouble.BUSY: "The mail server has no time at present. It is tried again.",
    Trouble.SIGN_IN: "The mail server does not accept Circletime's sign-in. Whoever looks after Circletime "
    "has to mend CIRCLETIME_SMTP_USER and CIRCLETIME_SMTP_PASSWORD; until then it is tried again.",
    Trouble.SENDER: "The mail server does not let Circletime write from its address. Whoever looks after "
    "Circletime has to mend CIRCLETIME_MAIL_FROM; until then it is tried again.",
    Trouble.INSECURE: "There was no safe connection to the mail server. Whoever looks after Circletime "
    "has to look at CIRCLETIME_SMTP_TLS and the server's certificate; until then it is tried again.",
    Trouble.LATER: "The mail server asked for this letter to come later. It is tried again.",
    Trouble.NO_BOX: "The mail server refused this address. Ask the family whether it is right.",
    Trouble.UNWANTED: "The mail server refused this letter.",
    Trouble.UNWRITABLE: "This letter could not be made into an e-mail. Tell whoever looks after Circletime.",
    Trouble.TOO_OLD: "No mail server took it for two days, so it was given up.",
    Trouble.CAME_BACK: "It came back. Ask the family whether the address is right.",
    Trouble.PING_AWAY: "SchoolPing's address did not answer, or had no time. It is tried again.",
    Trouble.PING_UNSIGNED: "SchoolPing's address does not accept Circletime's signature. Whoever looks after "
    "Circletime has to mend CIRCLETIME_SCHOOLPING_SECRET; until then it is tried again.",
    Trouble.PING_REFUSED: "SchoolPing's address refused this message. Send it by hand, from its page.",
}

OURS = frozenset({Trouble.SIGN_IN, Trouble.SENDER, Trouble.INSECURE, Trouble.PING_UNSIGNED})
"""A setting of ours is wrong: somebody has to mend it, and no letter is lost meanwhile."""

SERVER = OURS | {Trouble.AWAY, Trouble.BUSY, Trouble.PING_AWAY}
"""It would be the same with every letter of this channel, so the others are not tried either."""

FOR_GOOD = frozenset(
    {
        Trouble.NO_BOX,
        Trouble.UNWANTED,
        Trouble.UNWRITABLE,
        Trouble.TOO_OLD,
        Trouble.CAME_BACK,
        Trouble.PING_REFUSED,
    }
)
"""It would be the same at every try."""


@dataclass(frozen=True)
class Refusal:
    """Why a letter was not taken, and the number the server said, if it said one."""

    trouble: Trouble
    code: int | None = None
    unsure: bool = False
    """It was on its way when the connection broke: nobody knows whether it was taken."""

    def __str__(self) -> str:
        return self.trouble if self.code is None else f"{self.trouble} {self.code}"

    @property
    def for_good(self) -> bool:
        return self.trouble in FOR_GOOD

    @property
    def of_the_server(self) -> bool:
        return self.trouble in SERVER and not self.unsure


_SIGN_IN_CODES = frozenset({530, 534, 535, 538})


def read_refusal(error: OSError) -> Refusal:
    """What an error of smtplib, or of the network below it, means. Each of them is an `OSError`."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted(code for code, _ in error.recipients.values())
        return _read(codes[0] if codes else 451, Trouble.NO_BOX)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Refusal(Trouble.SIGN_IN if error.smtp_code >= 500 else Trouble.BUSY, error.smtp_code)
    if isinstance(error, smtplib.SMTPSenderRefused):
        return _read(error.smtp_code, Trouble.SENDER, later=Trouble.BUSY)
    if isinstance(error, smtplib.SMTPDataError):
        return _read(error.smtp_code, Trouble.UNWANTED)
    if isinstance(error, smtplib.SMTPResponseException):  # at the greeting, before any letter
        return Refusal(Trouble.BUSY, error.smtp_code)
    if isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError):
        return Refusal(Trouble.INSECURE)
    if type(error) is smtplib.SMTPException:  # it offers no way to sign in that is known here
        return Refusal(Trouble.SIGN_IN)
    return Refusal(Trouble.AWAY, unsure=_was_on_its_way(error))


def _was_on_its_way(error: OSError) -> bool:
    return any(frame.name == "data" for frame in traceback.extract_tb(error.__traceback__))


def _read(code: int, for_good: Trouble, *, later: Trouble = Trouble.LATER) -> Refusal:
    if code == 421:  # the server is about to hang up, whatever was asked
        return Refusal(Trouble.BUSY, code)
    if code in _SIGN_IN_CODES:
        return Refusal(Trouble.SIGN_IN, code)
    return Refusal(for_good if code >= 500 else later, code)
