"""Entering a customer and changing it. Books: none; another posting group counts for what is posted from then on."""

from collections.abc import Mapping

from django.db import transaction

from ledger.models import BusinessPostingGroup, Currency
from ledger.services.changes import made_by
from ledger.services.dimensions import check_dimensions
from opportunities.exceptions import BadBillTo
from opportunities.models import Account
from opportunities.services.locks import lock_account
from opportunities.services.numbers import free_number


@transaction.atomic
def create_account(
    *,
    name: str,
    currency: Currency,
    business_group: BusinessPostingGroup,
    bill_to: Account | None = None,
    dimensions: Mapping[str, str] | None = None,
    actor,
) -> Account:
    """Makes the account under the next free number. `dimensions` are proposed for what it buys. Refused: a payer that is
    itself billed to another (BadBillTo); a value that a dimension does not have or that is blocked (BadDimension)."""
    check_bill_to(None, bill_to)
    check_dimensions(dimensions or {})
    made_by(actor, "Create account")
    account = Account(name=name, currency=currency, business_group=business_group, bill_to=bill_to)
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
    actor,
) -> Account:
    """Changes the account; without `dimensions` it keeps its own. What was sold and posted before keeps its currency, its
    accounts and its dimensions. Refused: the account itself as its payer, and a chain of payers (BadBillTo); BadDimension."""
    account = lock_account(account.pk)
    check_bill_to(account, bill_to)
    made_by(actor, "Edit account")
    if dimensions is not None:
        check_dimensions(dimensions, kept=account.dimensions)
        account.dimensions = dict(dimensions)
    account.name, account.currency, account.business_group, account.bill_to = name, currency, business_group, bill_to
    account.save()
    return account


def check_bill_to(account: Account | None, payer: Account | None) -> None:
    if payer is None:
        return
    if account is not None and payer.pk == account.pk:
        raise BadBillTo(f"{account} pays for itself already: leave “bill to” empty.")
    if payer.bill_to_id is not None:
        raise BadBillTo(f"{payer} is billed to {payer.bill_to}. Choose {payer.bill_to} instead.")
    if account is not None and (billed := account.billed_for.first()):
        raise BadBillTo(f"{account} pays for {billed} and cannot be billed to another account itself.")
