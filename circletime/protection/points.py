"""What only the school can say in its record of processing and its impact assessment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """One open point. `suggested` is what a school may begin from; it is nobody's decision until written."""

    key: str
    name: str
    ask: str
    suggested: str = ""


POINTS = (
    Point(
        "controller",
        "Controller",
        "Who is the controller: name and address of the school or trust, and whom to write to",
    ),
    Point(
        "officer", "Data protection officer", "Who is the data protection officer, and how they are reached"
    ),
    Point(
        "basis",
        "Legal basis",
        "On which legal basis the school does this",
        "Public task (UK GDPR, Article 6(1)(e)): teaching and the welfare of pupils are the school's task in "
        "law. Recordings rest on it as well, and not on consent, which a family could not freely refuse.",
    ),
    Point(
        "special",
        "Special kinds of data",
        "Whether special kinds of data are kept, and on which condition",
        "A safeguarding concern or a contact restriction may tell of health or of an offence. Suggested: "
        "substantial public interest, safeguarding of children (Data Protection Act 2018, Schedule 1, "
        "paragraph 18).",
    ),
    Point("need", "Need", "Why video is needed for this, and what else was thought of"),
    Point(
        "asked",
        "Who was asked",
        "Who was asked: parents, pupils, staff, the data protection officer, and what they said",
    ),
    Point(
        "hosting",
        "Who runs it",
        "Who runs the machine, the mail server and a bucket, if others do, and on which contract",
    ),
    Point("notice", "Privacy notice", "Where families and staff read the privacy notice"),
    Point(
        "backups", "Backups", "Where backups of the database are, who reaches them and how long they are kept"
    ),
    Point(
        "left",
        "What is left",
        "Which risks are left, who accepts them, and whether the Commissioner has to be asked first",
    ),
    Point("review", "Review", "When this is looked at again, and by whom"),
)
