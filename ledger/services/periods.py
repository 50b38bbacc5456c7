"""Closing and reopening accounting periods."""

from django.db import transaction
from django.utils import timezone

from ledger.exceptions import PeriodsOpen
from ledger.models import AccountingPeriod


@transaction.atomic
def close_period(period: AccountingPeriod, *, actor) -> AccountingPeriod:
    """Closes the period: from the commit on it takes no posting, and late events go to the first open day. Waits for
    postings under way. Refused (PeriodsOpen) while an earlier period is open, or when it is closed already."""
    AccountingPeriod.objects.filter(pk=period.pk).update(name=period.name)  # takes the periods' lock, alone
    period = AccountingPeriod.objects.get(pk=period.pk)
    if period.is_closed:
        raise PeriodsOpen(f"{period} is closed already.")
    earlier = (
        AccountingPeriod.objects.filter(ends_on__lt=period.starts_on, closed_at=None).order_by("starts_on").first()
    )
    if earlier is not None:
        raise PeriodsOpen(f"{earlier} is still open. Close the periods in their order.")
    period.closed_at, period.closed_by = timezone.now(), actor
    period.save(update_fields=["closed_at", "closed_by"])
    return period


@transaction.atomic
def reopen_period(period: AccountingPeriod, *, actor) -> AccountingPeriod:
    """Opens a closed period for postings again. Refused (PeriodsOpen) while a later period is closed."""
    later = AccountingPeriod.objects.filter(starts_on__gt=period.ends_on).closed().order_by("-starts_on").first()
    if later is not None:
        raise PeriodsOpen(f"{later} is closed. Reopen the later periods first.")
    period.closed_at = period.closed_by = None
    period.save(update_fields=["closed_at", "closed_by"])
    return period
