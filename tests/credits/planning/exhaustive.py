"""The planner's questions answered by trying everything, day by day and credit by credit; shares no code with it.

Days are counted from START. A lot is (key, first day, last day, credits, price), a need (key, day, credits).
"""

import datetime
import random
from decimal import Decimal
from functools import cache
from itertools import product

from credits.planning import Need, PlannedLot

START, HORIZON = datetime.date(2026, 11, 24), 9


def day(number):
    return START + datetime.timedelta(days=number)


def case(seed):
    """Up to 4 lots and 4 needs, small enough for everything to be tried, tight enough for it to matter."""
    rng = random.Random(seed)
    lots = []
    for key in range(rng.randint(1, 4)):
        first = rng.randint(-2, HORIZON - 2)
        last = rng.randint(first, HORIZON)
        lots.append((f"L{key}", first, last, rng.randint(1, 5), rng.choice([0, 1, 1, 2, 3, 7])))
    needs = [(f"N{key}", rng.randint(0, HORIZON), rng.randint(1, 6)) for key in range(rng.randint(1, 4))]
    rng.shuffle(lots)
    rng.shuffle(needs)
    return lots, needs


def built(lots, needs):
    """The same as the planner takes them."""
    return (
        [PlannedLot(key, day(first), day(last), credits, Decimal(price)) for key, first, last, credits, price in lots],
        [Need(key, day(on), credits) for key, on, credits in needs],
    )


def planned(lots, needs):
    """(draws, short, lapsed credits, lapsed money): every day in turn, one credit at a time."""
    left = {lot[0]: lot[3] for lot in lots}
    draws, short = {}, {}
    for today, (key, on, credits) in product(range(HORIZON + 1), sorted(needs)):
        if on != today:
            continue
        usable = [lot for lot in lots if lot[1] <= today <= lot[2]]
        if (there := sum(left[lot[0]] for lot in usable)) < credits:
            short[key] = credits - there
            continue
        for _ in range(credits):
            lot = min((lot for lot in usable if left[lot[0]]), key=lambda lot: (lot[2], lot[1], lot[0]))[0]
            left[lot] -= 1
            draws[lot, key] = draws.get((lot, key), 0) + 1
    return draws, short, sum(left.values()), sum(left[lot[0]] * lot[4] for lot in lots)


def least_lapse(lots, needs):
    """(lapsed credits, lapsed money) of the best of all plans: every need left out or split over the lots in every way."""

    @cache
    def most(place, left):
        if place == len(needs):
            return 0, 0
        found = most(place + 1, left)
        _, on, credits = needs[place]
        room = [have if lot[1] <= on <= lot[2] else 0 for lot, have in zip(lots, left, strict=True)]
        for split in product(*(range(min(have, credits) + 1) for have in room)):
            if sum(split) == credits:
                after = tuple(have - drawn for have, drawn in zip(left, split, strict=True))
                rest = most(place + 1, after)
                paid = sum(drawn * lot[4] for drawn, lot in zip(split, lots, strict=True))
                found = max(found, (rest[0] + credits, rest[1] + paid))
        return found

    drawn, paid = most(0, tuple(lot[3] for lot in lots))
    return sum(lot[3] for lot in lots) - drawn, sum(lot[3] * lot[4] for lot in lots) - paid


def changed(rows, place, column, value):
    """The rows with one value changed."""
    return [(*row[:column], value, *row[column + 1 :]) if at == place else row for at, row in enumerate(rows)]


def saved_by_extending(lots, needs):
    """{lot: (credits, money, day)}: every later day is tried for every lot that is not used up; the earliest of the best."""
    draws = planned(lots, needs)[0]
    used = {lot[0]: sum(credits for (key, _), credits in draws.items() if key == lot[0]) for lot in lots}
    asked = {lot[0]: [(to, changed(lots, at, 2, to), needs) for to in range(lot[2] + 1, HORIZON + 3)]
             for at, lot in enumerate(lots) if used[lot[0]] < lot[3]}  # fmt: skip
    return {key: best for key, tries in asked.items() if (best := most_saved(lots, needs, tries))}


def saved_by_pulling(lots, needs, today):
    """{need: (credits, money, day)}: every earlier day is tried for every need; the latest of the best."""
    asked = {need[0]: [(to, lots, changed(needs, at, 1, to)) for to in range(need[1] - 1, today - 1, -1)]
             for at, need in enumerate(needs)}  # fmt: skip
    return {key: best for key, tries in asked.items() if (best := most_saved(lots, needs, tries))}


def saved_by_buying(lots, needs):
    """{need: (bought, credits, money)}: of each that is short, when it asks for no more than there is."""
    _, short, credits, money = planned(lots, needs)
    found = {}
    for at, (key, _, asked) in enumerate(needs):
        if key in short:
            _, _, fewer, less = planned(lots, changed(needs, at, 2, asked - short[key]))
            if fewer <= credits and less <= money and (fewer, less) != (credits, money):
                found[key] = (short[key], credits - fewer, money - less)
    return found


def most_saved(lots, needs, tries):
    _, _, credits, money = planned(lots, needs)
    best = (0, 0, None)
    for to, other_lots, other_needs in tries:
        _, _, fewer, less = planned(other_lots, other_needs)
        if fewer <= credits and less <= money and (credits - fewer, money - less) > best[:2]:
            best = (credits - fewer, money - less, to)
    return best if best[2] is not None else None
