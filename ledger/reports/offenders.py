"""What a check of the books finds, and how it asks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True)
class Offender:
    """What breaks which rule, and by how much: fit to be read out."""

    rule: str
    subject: str
    detail: str


Check = Callable[[], list[Offender]]


def offenders(rule: str, sql: str, params: Sequence | Mapping[str, Any] = ()) -> list[Offender]:
    """`sql` selects (subject, detail), one row per offender."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [Offender(rule, subject, detail) for subject, detail in cursor.fetchall()]
