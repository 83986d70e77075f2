"""Invented exports of an invented school's system, as zip files. Every name in them is made up."""

import csv
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

USERS_11 = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,"
    "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password"
).split(",")
CLASSES = "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location".split(
    ","
)
ENROLLMENTS = (
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,"
    "endDate"
).split(",")
USERS_12 = [each for each in USERS_11 if each not in ("role", "orgSourcedIds")] + [
    "userMasterIdentifier", "preferredGivenName", "primaryOrgSourcedId", "pronouns",
]  # fmt: skip
ROLES = "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId".split(
    ","
)

Rows = list[dict[str, str]]


def table(columns: list[str], rows: Rows, delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def zipped(path: Path, files: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, text in files.items():
            whole.writestr(name, text)
    return path


def manifest(version: str = "1.1", how: str = "bulk") -> str:
    said = {
        "manifest.version": "1.0",
        "oneroster.version": version,
        "file.users": how,
        "file.enrollments": how,
    }
    return "propertyName,value\n" + "".join(f"{key},{value}\n" for key, value in said.items())


class School:
    """Two classes, a teacher each, an aide; children with adults linked from either side."""

    def __init__(self) -> None:
        self.users: Rows = [
            user("t1", "teacher", "Ines", "Fennick", email="Ines.Fennick@larkfield.example"),
            user("t2", "aide", "Tom", "Tully", email="tom@larkfield.example"),
            user("h1", "administrator", "Sora", "Sunder", email="head@larkfield.example"),
            user("p1", "student", "Amara", "Osei", agentSourcedIds="g1,g2", password="S3cret-pass"),
            user("p2", "student", "Kofi", "Osei", agentSourcedIds="g1,g2", phone="07000 900000"),
            user("p3", "student", "Ben", "Vasko"),
            user("p4", "student", "Olivia", "Marrow"),
            user("p5", "student", "Olivia", "Farrow"),
            user("g1", "parent", "Ada", "Osei", email="ada@home.example"),
            user("g2", "guardian", "Kwame", "Osei", email="kwame@home.example"),
            user("g3", "relative", "Gita", "Vasko", email="gita@home.example", agentSourcedIds="p3"),
        ]
        self.classes: Rows = [
            {"sourcedId": "c1", "title": "Oak", "grades": "01", "classType": "homeroom"},
            {"sourcedId": "c2", "title": "Year 3 Elm", "classType": "Homeroom"},
            {"sourcedId": "m1", "title": "Maths", "classType": "scheduled"},
        ]
        self.enrollments: Rows = [
            enrol("c1", "p1"), enrol("c1", "p4"), enrol("c1", "p5"), enrol("m1", "p1"), enrol("c2", "p2"),
            enrol("c2", "p3"), enrol("c1", "t1", "teacher"), enrol("c2", "t2", "aide"),
            enrol("m1", "t1", "teacher"),
        ]  # fmt: skip
        self.extra: dict[str, str | bytes] = {"manifest.csv": manifest()}

    def user(self, key: str) -> dict[str, str]:
        return next(each for each in self.users if each["sourcedId"] == key)

    def without(self, *keys: str) -> "School":
        self.users = [each for each in self.users if each["sourcedId"] not in keys]
        self.enrollments = [each for each in self.enrollments if each["userSourcedId"] not in keys]
        for each in self.users:
            linked = each.get("agentSourcedIds", "").split(",")
            each["agentSourcedIds"] = ",".join(key for key in linked if key not in keys)
        return self

    def files(self) -> dict[str, str | bytes]:
        return {
            "users.csv": table(USERS_11, self.users),
            "classes.csv": table(CLASSES, self.classes),
            "enrollments.csv": table(ENROLLMENTS, self.enrollments),
        } | self.extra

    def write(self, folder: Path, name: str = "roster.zip") -> Path:
        return zipped(folder / name, self.files())


def user(key: str, role: str, first: str, last: str, **more: Any) -> dict[str, str]:
    return {
        "sourcedId": key,
        "role": role,
        "givenName": first,
        "familyName": last,
        "enabledUser": "true",
    } | more


def enrol(school_class: str, person: str, role: str = "student", **more: str) -> dict[str, str]:
    row = {"sourcedId": f"{school_class}-{person}", "classSourcedId": school_class, "userSourcedId": person}
    return row | {"role": role} | more
