"""Many rows, some hundred at a time, so that memory does not grow with their number."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from django.db import connections, models, router, transaction
from django.db.models import QuerySet

BATCH = 400

T = TypeVar("T")
M = TypeVar("M", bound=models.Model)


def batches(every: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """So many at a time."""
    found: list[T] = []
    for each in every:
        found.append(each)
        if len(found) == size:
            yield found
            found = []
    if found:
        yield found


def by_key(rows: QuerySet[M], size: int = BATCH) -> Iterator[list[M]]:
    """So many at a time, by their keys. Each batch is asked for when it is its turn, so that rows may be
    changed or taken away meanwhile."""
    some = list(rows.order_by("pk")[:size])
    while some:
        yield some
        some = list(rows.filter(pk__gt=some[-1].pk).order_by("pk")[:size])


def insert(model: type[M], rows: list[M]) -> None:
    """Write rows whose keys nobody asks for, by one statement for each; `bulk_create`, which puts together a
    statement for a hundred and has their keys told, took twice as long."""
    there, meta = connections[router.db_for_write(model)], model._meta  # noqa: SLF001  documented
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    quoted = [there.ops.quote_name(name) for name in (meta.db_table, *(str(each.column) for each in fields))]
    places = ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {quoted[0]} ({', '.join(quoted[1:])}) VALUES ({places})"  # noqa: S608  our own names
    every = [[field.get_db_prep_save(getattr(row, field.attname), there) for field in fields] for row in rows]
    with transaction.atomic(), there.cursor() as cursor:
        cursor.executemany(sql, every)


def overwrite(model: type[M], rows: list[M], fields: list[str]) -> None:
    """Write these fields of rows that are there. `bulk_update`, which writes a case for each row and field,
    was six times slower for some hundred rows. Whoever calls has locked them, or a row that somebody took
    away meanwhile would be made again."""
    every: QuerySet[M] = QuerySet(model)
    every.bulk_create(rows, update_conflicts=True, unique_fields=["pk"], update_fields=fields)
