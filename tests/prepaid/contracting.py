"""Customer contracts for tests, made as staff make them."""

import datetime
from decimal import Decimal
from typing import Any

import time_machine

from ledger.models import Currency
from opportunities.models import Account, CommitmentOption, Product
from prepaid.models import (
    ContractDeferral,
    CustomerContract,
    PrepaidService,
    SalesDocument,
    ServiceCommitment,
    ServiceObject,
)
from prepaid.services.contracts.billing import Billed, bill
from prepaid.services.contracts.commitments import CommitmentCard, create_commitment
from prepaid.services.contracts.contracts import ContractTerms, assign, create_contract
from prepaid.services.contracts.objects import ObjectTerms, create_object
from prepaid.services.contracts.prices import Price
from prepaid.services.night import bill_contracts, expire_residuals, release_deferrals
from prepaid.services.post_document import post_document
from tests.prepaid.selling import make_product, make_service

D = datetime.date
ALL_ACCOUNTS = (0, 2**62)


def at(day: datetime.date):
    """Noon of the day."""
    noon = datetime.datetime.combine(day, datetime.time(12), datetime.UTC)
    return time_machine.travel(noon, tick=False)


def make_item(code: str = "HOURS-M", **changes: Any) -> Product:
    """A service commitment item that tops up a periodic prepaid service."""
    found = Product.objects.filter(code=code).first()
    changes = {"group": "CONTRACTS", "commitment_option": CommitmentOption.COMMITMENT_ITEM, **changes}
    return found or make_product(code, prepaid=True, **changes)


def make_hours(account: Account, formula: str = "", **card: Any) -> PrepaidService:
    """A periodic prepaid service of hours."""
    periodic = {"accrual": "periodic", "type": "quantity", "unit_of_measure": "HOUR"}
    return make_service(account, **{**periodic, "valid_until_formula": formula, **card})


def make_budget(account: Account, formula: str = "", **card: Any) -> PrepaidService:
    """A periodic prepaid service of an amount."""
    return make_service(account, accrual="periodic", type="amount", valid_until_formula=formula, **card)


def make_object(account: Account, *, actor=None, **changes: Any) -> ServiceObject:
    terms = {"product": changes.pop("product", None) or make_item(), "unit_of_measure": "HOUR", **changes}
    return create_object(ObjectTerms(account=account, **terms), actor=actor)


def make_contract(account: Account, *, currency: str = "", actor=None, **changes: Any) -> CustomerContract:
    money = Currency.objects.get(pk=currency or account.currency_id)
    return create_contract(ContractTerms(account=account, currency=money, **changes), actor=actor)


def agree(
    account: Account,
    *,
    starts_on: datetime.date,
    price: str | None = "125.00",
    quantity: str = "8",
    per_period: str = "1",
    discount: str = "0",
    contract: CustomerContract | None = None,
    service: PrepaidService | None = None,
    service_object: ServiceObject | None = None,
    currency: str = "",
    anchor_on: datetime.date | None = None,
    ends_on: datetime.date | None = None,
    actor=None,
    **terms: Any,
) -> ServiceCommitment:
    """A commitment that a contract bills: 8 hours a month at 125.00 each, unless told otherwise."""
    contract = contract or make_contract(account, currency=currency, actor=actor)
    made = create_commitment(
        service_object or make_object(account, actor=actor),
        CommitmentCard(
            currency=contract.currency,
            starts_on=starts_on,
            anchor_on=anchor_on,
            ends_on=ends_on,
            prepaid_service=service,
            terms={"description": "Support", **terms},
            price=price
            and Price(
                price=Decimal(price),
                quantity=Decimal(quantity),
                discount_percent=Decimal(discount),
                quantity_per_period=Decimal(per_period),
            ),
        ),
        actor=actor,
    )
    assign(contract, [made], actor=actor)
    made.refresh_from_db()
    return made


def bill_until(until: datetime.date, *commitments: ServiceCommitment, actor=None, **changes: Any) -> Billed:
    """Contract invoices of these commitments, or of all, not posted."""
    chosen = ServiceCommitment.objects.all()
    if commitments:
        chosen = chosen.filter(pk__in=[commitment.pk for commitment in commitments])
    return bill(chosen, until=until, actor=actor, **changes)


def billed(until: datetime.date, *commitments: ServiceCommitment, actor=None, **changes: Any) -> list[SalesDocument]:
    """The same, posted."""
    made = bill_until(until, *commitments, actor=actor, **changes)
    return [post_document(invoice, actor=actor) for invoice in made.invoices]


def nights(first: datetime.date, last: datetime.date) -> None:
    """What belongs to prepaid services of the nights from the first to the last, each on its day."""
    day = first
    while day <= last:
        with at(day):
            for step in (bill_contracts, expire_residuals, release_deferrals):
                assert step(*ALL_ACCOUNTS, day).errors == []
        day += datetime.timedelta(days=1)


def waiting(deferral: ContractDeferral) -> Decimal:
    """What of it is still deferred."""
    return sum((part.amount for part in deferral.lines.open()), Decimal(0))
