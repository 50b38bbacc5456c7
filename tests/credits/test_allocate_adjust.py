"""Adjusting what is allocated: up, down and to zero."""

import datetime

import pytest

from credits.exceptions import AlreadyCompleted, NotForCredits, Shortage
from credits.models import Allocation
from credits.reports.drawing_order import drawing_order_for
from credits.services.allocate import adjust, allocate
from credits.services.milestones import complete
from tests.builders import (
    make_milestone,
    make_project,
    make_purchase,
    make_rate,
    make_user,
    trial_balance,
)
from tests.credits.nights import credits_of, night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)


@pytest.fixture
def lots(account):
    """Three lots of four, the first to expire today."""
    days = (TODAY, datetime.date(2026, 12, 31), datetime.date(2027, 6, 30))
    return [make_purchase(account, number_of_credits=4, expires_on=day) for day in days]


@pytest.fixture
def milestone(account, lots):
    return make_milestone(make_project(account), 6)


def rows(milestone) -> list[tuple]:
    return list(milestone.consumptions.order_by("id").values_list("purchase", "consumption_type", "credits"))


def test_more_is_drawn_first_to_expire_first_as_adjustments_of_the_same_allocation(milestone, lots):
    """Adjusting, more: first to expire first, positive rows of the same allocation."""
    first, second, third = (lot.pk for lot in lots)
    actor = make_user()
    allocation = allocate(milestone, actor=actor)
    assert adjust(milestone, total=10, actor=actor) == allocation
    assert rows(milestone) == [
        (first, "consumption", 4),
        (second, "consumption", 2),
        (second, "adjustment", 2),
        (third, "adjustment", 2),
    ]


def test_less_goes_back_latest_to_expire_first_to_the_lots_it_came_from(milestone, lots):
    """Adjusting, less: latest to expire first, to the lots they came from."""
    _, second, third = (lot.pk for lot in lots)
    actor = make_user()
    adjust(milestone, total=10, actor=actor)
    shown = drawing_order_for(milestone.__class__.objects.get(pk=milestone.pk), 5, TODAY)
    adjust(milestone, total=5, actor=actor)
    assert rows(milestone)[3:] == [(third, "adjustment", -2), (second, "adjustment", -3)]
    assert [(row.lot.pk, row.draw) for row in shown.rows] == [(third, -2), (second, -3)]
    assert [credits_of(lot) for lot in lots] == [(0, 4, 0), (3, 1, 0), (4, 0, 0)]


def test_to_zero_the_rows_stay_and_every_lot_is_as_before(milestone, lots):
    """Adjusting, to zero: deallocated; the rows stay."""
    actor = make_user()
    allocate(milestone, actor=actor)
    adjust(milestone, total=0, actor=actor)
    milestone.refresh_from_db()
    assert (milestone.credits_allocated, milestone.amount) == (0, 0)
    assert [credits_of(lot) for lot in lots] == [(4, 0, 0)] * 3
    assert milestone.consumptions.count() == 4
    allocate(milestone, actor=actor)
    assert Allocation.objects.filter(milestone=milestone).count() == 1


def test_given_back_past_expiry_is_not_spendable_and_expires_in_the_next_night(account, milestone, lots, time_machine):
    """Origin: killbill#1464, credits were given back to a dead lot and stayed (bug 10)."""
    actor = make_user()
    allocate(milestone, actor=actor)
    time_machine.move_to("2027-02-01T12:00:00+00:00")
    night(account, datetime.date(2027, 1, 31))
    adjust(milestone, total=0, actor=actor)
    assert credits_of(lots[0]) == (4, 0, 0)
    with pytest.raises(Shortage, match="6 past expiry"):
        adjust(milestone, total=5, actor=actor)
    night(account, datetime.date(2027, 2, 2))
    assert [credits_of(lot) for lot in lots] == [(0, 0, 4), (0, 0, 4), (4, 0, 0)]
    assert Allocation.objects.filter(allocation_type="expiry", allocated_on=datetime.date(2027, 2, 1)).count() == 2
    assert trial_balance()["4090"] == {"LCY": -640, "USD": -640}


def test_adjusting_up_and_down_never_draws_from_a_lot_that_expired_meanwhile(milestone, lots, time_machine):
    """Origin: aleph#1104, moving credits laundered their validity (bug 19)."""
    actor = make_user()
    allocate(milestone, actor=actor)
    time_machine.move_to("2026-11-25T12:00:00+00:00")
    adjust(milestone, total=0, actor=actor)
    adjust(milestone, total=6, actor=actor)
    assert [credits_of(lot) for lot in lots] == [(4, 0, 0), (0, 4, 0), (2, 2, 0)]


def test_too_few_for_more_changes_nothing(milestone, lots):
    actor = make_user()
    allocate(milestone, actor=actor)
    with pytest.raises(Shortage) as refused:
        adjust(milestone, total=13, actor=actor)
    assert (refused.value.needed, refused.value.available, refused.value.short) == (7, 6, 1)
    assert [credits_of(lot) for lot in lots] == [(0, 4, 0), (2, 2, 0), (4, 0, 0)]


def test_refused_below_zero_for_a_milestone_without_a_number_and_for_a_completed_one(account, milestone):
    actor = make_user()
    with pytest.raises(NotForCredits, match="zero or more") as refused:
        adjust(milestone, total=-1, actor=actor)
    assert refused.value.field == "total"
    with pytest.raises(NotForCredits, match="needs no services credits"):
        adjust(make_milestone(milestone.project, None), total=1, actor=actor)
    allocate(milestone, actor=actor)
    complete(milestone, actor=actor)
    with pytest.raises(AlreadyCompleted, match="completed since 24 Nov 2026"):
        adjust(milestone, total=0, actor=actor)


def test_adjusting_posts_nothing(milestone):
    """Revenue, allocation: posts nothing."""
    actor = make_user()
    before = trial_balance()
    allocate(milestone, actor=actor)
    adjust(milestone, total=9, actor=actor)
    adjust(milestone, total=2, actor=actor)
    assert trial_balance() == before


def test_a_milestone_whose_credits_all_went_back_is_worth_nothing_in_a_currency_without_decimals(account):
    make_rate("JPY", "0.0066")
    make_purchase(account, currency="JPY", value_per_credit="15000", amount_paid_per_credit="12000")
    milestone = make_milestone(make_project(account, currency="JPY"), 4)
    allocate(milestone, actor=make_user())
    milestone.refresh_from_db()
    assert milestone.amount == 60_000
    adjust(milestone, total=0, actor=make_user())
    milestone.refresh_from_db()
    assert (milestone.amount, milestone.credits_allocated) == (0, 0)
