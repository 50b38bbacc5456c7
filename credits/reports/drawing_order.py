"""The window Manage Services Credits: which lots a new total would draw from or give back to, before anything is written.

The choice is made by the same functions as in `allocate`; a test compares what is shown with what is written.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum

from credits.drawing import Draw, draw, give_back
from credits.exceptions import HeldBack
from credits.models import Milestone, Purchase
from credits.reports.availability import candidates, held_back
from credits.reports.lots import Bar, bar, with_consumed

UNTOUCHED_SHOWN = 10


@dataclass(frozen=True)
class LotRow:
    """A lot, and what would leave it (below zero: come back to it)."""

    lot: Any
    draw: int
    past_expiry: bool

    @property
    def credits(self) -> int:
        return abs(self.draw)

    @property
    def after(self) -> int:
        return self.lot.credits_available - self.draw

    @property
    def bar(self) -> Bar:
        return bar(self.lot)


@dataclass(frozen=True)
class DrawingOrder:
    """The lots in their order, what is available today, and what of the account is not."""

    rows: list[LotRow]
    available: int
    change: int
    held_back: list[HeldBack]
    left_out: int = 0

    @property
    def short(self) -> int:
        return max(0, self.change - self.available)

    @property
    def credits(self) -> int:
        return abs(self.change)


def drawing_order_for(milestone: Milestone, total: int, on: datetime.date) -> DrawingOrder:
    """For the new `total`: lots in drawing order; when credits go back, in that order. Nothing is drawn from too few."""
    change = total - milestone.credits_allocated
    lots = list(with_consumed(candidates(milestone.project, on)))
    available = sum(lot.credits_available for lot in lots)
    held = held_back(milestone.project, on)
    if change < 0:
        return DrawingOrder(_rows(give_back(_holding(milestone), -change), on), available, change, held)
    drawn = _rows(draw(lots, change) if change <= available else [], on)
    rest = lots[len(drawn) :]
    untouched = _rows((Draw(lot, 0) for lot in rest[:UNTOUCHED_SHOWN]), on)
    return DrawingOrder([*drawn, *untouched], available, change, held, max(0, len(rest) - UNTOUCHED_SHOWN))


def _rows(draws: Iterable[Any], on: datetime.date) -> list[LotRow]:
    return [LotRow(d.purchase, d.credits, d.purchase.expires_on < on) for d in draws]


def _holding(milestone: Milestone) -> list[tuple[Purchase, int]]:
    """What the milestone still holds, lot by lot."""
    rows = milestone.consumptions.order_by().values_list("purchase")
    held = dict(rows.annotate(net=Sum("credits")).filter(net__gt=0))
    lots = with_consumed(Purchase.objects.all()).in_bulk(held)
    return [(lots[pk], credits) for pk, credits in held.items()]
