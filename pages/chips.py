"""The active filters of a list, each with the address of the list without it."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import models
from django.http import QueryDict

from pages import formats


@dataclass(frozen=True)
class Chip:
    """An active filter: what it says, and the query string without it."""

    label: str
    value: str
    without: str


def chip(field: forms.BoundField, value: Any, data: QueryDict) -> Chip:
    return Chip(str(field.label), value_text(field.field, value), without(data, names(field)))


def is_set(value: Any) -> bool:
    return value is not None and value != "" and (not hasattr(value, "__len__") or len(value) > 0)


def names(field: forms.BoundField) -> set[str]:
    """The parameters a filter reads: a range has one for each end."""
    suffixes = getattr(field.field.widget, "suffixes", None)
    return {f"{field.html_name}_{suffix}" for suffix in suffixes} if suffixes else {field.html_name}


def without(data: QueryDict, gone: set[str]) -> str:
    kept = QueryDict(mutable=True)
    for name, values in data.lists():
        if name not in gone | {"page", "export"}:
            kept.setlist(name, values)
    return f"?{kept.urlencode()}"


def value_text(field: forms.Field, value: Any) -> str:
    if isinstance(value, slice):
        return " ".join(filter(None, (end("from", value.start), end("to", value.stop))))
    if isinstance(value, (list, tuple, models.QuerySet)):
        return ", ".join(value_text(field, item) for item in value)
    chosen = {} if isinstance(value, models.Model) else dict(getattr(field, "choices", ()))
    return str(chosen.get(value, chosen.get(str(value), value)))


def end(word: str, value: Any) -> str:
    return f"{word} {formats.day(value) if hasattr(value, 'year') else value}" if value is not None else ""
