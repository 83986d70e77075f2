"""The demo's facts: an invented school, a meeting now, and `var/demo.json` that tells how to get in."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse

from circletime.documents.factory import adopt_documents
from circletime.meetings.actions import lifecycle
from circletime.meetings.actions.schedule import schedule
from circletime.meetings.models import Meeting
from circletime.meetings.rules import JOINABLE, Kind, Purpose
from circletime.people.factory import invent_school
from circletime.people.links import FAMILY_LINK_LASTS, make_links, token_of
from circletime.people.models import Pupil, SchoolClass, User

ROLES = ("teacher", "support", "office", "slt", "dsl", "headteacher", "governor")


def prepare_demo(path: Path, *, classes: int, pupils: int, now: datetime) -> dict[str, Any]:
    """Make the school when there is none, see that a meeting of the first class is open, write the facts."""
    facts = prepare_school(path, classes=classes, pupils=pupils, now=now)
    oak = SchoolClass.objects.earliest("pk")
    meeting = _meeting_now(oak, now)
    base = settings.PUBLIC_URL
    facts |= {
        "url": base,
        "class": {
            "name": oak.name,
            "id": oak.join_id,
            "password": oak.password,
            "pupils": [pupil.label for pupil in Pupil.objects.filter(school_class=oak).order_by("pk")],
        },
        "meeting": {
            "id": meeting.public_id,
            "host_url": base + reverse("meeting", args=[meeting.public_id]),
            "join_url": base + reverse("join"),
        },
        "family_link": base + facts["family_link_path"],
        "mail": base + reverse("mail"),
    }
    _write(path, facts)
    return facts


def prepare_school(path: Path, *, classes: int, pupils: int, now: datetime) -> dict[str, Any]:
    """The school alone, made when there is none, with its documents adopted; answers the facts so far."""
    facts: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    if not User.objects.exists():
        invented = invent_school(now=now, classes=classes, pupils=pupils)
        facts = {
            "staff": {
                key: {"email": user.email, "password": word}
                for key, (user, word) in invented.staff.items()
                if key in ROLES
            }
        }
        household = Pupil.objects.filter(first_name="Amara").earliest("pk").households.get()
        until, by = now + FAMILY_LINK_LASTS, "system:demo"
        (link,) = make_links([household], until=until, about=f"household:{household.pk}", by=by, now=now)
        facts["family_link_path"] = f"/f/{token_of(link.pk)}"
    if "staff" not in facts:
        raise FileNotFoundError(f"{path} is gone, and with it the sign-ins. Run: circletime demo --reset")
    adopt_documents(now)
    _write(path, facts)
    return facts


def _write(path: Path, facts: dict[str, Any]) -> None:
    path.write_text(json.dumps(facts, indent=1, ensure_ascii=False))
    path.chmod(0o600)


def _meeting_now(oak: SchoolClass, now: datetime) -> Meeting:
    current = Meeting.objects.filter(school_class=oak, state__in=JOINABLE).first()
    if current is not None:
        return current
    teacher = oak.staff.filter(rolegrant__role="teacher").earliest("pk")
    meeting = schedule(
        kind=Kind.CLASS,
        purpose=Purpose.CIRCLE,
        starts_at=now + timedelta(seconds=30),
        minutes=20,
        by=teacher,
        now=now,
        school_class=oak,
    )
    lifecycle.open_waiting_room(meeting=meeting, by="system:demo", now=now)
    return Meeting.objects.get(pk=meeting.pk)


def words(facts: dict[str, Any]) -> str:
    """What the demo prints when it runs."""
    rows = "\n".join(
        f"  {role:<12} {who['email']:<28} {who['password']}" for role, who in facts["staff"].items()
    )
    return f"""
Circletime is running at {facts["url"]}

Staff sign in at {facts["url"]}/accounts/login/
{rows}

Children join at {facts["meeting"]["join_url"]}
  Class {facts["class"]["name"]}: ID {facts["class"]["id"]}, password {facts["class"]["password"]}
  First names: {", ".join(facts["class"]["pupils"][:6])} …
  One family's own link: {facts["family_link"]}

No mail leaves this machine. What would be sent is read, signed in, at {facts["mail"]}

A meeting of {facts["class"]["name"]} is open now: {facts["meeting"]["host_url"]}
Press Ctrl-C to stop everything.
"""
