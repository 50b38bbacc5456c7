"""The change log, read: which record a row of it is about, and what changed in the words of the pages.

    changes_of(account)                 the rows about one record, the newest first
    described(rows)                     each row with its record and its differences, in a constant number of queries

To show them: `{% include "ledger/changes.html" with changes=described(changes_of(account)) zone=zone %}`.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import QuerySet

from ledger.dates import company_time_zone
from ledger.models import ChangeLogEntry
from pages import formats

NOTHING = "–"


@dataclass(frozen=True)
class Difference:
    """One field: what it was and what it is now, as they are read."""

    column: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    row: ChangeLogEntry
    what: str  # the kind of record: "exchange rate"
    name: str  # which one
    url: str
    differences: list[Difference]


def changes_of(record: models.Model) -> QuerySet[ChangeLogEntry]:
    rows = ChangeLogEntry.objects.filter(table=record._meta.db_table, row=str(record.pk))
    return rows.select_related("actor")


def tables() -> list[tuple[str, str]]:
    """What is logged: (table, kind of record), of those that have a row."""
    logged = ChangeLogEntry.objects.order_by().values_list("table", flat=True).distinct()
    return sorted(((table, what(table)) for table in logged), key=lambda pair: pair[1])


def what(table: str) -> str:
    model = _models().get(table)
    return str(model._meta.verbose_name) if model else table


def described(rows: Iterable[ChangeLogEntry]) -> list[Change]:
    """One query for each kind of record that the rows are about or refer to."""
    rows, names = list(rows), Names()
    for row in rows:
        names.want(_about(row.table), row.row)
        for field, values in _fields(row):
            names.want(field and field.related_model, *values)
    return [_change(row, names) for row in rows]


def _change(row: ChangeLogEntry, names: "Names") -> Change:
    record = names.record(_about(row.table), row.row)
    url = getattr(record, "get_absolute_url", str)()
    differences = [_difference(field, column, row.changes[column], names) for column, field in _columns(row)]
    differences = [each for each in differences if each.before != each.after]
    return Change(row, what(row.table), str(record or row.row), url, differences)


def _difference(field: Any, column: str, values: list, names: "Names") -> Difference:
    label = str(field.verbose_name) if field else column
    before, after = (_read(field, value, names) for value in values)
    return Difference(column, label, before, after)


def _read(field: Any, value: Any, names: "Names") -> str:
    if value is None or value == "":
        return NOTHING
    if field is not None and field.related_model:
        return str(names.record(field.related_model, value) or value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(field, models.DateTimeField):
        return f"{datetime.datetime.fromisoformat(value).astimezone(names.zone):%-d %b %Y, %H:%M}"
    if isinstance(field, models.DateField):
        return formats.day(datetime.date.fromisoformat(value))
    if isinstance(field, models.DecimalField):
        return formats.exact(Decimal(value))
    if isinstance(value, list):
        return ", ".join(str(item) or NOTHING for item in value) or NOTHING
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items()) or NOTHING
    return str(dict(getattr(field, "flatchoices", ())).get(value, value))


def _columns(row: ChangeLogEntry) -> list[tuple[str, Any]]:
    """The columns that changed with their fields, in the order of the model; columns it does not know any more last. What
    the database works out from others is left out."""
    model = _models().get(row.table)
    fields: dict[str, Any] = {str(field.column): field for field in model._meta.concrete_fields} if model else {}
    places = {column: place for place, column in enumerate(fields)}
    shown = [column for column in row.changes if column != "id" and not getattr(fields.get(column), "generated", False)]
    return [
        (column, fields.get(column)) for column in sorted(shown, key=lambda column: places.get(column, len(places)))
    ]


def _fields(row: ChangeLogEntry) -> list[tuple[Any, list]]:
    return [(field, row.changes[column]) for column, field in _columns(row)]


def _about(table: str) -> type[models.Model] | None:
    """Of which model the key of a row is: of its own, or of the one that the rows belong to (`logged_under`)."""
    model = _models().get(table)
    under = getattr(model, "logged_under", "")
    return model._meta.get_field(under).related_model if model and under else model


def _models() -> dict[str, type[models.Model]]:
    return {model._meta.db_table: model for model in apps.get_models()}


class Names:
    """Records by model and key, all of a model in one query; and the zone in which instants are told."""

    def __init__(self) -> None:
        self._wanted: dict[Any, set[str]] = {}
        self._found: dict[Any, dict[str, models.Model]] = {}
        self.zone = company_time_zone()

    def want(self, model: Any, *keys: Any) -> None:
        if model is not None:
            self._wanted.setdefault(model, set()).update(str(key) for key in keys if key is not None)

    def record(self, model: Any, key: Any) -> models.Model | None:
        if model is None:
            return None
        if model not in self._found:
            rows = model._base_manager.filter(pk__in=self._wanted[model])
            named = [field.name for field in model._meta.concrete_fields if field.related_model]
            self._found[model] = {str(row.pk): row for row in rows.select_related(*named)}
        return self._found[model].get(str(key))
