"""Entering a customer and changing it. Books: none; another posting group counts for what is posted from then on."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from ledger.models import BusinessPostingGroup, Currency, VatBusinessGroup
from ledger.services.changes import made_by
from ledger.services.dimensions import check_dimensions
from opportunities.exceptions import BadBilling, BadBillTo
from opportunities.models import Account
from opportunities.services.locks import lock_account
from opportunities.services.numbers import free_number

MAX_PAYMENT_DAYS = 9_999


@dataclass(frozen=True, kw_only=True)
class Billing:
    """What documents to the account say, and where they are sent."""

    vat_business_group: VatBusinessGroup | None = None
    address: str = ""
    email: str = ""
    payment_days: int = 30


@transaction.atomic
def create_account(
    *,
    name: str,
    currency: Currency,
    business_group: BusinessPostingGroup,
    bill_to: Account | None = None,
    dimensions: Mapping[str, str] | None = None,
    billing: Billing | None = None,
    actor,
) -> Account:
    """Makes the account under the next free number. `dimensions` are proposed for what it buys. Refused: a payer that is
    itself billed to another (BadBillTo); a value that a dimension does not have or that is blocked (BadDimension);
    `check_billing` (BadBilling)."""
    check_bill_to(None, bill_to)
    billing = billing or Billing()
    check_billing(billing)
    check_dimensions(dimensions or {})
    made_by(actor, "Create account")
    account = Account(name=name, currency=currency, business_group=business_group, bill_to=bill_to, **vars(billing))
    account.dimensions = dict(dimensions or {})
    account.number = free_number(Account)
    account.save(force_insert=True)
    return account


@transaction.atomic
def edit_account(
    account: Account,
    *,
    name: str,
    currency: Currency,
    business_group: BusinessPostingGroup,
    bill_to: Account | None,
    dimensions: Mapping[str, str] | None = None,
    billing: Billing | None = None,
    actor,
) -> Account:
    """Changes the account; without `dimensions` or `billing` it keeps its own. What was sold and posted before keeps its
    currency, its accounts, its VAT and its dimensions. Refused: the account itself as its payer, and a chain of payers
    (BadBillTo); BadDimension; BadBilling."""
    account = lock_account(account.pk)
    check_bill_to(account, bill_to)
    made_by(actor, "Edit account")
    if dimensions is not None:
        check_dimensions(dimensions, kept=account.dimensions)
        account.dimensions = dict(dimensions)
    if billing is not None:
        check_billing(billing)
        for field, value in vars(billing).items():
            setattr(account, field, value)
    account.name, account.currency, account.business_group, account.bill_to = name, currency, business_group, bill_to
    account.save()
    return account


def check_billing(billing: Billing) -> None:
    """Refused (BadBilling): what is no e-mail address; a term of payment below zero or of many years."""
    if billing.email:
        try:
            validate_email(billing.email)
        except ValidationError:
            raise BadBilling(f"“{billing.email}” is not an e-mail address.", field="email") from None
    if not 0 <= billing.payment_days <= MAX_PAYMENT_DAYS:
        raise BadBilling(
            f"{billing.payment_days:,} days to pay: enter 0 to {MAX_PAYMENT_DAYS:,}.", field="payment_days"
        )


def check_bill_to(account: Account | None, payer: Account | None) -> None:
    if payer is None:
        return
    if account is not None and payer.pk == account.pk:
        raise BadBillTo(f"{account} pays for itself already: leave “bill to” empty.")
    if payer.bill_to_id is not None:
        raise BadBillTo(f"{payer} is billed to {payer.bill_to}. Choose {payer.bill_to} instead.")
    if account is not None and (billed := account.billed_for.first()):
        raise BadBillTo(f"{account} pays for {billed} and cannot be billed to another account itself.")
