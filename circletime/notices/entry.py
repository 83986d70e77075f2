"""A calendar entry as mail programs understand it (RFC 5545 and 5546)."""

from datetime import UTC, datetime

from icalendar import Calendar as File
from icalendar import Event, vCalAddress

from circletime.notices.rules import Calendar, one_line, plain
from circletime.people import links


def write_entry(entry: Calendar, *, to: str, now: datetime) -> str:
    """The entry as an invitation of `to`, or as the end of one."""
    event = _event(entry, now)
    guest = _person(to, "")
    rsvp = "TRUE" if entry.asks_answer else "FALSE"
    guest.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": rsvp})
    event.add("attendee", guest)
    return _file(event, entry.method)


def write_file(entry: Calendar, *, now: datetime) -> str:
    """The entry to be put into whichever calendar opens it; it invites nobody."""
    return _file(_event(entry, now), "PUBLISH")


def _event(entry: Calendar, now: datetime) -> Event:
    """Times are in UTC, which every calendar shows in its owner's own time; so no rules of a time zone
    have to be written into it."""
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", entry.starts_at.astimezone(UTC))
    event.add("dtend", entry.ends_at.astimezone(UTC))
    event.add("summary", one_line(entry.summary))
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    if entry.description:
        event.add("description", plain(entry.description))
    if entry.location:
        event.add("location", one_line(entry.location))
    event.add("organizer", _person(entry.organizer_email, entry.organizer_name))
    return event


def _file(event: Event, method: str) -> str:
    file = File()
    file.add("prodid", "-//Circletime//Notices//EN")
    file.add("version", "2.0")
    file.add("method", method)
    file.add_component(event)
    return str(file.to_ical(), "utf-8")


def method_of(text: str) -> str:
    """What an entry that was written here asks a mail program to do."""
    return "CANCEL" if "\r\nMETHOD:CANCEL\r\n" in text else "REQUEST"


def fill_entry(text: str) -> str:
    """The entry with the families' links in it, its lines folded anew (RFC 5545, 3.1)."""
    whole = links.fill(text.replace("\r\n ", ""))
    return "".join(_folded(line) + "\r\n" for line in whole.split("\r\n") if line)


def _folded(line: str, most: int = 74) -> str:
    """One line of content in pieces of at most `most` bytes, none of which parts a letter."""
    pieces, length = [""], 0
    for letter in line:
        size = len(letter.encode())
        if length + size > most:
            pieces.append("")
            length = 1  # the space that begins it
        pieces[-1] += letter
        length += size
    return "\r\n ".join(pieces)


def _person(email: str, name: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{email}")
    # A parameter has no way to write a double quote (RFC 5545, 3.1).
    tidy = one_line(name).replace('"', "'")
    if tidy:
        person.params["CN"] = tidy
    return person
