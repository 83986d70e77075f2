"""A school, a class that met, and the years after. Nothing here needs real commits."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from circletime.meetings.actions import floor, host, lifecycle
from circletime.meetings.models import Meeting
from circletime.oversight.rehearsal.meeting import post
from circletime.people.models import Adult, Pupil
from tests.dispatch.conftest import family, only, plan
from tests.people.conftest import visits, world
from tests.world import World

__all__ = ["visits", "world"]


@dataclass
class Held:
    """Oak is Amara and Ben, each with a family of one adult; it met once, and once it was broken off."""

    world: World
    amara: Pupil
    ben: Pupil
    ada: Adult
    bruno: Adult
    met: Meeting
    off: Meeting


@pytest.fixture
def oak_met(world: World) -> Held:
    amara, ben = only(world, "Amara", "Ben")
    first, second = (
        family(amara, Ada="ada@home.example"),
        family(ben, name="Other", Bruno="bruno@home.example"),
    )
    Pupil.objects.filter(pk=ben.pk).update(last_name="Onlyben")
    planned = plan(world)
    post(planned, world.later(hours=1))
    world.now = planned.starts_at - timedelta(minutes=10)
    lifecycle.open_waiting_room(meeting=planned, by="test", now=world.now)
    world.later(minutes=10)
    met = _meet(world, planned)
    world.later(hours=1)
    post(plan(world, hours=48), world.now)
    broken, by = world.live()
    lifecycle.abort(by=by, reason="The internet failed", now=world.later(minutes=3))
    post(world.fresh(broken), world.now)
    # What is planned for later would stand against everything.
    Meeting.objects.filter(state="scheduled").update(state="cancelled")
    ben.refresh_from_db()
    return Held(
        world, amara, ben, first.adults.get(), second.adults.get(), world.fresh(met), world.fresh(broken)
    )


def _meet(world: World, meeting: Meeting) -> Meeting:
    from circletime.meetings.actions import door
    from circletime.meetings.rules import Recording

    by = door.enter_as_host(meeting=meeting, by=world.teacher, confirmed=True, key="", now=world.now)
    world.media.create_room(meeting.room)
    lifecycle.recording_changed(meeting=meeting, to=Recording.ON, by="test", now=world.now)
    lifecycle.start(meeting=meeting, by=by, now=world.now)
    world.connect(by)
    amara = world.come_in(meeting, by, "Amara")
    ben = world.come_in(meeting, by, "Ben")
    floor.give_turn(by=by, seat_id=amara.public_id, now=world.later(minutes=1))
    floor.end_turn(by=by, now=world.later(minutes=1))
    host.write_note(by=by, seat_id=ben.public_id, text="Ben Onlyben read aloud", now=world.now)
    lifecycle.end(by=by, now=world.later(minutes=5))
    return world.fresh(meeting)


def years_pass(world: World, years: float) -> None:
    """So much later; the worker trusts the clock, as it does when it ran all the while."""
    from circletime.audit.queries import head
    from circletime.recordings.models import Vigil

    world.later(days=365.3 * years)
    Vigil.objects.update_or_create(pk=1, defaults={"at": world.now, "row": head()[0]})


def everything() -> str:
    """All that the database holds, as text: what is not in here is nowhere."""
    from django.apps import apps

    found = []
    for model in apps.get_models():
        fields = [each.attname for each in model._meta.concrete_fields]
        found += [str(values) for values in model._default_manager.values_list(*fields)]
    return "\n".join(found)
