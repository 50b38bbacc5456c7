"""The plan that follows the product: first to expire first, each milestone on its day, enough or nothing."""

import datetime
from decimal import Decimal

import pytest

from credits.planning import Need, PlannedDraw, PlannedLot, plan
from tests.credits.planning.exhaustive import built, case, planned


def day(month, number):
    return datetime.date(2027, month, number)


def lot(key, starts_on, expires_on, credits, price="10"):
    return PlannedLot(key, starts_on, expires_on, credits, Decimal(price))


@pytest.mark.parametrize("block", range(10))
def test_a_plan_is_that_of_every_credit_drawn_one_by_one(block):
    """Row "Order": earliest expiry, then earliest start; row "Enough or nothing". 100 cases a block."""
    for seed in range(100 * block, 100 * block + 100):
        lots, needs = case(seed)
        draws, short, credits, money = planned(lots, needs)
        made = plan(*built(lots, needs))
        assert {(d.lot, d.need): d.credits for d in made.draws} == draws, seed
        assert made.unfunded == short, seed
        assert (made.lapsed_credits, made.lapsed_money) == (credits, money), seed
        assert made.exact


def test_the_lot_that_expires_first_is_drawn_first():
    """Bug 11: 10 from 8 + 8 takes 8 + 2 and leaves 6 (saleor#13640)."""
    lots = [lot("later", day(1, 1), day(9, 30), 8), lot("sooner", day(1, 1), day(6, 30), 8, "20")]
    made = plan(lots, [Need("MS-1", day(3, 1), 10)])
    assert made.draws == (PlannedDraw("sooner", "MS-1", 8), PlannedDraw("later", "MS-1", 2))
    assert (made.lapses, made.lapsed_credits, made.lapsed_money) == ({"later": 6}, 6, Decimal(60))


@pytest.mark.parametrize(("on", "short"), [(day(2, 28), 1), (day(3, 1), None), (day(3, 31), None), (day(4, 1), 1)])
def test_the_first_and_the_last_day_of_a_lot_are_usable(on, short):
    """Bugs 4 and 6: the last usable day is inclusive (s2member#612), a lot that starts later is not used (openmeter#4649)."""
    made = plan([lot("L", day(3, 1), day(3, 31), 1)], [Need("MS-1", on, 1)])
    assert made.unfunded.get("MS-1") == short


def test_a_milestone_that_is_short_draws_nothing_and_says_how_many_are_missing():
    """What it leaves is there for the next."""
    made = plan([lot("L", day(1, 1), day(12, 31), 8)], [Need("MS-1", day(2, 1), 10), Need("MS-2", day(3, 1), 5)])
    assert made.draws == (PlannedDraw("L", "MS-2", 5),)
    assert (made.unfunded, made.lapses) == ({"MS-1": 2}, {"L": 3})


def test_milestones_of_one_day_are_served_in_the_order_of_their_keys():
    made = plan([lot("L", day(1, 1), day(12, 31), 6)], [Need("MS-2", day(2, 1), 4), Need("MS-1", day(2, 1), 4)])
    assert made.draws == (PlannedDraw("L", "MS-1", 4),)
    assert made.unfunded == {"MS-2": 2}


def test_amounts_of_eighteen_digits_lose_no_cent():
    credits, price = 10**18 - 1, Decimal("9999999999999999.99")
    made = plan([lot("L", day(1, 1), day(12, 31), credits, str(price))], [])
    assert made.lapsed_money == Decimal("9999999999999999980000000000000000.01")
