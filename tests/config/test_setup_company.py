"""A database that was only migrated becomes a company by one command, and sells."""

import datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from credits.services.purchases import create_purchase
from credits.services.terms import Terms
from ledger.models import Currency, LedgerAccount, LedgerSetup, NumberSeries, PostingSetup
from opportunities.models import Account

pytestmark = pytest.mark.django_db


def set_up(**changes) -> None:
    options = {"name": "Lot & Sons", "lcy": "CHF", "time_zone": "Europe/Zurich"} | changes
    call_command("setup_company", **options)


def test_a_migrated_database_is_set_up_and_makes_a_purchase():
    assert not NumberSeries.objects.exists()
    set_up()
    account = Account.objects.create(number="A1", name="First", currency_id="CHF", business_group_id="DOMESTIC")
    terms = Terms(
        account=account,
        currency=Currency.objects.get(code="CHF"),
        purchased_on=datetime.date(2026, 1, 5),
        starts_on=datetime.date(2026, 1, 5),
        expires_on=datetime.date(2027, 1, 4),
        number_of_credits=10,
        value_per_credit=Decimal(100),
        amount_paid_per_credit=Decimal(80),
    )
    purchase = create_purchase(terms, actor=None)
    assert (purchase.number, purchase.paid_total_lcy) == ("SCP-000001", Decimal(800))


def test_what_is_there_stays_as_it_is():
    set_up()
    LedgerAccount.objects.filter(code="2400").update(name="Credits not yet earned")
    set_up(name="Other", lcy="EUR")
    assert LedgerAccount.objects.get(code="2400").name == "Credits not yet earned"
    assert LedgerSetup.objects.get().lcy_id == "CHF"


@pytest.mark.parametrize("wrong", [{"time_zone": "Mars/Olympus"}, {"lcy": "Franc"}, {"lcy": "XTS", "lcy_decimals": 4}])
def test_bad_words_are_refused_and_nothing_is_made(wrong):
    with pytest.raises(CommandError):
        set_up(**wrong)
    assert not LedgerAccount.objects.exists()


def test_the_accounts_of_refunds_unclaimed_property_and_exchange_differences_are_there():
    """Posting rules 8c, 11 and 11c find their accounts in a new company, as in the demo, which is set up the same way."""
    set_up()
    cells = PostingSetup.objects.filter(product_group="CREDITS").order_by()
    found = cells.values_list("refund", "unclaimed").distinct()
    assert (list(found), LedgerSetup.objects.get().exchange_difference_id) == ([("2450", "2460")], "6100")
