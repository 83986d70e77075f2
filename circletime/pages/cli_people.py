"""The commands for the school and its people: its beginning, its roster, and how staff sign in."""

import argparse
import sys
from pathlib import Path

from circletime.pages.cli_terminal import SYSTEM, say
from circletime.pages.tables import make_tables


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """`school begin`, `school name`, `roster import`, `sign-in link` and `sign-in reset`."""
    school = commands.add_parser("school", help="the school itself").add_subparsers()
    one = school.add_parser("begin", help="its name and its first account, the headteacher's")
    one.add_argument("school", metavar="SCHOOL", help="as families know it: 'Larkfield Primary School'")
    one.add_argument("--name", required=True, metavar="NAME", help="as in a meeting: 'Mrs Addo'")
    one.add_argument("--email", required=True, metavar="EMAIL", help="with which they sign in")
    one.set_defaults(run=school_begin)
    one = school.add_parser("name", help="another name, on every page and letter from now on")
    one.add_argument("school", metavar="SCHOOL")
    one.set_defaults(run=school_name)
    roster = commands.add_parser("roster", help="the school's people").add_subparsers()
    one = roster.add_parser("import", help="bring in what the school's own system exports")
    one.add_argument("file", type=Path, metavar="FILE", help="a zip file, a folder or a CSV file")
    one.add_argument("--preview", action="store_true", help="only say what it would do")
    one.add_argument(
        "--mapping", default="", metavar="NAME", help="whose columns these are, as named on the roster page"
    )
    one.set_defaults(run=roster_import)
    sign_in = commands.add_parser("sign-in", help="how staff sign in").add_subparsers()
    one = sign_in.add_parser("link", help="a link to set a password, where no letter arrives")
    one.add_argument("email", metavar="EMAIL")
    one.set_defaults(run=sign_in_link)
    one = sign_in.add_parser(
        "reset", help="take away a lost passkey or app, where no other senior leader is left to do it"
    )
    one.add_argument("email", metavar="EMAIL")
    one.set_defaults(run=sign_in_reset)


def school_begin(wanted: argparse.Namespace) -> int:
    """The school's name and its headteacher's account, who makes all others on the pages."""
    from circletime.core import time
    from circletime.core.errors import Refused
    from circletime.pages.forgotten import link_for
    from circletime.people.actions.staff import begin_school

    make_tables()
    now = time.now()
    try:
        head = begin_school(school=wanted.school, name=wanted.name, email=wanted.email, by=SYSTEM, now=now)
    except Refused as refusal:
        return _refused(refusal)
    print(f"{head.name} is headteacher and office, and sets a password here:\n\n  {link_for(head)}\n")
    print("The link works once, for a day (circletime sign-in link makes another). Then: sign in, add the")
    print("others and their roles under Staff, and bring in the classes under Roster.")
    return 0


def school_name(wanted: argparse.Namespace) -> int:
    """Another name."""
    from circletime.core import time
    from circletime.core.errors import Refused
    from circletime.people.actions.staff import name_school

    make_tables()
    try:
        print(f"The school is {name_school(name=wanted.school, by=SYSTEM, now=time.now())} now.")
    except Refused as refusal:
        return _refused(refusal)
    return 0


def roster_import(wanted: argparse.Namespace) -> int:
    """A roster in, or what it would do."""
    from circletime.pages.roster_lines import bring_in

    make_tables()
    return bring_in(wanted.file, preview=wanted.preview, mapping=wanted.mapping, say=say)


def sign_in_link(wanted: argparse.Namespace) -> int:
    """A link to set a password. Otherwise it is mailed, from the sign-in page or by the office."""
    from circletime.core import time
    from circletime.pages.forgotten import link_for
    from circletime.people.actions.sign_in import note_link_shown
    from circletime.people.queries import find_account

    user = find_account(wanted.email)
    if user is None:
        return _unknown(wanted.email)
    note_link_shown(user=user, by=SYSTEM, now=time.now())
    print(f"For {user.name} alone; it works once, for a day:\n\n  {link_for(user)}")
    return 0


def sign_in_reset(wanted: argparse.Namespace) -> int:
    """Take away somebody's second steps. Otherwise another senior leader does it, on their page."""
    from circletime.core import time
    from circletime.core.errors import Refused
    from circletime.pages import sign_in
    from circletime.people.queries import find_account

    user = find_account(wanted.email)
    if user is None:
        return _unknown(wanted.email)
    try:
        sign_in.reset(user=user, by=SYSTEM, now=time.now())
    except Refused as refusal:
        return _refused(refusal)
    print("They sign in with their password now, and set up a new one. They are written to.")
    return 0


def _unknown(email: str) -> int:
    print(f"No account that is switched on has the address {email}.", file=sys.stderr)
    return 2


def _refused(refusal: Exception) -> int:
    print(refusal, file=sys.stderr)
    return 2
