"""An independent program adds the journal up: Beancount balances every entry and agrees with every balance."""

import datetime
from io import StringIO

import pytest
from beancount import loader
from beancount.core import data
from django.core.management import CommandError, call_command

from ledger.models import JournalEntry
from tests import builders
from tests.builders import make_entry, make_period

pytestmark = pytest.mark.django_db
ON = datetime.date(2026, 12, 31)


def exported(on=ON) -> str:
    out = StringIO()
    call_command("export_beancount", on=on, stdout=out)
    return out.getvalue()


@pytest.fixture
def books():
    """Entries in three currencies, one of them late, one reversed by its mirror."""
    builders.make_company()
    builders.make_rate("GBP", "1.2711")
    builders.make_rate("JPY", "0.006611")
    account = builders.make_account('Quote "&" Sons')
    make_period(2026, 10, closed_by=builders.make_user("controller"))
    builders.make_purchase(account, purchased_on=datetime.date(2026, 10, 5))
    lot = builders.make_purchase(account, currency="GBP", number_of_credits=5, amount_paid_per_credit="50.00")
    builders.make_purchase(account, currency="JPY", amount_paid_per_credit="12345")
    from credits.services.purchases import return_to_draft

    return_to_draft(lot, actor=builders.make_user())


def test_beancount_finds_nothing_wrong(books):
    entries, errors, _ = loader.load_string(exported())
    assert errors == []
    transactions = [entry for entry in entries if isinstance(entry, data.Transaction)]
    assert len(transactions) == JournalEntry.objects.count() == 4
    assert {entry.meta["event"] for entry in transactions} == set(
        JournalEntry.objects.values_list("event_key", flat=True)
    )
    assert sum(isinstance(entry, data.Balance) for entry in entries) == 6


def test_beancount_would_find_a_changed_amount(books):
    text = exported()
    assert loader.load_string(text.replace(" 800.00 USD", " 800.01 USD", 1))[1]
    assert loader.load_string(text.replace("@@ 317.78 USD", "@@ 317.77 USD", 1))[1]


def test_only_what_was_posted_up_to_the_day(books):
    assert "JPY" not in exported(datetime.date(2026, 11, 1))


def test_without_a_company_it_says_what_to_do():
    with pytest.raises(CommandError, match="general ledger setup is empty"):
        call_command("export_beancount", stdout=StringIO())


def test_an_entry_of_the_books_alone_is_exported_too():
    builders.make_company()
    make_entry()
    assert loader.load_string(exported())[1] == []
