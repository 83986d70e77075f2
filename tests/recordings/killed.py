"""Run inside an installation: a worker that is killed at a step of destruction, and two that go on at once.

`python -m tests.recordings.killed make`; `… destroy STEP before|after` kills itself there (or nowhere, with
`-`); `… finish` runs two workers at once and prints what is left.
"""

import importlib
import json
import os
import signal
import sys
from datetime import timedelta

import django


def make() -> None:
    """A recording whose day is to come, in the bucket if there is one."""
    from circletime.core import time
    from circletime.meetings.rules import State
    from circletime.people.factory import invent_school
    from circletime.recordings import tasks
    from tests import lanes
    from tests.recordings import school

    lanes.begin()
    invented = invent_school(now=school.BEGAN, classes=1, pupils=2, password=school.PASSWORD)
    staff = {role: user for role, (user, _) in invented.staff.items()}
    time.now = lambda: school.BEGAN
    made = school.make_recording(school.make_meeting(staff, state=State.ENDED, seconds=60), [])
    school.put_film(made.films.get(), b"a class that nobody may see any more")
    school.days_pass(school.BEGAN + timedelta(days=30))
    tasks.move_stopped(school.BEGAN)


def _owner(step: str) -> tuple[object, str]:
    path, _, name = step.rpartition(".")
    try:
        return importlib.import_module(path), name
    except ImportError:
        module, _, kind = path.rpartition(".")
        return getattr(importlib.import_module(module), kind), name


def destroy(step: str, when: str) -> None:
    """One run of the worker's chore, on the day."""
    from circletime.recordings import tasks
    from circletime.recordings.models import Recording
    from circletime.recordings.rules import State
    from tests.recordings import school

    if step != "-":
        owner, name = _owner(step)
        really = getattr(owner, name)

        def killed(*args: object, **more: object) -> object:
            if when == "after":
                really(*args, **more)
            if Recording.objects.get().state != State.STOPPED:
                os.kill(os.getpid(), signal.SIGKILL)
            return really(*args, **more)

        setattr(owner, name, killed)
    tasks.destroy_due(school.BEGAN + timedelta(days=30))


def finish() -> None:
    """Two workers begin at the same moment."""
    begin, go = os.pipe()
    children = []
    for _ in range(2):
        child = os.fork()
        if not child:
            os.read(begin, 1)
            try:
                destroy("-", "")
            finally:
                os._exit(0)
        children.append(child)
    os.write(go, b"gg")
    for child in children:
        os.waitpid(child, 0)
    print(json.dumps(state()))


def state() -> dict[str, object]:
    """What is left, as the database and the disks have it."""
    from circletime.audit.queries import list_kinds, verify
    from circletime.recordings import keys, queries, store
    from circletime.recordings.models import Certificate, Recording

    recording = Recording.objects.get()
    return {
        "state": recording.state,
        "key": len(recording.wrapped_key),
        "own": keys.own_names(),
        "files": sorted(store.local_ids() | store.stored_ids()),
        "certificates": Certificate.objects.count(),
        "parts": recording.ending.get("parts"),
        "kinds": list_kinds(recording.subject),
        "log": verify()[1],
        "vault": queries.vault_verify()[1],
    }


if __name__ == "__main__":
    django.setup()
    {"make": make, "destroy": destroy, "finish": finish, "state": lambda: print(json.dumps(state()))}[
        sys.argv[1]
    ](*sys.argv[2:])
