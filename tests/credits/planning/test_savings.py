"""What extending a purchase or bringing a milestone forward saves."""

import datetime
import random
from decimal import Decimal

import pytest

from credits.planning import Need, PlannedLot, Saving, TopUp, extensions, pulls, top_ups
from tests.credits.planning.exhaustive import built, case, day, saved_by_buying, saved_by_extending, saved_by_pulling


def on(month, number):
    return datetime.date(2027, month, number)


def lot(key, starts_on, expires_on, credits, price="10"):
    return PlannedLot(key, starts_on, expires_on, credits, Decimal(price))


def told(savings):
    return {saving.key: (saving.credits, saving.money, saving.to) for saving in savings.found}


def as_days(found):
    return {key: (credits, money, day(to)) for key, (credits, money, to) in found.items()}


@pytest.mark.parametrize("block", range(10))
def test_no_other_expiry_saves_more_than_the_one_suggested(block):
    """Against every later day for every lot. 100 cases a block."""
    for seed in range(100 * block, 100 * block + 100):
        made = extensions(*built(*case(seed)))
        assert made.exact
        assert told(made) == as_days(saved_by_extending(*case(seed))), seed


@pytest.mark.parametrize("block", range(10))
def test_no_earlier_day_saves_more_than_the_one_suggested(block):
    """Against every day from today on for every milestone. 100 cases a block."""
    for seed in range(100 * block, 100 * block + 100):
        lots, needs = case(seed)
        made = pulls(*built(lots, needs), day(0))
        assert made.exact
        assert told(made) == as_days(saved_by_pulling(lots, needs, 0)), seed


@pytest.mark.parametrize("block", range(10))
def test_buying_what_a_milestone_is_short_of_saves_what_it_then_draws(block):
    """Against the plan in which it asks for no more than there is. 100 cases a block."""
    for seed in range(100 * block, 100 * block + 100):
        found = top_ups(*built(*case(seed)))
        assert {each.key: (each.bought, each.credits, each.money) for each in found} == saved_by_buying(*case(seed)), (
            seed
        )


def test_five_credits_more_keep_forty_five_from_lapsing():
    lots, needs = [lot("L", on(1, 1), on(3, 31), 45, "80")], [Need("MS-1", on(2, 1), 50)]
    assert top_ups(lots, needs) == (TopUp("MS-1", on(2, 1), 5, 45, Decimal(3600)),)
    assert top_ups([], needs) == ()


def test_an_extension_reaches_the_milestone_that_is_short_and_no_further():
    """Eight of ten lapse in March; MS-1 is in May. The cheapest extension is to its very day."""
    lots = [lot("L", on(1, 1), on(3, 31), 10, "80")]
    needs = [Need("MS-0", on(2, 1), 2), Need("MS-1", on(5, 10), 8)]
    assert extensions(lots, needs).found == (Saving("L", on(3, 31), on(5, 10), 8, Decimal(640)),)


def test_a_milestone_is_brought_forward_to_the_last_day_of_the_lot_that_would_lapse():
    lots = [lot("L", on(1, 1), on(3, 31), 10, "80")]
    needs = [Need("MS-0", on(2, 1), 2), Need("MS-1", on(5, 10), 8)]
    assert pulls(lots, needs, on(1, 15)).found == (Saving("MS-1", on(5, 10), on(3, 31), 8, Decimal(640)),)
    assert pulls(lots, needs, on(4, 1)).found == ()


def test_what_saves_most_comes_first():
    lots = [lot("A", on(1, 1), on(1, 31), 3), lot("B", on(1, 1), on(2, 28), 12), lot("C", on(1, 1), on(2, 28), 3, "20")]
    found = extensions(lots, [Need("MS-1", on(6, 1), 3), Need("MS-2", on(7, 1), 9)]).found
    assert [(saving.key, saving.credits, saving.money) for saving in found] == [
        ("B", 12, Decimal(120)), ("C", 3, Decimal(60)), ("A", 3, Decimal(30)),
    ]  # fmt: skip


def test_nothing_is_suggested_where_nothing_lapses_or_nothing_can_be_saved():
    used, idle = [lot("L", on(1, 1), on(3, 31), 5)], [lot("L", on(1, 1), on(3, 31), 6)]
    needs = [Need("MS-1", on(2, 1), 5)]
    assert (extensions(used, needs).found, pulls(used, needs, on(1, 1)).found) == ((), ())
    assert (extensions(idle, needs).found, pulls(idle, needs, on(1, 1)).found) == ((), ())


def test_money_is_not_saved_at_the_cost_of_credits_nor_credits_at_the_cost_of_money():
    """Extended, the free lot would fund MS-2 in place of the dear one: as many credits lapse and more money."""
    lots = [lot("free", on(1, 1), on(2, 28), 5, "0"), lot("dear", on(1, 1), on(12, 31), 5, "80")]
    assert extensions(lots, [Need("MS-2", on(6, 1), 5)]).found == ()


def test_too_many_days_to_try_are_said_not_to_be_all():
    rng = random.Random(3)
    lots = [lot(n, on(1, 1), on(2, 1) + datetime.timedelta(rng.randint(0, 300)), rng.randint(1, 9)) for n in range(60)]
    needs = [Need(n, on(1, 1) + datetime.timedelta(rng.randint(0, 360)), rng.randint(1, 6)) for n in range(60)]
    for made in (extensions(lots, needs, effort=5_000), pulls(lots, needs, on(1, 1), effort=5_000)):
        assert not made.exact
    for made in (extensions(lots, needs), pulls(lots, needs, on(1, 1))):
        assert made.exact
