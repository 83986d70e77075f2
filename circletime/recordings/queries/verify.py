"""Whether everything that is kept is whole, and is what it was."""

from collections.abc import Iterator

from circletime.recordings import keys, store, vault
from circletime.recordings.film.manifest import Segment
from circletime.recordings.keys import KeyTrouble
from circletime.recordings.models import Certificate, Recording
from circletime.recordings.queries.parts import key_of, open_part, read_segments
from circletime.recordings.rules import (
    GONE,
    FilmState,
    State,
)
from circletime.recordings.store import StoreTrouble
from circletime.recordings.vault import VaultDamaged


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
