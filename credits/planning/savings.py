"""What one change would save against the plan: another expiry for a lot, an earlier day for a need, or a few more credits
for a need that is short.

A day makes a difference only where it meets a day of another lot or need; between two of these the plan stays the same,
so that trying the nearest day of each stretch tries all of them.
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from credits.planning.first_to_expire import plan
from credits.planning.lots import Need, PlannedLot
from credits.planning.trials import Saving, TopUp, Trials

EFFORT = 1_000_000  # lots and needs looked at; about a second
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Savings:
    """What saves most first. `exact` is False where there were too many days to try all of them."""

    found: tuple[Saving, ...]
    exact: bool


def extensions(lots: Sequence[PlannedLot], needs: Sequence[Need], *, effort: int = EFFORT) -> Savings:
    """For each lot of which something lapses, the later expiry that saves most, the earliest of these. Nothing that saves
    neither credits nor money, nor what saves one of them at the cost of the other."""
    trials = Trials(lots, needs, effort)
    wasted = sorted((lot for lot in lots if lot.key in trials.lapses), key=lambda lot: -trials.lapses[lot.key])
    found = [
        trials.most_saved(lot.key, lot.expires_on, later_expiries(lot, lots, needs), partial(trials.extended, lot))
        for lot in wasted
    ]
    return Savings(by_saving(found), trials.exact)


def pulls(lots: Sequence[PlannedLot], needs: Sequence[Need], today: datetime.date, *, effort: int = EFFORT) -> Savings:
    """For each need, the earlier day, `today` or later, that saves most, the latest of these; nothing as in `extensions`.
    Those that are short are tried first."""
    trials = Trials(lots, needs, effort)
    unfunded = plan(lots, needs).unfunded
    found = [
        trials.most_saved(need.key, need.on, earlier_days(need, lots, needs, today), partial(trials.pulled, need))
        for need in sorted(needs, key=lambda need: (need.key not in unfunded, -need.credits))
        if trials.lapses
    ]
    return Savings(by_saving(found), trials.exact)


def top_ups(lots: Sequence[PlannedLot], needs: Sequence[Need]) -> tuple[TopUp, ...]:
    """For each need that is short, what it would save to buy just the credits that are missing on its day; nothing as in
    `extensions`. What saves most first."""
    trials, unfunded = Trials(lots, needs, EFFORT), plan(lots, needs).unfunded
    found = filter(None, (trials.topped_up(need) for need in needs if need.key in unfunded))
    return tuple(sorted(found, key=lambda each: (-each.credits, -each.money, each.key)))


def later_expiries(lot: PlannedLot, lots: Iterable[PlannedLot], needs: Iterable[Need]) -> list[datetime.date]:
    """The days of needs that the lot would reach, and those from which on it would be drawn after another lot."""
    reached = {need.on for need in needs}
    behind = {
        other.expires_on if lot.order[1:] > other.order[1:] else other.expires_on + DAY
        for other in lots
        if other is not lot
    }
    return sorted(day for day in reached | behind if day > lot.expires_on)


def earlier_days(
    need: Need, lots: Iterable[PlannedLot], needs: Iterable[Need], today: datetime.date
) -> list[datetime.date]:
    """The last days on which lots are usable or not yet, and those up to which it would be served before another need;
    the latest first."""
    last = {day for lot in lots for day in (lot.expires_on, lot.starts_on - DAY)}
    before = {other.on if need.order[1:] < other.order[1:] else other.on - DAY for other in needs if other is not need}
    return sorted((day for day in last | before if today <= day < need.on), reverse=True)


def by_saving(found: Iterable[Saving | None]) -> tuple[Saving, ...]:
    return tuple(sorted(filter(None, found), key=lambda saving: (-saving.credits, -saving.money, saving.key)))
