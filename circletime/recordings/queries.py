"""Questions about recordings."""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet
from django.utils import timezone

from circletime.audit.queries import latest_after
from circletime.meetings.models import Happening, Meeting, Seat, Stay, Turn
from circletime.meetings.rules import JOINABLE, SeatRole
from circletime.people.models import User
from circletime.recordings import keys, room, store, vault
from circletime.recordings.film.manifest import MANIFEST, Segment, read_segment, tracks
from circletime.recordings.film.script import Script
from circletime.recordings.film.script import Turn as Spoken
from circletime.recordings.keys import KeyTrouble
from circletime.recordings.models import Certificate, EarlyDeletion, Film, Hold, Recording, Viewing, Vigil
from circletime.recordings.rules import (
    CAPTURING,
    CLOCK_WORDS,
    GONE,
    FilmKind,
    FilmState,
    State,
    can_watch,
    early_expires,
    is_past,
)
from circletime.recordings.rules import clock_trouble as trouble_with
from circletime.recordings.store import StoreTrouble
from circletime.recordings.vault import VaultDamaged, VaultReader

_OPEN_HOLDS = Prefetch("holds", Hold.objects.filter(released_at=None), to_attr="open_holds")
_WHOLE_FILMS = Prefetch(
    "films", Film.objects.filter(kind=FilmKind.WHOLE).defer("places"), to_attr="whole_films"
)
_KEPT = Exists(Hold.objects.filter(recordings=OuterRef("pk"), released_at=None))
_RELATED = ("meeting__school_class", "meeting__group", "meeting__household", "meeting__host")


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


def list_recordings(user: User) -> list[Recording]:
    """Every recording of a meeting that was held, the newest first; none for who may not watch."""
    if not can_watch(user.roles):
        return []
    held = Recording.objects.filter(meeting__live_at__isnull=False)
    return list(held.select_related(*_RELATED, "certificate").prefetch_related(_OPEN_HOLDS, _WHOLE_FILMS))


def get_recording(public_id: str) -> Recording | None:
    """The recording of this name, or None."""
    held = Recording.objects.filter(meeting__live_at__isnull=False)
    return held.select_related(*_RELATED).filter(public_id=public_id).first()


def is_held(recording: Recording) -> bool:
    """Whether somebody keeps this recording beyond its day (T9)."""
    return recording.holds.filter(released_at=None).exists()


def may_be_seen(recording: Recording, now: datetime) -> bool:
    """Whether there is anything left that somebody may watch at this moment, worker or no worker (T9)."""
    if recording.state in GONE:
        return False
    return not is_past(recording.destroy_on, timezone.localtime(now).date(), held=is_held(recording))


def due(today: date) -> QuerySet[Recording]:
    """What has to be destroyed by `today`: its day has come and nothing keeps it."""
    return _past(today).filter(~_KEPT).order_by("destroy_on", "pk")


def count_kept(today: date) -> int:
    """How many recordings are past their day and there only because somebody keeps them."""
    return _past(today).filter(_KEPT).count()


def _past(today: date) -> QuerySet[Recording]:
    return Recording.objects.filter(state=State.STOPPED, destroy_on__lte=today)


def free_bytes() -> int:
    """The free bytes of the disk that the recorder writes to. Raises `OSError`."""
    return shutil.disk_usage(settings.VAULT).free


def seconds_to_record(now: datetime, but: Meeting | None = None) -> float:
    """How long all meetings that are recorded at this moment, or start now, may still last together."""
    recorded = Recording.objects.filter(state__in=CAPTURING, meeting__state__in=JOINABLE).exclude(meeting=but)
    return sum(
        (one.meeting.ends_at - now).total_seconds() if one.meeting.ends_at else 60.0 * one.meeting.minutes
        for one in recorded.select_related("meeting")
    )


def room_warning(now: datetime) -> str:
    """What staff are told while the disk is nearly full; empty while it is not."""
    try:
        return room.warning(free_bytes(), seconds_to_record(now))
    except OSError:
        return "The disk that recordings are kept on is not there."


def count_unmoved(since: datetime) -> int:
    """How many recordings that stopped before `since` still wait to be moved to the bucket."""
    here = [public_id for public_id in store.local_ids() if store.waiting(public_id)]
    return Recording.objects.filter(state=State.STOPPED, public_id__in=here, stopped_at__lt=since).count()


