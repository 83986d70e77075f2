"""What a rehearsal counts itself, by hand, while it plays: nothing here is read from the database."""

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass
class Tally:
    """The report of the same days has to say the same."""

    held: int = 0
    with_families: list[timedelta] = field(default_factory=list)
    with_staff: list[timedelta] = field(default_factory=list)
    ended_late: int = 0
    not_started: int = 0
    broken_off: int = 0
    paused: int = 0
    recorder_lost: int = 0
    shared: int = 0
    hosts_in: int = 0
    knocked: int = 0
    children_in: int = 0
    guests_in: int = 0
    came: int = 0
    silent: int = 0
    turns: int = 0
    removed: int = 0
    sent_back: int = 0
    cameras_off: int = 0
    cameras_noticed: int = 0
    second_browsers: int = 0
    asked_again: int = 0
    answered: int = 0
    notes: int = 0
    with_letters: int = 0
    untold: int = 0
    letters_failed: int = 0
    teaching: int = 0
    told_by_hand: int = 0
    next_planned: int = 0
    days_signed: int = 0
    recordings_due: int = 0
    recordings_kept: int = 0
    requests: int = 0
    requests_late: int = 0
    with_children: int = 0
    without_address: int = 0
    adults_knocked: int = 0
    unread: int = 0
    adults_unread: int = 0
    hosts_unread: int = 0
    pictures: int = 0
    passwords: int = 0
    addresses_seen: int = 0
    links_seen: int = 0
    alarms_answered: int = 0
    burned: int = 0
