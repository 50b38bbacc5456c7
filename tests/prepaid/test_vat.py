"""VAT of a document is the rate of its net, rounded once, and the sum of its stored lines."""

from decimal import Decimal

import pytest

from ledger.models import VatPostingSetup, VatProductGroup
from ledger.models.vat import VatBusinessGroup
from prepaid.services.document_lines import LineTerms
from tests.prepaid.selling import make_document, make_product

pytestmark = pytest.mark.django_db


def test_it_is_cut_over_the_lines_and_not_rounded_line_by_line(account):
    group = VatProductGroup.objects.create(code="FULL", name="Full rate")
    account.vat_business_group = VatBusinessGroup.objects.create(code="HOME", name="At home")
    account.save(update_fields=["vat_business_group"])
    VatPostingSetup.objects.create(
        business_group=account.vat_business_group, product_group=group, percent=Decimal(19), account_id="2700"
    )
    work = make_product("WORK", vat_product_group=group)
    document = make_document(account, *[LineTerms(product=work, unit_price=Decimal("0.03"))] * 3)
    # 0.0057 each would be 0.01 each; 19 % of 0.09 is 0.0171.
    assert [line.vat for line in document.lines.order_by("line_no")] == [
        Decimal("0.01"),
        Decimal("0.00"),
        Decimal("0.01"),
    ]
