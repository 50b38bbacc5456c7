"""Number series. A number is drawn in the caller's transaction, under the lock of its series: nothing is lost when the
transaction fails. Draw it after the account lock, the last of all locks, so that two transactions never wait for each
other."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, Model

from ledger.models import NumberSeries


@dataclass(frozen=True)
class Series:
    """How the numbers of one kind of record are made. The row that counts is made with the first number."""

    code: str
    prefix: str
    description: str
    digits: int = 6


def ensure_series(series: Series) -> None:
    """Makes the series where it is missing; an existing one keeps its count, prefix and digits."""
    NumberSeries.objects.get_or_create(
        code=series.code,
        defaults={"prefix": series.prefix, "description": series.description, "digits": series.digits},
    )


def next_numbers(series: Series, count: int) -> list[str]:
    """The next `count` numbers of the series, in order."""
    return [number for _, number in draw(series, count)]


def draw(series: Series, count: int) -> list[tuple[int, str]]:
    """The next `count` numbers of the series, in order, each behind its place in the series."""
    if not NumberSeries.objects.filter(code=series.code).update(last_number=F("last_number") + count):
        ensure_series(series)
        return draw(series, count)
    row = NumberSeries.objects.get(code=series.code)
    return [(place, row.format(place)) for place in range(row.last_number - count + 1, row.last_number + 1)]


def free_number(series: Series, model: type[Model]) -> str:
    """The next number of the series that no record of the model has, by an import or by hand."""
    return free_numbers(series, model, 1)[0]


def free_numbers(series: Series, model: type[Model], count: int) -> list[str]:
    """So many of them, in order."""
    free: list[str] = []
    while len(free) < count:
        drawn = next_numbers(series, count - len(free))
        taken = set(model._default_manager.filter(number__in=drawn).values_list("number", flat=True))
        free += [number for number in drawn if number not in taken]
    return free


def pass_over(series: Series, numbers: Iterable[str]) -> None:
    """The series goes on after the highest of the numbers that came from elsewhere and look like its own, so that the next
    record does not have to search for a free one."""
    ensure_series(series)
    row = NumberSeries.objects.select_for_update().get(code=series.code)
    own = re.compile(re.escape(row.prefix) + r"([0-9]{" + str(row.digits) + "})")
    found = [int(match[1]) for number in numbers if (match := own.fullmatch(number))]
    row.last_number = max([row.last_number, *found])
    row.save(update_fields=["last_number"])
