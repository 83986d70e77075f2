"""Writing down what was found, and telling who can do something about it."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from circletime.audit.actions import record
from circletime.health.models import Standing
from circletime.health.queries import whom_to_tell
from circletime.health.rules.alarms import Alarm, News, Told, letter, step, subject_line
from circletime.health.rules.finding import Finding
from circletime.notices.actions import enqueue
from circletime.notices.rules import Kind
from circletime.people.queries import get_school

PAGE = "/well/"
LONGEST = 500


@transaction.atomic
def note_findings(*, findings: Iterable[Finding], by: str, now: datetime) -> list[News]:
    """Write down what was found just now, and enqueue one letter each to who can act, if there is news.

    Answers the news. The log has which subject it was, and no sentence.
    """
    told: list[Told] = []
    for finding in findings:
        standing = Standing.objects.select_for_update().filter(subject=finding.subject).first()
        standing = standing or Standing(subject=finding.subject)
        before = Alarm(standing.wrong_since, standing.told_at, standing.fine_since)
        after, news = step(before, fine=finding.fine, patience=finding.subject.patience, now=now)
        standing.fine, standing.number, standing.looked_at = finding.fine, finding.number, now
        standing.says, standing.do = finding.says[:LONGEST], finding.do[:LONGEST]
        for name, value in asdict(after).items():
            setattr(standing, name, value)
        standing.save()
        if news is None:
            continue
        since = before.wrong_since or now
        told.append(Told(news, finding, timezone.localtime(since)))
        verb = {News.BEGUN: "begun", News.GOES_ON: "goes_on", News.OVER: "over"}[news]
        record(f"health.alarm.{verb}", by=by, subject=f"health:{finding.subject}", now=now)
    if told:
        _write(told, by=by, now=now)
    return [one.news for one in told]


def _write(told: list[Told], *, by: str, now: datetime) -> None:
    people, beside = whom_to_tell()
    text = letter(told, school=get_school().name, page=settings.PUBLIC_URL + PAGE)
    greeted = [(user.email, f"Dear {user.name},") for user in people]
    greeted += [(address, "Hello,") for address in beside]
    for address, greeting in greeted:
        enqueue(
            to=address,
            subject=subject_line(told),
            text=f"{greeting}\n\n{text}",
            kind=Kind.HEALTH,
            about="health",
            by=by,
            now=now,
        )
