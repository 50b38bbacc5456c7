"""The plans of an account in one currency, told in its purchases and milestones."""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from credits.models import Milestone, Purchase
from credits.planning import Key, Need, Plan, PlannedLot, Savings, best, extensions, plan, pulls, top_ups
from credits.reports.planned import Advice, CurrencyPlan, Drawn, Lapsing, PlannedMilestone, Sale
from credits.services.dates import refusal_to_change_dates
from ledger.models import Currency
from ledger.money import EXACT, product


class CurrencyPlanner:
    """Lots and milestones come in the order that decides between equals: their places are the keys."""

    def __init__(
        self, currency: Currency, lots: Iterable[Purchase], milestones: Iterable[Milestone], on: datetime.date
    ) -> None:
        self.currency, self.on = currency, on
        self.purchases: dict[Key, Purchase] = dict(enumerate(lots))
        self.milestones: dict[Key, Milestone] = dict(enumerate(milestones))
        self.lots = [_lot(key, lot) for key, lot in self.purchases.items()]
        self.needs = [_need(key, milestone, on) for key, milestone in self.milestones.items()]

    def told(self) -> CurrencyPlan:
        usual, least = plan(self.lots, self.needs), best(self.lots, self.needs)
        extend, bring_forward = extensions(self.lots, self.needs), pulls(self.lots, self.needs, self.on)
        locked = {key for key, lot in self.purchases.items() if refusal_to_change_dates(lot)}
        return CurrencyPlan(
            currency=self.currency,
            usual=usual,
            best=least,
            picked=self._picked(least),
            lapsing=tuple(self._lapsing(usual, least)),
            milestones=tuple(self._funded(usual, least)),
            extend=tuple(_advice(extend, {key: lot for key, lot in self.purchases.items() if key not in locked})),
            bring_forward=tuple(_advice(bring_forward, self.milestones)),
            sell=tuple(self._sales()),
            tried_all=extend.exact and bring_forward.exact,
        )

    def _picked(self, least: Plan) -> Decimal:
        """What would lapse more if the lots of the best plan were not chosen, but drawn first to expire first."""
        drawn = plan(self.lots, [need for need in self.needs if need.key not in least.unfunded])
        return EXACT.subtract(drawn.lapsed_money, least.lapsed_money)

    def _lapsing(self, usual: Plan, least: Plan) -> Iterator[Lapsing]:
        """The next to expire first."""
        for lot in sorted(self.lots, key=lambda lot: lot.order):
            credits, in_best = usual.lapses.get(lot.key, 0), least.lapses.get(lot.key, 0)
            if credits or in_best:
                yield Lapsing(self.purchases[lot.key], credits, product(credits, lot.price), in_best)

    def _funded(self, usual: Plan, least: Plan) -> Iterator[PlannedMilestone]:
        """In the order in which they ask."""
        drawn, in_best = self._by_need(usual), self._by_need(least)
        for need in sorted(self.needs, key=lambda need: need.order):
            yield PlannedMilestone(
                self.milestones[need.key],
                need.on,
                need.credits,
                tuple(drawn.get(need.key, ())),
                usual.unfunded.get(need.key, 0),
                tuple(in_best.get(need.key, ())),
                least.unfunded.get(need.key, 0),
            )

    def _sales(self) -> Iterator[Sale]:
        for each in top_ups(self.lots, self.needs):
            yield Sale(self.milestones[each.key], each.on, each.bought, each.credits, each.money)

    def _by_need(self, made: Plan) -> dict[Key, list[Drawn]]:
        drawn: dict[Key, list[Drawn]] = {}
        for each in made.draws:
            drawn.setdefault(each.need, []).append(Drawn(self.purchases[each.lot], each.credits))
        return drawn


def _lot(key: Key, lot: Purchase) -> PlannedLot:
    assert lot.starts_on and lot.expires_on  # it is confirmed
    return PlannedLot(key, lot.starts_on, lot.expires_on, lot.credits_available, lot.amount_paid_per_credit)


def _need(key: Key, milestone: Milestone, on: datetime.date) -> Need:
    assert milestone.target_on and milestone.credits_needed  # it is dated, and waits for credits
    return Need(key, max(milestone.target_on, on), milestone.credits_needed - milestone.credits_allocated)


def _advice(savings: Savings, subjects: Mapping[Key, Any]) -> Iterator[Advice]:
    """Of those whose dates can be changed."""
    for each in savings.found:
        if each.key in subjects:
            yield Advice(subjects[each.key], each.was, each.to, each.credits, each.money)
