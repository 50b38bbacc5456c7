"""Every movement of a customer's credits in a period, from the stored rows: what came into the balance and what left it."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.urls import reverse

from credits.models import Cancellation, Consumption, Milestone, Purchase
from credits.reports.lifetimes import Lifetime
from opportunities.models import Account

CONFIRMED, TAKEN_BACK, REINSTATED = "Purchase", "Back to draft", "Reinstatement"


@dataclass(frozen=True)
class Movement:
    """`credits` come into the balance of the currency on the day; below zero, they leave it. `recorded` orders a day."""

    day: datetime.date
    recorded: tuple
    currency: str
    what: str
    document: str
    url: str
    lot: Purchase
    milestone: Milestone | None
    credits: int


def movements(account: Account, lives: Sequence[Lifetime], first: datetime.date, last: datetime.date) -> list[Movement]:
    """From the first to the last day, both included, in the order in which they were recorded on each day."""
    found = [
        *_of_purchases(lives),
        *_of_consumptions(account, first, last),
        *_of_cancellations(account, first, last),
    ]
    return sorted((each for each in found if first <= each.day <= last), key=lambda each: (each.day, each.recorded))


def _of_purchases(lives: Iterable[Lifetime]) -> Iterator[Movement]:
    for life in lives:
        lot, url = life.lot, life.lot.get_absolute_url()
        terms = {"currency": life.currency, "document": lot.number, "url": url, "lot": lot, "milestone": None}
        recorded = (life.confirmed_at, 0, lot.pk)
        yield Movement(day=life.since, recorded=recorded, what=CONFIRMED, credits=life.credits, **terms)
        if life.until:
            ended = (life.ended_at, 0, lot.pk)
            yield Movement(day=life.until, recorded=ended, what=TAKEN_BACK, credits=-life.credits, **terms)


def _of_consumptions(account: Account, first: datetime.date, last: datetime.date) -> Iterator[Movement]:
    """Whatever types there are: a consumption takes credits out of the balance, below zero it gives them back."""
    rows = Consumption.objects.filter(account=account, consumed_on__range=(first, last))
    for row in rows.select_related("allocation", "milestone", "purchase"):
        yield Movement(
            day=row.consumed_on,
            recorded=(row.created_at, 1, row.pk),
            currency=row.currency_id,
            what=what_moved(row),
            document=row.allocation.number,
            url=f"{reverse('credits:consumption-list')}?allocation={row.allocation.number}",
            lot=row.purchase,
            milestone=row.milestone,
            credits=-row.credits,
        )


def _of_cancellations(account: Account, first: datetime.date, last: datetime.date) -> Iterator[Movement]:
    rows = Cancellation.objects.filter(purchase__account=account, canceled_on__range=(first, last))
    for row in rows.select_related("purchase", "correction"):
        yield Movement(
            day=row.canceled_on,
            recorded=(row.created_at, 2, row.pk),
            currency=row.purchase.currency_id,
            what=row.correction.get_kind_display(),
            document=f"Correction {row.correction_id}",
            url=row.correction.get_absolute_url(),
            lot=row.purchase,
            milestone=None,
            credits=-row.credits,
        )


def what_moved(row: Consumption) -> str:
    """In a word: its type, or what it is called below zero."""
    if row.consumption_type == Consumption.Type.EXPIRY and row.credits < 0:
        return REINSTATED
    return row.get_consumption_type_display()
