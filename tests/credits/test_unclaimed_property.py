"""Customers who keep a claim on what expires: posting rule 8c."""

import datetime
from decimal import Decimal

import pytest

from credits.models import AccountRules, Purchase
from credits.services.expire import expire_purchase
from ledger.exceptions import MissingAccount
from ledger.models import PostingSetup
from tests.builders import make_account, make_purchase, make_user, trial_balance
from tests.credits.correcting import agree, caught_up, estimated, reinstated, used
from tests.credits.nights import credits_of, night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
TOMORROW = datetime.date(2026, 11, 25)


@pytest.fixture
def claimed(account):
    AccountRules.objects.create(account=account, unclaimed_property=True)
    return account


def usd(amount: str) -> dict:
    return {"USD": Decimal(amount), "LCY": Decimal(amount)}


def test_rule_8c_what_expires_is_owed_and_no_revenue(claimed):
    lot = make_purchase(claimed, expires_on=TODAY)
    used(lot, 4)
    night(claimed, TOMORROW)
    assert trial_balance() == {"1100": usd("800"), "4000": usd("-320"), "2460": usd("-480")}
    agree(TOMORROW)


def test_by_hand_and_reinstated(claimed):
    lot = make_purchase(claimed, expires_on=TODAY)
    expire_purchase(lot, actor=make_user())
    assert trial_balance()["2460"] == usd("-800")
    AccountRules.objects.update(unclaimed_property=False)  # the mirror takes the stored accounts, not those of today
    reinstated(lot, TOMORROW)
    assert trial_balance() == {"1100": usd("800"), "2400": usd("-800")}
    agree()


def test_other_customers_are_not_touched(claimed):
    other = make_account("Another")
    for each in (claimed, other):
        make_purchase(each, expires_on=TODAY)
        night(each, TOMORROW)
    assert (trial_balance()["2460"], trial_balance()["4090"]) == (usd("-800"), usd("-800"))


def test_without_the_account_the_lot_stays_whole_and_is_named(claimed):
    lot = make_purchase(claimed, expires_on=TODAY)
    PostingSetup.objects.update(unclaimed=None)
    (error,) = night(claimed, TOMORROW)
    assert "no unclaimed account" in error and credits_of(lot) == (10, 0, 0)
    with pytest.raises(MissingAccount, match="no unclaimed account"):
        expire_purchase(lot, actor=make_user())


def test_nothing_is_recognised_ahead(claimed):
    """Rule 12 does not hold for them, neither from the purchase on nor later."""
    before = make_purchase(claimed)
    estimated("10")
    after = make_purchase(claimed)
    for lot in (before, after):
        used(lot, 4)
        caught_up(lot)
    assert trial_balance()["4000"] == usd("-640") and "4090" not in trial_balance()
    assert set(Purchase.objects.values_list("breakage_rate", "estimated")) == {(0, 0)}


def test_a_purchase_goes_by_the_rules_of_its_moment(claimed):
    """Whoever buys read the customer before its rules changed."""
    estimated("20")
    assert claimed.credit_rules.unclaimed_property
    AccountRules.objects.update(unclaimed_property=False)
    assert make_purchase(claimed).breakage_rate == 20
    AccountRules.objects.update(unclaimed_property=True)
    assert make_purchase(claimed).breakage_rate == 0


def test_what_was_recognised_ahead_goes_back_when_the_rule_begins_to_hold(account):
    estimated("20")
    lot = make_purchase(account)
    used(lot, 4)
    assert trial_balance()["4090"] == usd("-80")
    AccountRules.objects.create(account=account, unclaimed_property=True)
    caught_up(lot)
    assert trial_balance() == {"1100": usd("800"), "4000": usd("-320"), "2400": usd("-480")}
    agree()


def test_an_expiry_before_that_night_leaves_no_revenue_either(account):
    estimated("20")
    lot = make_purchase(account, expires_on=TODAY)
    used(lot, 4)
    AccountRules.objects.create(account=account, unclaimed_property=True)
    expire_purchase(lot, actor=make_user())
    assert trial_balance() == {"1100": usd("800"), "4000": usd("-320"), "2460": usd("-480")}
    agree()
