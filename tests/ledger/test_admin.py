"""The books in the admin: set-up can be changed, what is posted only looked at, and a refusal is a sentence."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from ledger.models import (
    AccountingPeriod,
    BatchRun,
    Currency,
    JournalEntry,
    LedgerAccount,
    LedgerSetup,
    NumberSeries,
)
from tests.builders import make_entry, make_period

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("company")]
MODELS = [
    "ledgeraccount", "businesspostinggroup", "productpostinggroup", "postingsetup", "vatbusinessgroup", "vatproductgroup",
    "vatpostingsetup", "currency", "exchangerate", "ledgersetup", "accountingperiod", "numberseries", "journalentry",
    "batchrun",
]  # fmt: skip


@pytest.fixture
def admin(client):
    client.force_login(User.objects.create_superuser("admin"))
    return client


def address(model, page, *args):
    return reverse(f"admin:ledger_{model}_{page}", args=args)


@pytest.mark.parametrize("model", MODELS)
def test_every_list_opens(admin, model):
    make_entry()
    assert admin.get(address(model, "changelist")).status_code == 200


@pytest.mark.parametrize(
    ("model", "make"),
    [
        ("journalentry", make_entry),
        ("batchrun", lambda: BatchRun.objects.create(business_date="2026-11-24")),
        ("accountingperiod", make_period),
        ("numberseries", lambda: NumberSeries.objects.create(code="X", description="X", prefix="X-")),
    ],
)
def test_what_the_services_write_is_only_looked_at(admin, model, make):
    pk = make().pk
    assert admin.get(address(model, "change", pk)).status_code == 200
    assert admin.post(address(model, "change", pk), {"description": "Other"}).status_code == 403
    assert admin.post(address(model, "delete", pk), {"post": "yes"}).status_code == 403
    assert admin.post(address(model, "add")).status_code == 403
    admin.post(address(model, "changelist"), {"action": "delete_selected", "_selected_action": [pk], "post": "yes"})
    counts = {JournalEntry: 1, BatchRun: 1, AccountingPeriod: 1, NumberSeries: 1}
    assert any(kind._meta.model_name == model and kind.objects.count() == counts[kind] for kind in counts)


def test_the_local_currency_is_changed_until_something_is_posted_and_then_refused_in_words(admin):
    setup = LedgerSetup.objects.get()
    form = {"company_name": "Lot & Sons", "lcy": "EUR", "time_zone": "Europe/Berlin", "groups_from": "sell_to"}
    assert admin.post(address("ledgersetup", "change", setup.pk), form).status_code == 302
    make_entry(currency="EUR")
    response = admin.post(address("ledgersetup", "change", setup.pk), form | {"lcy": "GBP"})
    assert "The local currency stays EUR: amounts are posted in it." in response.content.decode()
    assert admin.post(address("ledgersetup", "change", setup.pk), form | {"company_name": "B"}).status_code == 302
    assert LedgerSetup.objects.get().company_name == "B"


def test_there_is_one_setup(admin):
    assert admin.get(address("ledgersetup", "add")).status_code == 403
    LedgerSetup.objects.all().delete()
    form = {"company_name": "New", "lcy": "USD", "time_zone": "Mars/Base", "groups_from": "sell_to"}
    assert "is not a time zone" in admin.post(address("ledgersetup", "add"), form).content.decode()
    admin.post(address("ledgersetup", "add"), form | {"time_zone": "UTC"})
    assert LedgerSetup.objects.get().pk == 1


@pytest.mark.parametrize("code", ["GBP", "USD"])
def test_the_decimals_of_what_is_posted_are_refused_in_words(admin, code):
    make_entry(currency="GBP")
    url = address("currency", "change", code)
    response = admin.post(url, {"name": "Other", "decimals": "3"})
    assert f"{code} is posted in, so its decimals stay 2." in response.content.decode()
    assert admin.post(url, {"name": "Other", "decimals": "2"}).status_code == 302
    assert Currency.objects.get(code=code).name == "Other"


def test_a_code_stays_and_an_account_that_is_posted_on_cannot_be_removed(admin):
    make_entry()
    form = {"code": "2499", "name": "Deferred", "category": "liability"}
    assert admin.post(address("ledgeraccount", "change", "2400"), form).status_code == 302
    assert LedgerAccount.objects.get(code="2400").name == "Deferred"
    assert not LedgerAccount.objects.filter(code="2499").exists()
    response = admin.post(address("ledgeraccount", "delete", "2400"), {"post": "yes"})
    assert response.status_code == 200
    assert LedgerAccount.objects.filter(code="2400").exists()
