"""How a customer's credits go down: what was available at the end of each of the past months, and what will be.

The forecast draws each open milestone on its target date, first to expire first, as an allocation would: all that it still
needs or nothing. What nobody draws lapses after its expiry date. A milestone whose target has passed draws today; one
without a target date draws nothing and is told apart, a canceled one is left out.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from credits.models import Milestone
from credits.planning import Need, PlannedLot
from credits.reports.forecast import Coming, forecast
from credits.reports.lifetimes import lifetimes, lots_of
from credits.reports.planner import open_milestones
from credits.reports.positions import Position, Use, positions
from ledger.models import Currency
from ledger.reports.groups import last_day, months
from opportunities.models import Account

Held = dict[datetime.date, list[Position]]


@dataclass(frozen=True)
class Past:
    """What was available at the end of a day."""

    day: datetime.date
    available: int


@dataclass(frozen=True)
class BurnDown:
    """Of one currency. `unfunded`: open milestones that will find too few credits, with how many are short on their day;
    `undated`: those without a target date."""

    currency: Currency
    past: list[Past]
    coming: list[Coming]
    unfunded: list[tuple[Milestone, int]]
    undated: list[Milestone]


def burn_down(account: Account, today: datetime.date) -> list[BurnDown]:
    """The ends of the twelve months before this one, today, and the ends of twelve months from this one on; of each currency
    in which the account had credits or waits for them. A constant number of queries."""
    lives = lifetimes(lots_of(account))
    held, waiting = positions(account, lives, days_before(today)), open_milestones(account)
    codes = {life.currency for life in lives} | {each.project.currency_id for each in waiting}
    return [
        _of_currency(
            currency,
            {day: [each for each in lots if each.currency == code] for day, lots in held.items()},
            [each for each in waiting if each.project.currency_id == code],
        )
        for code, currency in sorted(Currency.objects.in_bulk(codes).items())
    ]


def days_before(today: datetime.date) -> list[datetime.date]:
    """The ends of the twelve months before this one, and today."""
    past = months(today.replace(year=today.year - 1, day=1), today)
    return [*[last_day(month) for month in past][:-1], today]


def ends_after(today: datetime.date) -> list[datetime.date]:
    """The ends of twelve months, this one first."""
    return [last_day(month) for month in months(today, today.replace(year=today.year + 1, day=1))][:-1]


def _of_currency(currency: Currency, held: Held, waiting: Iterable[Milestone]) -> BurnDown:
    today = max(held)
    dated = [each for each in waiting if each.target_on]
    needs = [_need(place, each, today) for place, each in enumerate(dated)]
    coming = forecast(_lots(held[today]), needs, today, ends_after(today))
    return BurnDown(
        currency,
        [Past(day, _usable(lots)) for day, lots in held.items()],
        coming.months,
        [(dated[place], short) for place, short in coming.unfunded.items()],
        [each for each in waiting if not each.target_on],
    )


def _usable(lots: Iterable[Position]) -> int:
    return sum(lot.credits for lot in lots if lot.use == Use.USABLE)


def _lots(held: Iterable[Position]) -> list[PlannedLot]:
    """What can be drawn today or later. The positions stand in drawing order, which becomes the key."""
    return [
        PlannedLot(place, each.starts_on, each.expires_on, each.credits, each.lot.amount_paid_per_credit)
        for place, each in enumerate(held)
        if each.use != Use.PAST_EXPIRY
    ]


def _need(place: int, milestone: Milestone, today: datetime.date) -> Need:
    """Among those of one day the place decides: what is overdue has waited longest."""
    assert milestone.target_on and milestone.credits_needed  # it is dated, and waits for credits
    return Need(place, max(milestone.target_on, today), milestone.credits_needed - milestone.credits_allocated)
