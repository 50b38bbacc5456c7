"""Days of grace after the expiry date: what the night takes when, and which status of a milestone waits for credits."""

import datetime

import pytest

from config.night import run_nights
from credits.models import CreditsSetup
from credits.reports.milestones import waiting
from credits.services.allocate import adjust, allocate
from tests.builders import books, make_account, make_milestone, make_purchase
from tests.credits.nights import credits_of, night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def company(company):
    CreditsSetup.objects.update(grace_period_days=3)


@pytest.fixture
def lot(account):
    """Usable to today, in grace to the 27th."""
    return make_purchase(account, expires_on=TODAY)


@pytest.fixture
def holding(project, lot, sam):
    """Four of the ten."""
    milestone = make_milestone(project, 4)
    allocate(milestone, actor=sam)
    return milestone


def expiries(lot) -> list[tuple]:
    rows = lot.consumptions.filter(consumption_type="expiry").order_by("id")
    return list(rows.values_list("credits", "consumed_on"))


def test_given_back_in_grace_it_lapses_with_the_rest(account, lot, holding, sam, time_machine):
    time_machine.shift(2 * DAY)
    adjust(holding, total=0, actor=sam)
    night(account, TODAY + 3 * DAY)
    assert credits_of(lot) == (10, 0, 0)
    night(account, TODAY + 4 * DAY)
    assert expiries(lot) == [(10, TODAY + 4 * DAY)]


def test_given_back_after_grace_it_lapses_on_its_own_on_that_day(account, lot, holding, sam, time_machine):
    """Expiry, effective date: the day that made the credits available."""
    night(account, TODAY + 4 * DAY)
    time_machine.shift(6 * DAY)
    adjust(holding, total=1, actor=sam)
    night(account, TODAY + 8 * DAY)
    assert expiries(lot) == [(6, TODAY + 4 * DAY), (3, TODAY + 6 * DAY)]
    assert books(TODAY + 5 * DAY)["4090"] == {"USD": -480, "LCY": -480}
    assert books(TODAY + 6 * DAY)["4090"] == {"USD": -720, "LCY": -720}


def test_missed_nights_give_each_lot_the_day_after_its_grace(lot, time_machine):
    """Expiry, missed nights: in order, each with its own date."""
    later = make_purchase(make_account(), expires_on=TODAY + 2 * DAY)
    not_yet = make_purchase(make_account(), expires_on=TODAY + 6 * DAY)
    assert [run.state for run in run_nights(TODAY)] == ["done"]
    time_machine.shift(9 * DAY)
    assert [run.business_date for run in run_nights()] == [TODAY + at * DAY for at in range(1, 10)]
    assert expiries(lot) == [(10, TODAY + 4 * DAY)]
    assert expiries(later) == [(10, TODAY + 6 * DAY)]
    assert expiries(not_yet) == []


@pytest.mark.parametrize("free", [[], ["approved"], ["in_progress", "planned"]])
def test_which_statuses_do_not_wait_for_credits_is_a_setting(project, free):
    """Gate: statuses without allocation are a setting."""
    CreditsSetup.objects.update(statuses_without_allocation=free)
    statuses = ("planned", "in_progress", "approved", "canceled", "")
    milestones = {status: make_milestone(project, 4, status=status) for status in statuses}
    assert list(waiting()) == [milestones[status] for status in statuses if status not in free]
