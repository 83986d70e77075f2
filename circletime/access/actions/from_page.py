"""A parent asks on their household's page to see a recording (T10).

No member of staff stands between: the month runs from that moment, and what is kept of the child is held at
once. Who asks is checked afterwards as with every other request.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from circletime.access.actions.common import stop_if_restricted, take_step
from circletime.access.actions.keeping import keep
from circletime.access.models import Case
from circletime.access.rules.case import LONGEST_WORDS, OVER, Channel, Relation
from circletime.access.rules.clock import due_on
from circletime.core.errors import Refused
from circletime.people.models import Adult, Pupil

FAMILIES = (Relation.PARENT, Relation.CARER)
"""What an adult of a household may say they are; others ask the office."""


@transaction.atomic
def ask_on_page(*, pupil: Pupil, asker: Adult, relation: str, words: str, by: str, now: datetime) -> Case:
    """Open a request for this adult. `by` is the sign-in it came from, as the log names it.

    The caller knows that the child is theirs to see. Raises `Refused` where one of theirs is going on, so
    that one press too many opens no second.
    """
    if relation not in FAMILIES:
        said = _("Say what you are to the child.")
        raise Refused("relation", said, field="relation", status=400)
    Adult.objects.select_for_update().get(pk=asker.pk)  # two presses at once come one after the other
    if Case.objects.filter(pupil=pupil, asker=asker).exclude(state__in=OVER).exists():
        raise Refused("asked", _("You have asked already. The school will answer you."))
    asked_on = timezone.localtime(now).date()
    case = Case.objects.create(
        pupil=pupil,
        asker=asker,
        asker_name=asker.name,
        asker_email="",
        relation=relation,
        channel=Channel.PAGE,
        words=" ".join(words.split())[:LONGEST_WORDS],
        asked_on=asked_on,
        due_on=due_on(asked_on),
        logged_at=now,
        logged_by=None,
    )
    take_step(
        case,
        "logged",
        by=by,
        now=now,
        text="Asked on the household's page",
        channel=case.channel,
        due_on=case.due_on.isoformat(),
    )
    keep(case, by=by, now=now)
    stop_if_restricted(case, by=by, now=now)
    return case
