"""The pages of letters, looked at in a real browser at every size."""

import pytest

from tests.e2e.conftest import Opener
from tests.e2e.test_pages import is_good
from tests.harness import Installation, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.soak, pytest.mark.timeout(900)]

WRITTEN = """
from django.db import transaction
from circletime.core.time import now
from circletime.notices.actions import enqueue
from circletime.notices.models import Letter
from circletime.people.models import User

def write(state, trouble="", **given):
    told = {"to": "a.very.long.address.of.a.parent@a-long-domain.of-a-school.example",
            "subject": "Come and see the recording", "text": "Dear parent,\\n\\nplease come on Friday.",
            "kind": "case", "about": "case:x", "by": "test", "now": now()}
    letter = enqueue(**told | given)
    times = {"ended_at": now(), "sent_at": now()} if state == "sent" else {"due_at": now().replace(year=2099)}
    Letter.objects.filter(pk=letter.pk).update(state=state, trouble=trouble, tries=1, **times)
    return letter.public_id

with transaction.atomic():  # the worker sees none of them before it stands where it should
    write("sent", subject="دعوة إلى مشاهدة تسجيل الصف")
    write("waiting", "sign-in", kind="meeting", subject="Oak meets on Friday at ten past nine " * 5)
    write("stopped")
    print(write("failed", "no box"))
"""


def test_letters_are_read_by_anybody_at_any_size(at: Installation, someone: Opener) -> None:
    failed = at.python(WRITTEN).strip().splitlines()[-1]
    for who, role in (("Amara", "office"), ("teacher", "slt")):
        one = someone(who)
        sign_in(one, at, role)
        one.page.get_by_role("link", name="Letters").click()
        one.page.get_by_role("table", name="Letters").wait_for()
        is_good(one, f"letters-{role}")
        one.page.goto(f"{at.url}/letters/{failed}/")
        is_good(one, f"letter-{role}")
    one.page.get_by_role("button", name="Leave it").click()
    one.page.get_by_text("Stopped").wait_for()
