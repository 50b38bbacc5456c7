"""Number series. A number is drawn in the caller's transaction, under the lock of its series: nothing is lost when the
transaction fails. Draw it after the account lock, the last of all locks, so that two transactions never wait for each
other."""

from django.db.models import F

from ledger.models import NumberSeries


def ensure_series(code: str, *, prefix: str, description: str, digits: int = 6) -> None:
    """Makes the series where it is missing; an existing one keeps its count."""
    NumberSeries.objects.get_or_create(
        code=code, defaults={"prefix": prefix, "description": description, "digits": digits}
    )


def next_numbers(code: str, count: int) -> list[str]:
    """The next `count` numbers of the series, in order."""
    NumberSeries.objects.filter(code=code).update(last_number=F("last_number") + count)
    series = NumberSeries.objects.get(code=code)
    return [series.format(series.last_number - count + place) for place in range(1, count + 1)]


def next_number(code: str) -> str:
    """The next number of the series."""
    return next_numbers(code, 1)[0]
