"""What the case file says of the films, the viewings and the copies of a request."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from circletime.access.models import Case
from circletime.access.queries.redaction import left_out, redaction_of
from circletime.access.queries.viewing import Account, account_of, copies_of, session_of
from circletime.access.rules.redaction import clock


def sections_of(case: Case) -> list[dict[str, Any]]:
    """The parts of the case file after the recordings."""
    return [_films(case), _left_out(case), _viewings(case), _copies(case)]


def _films(case: Case) -> dict[str, Any]:
    rows = []
    for row in case.recordings.select_related("recording__meeting"):
        decided = redaction_of(row)
        if decided is None:
            continue
        makers = ", ".join(decided.makers.order_by("name").values_list("name", flat=True))
        approved = (
            f"{decided.approved_by.name}, {_when(decided.approved_at)}"
            if decided.approved_by
            else "Nobody yet"
        )
        rows.append(
            [str(row.recording), makers, approved, decided.approved_film, decided.approved_digest[:16]]
        )
    heads = ["Recording", "Made by", "Approved by", "Film", "What it leaves out (digest)"]
    return {"title": "Films", "heads": heads, "rows": rows, "none": "None was made."}


def _left_out(case: Case) -> dict[str, Any]:
    rows = [
        [
            each.recording,
            f"{each.begins} to {each.ends}",
            each.whom,
            each.what,
            f"{each.why}. {each.note}".strip(),
        ]
        for each in left_out(case)
    ]
    heads = ["Recording", "When", "Whom", "What", "Why"]
    return {"title": "What is left out", "heads": heads, "rows": rows, "none": "Nothing."}


def _viewings(case: Case) -> dict[str, Any]:
    rows = []
    for invitation in case.invitations.order_by("starts_at"):
        session = session_of(invitation)
        if session is not None and session.opened_at is not None:
            rows.append(_viewing(account_of(session)))
    heads = ["Opened and closed", "Senior leader there", "Whoever asked there", "Shown"]
    return {"title": "Viewings", "heads": heads, "rows": rows, "none": "There was none."}


def _viewing(account: Account) -> list[str]:
    session = account.session
    beside = (
        f"{session.here_name}, beside the senior leader from {_when(session.here_at)}. "
        if session.here_at
        else ""
    )
    shown = ", ".join(
        f"{row.case_recording.recording}: {clock(row.begins)}-{clock(row.ends)}" for row in account.shown
    )
    return [
        f"{_when(session.opened_at)}, {_when(session.closed_at) or 'open'}",
        f"{session.leader.name}: {_spans(account.leader)}",
        f"{beside}{_spans(account.viewer)}",
        f"{account.minutes_shown:.1f} minutes. {shown}",
    ]


def _copies(case: Case) -> dict[str, Any]:
    rows = []
    for row in case.recordings.select_related("recording__meeting"):
        for copy in copies_of(row):
            end = f"Taken {_when(copy.taken_at)}" if copy.taken_at else "Not taken"
            if copy.called_back_at is not None:
                end = f"Called back {_when(copy.called_back_at)}"
            signed = f"{copy.signed_off_by.name}, {_when(copy.signed_off_at)}"
            rows.append([str(row.recording), signed, str(copy.begun_times), end])
    heads = ["Recording", "Signed off by", "Times begun", "What became of it"]
    return {"title": "Copies", "heads": heads, "rows": rows, "none": "None was given."}


def _spans(rows: list[Any]) -> str:
    return ", ".join(f"{_when(row.from_at)} to {timezone.localtime(row.to_at):%H:%M:%S}" for row in rows)


def _when(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%-d %b %Y, %H:%M:%S}" if at is not None else ""
