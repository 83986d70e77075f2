"""The risks of video meetings with children, and what in this program stands against each.

`places` and `tests` are files of the program, or `module:name` below `circletime`, as in `policy.clauses`;
`tests/architecture/test_risks.py` opens every one.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Risk:
    """What may happen to whom, what stands against it, and what no program can do about it."""

    what: str
    against: tuple[str, ...]
    left: str
    clauses: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()


RISKS = (
    Risk(
        "A stranger comes into a meeting of children",
        (
            "Each guest waits until a host lets them in; the class's list says who is expected.",
            "No name and no picture reaches a browser before that, or after it was removed.",
        ),
        "Whether it is that child who sits there: the host sees it.",
        ("T6", "T7", "C2"),
        ("meetings.actions.door:admit", "media.gate:SignalGate"),
        ("tests/actions/test_door.py", "tests/adversary/test_in_the_room.py"),
    ),
    Risk(
        "A link, or a class's password, is made public",
        (
            "Links are kept as a hash, run out, and are burned at one press.",
            "An address that a network's program asks for raises an alarm.",
        ),
        "Somebody may send a link on by hand; the waiting room is what holds then.",
        ("T11", "S3", "P4", "R7"),
        ("pages.tripwire:tripwired", "people.actions.links:burn_links_of"),
        ("tests/oversight/test_leaks.py",),
    ),
    Risk(
        "Recordings of children are seen by who should not see them, or kept too long",
        (
            "Each is encrypted under a key of its own, which is destroyed on its day.",
            "Senior leaders watch, with a reason; which minutes were watched is kept.",
            "A signed certificate shows that each is gone.",
        ),
        "A screenshot or a second camera before a screen is nothing that a program can see.",
        ("T8", "T9", "T10"),
        ("recordings.vault:VaultWriter", "recordings.actions.retention:destroy"),
        (
            "tests/recordings/test_retention.py",
            "tests/recordings/test_clear.py",
            "tests/recordings/test_restored.py",
        ),
    ),
    Risk(
        "A recording that is shown to one family shows other children",
        (
            "It is made anew without them: their pictures, and their sound where it is marked, are left out.",
            "Somebody else than who made it approves it, and a senior leader sits there while it is seen.",
        ),
        "What a child says about another is heard unless somebody marks it.",
        ("T10",),
        ("access.actions.redaction:approve",),
        ("tests/recordings/test_redacted.py", "tests/access/test_tracks.py"),
    ),
    Risk(
        "A parent against whom there is a court order learns of a child, or writes to it",
        ("Contact restrictions are asked before a letter, a link and a request to see.",),
        "Only what is written down is known to the program.",
        (),
        ("people.models:ContactRestriction",),
        ("tests/access/test_restrictions.py",),
    ),
    Risk(
        "Names, addresses and notes are kept for longer than anybody needs them",
        (
            "Each period stands on this page, can be shortened, and is carried out each day.",
            "A person is handed everything that is kept of them; who left is erased everywhere at once.",
        ),
        "Backups of the database may still have what was emptied.",
        (),
        ("protection.tasks:keep_no_longer", "protection.actions.erasing:erase_person"),
        (
            "tests/protection/test_retention.py",
            "tests/protection/test_erasing.py",
            "tests/protection/test_term.py",
        ),
    ),
    Risk(
        "Data leaves for other companies, or other countries",
        (
            "Pages load nothing from anywhere else; there is no analytics and no advertising.",
            "Sound and picture go between browsers and this machine; no other server is asked for the way.",
        ),
        "The mail server, and a bucket or a gateway where one is set, are the school's to choose.",
        (),
        ("docs/adr/0029-no-server-of-anybody-else-is-asked.md",),
        ("tests/web/test_other_sites.py",),
    ),
    Risk(
        "Somebody changes or hides what was done",
        (
            "The log is a chain: a row that is changed, dropped or put elsewhere shows.",
            "Its end is signed and mailed to the governors each day.",
        ),
        "Who has the machine and its key can write another log; the letters that left the building tell.",
        ("C5",),
        ("audit.actions:record", "docs/log-format.md"),
        ("tests/audit/test_log.py", "tests/audit/test_checkpoints.py"),
    ),
    Risk(
        "An account of the staff is taken over",
        (
            "Wrong passwords are slowed down for each account and address; a link to set one works a day.",
            "Roles are the headteacher's alone to give, and an account is switched off at one press.",
            "Who may see recordings signs in with more than a password, and shows it again before watching.",
            "A browser that was left is signed out, and every one at the end of the day.",
        ),
        "Of other staff a password that somebody else knows opens what its owner sees; they are offered a "
        "passkey. Who takes away a lost second step has to be sure that it is its owner who asks.",
        (),
        (
            "people.actions.staff:set_roles",
            "people.rules:needs_second_step",
            "pages.shown_lately:ASKED",
            "docs/adr/0037-more-than-a-password.md",
        ),
        (
            "tests/web/test_guessing.py",
            "tests/people/test_who_may.py",
            "tests/web/test_second_step.py",
            "tests/web/test_shown_lately.py",
        ),
    ),
    Risk(
        "A data breach is noticed late, or told to nobody",
        ("Incidents reach two people at once; of a breach the 72 hours are counted.",),
        "The program tells neither the Commissioner nor a family: the school does.",
        ("C6",),
        ("oversight.rules.incidents:breach_due",),
        ("tests/oversight/test_incidents.py",),
    ),
)
