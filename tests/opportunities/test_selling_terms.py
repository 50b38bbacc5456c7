"""What products and accounts say for sales documents and prepaid services: refused where it cannot be, kept where it can."""

from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from ledger.models import VatBusinessGroup, VatProductGroup
from opportunities.exceptions import BadBilling, BadProduct
from opportunities.models import Account, CommitmentOption, Product
from opportunities.services.accounts import Billing, edit_account
from opportunities.services.products import Selling, edit_product
from tests.credits.desk import Page, errors, text

Option = CommitmentOption
TOP_UP = Selling(prepaid_service=True, commitment_option=Option.SALES_WITHOUT, unit_of_measure="PIECE")


def edited(product: Product, selling: Selling | None) -> Product:
    names = ("code", "name", "unit_price", "currency", "product_group", "services_credits")
    return edit_product(product, **{name: getattr(product, name) for name in names}, selling=selling, actor=None)


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"inventory": True}, "prepaid_service", "An inventory product cannot be a prepaid service."),
        (
            {"commitment_option": Option.SALES_WITH},
            "commitment_option",
            "“Sales with service commitment” cannot be a prepaid service. Choose “Sales without service commitment”",
        ),
        (
            {"commitment_option": Option.INVOICING_ITEM},
            "commitment_option",
            "“Invoicing item” cannot be a prepaid service.",
        ),
    ],
)
def test_a_product_that_cannot_be_a_prepaid_service_is_refused(pack, sales, change, field, sentence):
    """Prepaid services: not an inventory product, and sold without commitment or as a commitment item."""
    with pytest.raises(BadProduct) as refused:
        edited(pack, replace(TOP_UP, **change))
    assert sentence in refused.value.message
    assert refused.value.field == field
    page = Page(sales, reverse("opportunities:product-edit", args=[pack.pk])).fill(prepaid_service="on")
    sent = {name: "on" if value is True else value for name, value in change.items()}
    assert sentence in errors(sales.post(page.url, page.data | sent))[field][0]
    assert not Product.objects.get().prepaid_service
    columns = {"prepaid_service": True, **change}
    with pytest.raises(IntegrityError, match="product_can_be_a_prepaid_service"), transaction.atomic():
        assignments = ", ".join(f"{name} = %s" for name in columns)
        connection.cursor().execute(f"UPDATE opportunities_product SET {assignments}", list(columns.values()))


def test_both_kinds_of_prepaid_service_are_kept_and_an_edit_without_them_changes_nothing(pack):
    product = edited(pack, TOP_UP)
    assert (product.tops_up_once, product.is_commitment_item, product.unit_of_measure) == (True, False, "PIECE")
    assert edited(product, None).prepaid_service
    product = edited(product, replace(TOP_UP, commitment_option=Option.COMMITMENT_ITEM))
    assert (product.tops_up_once, product.is_commitment_item) == (False, True)


def test_how_a_product_is_sold_is_typed_and_listed(sales, pack):
    VatProductGroup.objects.create(code="STANDARD", name="Standard")
    page = Page(sales, reverse("opportunities:product-edit", args=[pack.pk]))
    page.fill(prepaid_service="on", unit_of_measure="piece", vat_product_group="STANDARD")
    assert sales.post(page.url, page.data).status_code == 302
    product = Product.objects.get()
    assert (product.prepaid_service, product.unit_of_measure, product.vat_product_group_id) == (
        True,
        "PIECE",
        "STANDARD",
    )
    assert product.services_credits == 7
    listed = sales.get(reverse("opportunities:product-list"), {"prepaid_service": "true"})
    assert "Once, by invoice" in text(listed)


def test_terms_of_billing_that_no_invoice_could_follow_are_refused(account):
    terms = {name: getattr(account, name) for name in ("name", "currency", "business_group", "bill_to")}
    for billing, field in ((Billing(email="desk at quay"), "email"), (Billing(payment_days=10_000), "payment_days")):
        with pytest.raises(BadBilling) as refused:
            edit_account(account, **terms, billing=billing, actor=None)
        assert refused.value.field == field
    kept = edit_account(account, **terms, billing=Billing(payment_days=0, email="desk@quay.example"), actor=None)
    assert edit_account(kept, **terms, actor=None).email == "desk@quay.example"


def test_the_terms_of_billing_are_typed_and_shown(sales, account):
    VatBusinessGroup.objects.create(code="HOME", name="At home")
    page = Page(sales, reverse("opportunities:account-edit", args=[account.pk]))
    page.fill(vat_business_group="HOME", email="desk@quay.example", address="Quay 1\r\nHarbour", payment_days="14")
    assert sales.post(page.url, page.data).status_code == 302
    shown = text(sales.get(account.get_absolute_url()))
    for said in ("VAT posting group HOME (At home)", "Quay 1 Harbour", "desk@quay.example", "14 days from the date"):
        assert said in shown
    refused = sales.post(page.url, page.data | {"email": "nobody", "payment_days": "-1", "token": ""})
    assert set(errors(refused)) == {"email", "payment_days"}
    assert Account.objects.get().payment_days == 14
