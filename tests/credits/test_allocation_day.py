"""The business date of an allocation: today, or an earlier day that nothing in the trail contradicts."""

import datetime

import pytest

from credits.exceptions import BadDay, Shortage
from credits.models import Consumption, CreditsSetup
from credits.services.allocate import adjust, allocate
from credits.services.allocate_many import allocate_many
from credits.services.milestones import complete
from credits.services.pick import allocate_by_hand
from tests.builders import make_milestone, make_purchase, trial_balance
from tests.credits.nights import credits_of, night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)


def day(number: int) -> datetime.date:
    return datetime.date(2026, 11, number)


@pytest.fixture
def lot(account):
    """Ten credits, bought and usable from 2 Nov."""
    return make_purchase(account, purchased_on=day(2), starts_on=day(2))


@pytest.fixture
def milestone(project, lot):
    return make_milestone(project, 4)


def by_hand(milestone, lot, on):
    CreditsSetup.objects.update(manual_allocation=True)
    return allocate_by_hand(milestone, {lot.pk: 4}, actor=None, on=on)


WAYS = {
    "allocate": lambda milestone, lot, on: allocate(milestone, actor=None, on=on),
    "adjust": lambda milestone, lot, on: adjust(milestone, total=4, actor=None, on=on),
    "by hand": by_hand,
    "many": lambda milestone, lot, on: allocate_many(milestone.project, [milestone.pk], actor=None, on=on),
}
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@every_way
def test_allocation_and_consumptions_carry_the_day(milestone, lot, way):
    """Row "A lot is a candidate when": date is the business date of the action."""
    way(milestone, lot, day(9))
    assert set(Consumption.objects.values_list("consumed_on", "allocation__allocated_on")) == {(day(9), day(9))}


@every_way
def test_a_day_in_the_future_is_refused(milestone, lot, way):
    with pytest.raises(BadDay, match="25 Nov 2026 is in the future: allocate as of today, 24 Nov 2026") as refusal:
        way(milestone, lot, TODAY + DAY)
    assert refusal.value.field == "on"
    assert credits_of(lot) == (10, 0, 0)


@every_way
def test_a_day_before_a_purchase_that_would_be_drawn_from_is_refused(account, milestone, lot, way):
    """A start date may lie before the day of purchase; the credits were not there yet."""
    lot = make_purchase(account, purchased_on=day(10), starts_on=day(1), expires_on=datetime.date(2027, 1, 31))
    with pytest.raises(BadDay, match=f"{lot}, which would be drawn from, was bought on 10 Nov 2026"):
        way(milestone, lot, day(9))
    way(milestone, lot, day(10))
    assert credits_of(lot) == (6, 4, 0)


@every_way
def test_a_day_before_the_last_change_of_the_milestone_is_refused(milestone, lot, way):
    allocate(milestone, actor=None, on=day(5))
    adjust(milestone, total=3, actor=None, on=day(12))
    with pytest.raises(BadDay, match=f"The credits of {milestone.number} were last changed on 12 Nov 2026"):
        way(milestone, lot, day(11))
    way(milestone, lot, day(12))
    milestone.refresh_from_db()
    assert milestone.credits_allocated == 4


@every_way
def test_credits_that_came_back_later_were_not_in_the_lot_on_the_day(project, milestone, lot, way):
    """Nine were held by another milestone from 5 to 19 Nov: as of 6 Nov there was one."""
    other = make_milestone(project, 9)
    allocate(other, actor=None, on=day(5))
    adjust(other, total=0, actor=None, on=day(20))
    for on in (day(6), day(19)):
        with pytest.raises(BadDay, match=f"4 credits would be drawn from {lot}, which had 1 left before 20 Nov 2026"):
            way(milestone, lot, on)
    way(milestone, lot, day(20))
    assert credits_of(lot) == (6, 4, 0)


def test_before_others_drew_the_lot_may_be_drawn_from_as_far_as_it_goes(project, milestone, lot):
    """Six are drawn on 15 Nov: the four that are left were there on 3 Nov as well."""
    allocate(make_milestone(project, 6), actor=None, on=day(15))
    allocate(milestone, actor=None, on=day(3))
    assert credits_of(lot) == (0, 10, 0)


def test_no_lot_of_another_day_is_used(account, project, milestone, lot):
    """Origin: openmeter#4649, credits granted later were used by an earlier period (bug 6)."""
    make_purchase(account, purchased_on=day(1), starts_on=day(16), expires_on=day(30), number_of_credits=4)
    gone = make_purchase(account, purchased_on=day(1), starts_on=day(1), expires_on=day(14), number_of_credits=4)
    allocate(milestone, actor=None, on=day(14))
    assert list(milestone.consumptions.values_list("purchase", "credits")) == [(gone.pk, 4)]
    with pytest.raises(
        Shortage, match=r"11 credits in USD are needed and 10 are available: 1 short\. .* 4 not started"
    ):
        allocate(make_milestone(project, 11), actor=None, on=day(15))


def test_what_lapsed_meanwhile_is_not_drawn_as_of_a_day_before(account, milestone, lot, time_machine):
    """Row "Expiry": what a night expired is gone, whatever day is typed."""
    time_machine.move_to("2027-11-03T12:00:00+00:00")
    night(account, datetime.date(2027, 11, 2))
    with pytest.raises(Shortage, match="0 are available"):
        allocate(milestone, actor=None, on=day(9))


def test_completed_before_the_day_of_the_allocation(account, milestone, lot, sam):
    """Work that was done before its credits were allocated is completed on the day it was done."""
    allocate(milestone, actor=sam, on=day(20))
    complete(milestone, actor=sam, actual_on=day(6))
    night(account, TODAY + DAY)
    assert trial_balance()["4000"] == {"LCY": -320, "USD": -320}


def test_given_back_as_of_an_earlier_day(milestone, lot):
    allocate(milestone, actor=None, on=day(5))
    adjust(milestone, total=1, actor=None, on=day(9))
    assert list(milestone.consumptions.order_by("id").values_list("credits", "consumed_on")) == [
        (4, day(5)),
        (-3, day(9)),
    ]


def test_a_migration_takes_its_day_as_today(milestone, lot):
    allocate(milestone, actor=None, today=TODAY + 30 * DAY)
    assert milestone.consumptions.get().consumed_on == TODAY + 30 * DAY
