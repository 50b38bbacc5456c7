"""The page on which lots are picked by hand: which are offered, what the milestone holds of each, and what is proposed."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from credits.models import Milestone, Purchase
from credits.reports.drawing_order import drawing_order_for
from credits.reports.lots import Bar, bar, with_consumed
from credits.services.pick import field_of, pickable

MOST = 300  # lots that are offered; the page says how many more there are


@dataclass(frozen=True)
class Offered:
    """A lot, and what the milestone holds of it."""

    lot: Any
    held: int
    on: datetime.date

    @property
    def most(self) -> int:
        """How much of the lot can be picked."""
        return self.held + self.lot.credits_available

    @property
    def later(self) -> bool:
        return bool(self.lot.starts_on and self.lot.starts_on > self.on)

    @property
    def past_expiry(self) -> bool:
        return bool(self.lot.expires_on and self.lot.expires_on < self.on)

    @property
    def bar(self) -> Bar:
        return bar(self.lot)


@dataclass(frozen=True)
class Offer:
    lots: list[Offered]
    proposed: Mapping[int, int]
    short: int  # of what the automatic order would need
    more: int  # lots that are not shown

    @property
    def initial(self) -> dict[str, int]:
        return {field_of(pk): credits for pk, credits in self.proposed.items() if credits}


def offer(milestone: Milestone, on: datetime.date, *, also: Iterable[int] = ()) -> Offer:
    """Of the day `on`, in drawing order: every lot that can be picked or is drawn from already, and what was picked `also`,
    whatever became of it. Proposed is what the automatic order would come to."""
    held = dict(milestone.consumptions.net_by_lot().values_list("purchase", "net"))
    order = drawing_order_for(milestone, milestone.credits_needed or 0, on)
    changed = {row.lot.pk: row.draw for row in order.rows}
    proposed = {pk: held.get(pk, 0) + changed.get(pk, 0) for pk in {*held, *changed}}
    offered = list(pickable(milestone.project, on).values_list("pk", flat=True))
    lots = Purchase.objects.filter(pk__in={*offered[:MOST], *proposed, *also})
    rows = [Offered(lot, held.get(lot.pk, 0), on) for lot in with_consumed(lots.in_drawing_order())]
    return Offer(rows, proposed, order.short, len(set(offered) - {row.lot.pk for row in rows}))
