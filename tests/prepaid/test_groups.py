"""Whose groups govern a sale: those of the account that is sold to, or of the one that is billed, as the setup says."""

import pytest

from ledger.models import LedgerSetup, PostingSetup, VatProductGroup
from prepaid.models import PrepaidEntry
from tests.builders import make_account, trial_balance
from tests.prepaid.selling import make_product, top_up
from tests.prepaid.year import with_vat

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("governs", "group", "vat", "deferral"), [("sell_to", "DOMESTIC", 19, "2410"), ("bill_to", "EXPORT", 0, "2420")]
)
def test_the_posting_groups_and_the_vat_are_those_of_the_one_that_governs(
    account, service, finance, governs, group, vat, deferral
):
    payer = make_account("Payer abroad")
    payer.business_group_id = "EXPORT"
    payer.save()
    with_vat(account)
    PostingSetup.objects.filter(business_group="EXPORT", product_group="PREPAID-DEF").update(deferral="2420")
    LedgerSetup.objects.update(groups_from=governs)
    make_product("TOP-UP", prepaid=True, vat_product_group=VatProductGroup.objects.get(pk="FULL"))
    sold = top_up(service, "100.00", actor=finance, bill_to=payer)
    assert (sold.business_group_id, sold.lines.get().vat) == (group, vat)
    assert PrepaidEntry.objects.get().business_group_id == group
    assert trial_balance()[deferral] == {"USD": -100, "LCY": -100}
