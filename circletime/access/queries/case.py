"""Questions about requests to see."""

from datetime import date

from circletime.access.models import Case, Invitation
from circletime.access.rules.case import GOING_ON
from circletime.access.rules.language import choose
from circletime.people.models import ContactRestriction, Pupil
from circletime.people.queries import adults_of, restrictions_on
from circletime.people.rules import folded


def get_case(public_id: str) -> Case | None:
    """The request of this name, or None."""
    related = ("pupil__school_class", "asker", "hold", "logged_by", "closed_by", "extended_by")
    checkers = ("identity_checked_by", "responsibility_checked_by")
    return Case.objects.select_related(*related, *checkers).filter(public_id=public_id).first()


def unsettled(case: Case, today: date) -> list[ContactRestriction]:
    """The contact restrictions of this child that nobody has decided about in this request."""
    if case.pupil is None:
        return []
    settled = set(case.settled.values_list("pk", flat=True))
    return [each for each in restrictions_on(case.pupil, today) if each.pk not in settled]


def has_nothing(case: Case) -> bool:
    """Whether nothing of the child was kept on the day of asking, as far as it was looked for."""
    return not case.recordings.filter(there=True).exists()


def list_open_of(pupil: Pupil) -> list[Case]:
    """The requests about this child that are going on, locked for whoever asks inside a transaction."""
    found = Case.objects.select_for_update(of=("self",)).filter(pupil=pupil, state__in=GOING_ON)
    return list(found.select_related("pupil", "asker", "hold").order_by("pk"))


def open_invitation(case: Case) -> Invitation | None:
    """The invitation that is out at this moment, or None."""
    found = case.invitations.filter(called_off_at=None, held_at=None).select_related("leader", "invited_by")
    return found.first()


def language_of(case: Case) -> str:
    """The language whoever asked is written to in."""
    family = adults_of(case.pupil) if case.pupil is not None else []
    address, name = case.email.lower(), folded(case.asker_name)
    by_address = [each for each in family if address and each.email.lower() == address]
    by_name = [each for each in family if folded(each.name) == name]
    own = [case.asker] if case.asker is not None else []
    both = [each for each in by_address if each in by_name]
    return choose([each.language for each in some] for some in (own, both, by_address, by_name, family))
