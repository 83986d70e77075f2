"""What is looked at, and what was found. Plain Python."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Subject(StrEnum):
    """One thing that is well or is not."""

    PROGRAMS = "programs"
    SETTINGS = "settings"
    DATABASE = "database"
    WORKER = "worker"
    MEDIA = "media"
    RECORDING = "recording"
    DISK = "disk"
    STORE = "store"
    DESTRUCTION = "destruction"
    KEYS = "keys"
    SCHOOL_KEY = "school_key"
    LOG = "log"
    MAIL = "mail"
    LETTERS = "letters"
    TOLD = "told"
    CERTIFICATE = "certificate"
    RELAY = "relay"
    SIGN_IN = "sign_in"
    BACKUP = "backup"
    CLOCK = "clock"
    SWAP = "swap"

    @property
    def words(self) -> str:
        """What it is called on the page and in a letter."""
        return _FACTS[self][0]

    @property
    def patience(self) -> timedelta | None:
        """How long it is wrong before somebody is written to; None when nobody is."""
        return _FACTS[self][1]


AT_ONCE = timedelta(0)

_FACTS: dict[Subject, tuple[str, timedelta | None]] = {
    Subject.PROGRAMS: ("Programs", None),
    Subject.SETTINGS: ("Settings", None),
    Subject.DATABASE: ("Database", None),  # without it no letter is written either
    Subject.WORKER: ("The school's clock", AT_ONCE),
    Subject.MEDIA: ("Sound and picture", timedelta(minutes=2)),
    Subject.RECORDING: ("Recording", timedelta(minutes=1)),
    Subject.DISK: ("Disk", AT_ONCE),
    Subject.STORE: ("Store of recordings", timedelta(hours=1)),
    Subject.DESTRUCTION: ("Destruction", AT_ONCE),
    Subject.KEYS: ("Keys", None),
    Subject.SCHOOL_KEY: ("The school's key", AT_ONCE),
    Subject.LOG: ("The log", AT_ONCE),
    Subject.MAIL: ("Mail server", timedelta(minutes=15)),
    Subject.LETTERS: ("Letters", AT_ONCE),
    Subject.TOLD: ("Who is told", None),  # who would be written to is the very thing that is wrong
    Subject.CERTIFICATE: ("Certificate", AT_ONCE),
    Subject.RELAY: ("Relay", AT_ONCE),
    Subject.SIGN_IN: ("Sign-in", None),
    Subject.BACKUP: ("Backup", AT_ONCE),
    Subject.CLOCK: ("Date and time", None),
    Subject.SWAP: ("Memory", None),
}


@dataclass(frozen=True)
class Finding:
    """How one thing stands: a sentence, and for whoever looks after the machine what to do.

    `number` is what was measured, for machines that watch: days the disk lasts, or the moment (in seconds
    since 1970) at which the certificate ends.
    """

    subject: Subject
    fine: bool
    says: str
    do: str = ""
    number: float | None = None

    @property
    def line(self) -> str:
        """Both in one, as the doctor prints it."""
        return f"{self.says} {self.do}".rstrip()


def well(subject: Subject, says: str, number: float | None = None) -> Finding:
    """Nothing has to be done."""
    return Finding(subject, True, says, "", number)


def wrong(subject: Subject, says: str, do: str = "", number: float | None = None) -> Finding:
    """Somebody has to do something."""
    return Finding(subject, False, says, do, number)
