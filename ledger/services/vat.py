"""Changes to the VAT posting setup: groups, and rate and account of each pair of them. What is posted stays."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from ledger.exceptions import BadVat
from ledger.models import LedgerAccount, VatBusinessGroup, VatPostingSetup, VatProductGroup
from ledger.money import has_decimals
from ledger.services.changes import made_by
from pages import formats
from pages.refusals import Refused

HUNDRED, DECIMALS = Decimal(100), 4
Group = type[VatBusinessGroup] | type[VatProductGroup]


@dataclass(frozen=True, kw_only=True)
class VatTerms:
    """What a sale to the business group of the product group owes, and on which account."""

    percent: Decimal
    account: LedgerAccount | None = None


@transaction.atomic
def create_vat_group(model: Group, *, code: str, name: str, actor) -> VatBusinessGroup | VatProductGroup:
    """Makes the group; its code stays for good. Sales with it are refused until its pairs are filled in. Refused (BadVat):
    a code that is taken."""
    code = code.strip().upper()
    if model.objects.filter(pk=code).exists():
        raise BadVat(f"There is a {model._meta.verbose_name} {code} already.", field="code")
    made_by(actor, f"Create {model._meta.verbose_name}")
    return model.objects.create(code=code, name=name)


@transaction.atomic
def set_vat(
    business_group: VatBusinessGroup, product_group: VatProductGroup, terms: VatTerms, *, actor
) -> VatPostingSetup:
    """Fills the cell, or changes it; documents are priced by it from now on, unposted ones when they are posted. Refused
    (BadVat): `refusal_to_set_vat`."""
    if refusal := refusal_to_set_vat(terms):
        raise refusal
    made_by(actor, "Change VAT posting setup")
    setup, _ = VatPostingSetup.objects.update_or_create(
        business_group=business_group, product_group=product_group, defaults=vars(terms)
    )
    return setup


def refusal_to_set_vat(terms: VatTerms) -> Refused | None:
    """Why no sale can owe that."""
    shown = formats.exact(terms.percent)
    if not 0 <= terms.percent <= HUNDRED:
        return BadVat(f"A VAT rate of {shown} %: enter 0 to 100.", field="percent")
    if not has_decimals(terms.percent, DECIMALS):
        return BadVat(f"A VAT rate of {shown} %: it has at most {DECIMALS} decimals.", field="percent")
    if terms.percent and terms.account is None:
        return BadVat(f"VAT of {shown} % is owed: choose the account that takes it.", field="account")
    return None
