"""Cells of a CSV that no spreadsheet takes for formulas."""

import csv
import io
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice

from asgiref.sync import sync_to_async
from django.http import HttpResponse, StreamingHttpResponse

FORMULA = re.compile("((?:^|[;\\t\\r\\n])\\s*)(?=[=+@\uff1d\uff0b\uff0d\uff20-])")

UTF8 = "\ufeff"
ROWS_AT_ONCE = 500


def csv_answer(name: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> HttpResponse:
    """A file to download."""
    answer = HttpResponse(csv_text([heads, *rows]), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def csv_stream(name: str, heads: Sequence[str], rows: Iterator[Sequence[str]]) -> StreamingHttpResponse:
    """The same of so many rows that they are sent as they are read."""
    answer = StreamingHttpResponse(_pieces(heads, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


async def _pieces(heads: Sequence[str], rows: Iterator[Sequence[str]]) -> AsyncIterator[str]:
    yield csv_text([heads])
    take = sync_to_async(lambda: list(islice(rows, ROWS_AT_ONCE)))
    while some := await take():
        yield csv_text(some).removeprefix(UTF8)


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """The rows as CSV, with a mark that it is UTF-8, as spreadsheets need it."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)  # or a semicolon would part a cell in LibreOffice
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
    return UTF8 + out.getvalue()


def harmless(cell: str) -> str:
    """`cell` with an apostrophe, which makes it text, before whatever a spreadsheet would run.

    That is a sign of a formula at the start or, in a spreadsheet that parts cells otherwise than by commas,
    further on; spaces before it do not help, and the wide signs of East Asian keyboards count.
    """
    return FORMULA.sub(r"\1'", cell)
