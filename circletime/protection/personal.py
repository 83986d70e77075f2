"""Every table of the program: whose data it has, how long, how it is handed out, how it is erased.

`tests/architecture/test_personal.py` holds this against the tables: none is missing, and each field that can
have words, or that leads to a child, an adult or a household, is named as somebody's data (`fields`) or as
nobody's (`plain`). A field that leads to an account says who did something. It stays, as a number: the
account loses its name. docs/what-is-kept.md and the record of processing are drawn from the same rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

from circletime.policy.limits import Limit

WITH_PERSON = "with the person"
"""Kept until the person is erased: by the worker when their time is over, or by a leader before."""


@dataclass(frozen=True)
class Kept:
    """One table. `until` is a limit of the school's, or words; `exported` and `erased` are sentences.

    Where it has nobody's data, `whose` is empty and `why` says what it has instead.
    """

    table: str
    what: str
    whose: str = ""
    until: Limit | str = ""
    exported: str = ""
    erased: str = ""
    fields: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()


CHILDREN, FAMILIES, STAFF, ALL = "children", "families", "staff and governors", "children, families, staff"
WITH_REGISTER = "With the register of its meeting, once its recording is gone."
LEADS = "Which rows belong together; it goes with them."

TABLES = (
    # people
    Kept("people.School", "The school's name, and how many adults a room needs", plain=("name",)),
    Kept(
        "people.User",
        "Accounts",
        STAFF,
        Limit.COLLEAGUES,
        "Account",
        "Name, address, password and roles are emptied; the number stays, because the log has it.",
        ("password", "email", "name", "source_id"),
    ),
    Kept("people.RoleGrant", "Roles", STAFF, Limit.COLLEAGUES, "Account", "Deleted with the account's name."),
    Kept(
        "people.SchoolClass",
        "Classes, with the ID and password on the card",
        plain=("name", "source_id", "join_id", "password"),
    ),
    Kept("people.SchoolClass_staff", "Who teaches a class", STAFF, Limit.COLLEAGUES, "Account", LEADS),
    Kept(
        "people.Household",
        "Households",
        FAMILIES,
        Limit.LEAVERS,
        "On the roster",
        "Deleted with its last child; where a meeting was held for it, a row without a name stays.",
        ("name",),
    ),
    Kept(
        "people.Adult",
        "Parents and carers: name, address, language",
        FAMILIES,
        Limit.LEAVERS,
        "On the roster",
        "Deleted with their last child, or when they were taken off the list.",
        ("name", "email", "language", "source_id", "households"),
    ),
    Kept(
        "people.Adult_households",
        "Who is in a household",
        FAMILIES,
        Limit.LEAVERS,
        "On the roster",
        LEADS,
        ("adult", "household"),
    ),
    Kept(
        "people.Pupil",
        "Children: names and class",
        CHILDREN,
        Limit.LEAVERS,
        "On the roster",
        "Deleted.",
        ("first_name", "last_name", "mark", "source_id", "households"),
    ),
    Kept(
        "people.Pupil_households",
        "Who is in a household",
        CHILDREN,
        Limit.LEAVERS,
        "On the roster",
        LEADS,
        ("pupil", "household"),
    ),
    Kept(
        "people.ContactRestriction",
        "Who may not be in touch with a child, or learn about them",
        "children, families",
        WITH_PERSON,
        "Counted; a person decides, because it may tell of others.",
        "Deleted with the child, or with the adult or household it is about.",
        ("pupil", "adult", "household", "what", "end_reason"),
        ("public_id",),
    ),
    Kept(
        "people.Group",
        "Groups of a class",
        CHILDREN,
        WITH_PERSON,
        "On the roster",
        LEADS,
        ("pupils",),
        ("name",),
    ),
    Kept(
        "people.Group_pupils", "Who is in a group", CHILDREN, WITH_PERSON, "On the roster", LEADS, ("pupil",)
    ),
    Kept(
        "people.FamilyLink",
        "Families' links, as a hash",
        FAMILIES,
        "a letter's works until 30 days after its meeting, a printed one for 120 days",
        "Not given: it is a way in.",
        "Deleted with the household.",
        ("household",),
        ("id", "token_hash"),
    ),
    Kept(
        "people.TranslationReview",
        "Which translations were found right",
        plain=("language", "sentence", "said"),
    ),
    Kept(
        "people.PasswordAsk",
        "Who forgot a password",
        STAFF,
        "2 hours at most",
        "Too short to be asked for.",
        "Deleted.",
        ("email",),
    ),
    Kept(
        "people.MailCode",
        "Sign-ins of families by e-mail",
        FAMILIES,
        "a day after the code ran out",
        "Sign-ins by e-mail",
        "Deleted.",
        ("email", "place"),
        ("public_id", "code_hash"),
    ),
    Kept(
        "people.RosterImport",
        "Imports of the roster: the file's name, counts; names only until it is settled",
        ALL,
        "a day, unless it is brought in",
        "Not given: it is the school's own system's, which has it.",
        "Nobody is erased while one waits.",
        ("shown", "said", "file_name"),
        ("public_id", "mapping", "state", "counts", "fingerprint"),
    ),
    Kept("people.RosterMapping", "Which column of a file is which", plain=("name", "columns")),
    Kept(
        "people.RosterSaid",
        "What the school's own system said last of somebody",
        ALL,
        WITH_PERSON,
        "The same as on the roster.",
        "Deleted.",
        ("source_id", "words"),
        ("source", "kind"),
    ),
    Kept(
        "people.RosterBefore",
        "What stood before the last import, for its undoing",
        ALL,
        "until the next import, or until anybody is erased",
        "The same as on the roster.",
        "Deleted; the last import cannot be taken back then.",
        ("rows",),
        ("model",),
    ),
    # meetings
    Kept(
        "meetings.Meeting",
        "Meetings: class, host, times, why one was broken off",
        "families, staff",
        Limit.REGISTERS,
        "In meetings",
        "The household's link and the reason go with the register; the host is an account.",
        ("household", "end_reason"),
        ("public_id", "room", "recording"),
    ),
    Kept(
        "meetings.Expected",
        "Whom a meeting was for",
        ALL,
        Limit.REGISTERS,
        "Expected in meetings",
        "A number of that meeting takes the place of name and link.",
        ("pupil", "adult", "label"),
    ),
    Kept(
        "meetings.Seat",
        "Register: who came, as what, when",
        ALL,
        Limit.REGISTERS,
        "In meetings",
        "A number of that meeting takes the place of name and link; a colleague's account is nameless.",
        ("pupil", "adult", "label", "key", "gone_reason"),
        ("public_id", "connection"),
    ),
    Kept(
        "meetings.Stay",
        "When somebody was in a room",
        ALL,
        Limit.REGISTERS,
        "In meetings",
        "Its seat names nobody.",
    ),
    Kept(
        "meetings.Turn",
        "When a child spoke",
        CHILDREN,
        Limit.REGISTERS,
        "In meetings",
        "Its seat names nobody.",
    ),
    Kept(
        "meetings.GrownUpAsk",
        "When a family said that a grown-up is there",
        FAMILIES,
        Limit.REGISTERS,
        "In meetings",
        "Its seat names nobody.",
    ),
    Kept(
        "meetings.Happening",
        "The host's notes, and what happened in a meeting",
        ALL,
        Limit.REGISTERS,
        "Notes are counted; a person decides, because one may tell of others.",
        "The host's own words are emptied.",
        ("text",),
        ("kind",),
    ),
    Kept("meetings.MediaOrder", "What the media server has yet to be told", plain=("verb",)),
    Kept(
        "meetings.DoorTry",
        "Wrong tries at the door, as a keyed hash",
        FAMILIES,
        "an hour",
        "Nobody can tell whose.",
        "Gone within the hour.",
        ("address",),
        ("class_id",),
    ),
    # what families are told
    Kept(
        "dispatch.Notice",
        "What families were told of a meeting",
        "staff",
        Limit.NOTICES,
        "What the family was told",
        "The host's name and address are emptied with the sheet.",
        ("gathering", "following", "reason_words"),
        ("public_id", "about", "title"),
    ),
    Kept(
        "dispatch.Delivery",
        "Which family was told, how and when",
        FAMILIES,
        Limit.NOTICES,
        "What the family was told",
        "Deleted; how many were told, and when, is counted before.",
        ("household", "adult", "pupils"),
        ("public_id",),
    ),
    Kept(
        "dispatch.Delivery_pupils",
        "About which child",
        CHILDREN,
        Limit.NOTICES,
        "What the family was told",
        LEADS,
        ("pupil",),
    ),
    Kept(
        "dispatch.Told",
        "How many families were told, when and how, for the report",
        plain=("about", "families"),
    ),
    Kept("dispatch.WorkPlace", "Where a class's school work goes on", plain=("address",)),
    Kept(
        "notices.Letter",
        "Letters: address and words",
        "families, staff",
        "30 days after it was sent or given up",
        "Letters to this address",
        "Emptied; what was not sent is stopped.",
        ("to", "reply_to", "subject", "text", "html", "calendar"),
        ("public_id", "message_id", "about", "language"),
    ),
    # documents
    Kept("documents.Version", "Documents", plain=("public_id", "digest", "changes")),
    Kept("documents.Wording", "Their words", plain=("language", "text", "pdf")),
    Kept(
        "documents.Acceptance",
        "Which document somebody accepted",
        "families, staff",
        Limit.ACCEPTED,
        "Documents accepted",
        "Deleted with the child, the household or the account's name.",
        ("household", "adult", "pupil"),
    ),
    Kept(
        "documents.Adoption",
        "What the board adopted, and who signed",
        "governors",
        "for good: minutes of the board",
        "In the minutes of the board, which are open to read.",
        "Not erased: the board's own record.",
        ("signatories",),
        ("public_id", "minute"),
    ),
    Kept("documents.ReviewReminder", "When a review was reminded of"),
    Kept("documents.LimitSet", "The school's own limits"),
    Kept(
        "documents.Reminder",
        "Who is to be reminded of a document",
        "families, staff",
        WITH_PERSON,
        "Letters to this address",
        "Deleted with the adult.",
        ("adult",),
    ),
    # recordings
    Kept(
        "recordings.Recording",
        "Recordings, encrypted",
        ALL,
        Limit.KEPT,
        "Recordings",
        "On its own day, or earlier by headteacher and safeguarding lead together; a hold keeps it longer.",
        ("wrapped_key",),
        ("public_id", "trouble", "odd_tracks", "ending"),
    ),
    Kept(
        "recordings.Film",
        "Films made of them",
        ALL,
        Limit.KEPT,
        "Recordings",
        "With the recording.",
        ("cut",),
        ("public_id", "stem", "trouble", "asked_by", "places"),
    ),
    Kept(
        "recordings.Hold",
        "Why a recording is kept longer",
        ALL,
        Limit.REGISTERS,
        "The recording's end tells; the reason may tell of others.",
        WITH_REGISTER,
        ("reason", "release_reason"),
        ("public_id",),
    ),
    Kept("recordings.Hold_recordings", "Which recordings a hold keeps"),
    Kept(
        "recordings.EarlyDeletion",
        "Why a recording was deleted early",
        ALL,
        Limit.REGISTERS,
        "The recording's end tells; the reason may tell of others.",
        WITH_REGISTER,
        ("reason",),
    ),
    Kept(
        "recordings.Certificate", "That a recording is destroyed; names nobody", plain=("text", "signature")
    ),
    Kept("recordings.Vigil", "When the clock was trusted last"),
    Kept(
        "recordings.Opening",
        "To whom a recording was opened, and why",
        "staff",
        Limit.REGISTERS,
        "The reason may tell of others.",
        WITH_REGISTER,
        ("reason",),
        ("public_id",),
    ),
    Kept(
        "recordings.Viewing",
        "Who watched which seconds, and why",
        ALL,
        Limit.REGISTERS,
        "Recordings: the days on which it was watched",
        "The reason goes with the register; that it was watched stays, by an account.",
        ("why",),
        ("sent", "played"),
    ),
    # requests to see
    Kept(
        "access.Case",
        "Requests to see a recording",
        "children, families",
        "3 years after its end",
        "Requests to see a recording",
        "Names and words are emptied with the child or whoever asked.",
        (
            "pupil",
            "child_name",
            "asker",
            "asker_name",
            "asker_email",
            "words",
            "identity_how",
            "responsibility_how",
            "stopped_reason",
            "extension_reason",
            "outcome_reason",
        ),
        ("public_id",),
    ),
    Kept("access.Case_settled", "Which contact restrictions were decided about"),
    Kept(
        "access.CaseRecording",
        "Which recordings the child is in",
        CHILDREN,
        "3 years after its end",
        "Recordings",
        "Emptied with the request.",
        ("seats",),
    ),
    Kept(
        "access.Step",
        "What was done in a request",
        "children, families",
        "3 years after its end",
        "The case file, which whoever handles the request prints.",
        "Emptied with the request.",
        ("note",),
        ("kind", "text"),
    ),
    Kept(
        "access.Letter",
        "Letters of a request",
        FAMILIES,
        "3 years after its end",
        "The case file, which whoever handles the request prints.",
        "Emptied with the request.",
        ("to", "text"),
        ("kind", "subject", "language"),
    ),
    Kept("access.Invitation", "When and where a recording is seen", plain=("public_id", "place")),
    Kept("access.Redaction", "Which film was approved", plain=("approved_film", "approved_digest")),
    Kept("access.Redaction_makers", "Who made it"),
    Kept(
        "access.Mark",
        "What a film leaves out, and why",
        CHILDREN,
        "3 years after its end",
        "Not given: it tells of the others who were left out.",
        "Emptied with the request.",
        ("note",),
        ("public_id",),
    ),
    Kept(
        "access.ViewingSession",
        "A viewing, and who sat there",
        FAMILIES,
        "3 years after its end",
        "The case file, which whoever handles the request prints.",
        "Emptied with the request.",
        ("here_name",),
        ("public_id", "link_hash", "browser_hash"),
    ),
    Kept("access.Attendance", "When a viewing's pages were there"),
    Kept("access.Shown", "Which seconds were shown"),
    Kept(
        "access.Copy",
        "A copy that may be taken once; its passphrase is nowhere",
        plain=("public_id", "digest", "wrapped", "salt", "link_hash", "browser_hash"),
    ),
    # oversight
    Kept(
        "oversight.Incident",
        "Incidents",
        ALL,
        Limit.INCIDENTS,
        "Counted; a person decides, because it may tell of others.",
        "Names and words are emptied; a safeguarding concern only when the safeguarding lead says that it "
        "was handed on.",
        ("pupil", "somebody", "what", "outcome"),
        ("public_id",),
    ),
    Kept(
        "oversight.IncidentStep",
        "What was done about an incident",
        ALL,
        Limit.INCIDENTS,
        "Counted; a person decides, because it may tell of others.",
        "Emptied with the incident.",
        ("text",),
    ),
    Kept(
        "oversight.RuleException",
        "Exceptions from a rule",
        "staff",
        Limit.INCIDENTS,
        "Exceptions asked for",
        "Its words are emptied with the account's name.",
        ("reason", "decision", "end_reason"),
        ("public_id",),
    ),
    Kept(
        "oversight.Sighting",
        "An address that a network's program asked for, until it is looked at",
        plain=("key", "network"),
    ),
    Kept(
        "oversight.Leak",
        "Alarms that a link was made public",
        FAMILIES,
        Limit.INCIDENTS,
        "Names no family; what was done may tell of others.",
        "Its words are emptied.",
        ("note",),
        ("public_id", "network"),
    ),
    Kept("oversight.Leak_classes", "Whose hosts hear of it"),
    Kept("oversight.Draw", "Which meetings were drawn by lot", plain=("digest", "candidates")),
    Kept(
        "oversight.DrawnMeeting",
        "What was found in a meeting that was drawn",
        ALL,
        Limit.REGISTERS,
        "May tell of others.",
        WITH_REGISTER,
        ("note",),
        ("public_id",),
    ),
    Kept(
        "protection.SchoolWords",
        "The school's own words in its record of processing",
        "whom the school names there",
        "until the school writes others; those before stay",
        "The record is the school's to show.",
        "Not erased: the school's own record.",
        ("text",),
        ("point",),
    ),
    # the log, and what comes with Django
    Kept(
        "audit.Row",
        "The log: numbers, states and days; no names, no free text",
        ALL,
        "for good: it is a chain, and nothing can be taken out",
        "In the log, as a number",
        "Not erased: when the person is, their number leads nowhere.",
        ("by", "subject", "data"),
        ("kind", "previous", "digest"),
    ),
    Kept("audit.Head", "The end of the log", plain=("digest",)),
    Kept("audit.Checkpoint", "The signed end of the log", plain=("text", "signature")),
    Kept(
        "audit.Salt",
        "What makes a commitment in the log fit the words it was made of",
        ALL,
        Limit.INCIDENTS,
        "Tells nothing by itself.",
        "Deleted with the words; nothing shows any more what they were.",
        ("salt",),
    ),
    Kept(
        "sessions.Session",
        "Who is signed in, and which seat a browser has",
        "families, staff",
        "two weeks, and a day until the worker comes by",
        "Tells nothing by itself.",
        "Leads nowhere once the person is erased.",
        ("session_data",),
        ("session_key",),
    ),
    Kept(
        "account.EmailAddress",
        "The address of an account",
        STAFF,
        Limit.COLLEAGUES,
        "Account",
        "Deleted.",
        ("email",),
    ),
    Kept("account.EmailConfirmation", "Not used: nobody signs up", plain=("key",)),
    Kept("auth.Permission", "Not used", plain=("name", "codename")),
    Kept("auth.Group", "Not used", plain=("name",)),
    Kept("auth.Group_permissions", "Not used"),
    Kept("contenttypes.ContentType", "The names of tables", plain=("app_label", "model")),
)


def personal() -> list[Kept]:
    """The tables that have somebody's data."""
    return [each for each in TABLES if each.whose]


def until(kept: Kept, value_of: Callable[[Limit], int]) -> str:
    """How long a table's rows are kept, in words; `value_of` says what a limit is."""
    if not isinstance(kept.until, Limit):
        return kept.until
    return f"{value_of(kept.until)} {kept.until.facts.unit} {_AFTER[kept.until]}"


_AFTER = {
    Limit.KEPT: "after it was made",
    Limit.REGISTERS: "after the meeting",
    Limit.NOTICES: "after the meeting",
    Limit.ACCEPTED: "after they left",
    Limit.INCIDENTS: "after it was closed",
    Limit.LEAVERS: "after they left",
    Limit.COLLEAGUES: "after the account was switched off",
}
