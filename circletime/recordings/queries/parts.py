"""What is in the vault of one recording: its key, its files, and the film that can be made of them."""

from pathlib import Path

from django.conf import settings
from django.utils import timezone

from circletime.meetings.models import Seat, Turn
from circletime.meetings.rules import SeatRole
from circletime.recordings import keys, store, vault
from circletime.recordings.film.manifest import MANIFEST, Segment, read_segment, tracks
from circletime.recordings.film.script import Script
from circletime.recordings.film.script import Turn as Spoken
from circletime.recordings.keys import KeyTrouble
from circletime.recordings.models import Recording
from circletime.recordings.vault import VaultReader


def folder_of(public_id: str) -> Path:
    """The folder of this recording on this machine."""
    return store.folder_of(public_id)


def key_of(recording: Recording) -> bytes:
    """The key of a recording's files. Raises `KeyTrouble`."""
    wrapped = bytes(recording.wrapped_key)
    while True:
        try:
            return keys.unwrap(wrapped, recording.public_id)
        except KeyTrouble:
            # It may have been wrapped anew since it was read (ADR 9).
            again = Recording.objects.filter(pk=recording.pk).values_list("wrapped_key", flat=True).first()
            if again is None or bytes(again) == wrapped:
                raise
            wrapped = bytes(again)


def open_part(public_id: str, name: str, key: bytes) -> VaultReader:
    """One file of a recording, decrypted as it is read.

    Raises `VaultDamaged`, `FileNotFoundError` and `StoreTrouble`.
    """
    source = store.open_source(public_id, name)
    try:
        return VaultReader(source, f"{public_id}/{name}", key)
    except BaseException:
        source.close()
        raise


def read_segments(public_id: str, key: bytes) -> list[Segment]:
    """The recorder's account of what it wrote, one for each of its runs. Raises `VaultDamaged`."""
    found = []
    for name, size in sorted(store.sizes(public_id).items()):
        named = MANIFEST.fullmatch(name)
        if named is None or size < vault.HEADER:
            continue  # a recorder that was killed before its first word: nothing was recorded by it
        with open_part(public_id, name, key) as part:
            segment = read_segment(int(named[1]), part.read().splitlines())
        if segment is not None:
            found.append(segment)
    return found


def film_script(recording: Recording, key: bytes) -> Script:
    """What the film of a recording is made from. Raises `VaultDamaged`."""
    meeting = recording.meeting
    begin = (meeting.live_at or recording.made_at).timestamp()
    end = (meeting.ended_at or recording.stopped_at or recording.made_at).timestamp()
    seats = {seat.pk: seat for seat in Seat.objects.filter(meeting=meeting)}
    turns = [
        Spoken(
            identity=seats[turn.seat_id].public_id,
            begins=turn.given_at.timestamp(),
            ends=turn.ended_at.timestamp() if turn.ended_at else end,
        )
        for turn in Turn.objects.filter(meeting=meeting)
    ]
    segments = read_segments(recording.public_id, key)
    labels = {entry.identity: entry.name for segment in segments for entry in segment.entries.values()}
    day = timezone.localtime(meeting.live_at or recording.made_at).strftime("%-d %B %Y")
    return Script(
        begins=begin,
        ends=end,
        heading=f"Recorded on {day} for {meeting.title} · {meeting.get_purpose_display()}",
        zone=settings.TIME_ZONE,
        tracks=tracks(segments, folder_of(recording.public_id), end),
        labels=labels | {seat.public_id: seat.label for seat in seats.values()},
        hosts=frozenset(seat.public_id for seat in seats.values() if seat.role == SeatRole.HOST),
        turns=tuple(turns),
    )
