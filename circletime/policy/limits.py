"""The policy's numbers as named values. A number that is policy stands here and nowhere else."""

from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum

MEETING_WITH_FAMILIES = timedelta(minutes=20)
"""T2: the longest a meeting with pupils or parents may be live."""

MEETING_WITH_STAFF = timedelta(minutes=40)
"""T3: the longest a staff meeting may be live."""

WAITING_ROOM_OPENS = timedelta(minutes=10)
"""T7: how long before its start a meeting's waiting room opens."""

RECORDING_KEPT = timedelta(days=30)
"""T9: how long a recording is kept after it was made."""

EARLY_DELETION_WAITS = timedelta(days=7)
"""T9: how long one leader's wish to delete a recording early waits for the other's word."""

OPENING_LASTS = timedelta(days=7)
"""T8: how long, at most, a senior leader opens a meeting's recording to its own teacher."""

HOLD_REVIEWED_WITHIN = timedelta(days=366)
"""T9: whoever keeps a recording longer says when that is looked at again, within a year."""

VIEWING_OPENS_BEFORE = timedelta(minutes=15)
"""T10: so long before its time a viewing may be opened, and its link works."""

LEADER_MAY_BE_AWAY = timedelta(seconds=10)
"""T10: a viewing goes dark when the senior leader was not heard of for longer."""

COPY_LINK_LASTS = timedelta(days=7)
"""T10: how long the link to a copy of a redacted film works."""

COPY_AGAIN_WITHIN = timedelta(hours=1)
"""T10: a copy whose download broke off may be begun again, by the same browser, for so long."""

REQUEST_MONTHS = 1
"""T10: how many months a request to see a recording may take."""

REQUEST_MORE_MONTHS = 2
"""T10: how many more a complex one may take, when whoever asked is told why within the first."""

VIEWING_HOURS = (time(8, 30), time(17, 0))
"""T10: a viewing begins and ends between these, Monday to Friday."""

VIEWING_TOLD_BEFORE = timedelta(days=1)
"""T10: whoever is invited to a viewing, or to another time, hears of it so long before."""

REQUEST_DETAILS_KEPT = timedelta(days=3 * 365)
"""T10: names and free text of a request that is over are emptied so long after its end."""

REGISTERS_KEPT_MONTHS = 36
"""How many months after a meeting its register has names: who came and spoke, the host's notes.

The IRMS toolkit for schools gave attendance registers three years. The statutory attendance register, which
the law now has schools keep for six, is the one of the school's own system: a meeting's is none.
"""

NOTICES_KEPT_MONTHS = 12
"""How many months after its meeting a sheet says which family was told of it, and how.

No law gives a period: a year is as long as somebody may well ask whether they had been told.
"""

ACCEPTED_KEPT_MONTHS = 12
"""How many months after they left it is kept which documents a family, or a member of staff, accepted.

No law gives a period: what they accepted concerns meetings they do not come to any more.
"""

INCIDENTS_KEPT_MONTHS = 72
"""How many months after its end an incident, or an exception, has names and words.

Six years, in which a claim may be made (Limitation Act 1980). A safeguarding concern is none of these: child
protection records go with the child to the next school, or are kept until the 25th birthday (IRMS toolkit,
Keeping children safe in education), and only a person can know which.
"""

LEAVERS_KEPT_MONTHS = 36
"""How many months after they left a child, and a family without a child at the school, are erased.

As long as registers name them, for whoever asks what was kept of a child.
"""

COLLEAGUES_KEPT_MONTHS = 72
"""How many months after an account was switched off its name and address are erased.

The IRMS toolkit keeps staff records for six years after the employment ends (Limitation Act 1980).
"""

LETTER_KEPT = timedelta(days=30)
"""How long after it was sent, or given up, the address and the words of a letter are kept (R2)."""

STAFF_IDLE = timedelta(hours=2)
"""A browser of the staff that was not used for so long is signed out: longer than any meeting."""

STAFF_SIGNED_IN = timedelta(hours=12)
"""And so long after its sign-in in any case: each school day begins with one."""

SHOWN_LATELY = timedelta(minutes=15)
"""T8, T10: who watches, shows, hands out or deletes a recording has shown who they are so lately."""

