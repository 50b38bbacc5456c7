"""What will become of deferred revenue, where credits were refunded or reinstated, or breakage is expected of them: told as
the nights then post it, and adding up to the deferral account."""

import datetime
from decimal import Decimal

import pytest
import time_machine

from config.night import run_nights
from credits.services.allocate import allocate
from credits.services.expire import expire_purchase
from credits.services.milestones import complete
from ledger.reports.deferrals import Asked
from ledger.reports.forecast import forecast
from tests.builders import make_milestone, make_project, make_purchase, make_user, trial_balance
from tests.credits.correcting import agree, caught_up, estimated, refunded, reinstated, used

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
D = datetime.date
TODAY, DUE, LAST = D(2026, 11, 24), D(2026, 12, 15), D(2027, 1, 29)


def told(on: datetime.date = TODAY) -> list[tuple]:
    """(month, to be recognised, to lapse), with the sum of the deferral account beside it."""
    rows = forecast(Asked(on=on))
    deferred = -trial_balance().get("2400", {"USD": 0})["USD"]
    assert sum(row.own.recognise + row.own.lapse for row in rows) == deferred
    return [(row.bucket, row.own.recognise, row.own.lapse) for row in rows]


@pytest.fixture
def hundred(account):
    """100 credits for 8,000.00."""
    return make_purchase(account, number_of_credits=100, expires_on=LAST)


def hold(lot, credits: int):
    milestone = make_milestone(make_project(lot.account), credits, target_on=DUE)
    allocate(milestone, actor=make_user())
    return milestone


def test_what_was_refunded_is_not_told(hundred):
    hold(hundred, 20)
    refunded(hundred, 30)
    assert told() == [("2026-12", 1600, 0), ("2027-01", 0, 4000)]


def test_what_was_reinstated_lapses_on_its_new_day(account):
    lot = make_purchase(account, expires_on=TODAY)
    expire_purchase(lot, actor=make_user())
    assert told() == []
    reinstated(lot, LAST)
    assert told() == [("2027-01", 0, 800)]


def test_where_breakage_is_expected_it_is_told_with_the_credits_that_are_used(hundred):
    """Rule 12: 45 and then 20 of 90, and the rest with the expiry; as the nights then post it."""
    estimated("10")
    caught_up(hundred)
    used(hundred, 45)
    milestone = hold(hundred, 20)
    assert told() == [("2026-12", Decimal("1777.78"), 0), ("2027-01", 0, Decimal("2222.22"))]
    with time_machine.travel("2026-12-15T12:00:00+00:00"):
        complete(milestone, actor=make_user())
        list(run_nights())
        assert trial_balance()["2400"]["USD"] == Decimal("-2222.22")
        assert told(DUE) == [("2027-01", 0, Decimal("2222.22"))]
    with time_machine.travel("2027-01-30T12:00:00+00:00"):
        list(run_nights())
        assert "2400" not in trial_balance()
        agree()