def get_hold(public_id: str) -> Hold | None:
    """The hold of this name, or None."""
    found = Hold.objects.select_related("placed_by", "released_by").prefetch_related("recordings__meeting")
    return found.filter(public_id=public_id).first()


def open_holds(recording: Recording) -> list[Hold]:
    """What keeps this recording at this moment, the newest first."""
    read: list[Hold] | None = getattr(recording, "open_holds", None)  # with a whole list, in one question
    if read is not None:
        return read
    return list(recording.holds.filter(released_at=None).select_related("placed_by"))


@dataclass(frozen=True)
class HoldCount:
    """For governors: numbers, and nothing about anybody."""

    holds: int
    recordings: int
    overdue: int


def count_holds(today: date) -> HoldCount:
    """How many holds there are, of how many recordings, and how many nobody looked at on their day (C5)."""
    open_ones = Hold.objects.filter(released_at=None)
    kept = open_ones.aggregate(number=Count("recordings", distinct=True))["number"]
    return HoldCount(open_ones.count(), kept, open_ones.filter(review_on__lt=today).count())


def open_early(recording: Recording, now: datetime) -> EarlyDeletion | None:
    """The wish to delete this recording early that waits to be confirmed, or None."""
    waiting = EarlyDeletion.objects.filter(recording=recording, confirmed_at=None, withdrawn_at=None)
    found = waiting.select_related("asked_by").first()
    return found if found is not None and now < early_expires(found.asked_at) else None


def certificate_of(public_id: str) -> Certificate | None:
    """The certificate that this recording is gone, or None."""
    return Certificate.objects.filter(recording__public_id=public_id).first()


def clock_trouble(now: datetime) -> str:
    """Why nothing is destroyed at this moment: `behind`, `ahead`, or empty when the clock is trusted."""
    row = Vigil.objects.filter(pk=1).first()
    return trouble_with(now, row.at if row else None, latest_after(row.row if row else 0))


def clock_sentence(now: datetime) -> str:
    """What a person has to do so that destruction goes on; empty when nothing."""
    trouble = clock_trouble(now)
    if not trouble:
        return ""
    today = f"{timezone.localtime(now):%-d %B %Y}"
    return (
        f"Nothing is destroyed: {CLOCK_WORDS[trouble]}. Today is {today} here. If that is right, "
        "run circletime retention run --clock-is-right. If not, set the clock right first."
    )


def list_named(public_ids: Iterable[str]) -> list[Recording]:
    """The recordings of these names, the newest first."""
    held = Recording.objects.filter(meeting__live_at__isnull=False, public_id__in=list(public_ids))
    return list(held.select_related(*_RELATED))


def whole_film(recording: Recording) -> Film | None:
    """The film that shows everybody, or None when it was not asked for yet."""
    read: list[Film] | None = getattr(recording, "whole_films", None)  # with a whole list, in one question
    films = recording.films.filter(kind=FilmKind.WHOLE)[:1] if read is None else read
    return next(iter(films), None)


def get_film(recording: Recording, public_id: str) -> Film | None:
    """One film of this recording, or None."""
    return recording.films.filter(public_id=public_id).first()


def last_viewing(recording: Recording, user: User, *, since: datetime) -> Viewing | None:
    """The newest reason this person gave for watching this recording, if it is recent."""
    return Viewing.objects.filter(recording=recording, user=user, at__gte=since).first()


def length_of(recording: Recording, now: datetime) -> timedelta:
    """How long the meeting was, or has been, recorded."""
    meeting = recording.meeting
    return max(timedelta(0), (meeting.ended_at or now) - (meeting.live_at or recording.made_at))


@dataclass(frozen=True)
class Chapter:
    """A place in the film worth going to: seconds from its begin, and what happens there."""

    seconds: float
    kind: str
    text: str


