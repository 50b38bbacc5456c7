"""Accounting periods: made by the month, closed and reopened in their order."""

import calendar
import datetime

from django.db import connection, transaction
from django.db.models import DateTimeField, Func

from ledger.exceptions import PeriodsOpen
from ledger.models import AccountingPeriod


def months(first: datetime.date, count: int) -> list[AccountingPeriod]:
    """One unsaved period per calendar month, from the month of `first` on."""
    starts = [
        datetime.date(first.year + at // 12, at % 12 + 1, 1) for at in range(first.month - 1, first.month - 1 + count)
    ]
    return [AccountingPeriod(name=f"{start:%Y-%m}", starts_on=start, ends_on=_last_day(start)) for start in starts]


def _last_day(day: datetime.date) -> datetime.date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


@transaction.atomic
def create_months(first: datetime.date, count: int) -> tuple[list[AccountingPeriod], list[AccountingPeriod]]:
    """Makes a period of each month that no period covers or names; gives what was made and what was left out because it
    is there already. Safe to repeat: the second time everything is left out."""
    _lock_periods()
    wanted = months(first, count)
    overlapping = AccountingPeriod.objects.filter(starts_on__lte=wanted[-1].ends_on, ends_on__gte=wanted[0].starts_on)
    there = list(overlapping | AccountingPeriod.objects.filter(name__in=[month.name for month in wanted]))
    left_out = [month for month in wanted if any(_clash(month, period) for period in there)]
    made = AccountingPeriod.objects.bulk_create(month for month in wanted if month not in left_out)
    return made, left_out


def _clash(month: AccountingPeriod, period: AccountingPeriod) -> bool:
    overlap = period.starts_on <= month.ends_on and period.ends_on >= month.starts_on
    return overlap or period.name == month.name


@transaction.atomic
def close_period(period: AccountingPeriod, *, actor) -> AccountingPeriod:
    """Closes the period: from the commit on it takes no posting, and late events go to the first open day. Waits for
    postings under way. Refused (PeriodsOpen) while an earlier period is open, or when it is closed already."""
    _lock_periods()
    period = AccountingPeriod.objects.get(pk=period.pk)
    if period.is_closed:
        raise PeriodsOpen(f"{period} is closed already.")
    earlier = AccountingPeriod.objects.filter(ends_on__lt=period.starts_on, closed_at=None).order_by("starts_on")
    if first := earlier.first():
        raise PeriodsOpen(f"{first} is still open. Close the periods in their order.")
    # The clock of the database, read under the lock: it is later than the start of every posting that came before, and
    # `check_books` can tell those from later ones.
    now = Func(function="clock_timestamp", output_field=DateTimeField())
    AccountingPeriod.objects.filter(pk=period.pk).update(closed_at=now, closed_by=actor)
    period.refresh_from_db()
    return period


@transaction.atomic
def reopen_period(period: AccountingPeriod, *, actor) -> AccountingPeriod:
    """Opens a closed period for postings again. Refused (PeriodsOpen) while a later period is closed, or when it is
    open already."""
    _lock_periods()
    period = AccountingPeriod.objects.get(pk=period.pk)
    if not period.is_closed:
        raise PeriodsOpen(f"{period} is open already.")
    later = AccountingPeriod.objects.filter(starts_on__gt=period.ends_on).closed().order_by("-starts_on")
    if last := later.first():
        raise PeriodsOpen(f"{last} is closed. Reopen the later periods first.")
    AccountingPeriod.objects.filter(pk=period.pk).update(closed_at=None, closed_by=None)
    period.refresh_from_db()
    return period


def _lock_periods() -> None:
    """The lock that posting takes shared, alone: waits for postings under way, and later ones wait for the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_lock_periods(true)")
