"""What a person had before them when a form was opened, so that two who edit at once do not overwrite each other unseen.

The form carries the values that it showed. When it is sent they are compared with what it would show now; the page then
says what another has changed meanwhile, and keeps what was typed.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.forms import BoundField

from pages import formats

Values = dict[str, str]


@dataclass(frozen=True)
class Difference:
    label: str
    before: str
    now: str


class ChangedMeanwhile(Exception):
    """What is stored is no longer what the person saw."""

    def __init__(self, differences: list[Difference]) -> None:
        self.differences = differences


def as_text(field: BoundField) -> str:
    """The value of a form's field as it is read, not as it is typed."""
    value = field.value()
    if value in (None, ""):
        return formats.NOTHING
    if isinstance(value, date):
        return formats.day(value)
    if hasattr(field.field, "queryset"):
        return str(field.field.queryset.filter(pk=value).first() or value)
    chosen = {str(key): label for key, label in getattr(field.field, "choices", ())}
    return str(chosen.get(str(value), value))


def values_of(form: Any) -> Values:
    """What an untouched form shows, by label. A form of several parts names them itself in `shown_fields`."""
    fields: Iterable[tuple[str, BoundField]] = (
        form.shown_fields() if hasattr(form, "shown_fields") else ((str(field.label), field) for field in form)
    )
    return {label: as_text(field) for label, field in fields}


def packed(values: Values) -> str:
    return json.dumps(values, ensure_ascii=False)


def unpacked(text: str) -> Values:
    """What cannot be read is as good as nothing seen."""
    try:
        values = json.loads(text)
    except ValueError:
        return {}
    return {str(label): str(value) for label, value in values.items()} if isinstance(values, dict) else {}


def differences(before: Values, now: Values) -> list[Difference]:
    pairs = ((label, before.get(label, formats.NOTHING), now.get(label, formats.NOTHING)) for label in before | now)
    return [Difference(*pair) for pair in pairs if pair[1] != pair[2]]


def take_turn(key: str) -> None:
    """Waits until nobody else saves the same form, and holds it until the commit. The first lock of its transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