BREACH_TOLD_WITHIN = timedelta(hours=72)
"""C6: from when a data breach became known, so long until the Information Commissioner has to be told."""

EXCEPTION_LASTS = timedelta(days=92)
"""C6: how far ahead, at most, an exception from a rule is granted: to the policy's next review."""

MONITORED_A_MONTH = 4
"""C5: so many of a month's meetings are drawn for the safeguarding lead to look at."""

CHECKPOINT_EVERY = timedelta(days=1)
"""C5: how often the end of the log is signed and mailed to the governors."""

REVIEW_MONTHS = 3
"""C7: a policy is reviewed so many months after the board last adopted it."""

REVIEW_REMINDERS = (timedelta(days=30), timedelta(days=7), timedelta(days=1))
"""C7: so long before a review is due, headteacher, safeguarding lead and governors are reminded."""

FAMILY_LINK_KEPT = RECORDING_KEPT
"""T11: a family's link in a letter works so long after its meeting, while a recording may be asked for."""

WARNINGS = (timedelta(minutes=5), timedelta(minutes=1))
"""T2: how long before the end everyone is told."""

GROWN_UPS_ASKED_AFTER = 1 / 3
"""R3: after this part of a meeting each household is asked once more whether a grown-up is there."""

FROZEN_FOR = timedelta(minutes=2)
"""T1: how long a room waits, still and silent, for a host to come back before it ends."""

HOST_MAY_BLINK = timedelta(seconds=3)
"""T1: a host's dropped connection is taken for a blink for so long; then the room freezes."""

SEAT_KEPT = timedelta(seconds=90)
"""How long a dropped pupil may come back without waiting again."""

NOT_STARTED_CLOSES = timedelta(minutes=30)
"""A waiting room whose meeting nobody starts closes so long after its time."""


class Limit(StrEnum):
    """The numbers that a school may make stricter for itself, and looser only as its board adopted."""

    FAMILIES = "families"
    STAFF = "staff"
    KEPT = "kept"
    REVIEW = "review"
    REGISTERS = "registers"
    NOTICES = "notices"
    ACCEPTED = "accepted"
    INCIDENTS = "incidents"
    LEAVERS = "leavers"
    COLLEAGUES = "colleagues"

    @property
    def facts(self) -> "Facts":
        return _FACTS[self]


@dataclass(frozen=True)
class Facts:
    """One limit: the policy's own value, and what no school goes beyond, in `unit`.

    `clause` is empty where no clause of the policy has the number, but the law asks for one.
    """

    clause: str
    words: str
    unit: str
    value: int
    least: int
    most: int


_FACTS = {
    Limit.FAMILIES: Facts(
        "T2",
        "A meeting with pupils or parents lasts at most",
        "minutes",
        int(MEETING_WITH_FAMILIES.total_seconds() // 60),
        5,
        60,
    ),
    Limit.STAFF: Facts(
        "T3",
        "A meeting of staff lasts at most",
        "minutes",
        int(MEETING_WITH_STAFF.total_seconds() // 60),
        5,
        120,
    ),
    Limit.KEPT: Facts("T9", "Recordings are kept for", "days", RECORDING_KEPT.days, 7, 90),
    Limit.REVIEW: Facts("C7", "The policy is reviewed every", "months", REVIEW_MONTHS, 1, 12),
    Limit.REGISTERS: Facts("", "Registers have names for", "months", REGISTERS_KEPT_MONTHS, 3, 72),
    Limit.NOTICES: Facts("", "Who was told of a meeting is kept for", "months", NOTICES_KEPT_MONTHS, 3, 72),
    Limit.ACCEPTED: Facts(
        "", "What somebody accepted is kept, after they left, for", "months", ACCEPTED_KEPT_MONTHS, 1, 72
    ),
    Limit.INCIDENTS: Facts(
        "", "Closed incidents have names and words for", "months", INCIDENTS_KEPT_MONTHS, 12, 300
    ),
    Limit.LEAVERS: Facts(
        "", "Children and families who left are kept for", "months", LEAVERS_KEPT_MONTHS, 1, 84
    ),
    Limit.COLLEAGUES: Facts(
        "", "Accounts that are switched off have a name for", "months", COLLEAGUES_KEPT_MONTHS, 1, 84
    ),
}
