"""What customers still hold, per currency: for the account's page and for what needs attention."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Q, QuerySet, Sum

from credits.models import CreditsSetup, Purchase
from credits.reports.availability import usable
from ledger.fields import AmountField
from ledger.money import ZERO
from pages.formats import Cur

SOON_DAYS = 30


@dataclass(frozen=True)
class Holding:
    """In one currency: what can be drawn on the day, what of it expires soon, and what is deferred."""

    currency: Cur
    available: int
    expiring: int
    at_risk: Decimal
    deferred: Decimal


def soon_days() -> int:
    setup = CreditsSetup.objects.first()
    return setup.expiring_soon_days if setup else SOON_DAYS


def holdings(lots: QuerySet[Purchase], on: datetime.date, days: int) -> list[Holding]:
    """Of confirmed lots, one row per currency in which anything is left. One query, besides that of the setup."""
    soon = Q(expires_on__gte=on, expires_on__lte=on + datetime.timedelta(days=days))
    sums = lots.filter(draft=False).order_by().values("currency__code", "currency__decimals")
    sums = sums.annotate(
        available=Sum("credits_available", filter=usable(on), default=0),
        expiring=Sum("credits_available", filter=soon, default=0),
        at_risk=Sum(F("credits_available") * F("amount_paid_per_credit"), filter=soon, output_field=AmountField()),
        owed=Sum("deferred"),
    )
    rows = sums.filter(Q(available__gt=0) | Q(expiring__gt=0) | Q(owed__gt=0)).order_by("currency__code")
    return [
        Holding(
            Cur(row["currency__code"], row["currency__decimals"]),
            int(row["available"]),
            int(row["expiring"]),
            row["at_risk"] or ZERO,
            row["owed"],
        )
        for row in rows
    ]
