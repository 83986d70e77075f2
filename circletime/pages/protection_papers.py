"""What is handed out about data protection: a person's export as a ZIP, the record as PDF."""

import io
import json
import zipfile
from pathlib import Path

import typst
from django.template.loader import render_to_string
from django.utils import timezone

from circletime.people.queries import get_school
from circletime.protection.queries.export import Export
from circletime.protection.queries.record import Record, made_words

SHEET = Path(__file__).resolve().parent / "sheets" / "protection.typ"


def as_zip(made: Export) -> bytes:
    """The same twice: `read.html` for a person, `data.json` for a program."""
    facts = {
        "format": "circletime-person/1",
        "school": get_school().name,
        "read_at": made.at.isoformat(timespec="seconds"),
        "person": made.sort,
        "sections": [
            {
                "title": each.title,
                "rows": [dict(zip(each.heads, row, strict=True)) for row in each.rows],
                **({"note": each.note} if each.note else {}),
            }
            for each in made.sections
        ],
    }
    page = render_to_string("pages/protection/export.html", {"made": made, "school": facts["school"]})
    out = io.BytesIO()
    at = timezone.localtime(made.at).timetuple()[:6]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in (
            ("read.html", page),
            ("data.json", json.dumps(facts, indent=1, ensure_ascii=False)),
        ):
            packed.writestr(zipfile.ZipInfo(name, at), text.encode(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def as_pdf(record: Record) -> bytes:
    """The record as PDF. The values go in as data, so nothing can be taken for markup."""
    facts = {
        "school": record.school,
        "made": made_words(record),
        "said": [
            [
                f"{each.point.name}: {each.point.ask}",
                each.words.text if each.words else "",
                each.point.suggested,
            ]
            for each in record.said
        ],
        "where": [list(each) for each in record.where],
        "processing": [[p.what, p.purpose, p.whose, p.data, p.given_to] for p in record.processing],
        "periods": [
            [p.words, f"{p.value} {p.unit}", "the school" if p.own else "Circletime, to begin with"]
            for p in record.periods
        ],
        "rows": [[r.kept.what, r.kept.whose, r.until, r.kept.exported, r.kept.erased] for r in record.rows],
        "risks": [
            [
                each.risk.what,
                list(each.risk.against),
                ", ".join(clause.number for clause in each.clauses),
                ", ".join(each.risk.tests),
                each.risk.left,
            ]
            for each in record.risks
        ],
    }
    pdf: bytes = typst.compile(str(SHEET), format="pdf", sys_inputs={"facts": json.dumps(facts)})
    return pdf
