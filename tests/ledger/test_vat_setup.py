"""The VAT posting setup: the service, what it refuses, the database, and the pages."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from ledger.exceptions import BadVat
from ledger.models import ChangeLogEntry, LedgerAccount, VatBusinessGroup, VatPostingSetup, VatProductGroup
from ledger.reports.vat_setup import vat_matrix
from ledger.services.vat import VatTerms, create_vat_group, set_vat
from tests.builders import make_user
from tests.credits.desk import errors, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("company")]
VIEW, CHANGE, ADD = (f"ledger.{verb}_vatpostingsetup" for verb in ("view", "change", "add"))


def address(name, **query):
    return reverse(f"ledger:{name}", query=query or None)


@pytest.fixture
def groups():
    business = create_vat_group(VatBusinessGroup, code="home", name="At home", actor=None)
    return business, create_vat_group(VatProductGroup, code="STANDARD", name="Standard rate", actor=None)


@pytest.fixture
def payable():
    return LedgerAccount.objects.get(code="2700")


def test_groups_and_rates_are_made_changed_and_signed(groups, payable):
    sam = make_user()
    assert groups[0].code == "HOME"
    assert vat_matrix().missing == 1
    cell = set_vat(*groups, VatTerms(percent=Decimal("19"), account=payable), actor=sam)
    assert set_vat(*groups, VatTerms(percent=Decimal("7.5"), account=payable), actor=sam).pk == cell.pk
    assert VatPostingSetup.objects.get().percent == Decimal("7.5")
    logged = ChangeLogEntry.objects.filter(table="ledger_vatpostingsetup").first()
    assert (logged.actor, logged.action, list(logged.changes)) == (sam, "Change VAT posting setup", ["percent"])
    assert vat_matrix().missing == 0
    with pytest.raises(BadVat, match="There is a VAT business posting group HOME already"):
        create_vat_group(VatBusinessGroup, code="Home", name="Again", actor=sam)


def test_what_no_sale_can_owe_is_refused(groups):
    for percent, field, sentence in (
        ("-1", "percent", "A VAT rate of -1 %: enter 0 to 100."),
        ("100.5", "percent", "A VAT rate of 100.5 %: enter 0 to 100."),
        ("19.00001", "percent", "A VAT rate of 19.00001 %: it has at most 4 decimals."),
        ("19", "account", "VAT of 19 % is owed: choose the account that takes it."),
    ):
        with pytest.raises(BadVat) as refused:
            set_vat(*groups, VatTerms(percent=Decimal(percent)), actor=None)
        assert (refused.value.message, refused.value.field) == (sentence, field)
    assert set_vat(*groups, VatTerms(percent=Decimal(0)), actor=None).account is None


def test_the_database_refuses_it_too(groups):
    set_vat(*groups, VatTerms(percent=Decimal(0)), actor=None)
    for change in ("percent = 101, account_id = '2700'", "percent = -1", "percent = 19"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE ledger_vatpostingsetup SET {change}")


def test_what_is_missing_is_shown_and_filled_in(signed_in):
    page = signed_in(VIEW, CHANGE, ADD)
    assert "Nothing is sold with VAT" in text(page.get(address("vat-setup")))
    for kind, code in (("business", "HOME"), ("product", "STANDARD")):
        sent = page.post(address(f"vat-{kind}-group-create"), {"code": code, "name": f"{code} name"})
        assert sent["Location"] == address("vat-setup")
    shown = page.get(address("vat-setup"))
    assert "1 missing" in text(shown) and "Fill in the VAT of HOME × STANDARD" in text(shown)
    edit = address("vat-setup-edit", business="HOME", product="STANDARD")
    refused = page.post(edit, {"percent": "19", "account": ""})
    assert errors(refused) == {"account": ["VAT of 19 % is owed: choose the account that takes it."]}
    assert page.post(edit, {"percent": "19", "account": "2700"})["Location"] == address("vat-setup")
    assert "19 % 2700 VAT payable Change" in text(page.get(address("vat-setup")))
    assert 'value="19"' in page.get(edit).content.decode()


def test_whoever_views_changes_nothing(signed_in, groups):
    page = signed_in(VIEW)
    assert "Missing" in text(page.get(address("vat-setup")))
    assert "Fill in" not in text(page.get(address("vat-setup")))
    edit = address("vat-setup-edit", business="HOME", product="STANDARD")
    assert [page.get(url).status_code for url in (edit, address("vat-product-group-create"))] == [403, 403]
    assert signed_in(CHANGE).get(address("vat-setup-edit", business="HOME", product="NONE")).status_code == 404
