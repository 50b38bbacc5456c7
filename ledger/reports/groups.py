"""By what the reports of the contract liability are cut, and their months."""

import datetime
from collections.abc import Iterator

# The expression over the columns of a journal line.
GROUPS = {"account": "account_id", "product_group": "coalesce(product_group_id, '')", "customer": "party"}


def next_month(day: datetime.date) -> datetime.date:
    """The first day of the month after that of `day`."""
    return (day.replace(day=1) + datetime.timedelta(days=31)).replace(day=1)


def last_day(month: datetime.date) -> datetime.date:
    return next_month(month) - datetime.timedelta(days=1)


def months(first: datetime.date, last: datetime.date) -> Iterator[datetime.date]:
    """The first day of each month from that of `first` to that of `last`."""
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = next_month(month)
