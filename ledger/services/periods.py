"""Accounting periods: made by the month, closed and reopened in their order."""

import calendar
import datetime
from collections.abc import Sequence

from django.db import transaction
from django.db.models import DateTimeField, Func
from django.utils import timezone

from ledger.exceptions import PeriodsOpen, ReopeningRefused, TieOutDiffers
from ledger.models import AccountingPeriod, PeriodReopening
from ledger.reports.people import named, who_may
from ledger.services.changes import made_by
from ledger.services.locks import lock_periods
from ledger.tie_outs import Checked, check_for_closing
from pages.refusals import Refused


def months(first: datetime.date, count: int) -> list[AccountingPeriod]:
    """One unsaved period per calendar month, from the month of `first` on."""
    starts = [
        datetime.date(first.year + at // 12, at % 12 + 1, 1) for at in range(first.month - 1, first.month - 1 + count)
    ]
    return [AccountingPeriod(name=f"{start:%Y-%m}", starts_on=start, ends_on=_last_day(start)) for start in starts]


def _last_day(day: datetime.date) -> datetime.date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


@transaction.atomic
def create_months(first: datetime.date, count: int, *, actor) -> tuple[list[AccountingPeriod], list[AccountingPeriod]]:
    """Makes a period of each month that no period covers or names; gives what was made and what was left out because it
    is there already. Safe to repeat: the second time everything is left out."""
    lock_periods()
    wanted = months(first, count)
    overlapping = AccountingPeriod.objects.filter(starts_on__lte=wanted[-1].ends_on, ends_on__gte=wanted[0].starts_on)
    there = list(overlapping | AccountingPeriod.objects.filter(name__in=[month.name for month in wanted]))
    made_by(actor, "Create periods")
    left_out = [month for month in wanted if any(_clash(month, period) for period in there)]
    made = AccountingPeriod.objects.bulk_create(month for month in wanted if month not in left_out)
    return made, left_out


def _clash(month: AccountingPeriod, period: AccountingPeriod) -> bool:
    overlap = period.starts_on <= month.ends_on and period.ends_on >= month.starts_on
    return overlap or period.name == month.name


@transaction.atomic
def close_period(period: AccountingPeriod, *, actor) -> AccountingPeriod:
    """Closes the period: from the commit on it takes no posting, and late events go to the first open day. Waits for
    postings under way, then looks at all of the books, and nothing is posted in between. Refused: while an earlier period is
    open, or when it is closed already (PeriodsOpen); where anything differs (TieOutDiffers), naming the first lot or entry
    and by how much."""
    lock_periods()
    period = AccountingPeriod.objects.get(pk=period.pk)
    if refusal := refusal_to_close(period) or refusal_of_books(period, check_for_closing(period.ends_on)):
        raise refusal
    made_by(actor, "Close period")
    AccountingPeriod.objects.filter(pk=period.pk).update(closed_at=_now(), closed_by=actor)
    period.refresh_from_db()
    return period


@transaction.atomic
def soft_close_period(period: AccountingPeriod, *, actor) -> AccountingPeriod:
    """Closes the period to everybody but those who may post in soft-closed periods, and to the night. Waits for postings
    under way. Refused (PeriodsOpen) unless it is open and no earlier period is."""
    lock_periods()
    period = AccountingPeriod.objects.get(pk=period.pk)
    if refusal := refusal_to_soft_close(period):
        raise refusal
    made_by(actor, "Soft-close period")
    AccountingPeriod.objects.filter(pk=period.pk).update(soft_closed_at=_now(), soft_closed_by=actor)
    period.refresh_from_db()
    return period


@transaction.atomic
def open_period(period: AccountingPeriod, *, actor) -> AccountingPeriod:
    """Opens a soft-closed period to everybody again. Refused (PeriodsOpen) unless it is soft-closed and no later period is
    closed in any way."""
    lock_periods()
    period = AccountingPeriod.objects.get(pk=period.pk)
    if refusal := refusal_to_open(period):
        raise refusal
    made_by(actor, "Open period")
    AccountingPeriod.objects.filter(pk=period.pk).update(soft_closed_at=None, soft_closed_by=None)
    period.refresh_from_db()
    return period


def refusal_to_close(period: AccountingPeriod) -> Refused | None:
    """Why the period cannot be closed, as far as the periods themselves tell."""
    if period.is_closed:
        return PeriodsOpen(f"{period} is closed already.")
    return _earlier_is(period, closed_at=None)


def refusal_of_books(period: AccountingPeriod, checked: Sequence[Checked]) -> Refused | None:
    """Why the period cannot be closed over the books that were looked at."""
    offenders = [offender for check in checked for offender in check.offenders]
    return TieOutDiffers(period, offenders) if offenders else None


def refusal_to_soft_close(period: AccountingPeriod) -> Refused | None:
    """Why the period cannot be soft-closed."""
    if period.state != AccountingPeriod.State.OPEN:
        return PeriodsOpen(f"{period} is {period.state} already.")
    return _earlier_is(period, closed_at=None, soft_closed_at=None)


def refusal_to_open(period: AccountingPeriod) -> Refused | None:
    """Why a soft-closed period stays so."""
    if period.state != AccountingPeriod.State.SOFT_CLOSED:
        return PeriodsOpen(f"{period} is {period.state}, not soft-closed.")
    later = AccountingPeriod.objects.filter(starts_on__gt=period.ends_on).shut().order_by("-starts_on").first()
    return PeriodsOpen(f"{later} is {later.state}. Open the later periods first.") if later else None


def _earlier_is(period: AccountingPeriod, **state) -> Refused | None:
    first = AccountingPeriod.objects.filter(ends_on__lt=period.starts_on, **state).order_by("starts_on").first()
    return PeriodsOpen(f"{first} is still open. Close the periods in their order.") if first else None


@transaction.atomic
def request_reopening(period: AccountingPeriod, *, actor, reason: str) -> PeriodReopening:
    """Asks for a closed period to be opened again; nothing opens before another person approves. Refused (PeriodsOpen): a
    period that is open, or behind a closed one; (ReopeningRefused): without a reason, or asked for already."""
    lock_periods()
    period = AccountingPeriod.objects.get(pk=period.pk)
    if refusal := refusal_to_reopen(period):
        raise refusal
    if not reason.strip():
        raise ReopeningRefused("Say why the period is opened again: the reason is kept with it.", field="reason")
    made_by(actor, "Ask to reopen period", reason=reason)
    assert period.closed_at is not None  # or it would have been refused
    return PeriodReopening.objects.create(
        period=period, closed_at=period.closed_at, reason=reason.strip(), requested_by=actor
    )


def refusal_to_reopen(period: AccountingPeriod) -> Refused | None:
    """Why nobody can ask for the period to be opened again."""
    if not period.is_closed:
        return PeriodsOpen(f"{period} is open already.")
    later = AccountingPeriod.objects.filter(starts_on__gt=period.ends_on).closed().order_by("-starts_on").first()
    if later:
        return PeriodsOpen(f"{later} is closed. Reopen the later periods first.")
    if asked := waiting_reopening(period):
        asker = named(asked.requested_by)
        return ReopeningRefused(f"{asker} has asked for it already. Another person approves or declines.")
    return None


def waiting_reopening(period: AccountingPeriod) -> PeriodReopening | None:
    """The request that waits for a second person."""
    return period.reopenings.filter(approved_at=None, declined_at=None).select_related("requested_by").first()


@transaction.atomic
def approve_reopening(reopening: PeriodReopening, *, actor) -> AccountingPeriod:
    """Opens the period for postings again, entirely. Refused (ReopeningRefused): by the person who asked, or when it was
    answered already; (PeriodsOpen): a later period was closed meanwhile."""
    reopening = _lock_request(reopening)
    if refusal := refusal_to_approve(reopening, actor=actor):
        raise refusal
    made_by(actor, "Reopen period", reason=reopening.reason)
    reopening.approved_by, reopening.approved_at = actor, timezone.now()
    reopening.save(update_fields=["approved_by", "approved_at"])
    opened = {"closed_at": None, "closed_by": None, "soft_closed_at": None, "soft_closed_by": None}
    AccountingPeriod.objects.filter(pk=reopening.period_id).update(**opened)
    return AccountingPeriod.objects.get(pk=reopening.period_id)


@transaction.atomic
def decline_reopening(reopening: PeriodReopening, *, actor) -> PeriodReopening:
    """Ends the request; the period stays closed. Whoever asked may withdraw so. Refused (ReopeningRefused) when it was
    answered already."""
    reopening = _lock_request(reopening)
    if refusal := refusal_to_decline(reopening):
        raise refusal
    made_by(actor, "Decline to reopen period")
    reopening.declined_by, reopening.declined_at = actor, timezone.now()
    reopening.save(update_fields=["declined_by", "declined_at"])
    return reopening


def refusal_to_approve(reopening: PeriodReopening, *, actor) -> Refused | None:
    """Why this person cannot open the period."""
    if refusal := refusal_to_decline(reopening):
        return refusal
    if actor.pk == reopening.requested_by_id:
        return ReopeningRefused(f"You asked for {reopening.period} to be opened. {who_may_approve(reopening)}")
    later = AccountingPeriod.objects.filter(starts_on__gt=reopening.period.ends_on).closed().first()
    return PeriodsOpen(f"{later} is closed. Reopen the later periods first.") if later else None


def who_may_approve(reopening: PeriodReopening) -> str:
    """Who else can answer the request, as a sentence."""
    others = who_may("ledger.close_accountingperiod").exclude(pk=reopening.requested_by_id)
    if names := ", ".join(named(person) for person in others):
        return f"Another person has to approve it: {names}."
    return "Another person has to approve it, and nobody else may close periods: an administrator gives roles."


def refusal_to_decline(reopening: PeriodReopening) -> Refused | None:
    """Why the request needs no answer any more."""
    if not (reopening.approved_at or reopening.declined_at):
        return None
    return ReopeningRefused(f"The request to reopen {reopening.period} was answered already.")


def _lock_request(reopening: PeriodReopening) -> PeriodReopening:
    lock_periods()
    return PeriodReopening.objects.select_related("period", "requested_by").get(pk=reopening.pk)


def _now() -> Func:
    """The clock of the database, read under the lock: it is later than the start of every posting that came before, and
    `check_books` can tell those from later ones."""
    return Func(function="clock_timestamp", output_field=DateTimeField())
