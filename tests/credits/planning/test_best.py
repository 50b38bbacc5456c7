"""The plan under which the fewest credits lapse, and among those the least money."""

import datetime
import random
from decimal import Decimal
from itertools import combinations

import pytest

from credits.planning import Need, PlannedDraw, PlannedLot, best, plan
from tests.credits.planning.exhaustive import HORIZON, built, case, least_lapse


def day(month, number):
    return datetime.date(2027, month, number)


def lot(key, starts_on, expires_on, credits, price="10"):
    return PlannedLot(key, starts_on, expires_on, credits, Decimal(price))


def sound(made, lots, needs):
    """Every need in whole or not at all, every lot on its days and never overdrawn, and what is left is what lapses."""
    lots, needs = {lot.key: lot for lot in lots}, {need.key: need for need in needs}
    got = dict.fromkeys(needs, 0)
    left = {key: lot.credits for key, lot in lots.items()}
    for drawn in made.draws:
        assert drawn.credits > 0
        assert lots[drawn.lot].starts_on <= needs[drawn.need].on <= lots[drawn.lot].expires_on
        got[drawn.need] += drawn.credits
        left[drawn.lot] -= drawn.credits
    assert got == {key: 0 if key in made.unfunded else need.credits for key, need in needs.items()}
    assert {key: credits for key, credits in left.items() if credits} == made.lapses
    assert min(left.values()) >= 0
    assert made.lapsed_credits == sum(left.values())
    assert made.lapsed_money == sum(left[key] * lot.price for key, lot in lots.items())
    return True


@pytest.mark.parametrize("block", range(10))
def test_no_choice_of_milestones_and_lots_leaves_less(block):
    """Against every choice of milestones and every way to draw for them. 100 cases a block."""
    for seed in range(100 * block, 100 * block + 100):
        lots, needs = built(*case(seed))
        made = best(lots, needs)
        assert made.exact
        assert sound(made, lots, needs), seed
        assert (made.lapsed_credits, made.lapsed_money) == least_lapse(*case(seed)), seed


@pytest.mark.parametrize("seed", range(12))
def test_the_best_plan_of_more_milestones_is_that_of_every_choice_of_them(seed):
    """Twelve lots and ten milestones: of 1,024 choices none that can be funded comes to more. By Hall's theorem a choice
    can be funded where no part of it asks for more than the lots of its days hold."""
    rng = random.Random(seed)
    firsts = [rng.randint(0, 6) for _ in range(12)]
    lots = [(f"L{n}", first, rng.randint(first, HORIZON), rng.randint(1, 40), 3) for n, first in enumerate(firsts)]
    needs = [(f"N{n}", rng.randint(0, HORIZON), rng.randint(20, 60)) for n in range(10)]
    fundable = {(): 0}
    for count in range(1, 11):
        for some in combinations(needs, count):
            days = [on for _, on, _ in some]
            held = sum(lot[3] for lot in lots if any(lot[1] <= on <= lot[2] for on in days))
            asked = sum(credits for _, _, credits in some)
            if asked <= held and all(part in fundable for part in combinations(some, count - 1)):
                fundable[some] = asked
    made = best(*built(lots, needs))
    assert made.exact
    assert sound(made, *built(lots, needs))
    assert made.lapsed_credits == sum(lot[3] for lot in lots) - max(fundable.values())


def test_a_milestone_is_left_out_for_two_that_use_the_lot_up():
    lots = [lot("L", day(1, 1), day(6, 30), 10)]
    needs = [Need("MS-1", day(2, 1), 7), Need("MS-2", day(3, 1), 6), Need("MS-3", day(4, 1), 4)]
    assert plan(lots, needs).unfunded == {"MS-2": 3, "MS-3": 1}
    made = best(lots, needs)
    assert made.draws == (PlannedDraw("L", "MS-2", 6), PlannedDraw("L", "MS-3", 4))
    assert (made.unfunded, made.lapsed_credits) == ({"MS-1": 7}, 0)


def test_of_plans_that_save_as_many_credits_the_one_that_saves_more_money_is_the_best():
    """The dear lot is drawn, although the cheap one expires first: one of the two lapses in any case."""
    lots = [lot("cheap", day(1, 1), day(3, 31), 5, "1"), lot("dear", day(1, 1), day(6, 30), 5, "80")]
    made = best(lots, [Need("MS-1", day(2, 1), 5)])
    assert made.draws == (PlannedDraw("dear", "MS-1", 5),)
    assert (made.lapses, made.lapsed_money) == ({"cheap": 5}, Decimal(5))


def test_lots_are_drawn_first_to_expire_first_where_that_costs_nothing():
    lots = [lot("later", day(1, 1), day(9, 30), 5, "80"), lot("sooner", day(1, 1), day(3, 31), 5, "80")]
    needs = [Need("MS-1", day(2, 1), 5), Need("MS-2", day(5, 1), 5)]
    assert best(lots, needs) == plan(lots, needs)


def test_without_lots_or_milestones_there_is_nothing_to_choose():
    assert best([], [Need("MS-1", day(2, 1), 5)]).unfunded == {"MS-1": 5}
    assert best([lot("L", day(1, 1), day(3, 31), 5)], []).lapses == {"L": 5}


def large(seed, *, lots=50, needs=60, most=200):
    rng = random.Random(seed)
    starts = [rng.randint(0, 500) for _ in range(lots)]
    days = [(day(1, 1) + datetime.timedelta(start), rng.choice([90, 180, 365])) for start in starts]
    return (
        [
            PlannedLot(
                n, first, first + datetime.timedelta(length), rng.randint(1, most), Decimal(rng.choice([0, 70, 80]))
            )
            for n, (first, length) in enumerate(days)
        ],
        [Need(n, day(1, 1) + datetime.timedelta(rng.randint(0, 700)), rng.randint(1, most)) for n in range(needs)],
    )


@pytest.mark.parametrize("seed", range(5))
def test_fifty_lots_and_sixty_milestones_are_planned_exactly(seed):
    lots, needs = large(seed)
    made = best(lots, needs)
    assert made.exact
    assert sound(made, lots, needs)
    assert made.lapsed_credits <= plan(lots, needs).lapsed_credits


def test_a_search_that_ends_before_its_time_says_so_and_is_no_worse_than_the_plan():
    """Numbers of credits with fifteen digits add up to no common sums. The same question gets the same answer."""
    lots, needs = large(1, most=10**15)
    made, usual = best(lots, needs, effort=20_000), plan(lots, needs)
    assert not made.exact
    assert sound(made, lots, needs)
    assert (made.lapsed_credits, made.lapsed_money) <= (usual.lapsed_credits, usual.lapsed_money)
    assert made == best(lots, needs, effort=20_000)


def test_hundreds_of_lots_and_milestones_end_within_the_effort():
    """No recursion, no search without end."""
    lots, needs = large(2, lots=400, needs=1200)
    assert sound(best(lots, needs, effort=100_000), lots, needs)
