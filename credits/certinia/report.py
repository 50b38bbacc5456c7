"""Balances and allocations as they stand, in the columns in which a migration is compared with the system it came from."""

from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Min, Sum

from credits.certinia.settling import in_order, waiting_for_credits
from credits.models import Consumption, Milestone
from ledger.dates import ledger_setup
from ledger.money import round_to

BALANCES = Path(__file__).with_name("balances.sql").read_text(encoding="utf-8")
UNITS = ("purchased", "allocated", "expired", "available")
AMOUNTS = ("deferred", "revenue", "breakage")


def balances() -> list[dict[str, str]]:
    """A row per account and currency with any purchase. *Allocated* includes what was completed; *expired* what was
    refunded; the last three columns are in LCY and named after it."""
    lcy = ledger_setup().lcy
    columns = ("account", "currency", *UNITS, *AMOUNTS, *(f"{name}_{lcy.code.lower()}" for name in AMOUNTS))
    rows = []
    with connection.cursor() as cursor:
        cursor.execute(BALANCES)
        for account, currency, decimals, *figures in cursor.fetchall():
            units, own, in_lcy = figures[:4], figures[4:7], figures[7:]
            texts = [str(int(each)) for each in units]
            texts += [amount_text(each, decimals) for each in own]
            texts += [amount_text(each, lcy.decimals) for each in in_lcy]
            rows.append(dict(zip(columns, (account, currency, *texts), strict=True)))
    return rows


def allocations(ids: Collection[str]) -> list[dict[str, str]]:
    """A row per milestone of these Ids whose status needs credits, in the order in which they are allocated: what it got
    and from which purchases, or that it fell short."""
    milestones = in_order(waiting_for_credits(ids).select_related("project__currency"))
    drawn = _drawn([milestone.pk for milestone in milestones])
    return [_allocation(milestone, drawn.get(milestone.pk, [])) for milestone in milestones]


def amount_text(amount: Decimal, decimals: int) -> str:
    return f"{round_to(amount, decimals):f}"


def _allocation(milestone: Milestone, drawn: list[tuple[str, int, Decimal]]) -> dict[str, str]:
    row = {"milestone": milestone.number, "result": "short", "drawn_from": "", "amount_paid": ""}
    if milestone.credits_allocated != milestone.credits_needed:
        return row
    paid = sum((paid for _, _, paid in drawn), Decimal(0))
    return row | {
        "result": "allocated",
        "drawn_from": " ".join(f"{lot}:{credits}" for lot, credits, _ in drawn),
        "amount_paid": amount_text(paid, milestone.project.currency.decimals),
    }


def _drawn(milestones: list[int]) -> dict[int, list[tuple[str, int, Decimal]]]:
    """Per milestone the lots it holds credits of, in the order in which they were first drawn from."""
    rows = Consumption.objects.filter(milestone__in=milestones).order_by().values("milestone", "purchase__number")
    held: Any = rows.annotate(net=Sum("credits"), paid=Sum("paid_amount"), first=Min("id"))
    drawn: dict[int, list[tuple[str, int, Decimal]]] = {}
    for row in held.filter(net__gt=0).order_by("first"):
        drawn.setdefault(row["milestone"], []).append((row["purchase__number"], row["net"], row["paid"]))
    return drawn
