"""The burn-down: available credits as they were, and a forecast that draws the open milestones as allocations would."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.night import run_nights
from credits.models.milestones import Status
from credits.planning import Need, PlannedLot, plan
from credits.reports.burn_down import burn_down, days_before, ends_after
from credits.reports.forecast import forecast
from credits.reports.holdings import holdings
from credits.services.allocate import allocate
from credits.services.dates import change_dates
from credits.services.milestones import complete
from tests.builders import make_account, make_milestone, make_project, make_purchase, make_rate
from tests.recorded import recorded_on

D = datetime.date
TODAY = D(2026, 11, 24)
NOON = pytest.mark.time_machine("2026-11-24T12:00:00+00:00")


def one(account):
    (found,) = burn_down(account, TODAY)
    return found


def past(account) -> dict[datetime.date, int]:
    """What was available on each day, zeros left out."""
    return {point.day: point.available for point in one(account).past if point.available}


def coming(account) -> list[tuple]:
    """(last day, becoming usable, drawn, lapsing, available) of the months in which anything happens."""
    months = [(each.last, each.starting, each.drawn, each.lapsing, each.available) for each in one(account).coming]
    return [month for month in months if any(month[1:4])]


def bought(account, on, **terms):
    with recorded_on(on):
        return make_purchase(account, purchased_on=on, **({"starts_on": on} | terms))


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [(TODAY, D(2025, 11, 30), D(2026, 10, 31)), (D(2028, 2, 29), D(2027, 2, 28), D(2028, 1, 31))],
)
def test_twelve_months_back_and_twelve_ahead(today, first, last):
    """Leap days and ends of months (openmeterio/openmeter#1408, bugs-to-tests row 5)."""
    days, ends = days_before(today), ends_after(today)
    assert (days[0], days[-2], days[-1]) == (first, last, today) and len(days) == 13
    assert ends[0].month == today.month and len(ends) == 12 == len({(each.year, each.month) for each in ends})
    assert all((each + datetime.timedelta(days=1)).day == 1 for each in (*days[:-1], *ends))


@pytest.mark.django_db
@NOON
def test_the_past_is_told_as_it_was(account, project, sam):
    """What staff and customers see: burn-down chart."""
    bought(account, D(2026, 3, 10), expires_on=D(2026, 9, 30), number_of_credits=20)
    later = bought(account, D(2026, 6, 1), starts_on=D(2026, 8, 1), expires_on=D(2027, 3, 31), number_of_credits=5)
    milestone = make_milestone(project, 6)
    with recorded_on(D(2026, 5, 4)):
        allocate(milestone, actor=sam)
    with recorded_on(D(2026, 10, 5)):
        list(run_nights())
    assert past(account) == {
        D(2026, 3, 31): 20, D(2026, 4, 30): 20, D(2026, 5, 31): 14, D(2026, 6, 30): 14, D(2026, 7, 31): 14,
        D(2026, 8, 31): 19, D(2026, 9, 30): 19, D(2026, 10, 31): 5, TODAY: 5,
    }  # fmt: skip
    assert later.expires_on == D(2027, 3, 31)


@pytest.mark.django_db
@NOON
def test_an_extension_changes_no_month_before_it_was_agreed(account, sam):
    lot = bought(account, D(2026, 9, 1), expires_on=D(2026, 10, 15))
    with recorded_on(D(2026, 11, 3)):
        change_dates(lot, starts_on=lot.starts_on, expires_on=D(2027, 1, 31), reason="Asked for", actor=sam)
    assert past(account) == {D(2026, 9, 30): 10, TODAY: 10}


@pytest.mark.django_db
@NOON
def test_today_is_what_the_account_shows_as_available(account, project, sam):
    bought(account, D(2026, 10, 1), expires_on=D(2026, 11, 23))
    bought(account, D(2026, 10, 1), expires_on=TODAY, number_of_credits=3)
    lot = bought(account, D(2026, 10, 1), expires_on=D(2027, 5, 31))
    bought(account, D(2026, 10, 1), starts_on=D(2026, 12, 1), expires_on=D(2027, 5, 31))
    with recorded_on(D(2026, 11, 20)):
        allocate(make_milestone(project, 4), actor=sam)
    (held,) = holdings(type(lot).objects.all(), TODAY, 30)
    assert past(account)[TODAY] == held.available


@pytest.mark.django_db
@NOON
def test_milestones_draw_on_their_target_dates_first_to_expire_first_and_the_rest_lapses(account, project):
    bought(account, D(2026, 11, 2), expires_on=D(2027, 1, 31))
    bought(account, D(2026, 11, 2), expires_on=D(2027, 6, 15), number_of_credits=8)
    bought(account, D(2026, 11, 2), starts_on=D(2027, 3, 1), expires_on=D(2027, 8, 31), number_of_credits=2)
    make_milestone(project, 4, target_on=D(2026, 12, 15))
    make_milestone(project, 7, target_on=D(2027, 4, 1))
    assert coming(account) == [
        (D(2026, 12, 31), 0, 4, 0, 14),
        (D(2027, 2, 28), 0, 0, 6, 8),  # the day after 31 January
        (D(2027, 3, 31), 2, 0, 0, 10),
        (D(2027, 4, 30), 0, 7, 0, 3),
        (D(2027, 6, 30), 0, 0, 1, 2),
        (D(2027, 9, 30), 0, 0, 2, 0),
    ]


@pytest.mark.django_db
@NOON
def test_only_what_milestones_still_need_is_drawn_and_an_overdue_one_draws_today(account, project, sam):
    bought(account, D(2026, 11, 2))
    partly = make_milestone(project, 2, target_on=D(2026, 11, 10))
    allocate(partly, actor=sam)
    type(partly).objects.filter(pk=partly.pk).update(credits_needed=5)
    make_milestone(project, 1, target_on=D(2026, 12, 5), status=Status.CANCELED)
    done = make_milestone(project, 1)
    allocate(done, actor=sam)
    complete(done, actor=sam)
    assert coming(account)[0] == (D(2026, 11, 30), 0, 3, 0, 4)


@pytest.mark.django_db
@NOON
def test_a_milestone_that_finds_too_few_credits_draws_none_and_is_named(account, project):
    bought(account, D(2026, 11, 2), expires_on=D(2027, 1, 31))
    late = make_milestone(project, 4, target_on=D(2027, 2, 1))
    large = make_milestone(project, 11, target_on=D(2026, 12, 1))
    undated = make_milestone(project, 1, target_on=None)
    found = one(account)
    assert found.unfunded == [(large, 1), (late, 4)] and found.undated == [undated]
    assert coming(account) == [(D(2027, 2, 28), 0, 0, 10, 0)]


@pytest.mark.django_db
@NOON
def test_each_currency_has_its_own_and_other_accounts_are_not_in_it(account, project):
    make_rate("GBP", "1.2711")
    bought(account, D(2026, 11, 2))
    bought(make_account("Another"), D(2026, 11, 2))
    make_milestone(make_project(account, currency="GBP"), 2)
    assert [(each.currency.code, each.past[-1].available) for each in burn_down(account, TODAY)] == [
        ("GBP", 0),
        ("USD", 10),
    ]
    assert burn_down(account, TODAY)[0].unfunded[0][1] == 2


lots = st.lists(st.tuples(st.integers(-60, 500), st.integers(0, 300), st.integers(1, 50)), max_size=6)
needs = st.lists(st.tuples(st.integers(0, 450), st.integers(1, 60)), max_size=6)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lots, needs)
def test_on_every_month_end_the_forecast_is_what_the_lots_then_hold(lots, needs):
    """No credit is lost on the way and none counted twice."""
    day = [TODAY + datetime.timedelta(days=count) for count in range(900)]
    planned = [
        PlannedLot(place, TODAY + datetime.timedelta(days=start), day[max(start, 0) + length], credits, Decimal(1))
        for place, (start, length, credits) in enumerate(lots)
    ]
    asked = [Need(place, day[on], credits) for place, (on, credits) in enumerate(needs)]
    ends = ends_after(TODAY)
    draws, need_of = plan(planned, asked).draws, {need.key: need for need in asked}
    for month in forecast(planned, asked, TODAY, ends).months:
        usable = {lot.key for lot in planned if lot.starts_on <= month.last <= lot.expires_on}
        held = sum(lot.credits for lot in planned if lot.key in usable)
        drawn = sum(each.credits for each in draws if each.lot in usable and need_of[each.need].on <= month.last)
        assert month.available == held - drawn