def chapters(recording: Recording) -> list[Chapter]:
    """Who came and went, who had the floor, and what else the register keeps, in order."""
    meeting = recording.meeting
    begin = meeting.live_at
    if begin is None:
        return []
    found: list[tuple[datetime, str, str]] = []
    for stay in Stay.objects.filter(seat__meeting=meeting).select_related("seat"):
        found.append((stay.in_at, "in", f"{stay.seat.label} came in"))
        if stay.out_at is not None and stay.out_at != meeting.ended_at:
            found.append((stay.out_at, "out", f"{stay.seat.label} went out"))
    for turn in Turn.objects.filter(meeting=meeting).select_related("seat"):
        found.append((turn.given_at, "turn", f"{turn.seat.label} had a turn"))
    for happening in Happening.objects.filter(meeting=meeting, at__gte=begin).select_related("seat"):
        who = f"{happening.seat.label}: " if happening.seat is not None else ""
        found.append((happening.at, happening.kind, f"{who}{happening.text}"))
    return [
        Chapter(max(0.0, (at - begin).total_seconds()), kind, text)
        for at, kind, text in sorted(found, key=lambda row: row[0])
    ]


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


def vault_verify() -> tuple[int, list[str]]:
    """Read every chunk of every recording: how many were looked at, and each damaged or missing part.

    A part that ends early is no damage where the recorder's own account shows that it was killed.
    """
    count, trouble = 0, list[str]()
    for recording in Recording.objects.exclude(state__in=GONE).select_related("meeting").order_by("pk"):
        count += 1
        try:
            key = key_of(recording)
        except KeyTrouble as why:
            trouble.append(f"{recording.public_id}: {why}")
            continue
        trouble += [f"{recording.public_id}/{name}: {what}" for name, what in _verify_one(recording, key)]
    return count, trouble + _strangers() + certificates_verify()


def _strangers() -> list[str]:
    """What is in the folder or in the bucket and belongs to no recording."""
    known = set(Recording.objects.exclude(state=State.DESTROYED).values_list("public_id", flat=True))
    trouble = list[str]()
    try:
        there = store.local_ids() | store.stored_ids()
    except StoreTrouble as why:
        there, trouble = store.local_ids(), [f"the bucket: {why}"]
    return [f"{name}: belongs to no recording" for name in sorted(there - known)] + trouble


def certificates_verify() -> list[str]:
    """Every certificate that is not the one that was signed, or was signed with another key."""
    certificates = Certificate.objects.select_related("recording").order_by("pk")
    if not certificates.exists():
        return []
    try:
        ours = keys.public_key()
    except KeyTrouble as why:
        return [f"certificates: {why}"]
    return [
        f"{each.recording.public_id}: its certificate is not what was signed"
        for each in certificates.iterator()
        if not keys.is_signed(each.text, each.signature, ours)
    ]


def _verify_one(recording: Recording, key: bytes) -> Iterator[tuple[str, str]]:
    try:
        sizes = store.sizes(recording.public_id)
    except StoreTrouble as why:
        yield "*", f"not looked at. {why}"
        return
    present, early = sorted(name for name in sizes if "/" not in name), set[str]()
    for name in present:
        whole, damage = _verify_file(recording.public_id, name, key, sizes[name])
        yield from ((name, what) for what in damage)
        if not whole:
            early.add(name)
    if recording.state != State.STOPPED:
        return  # it is still being written
    try:
        complete, begun = _expected(recording, read_segments(recording.public_id, key), present)
    except (VaultDamaged, OSError, StoreTrouble):
        return  # a manifest; it was named above
    for name in sorted((complete | begun) - set(present)):
        yield name, "missing"
    for name in sorted(complete & early):
        yield name, "ends early"


def _verify_file(public_id: str, name: str, key: bytes, size: int) -> tuple[bool, list[str]]:
    """Whether a file goes on to its end, and what is wrong with it."""
    if size < vault.HEADER:
        return False, []
    try:
        with open_part(public_id, name, key) as part:
            return part.complete, [str(damage) for damage in part.check()]
    except (VaultDamaged, OSError, StoreTrouble) as why:
        return True, [str(why)]


def _expected(recording: Recording, segments: list[Segment], present: list[str]) -> tuple[set[str], set[str]]:
    """The parts that have to be there whole, and those that only have to be there."""
    whole, begun = set[str](), set[str]()
    for segment in segments:
        closed = segment.stopped is not None
        (whole if closed else begun).add(f"manifest-{segment.number}.ctv")
        for entry in segment.entries.values():
            (whole if closed or entry.ends is not None else begun).add(entry.file)
    begun |= {f"manifest-{name[1:].split('-')[0]}.ctv" for name in present if name.startswith("s")}
    for film in recording.films.filter(state=FilmState.READY):
        whole |= {film.head_name, film.rest_name}
    if recording.meeting.live_at is not None and not segments:
        begun.add("manifest-1.ctv")
    return whole, begun
