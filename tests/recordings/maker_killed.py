"""Run inside an installation: a film's maker is killed at each step, runs out of disk, or is not alone.

`python -m tests.recordings.maker_killed make`, then `at STEP`, then `again`; or one of the other cases.
"""

import os
import resource
import signal
import subprocess
import sys
import time as clock
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

from tests.signing import sign_in

SECONDS = 4


def make() -> None:
    """A school with one recording and two films that wait: the whole one, and one that leaves Amara out."""
    from circletime.meetings.rules import SeatRole, State
    from circletime.people.factory import invent_school
    from circletime.recordings.actions import film
    from circletime.recordings.film.cut import Cut
    from circletime.recordings.rules import FilmKind
    from tests import lanes
    from tests.recordings import school, tracks

    lanes.begin()
    made = invent_school(now=school.BEGAN, classes=1, pupils=2, password=school.PASSWORD)
    staff = {role: user for role, (user, _) in made.staff.items()}
    meeting = school.make_meeting(staff, state=State.ENDED, seconds=SECONDS)
    host = school.make_seat(meeting, "Mrs Osei", role=SeatRole.HOST, user=staff["teacher"])
    amara = school.make_seat(meeting, "Amara")
    picture = tracks.picture(SECONDS, lambda t: (40, 60, 220), noise=255)
    parts = [school.Part(seat, "camera", picture, 0, SECONDS) for seat in (host, amara)]
    recording = school.make_recording(meeting, parts)
    cut = Cut(keep=frozenset({host.public_id}))
    film.ask(recording=recording, kind=FilmKind.REDACTED, cut=cut, by="system:test", now=school.BEGAN)


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(number: int, original: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, which kills its process when it was called so often."""
    calls = 0

    def called(*arguments: Any, **more: Any) -> Any:
        nonlocal calls
        answer = original(*arguments, **more)
        calls += 1
        if calls == number:
            die()
        return answer

    return called


def at(step: str) -> None:
    """Make the film that waits, and be killed at this step of it."""
    from circletime.recordings import vault
    from circletime.recordings.actions import film as actions
    from circletime.recordings.film import job

    claimed = actions.claim_next(now())
    assert claimed is not None
    if step == "nothing written yet":
        vault.create = after(1, vault.create)
    elif step == "half of it written":
        actions.still_making = after(1, actions.still_making)
    elif step == "head not begun":
        vault.create = after(2, vault.create)
    elif step == "one file in its place":
        Path.replace = after(1, Path.replace)  # type: ignore[method-assign]
    elif step == "both in place and not said":
        Path.replace = after(2, Path.replace)  # type: ignore[method-assign]
    elif step == "said and not tidied":
        actions.made = after(1, actions.made)
    job.make(claimed)
    raise AssertionError("it was not killed")


def again(step: str) -> None:
    """What was left shows nothing, and the next worker makes both films, each once."""
    from circletime.recordings import queries, tasks
    from circletime.recordings.models import Film, Recording
    from circletime.recordings.rules import FilmState

    recording = Recording.objects.get()
    said = step == "said and not tidied"
    assert Film.objects.filter(state=FilmState.READY).count() == said
    assert shown(recording) == ({206, 404} if said else {404})
    assert clear(recording) == []
    later = now() + timedelta(minutes=5)
    for _ in "abc":
        tasks.render_waiting(later)
    whole_and_alone()
    assert queries.vault_verify()[1] == []


def full() -> None:
    """The disk takes no more amid a film: it says so, nothing of it stays, and it is made later."""
    from circletime.recordings import vault
    from circletime.recordings.actions import film as actions
    from circletime.recordings.film import job
    from circletime.recordings.models import Recording

    create, failed = vault.create, actions.failed
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def filling(*arguments: Any) -> Any:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, limits[1]))
        return create(*arguments)

    def freed(*arguments: Any, **more: Any) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        failed(*arguments, **more)

    vault.create, actions.failed = filling, freed
    claimed = actions.claim_next(now())
    assert claimed is not None and job.make(claimed) is False
    vault.create, actions.failed = create, failed
    claimed.refresh_from_db()
    assert claimed.state == "failed" and claimed.trouble == "There is no room on the disk for the film."
    recording = Recording.objects.get()
    assert shown(recording) == {404} and left(recording) == []
    type(claimed).objects.filter(pk=claimed.pk).update(state="waiting", tries=0)
    makers(2)
    whole_and_alone()


def two_workers() -> None:
    """Three workers and two films: each is made once."""
    from circletime.audit.models import Row

    makers(3)
    whole_and_alone()
    assert Row.objects.filter(kind="recordings.film.made").count() == 2


def worker_killed() -> None:
    """The worker is killed: the maker that it started ends too, and the next one makes the films."""
    from circletime.recordings.models import Film, Recording

    worker = start_maker()
    wait_for(lambda: children(worker.pid))
    (maker,) = children(worker.pid)
    wait_for(lambda: left(Recording.objects.get()))
    worker.kill()
    worker.wait()
    wait_for(lambda: not alive(maker))
    assert shown(Recording.objects.get()) == {404} and clear(Recording.objects.get()) == []
    Film.objects.update(claimed_until=now() - timedelta(seconds=1))
    makers(2)
    whole_and_alone()


def now():
    from circletime.core import time

    return time.now()


def start_maker() -> subprocess.Popen[bytes]:
    code = (
        "import django; django.setup(); from circletime.core import time; "
        "from circletime.recordings import tasks; tasks.render_waiting(time.now())"
    )
    return subprocess.Popen([sys.executable, "-c", code])


def makers(number: int) -> None:
    """So many workers at once."""
    for each in [start_maker() for _ in range(number)]:
        assert each.wait(120) == 0


def wait_for(true: Callable[[], object], seconds: float = 90) -> None:
    until = clock.monotonic() + seconds
    while not true():
        assert clock.monotonic() < until, "it never came"
        clock.sleep(0.02)


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def left(recording) -> list[str]:
    """What the vault has of films."""
    from circletime.recordings import queries

    return sorted(path.name for path in queries.folder_of(recording.public_id).glob("film*"))


def clear(recording) -> list[str]:
    """Files in which anything of a film is in the clear."""
    from circletime.recordings import queries

    files = [path for path in queries.folder_of(recording.public_id).rglob("*") if path.is_file()]
    tales = (b"ftyp", b"moov", b"avc1", b"mdat", b"x264", b"Amara")
    return [path.name for path in files if any(tale in path.read_bytes() for tale in tales)]


def shown(recording) -> set[int]:
    """What somebody gets who may watch and said why, for each film."""
    from django.test import Client
    from django.urls import reverse

    from circletime.people.models import User
    from circletime.recordings.models import Viewing

    leader = User.objects.filter(rolegrant__role="slt").earliest("pk")
    Viewing.objects.create(recording=recording, user=leader, at=now(), why="To see that nothing is shown")
    client = Client(SERVER_NAME="localhost")
    sign_in(client, leader)
    found = set()
    for film in recording.films.all():
        address = reverse("recording-other-film", args=[recording.public_id, film.public_id])
        found.add(client.get(address, headers={"Range": "bytes=0-9"}).status_code)
    return found


def whole_and_alone() -> None:
    """Both films are ready and whole, and nothing else of a film is there."""
    from circletime.recordings import queries
    from circletime.recordings.film.playback import FilmReader
    from circletime.recordings.models import Recording

    recording = Recording.objects.get()
    films = list(recording.films.select_related("recording"))
    assert [film.state for film in films] == ["ready", "ready"], [(f.state, f.trouble) for f in films]
    assert left(recording) == sorted(name for film in films for name in (film.head_name, film.rest_name))
    for film in films:
        with FilmReader(film) as opened:
            assert b"".join(opened.pieces())[4:8] == b"ftyp"
    assert queries.vault_verify()[1] == [] and shown(recording) == {206}


STEPS = (
    "nothing written yet",
    "half of it written",
    "head not begun",
    "one file in its place",
    "both in place and not said",
    "said and not tidied",
)
CASES: dict[str, Callable[..., None]] = {
    one.__name__: one for one in (make, at, again, full, two_workers, worker_killed)
}

if __name__ == "__main__":
    django.setup()
    CASES[sys.argv[1]](*sys.argv[2:])
    print("as it should be")
