"""What a customer has of services credits, per currency: where each credit is, and what expires soon."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, Sum

from credits.models import Purchase
from credits.reports.availability import usable
from ledger.fields import AmountField
from ledger.models import Currency
from ledger.money import ZERO
from opportunities.models import Account

WINDOWS = (30, 60, 90)  # days
PLACES = ("bought", "available", "not_started", "past_expiry", "allocated", "expired", "refunded")


@dataclass(frozen=True)
class AtRisk:
    """Credits left in lots that expire within so many days, and what was paid for them."""

    days: int
    last: datetime.date
    credits: int
    paid: Decimal


@dataclass(frozen=True)
class Balance:
    """Of one currency. bought = available + not started + past expiry + allocated + expired + refunded; what is past its
    expiry and can be drawn all the same, as the setup may say, is available."""

    currency: Currency
    bought: int
    available: int
    not_started: int
    past_expiry: int
    allocated: int
    expired: int
    refunded: int
    deferred: Decimal
    at_risk: list[AtRisk]


def balances(account: Account, on: datetime.date) -> list[Balance]:
    """On the day, one row for each currency in which the account has confirmed purchases. Three queries."""
    lots = Purchase.objects.confirmed().filter(account=account).order_by().values("currency")
    rows = {row.pop("currency"): row for row in lots.annotate(**_credits(on), **_at_risk(on))}
    currencies = Currency.objects.in_bulk(rows)
    return [_balance(currencies[code], rows[code], on) for code in sorted(rows)]


def _credits(on: datetime.date) -> dict[str, Sum]:
    left, drawn_from, to_start = "credits_available", usable(on), Q(starts_on__gt=on)
    return {
        "bought": Sum("number_of_credits"),
        "available": Sum(left, filter=drawn_from, default=0),
        "not_started": Sum(left, filter=to_start, default=0),
        "past_expiry": Sum(left, filter=~drawn_from & ~to_start, default=0),
        "allocated": Sum("credits_allocated"),
        "expired": Sum("credits_expired"),
        "refunded": Sum("credits_refunded"),
        "owed": Sum("deferred"),
    }


def _at_risk(on: datetime.date) -> dict[str, Sum]:
    """For each window, the credits left and what was paid for them."""
    sums, left = {}, F("credits_available")
    for days in WINDOWS:
        soon = Q(expires_on__range=(on, on + datetime.timedelta(days=days)))
        sums[f"credits_{days}"] = Sum(left, filter=soon, default=0)
        sums[f"paid_{days}"] = Sum(left * F("amount_paid_per_credit"), filter=soon, output_field=AmountField())
    return sums


def _balance(currency: Currency, row: dict, on: datetime.date) -> Balance:
    credits: dict[str, Any] = {name: int(row[name]) for name in PLACES}
    soon = [
        AtRisk(days, on + datetime.timedelta(days=days), int(row[f"credits_{days}"]), row[f"paid_{days}"] or ZERO)
        for days in WINDOWS
    ]
    return Balance(currency=currency, **credits, deferred=row["owed"], at_risk=soon)
