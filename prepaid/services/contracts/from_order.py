"""What the delivery of an order makes: of each line with which something is agreed a service object, and its commitments.
Books and balances: none, which come with the billing of a contract."""

import datetime
from collections.abc import Iterable

from ledger.money import round_to
from pages.refusals import Refused
from prepaid.dateformula import BadDateFormula, DateFormula
from prepaid.exceptions import BadDocument
from prepaid.models import (
    DeliveryLine,
    LineCommitment,
    PrepaidService,
    SalesDocument,
    SalesLine,
    ServiceCommitment,
    ServiceObject,
    terms_of,
)
from prepaid.services.contracts.agreed import why_not_for_prepaid
from prepaid.services.contracts.commitments import CommitmentCard, create_commitment
from prepaid.services.contracts.objects import ObjectTerms, create_object
from prepaid.services.contracts.prices import Price


def make_objects(order: SalesDocument, delivered: Iterable[DeliveryLine], *, actor) -> list[ServiceObject]:
    """A service object of each line with which something is agreed, in the quantity that was delivered; its commitments start
    on the day that the start formula gives for the delivery, at the price of the line. The prepaid service of the line goes
    to the first commitment that can top it up. Refused (BadDocument): a start formula that gives no day."""
    return [made for each in delivered if (made := _make(order, each, actor)) is not None]


def refusal_of_packages(line: SalesLine) -> Refused | None:
    """Why a service commitment item cannot be delivered: nothing is agreed with it, or nothing that could top up its prepaid
    service."""
    if not line.is_commitment:
        return None
    where, agreed = f"Line {line.line_no}, {line.description}", _agreed(line)
    if not agreed:
        return BadDocument(
            f"{where}: it is a service commitment item and has no package, so nothing would be billed for it. Add a package "
            "to the line first."
        )
    if line.prepaid_service is not None and not any(why_not_for_prepaid(each) is None for each in agreed):
        first = agreed[0]
        _, why = why_not_for_prepaid(first) or ("", "")
        return BadDocument(f"{where}: nothing agreed tops up {line.prepaid_service}: of {first}, {why}")
    return None


def _make(order: SalesDocument, delivered: DeliveryLine, actor) -> ServiceObject | None:
    line, day = delivered.line, delivered.delivery.delivered_on
    agreed = _agreed(line)
    if line.product is None or not agreed:
        return None
    terms = ObjectTerms(
        account=order.account,
        product=line.product,
        description=line.description,
        quantity=delivered.quantity,
        unit_of_measure=line.unit_of_measure,
        provided_on=day,
    )
    made = create_object(terms, actor=actor, delivery_line=delivered)
    service = line.prepaid_service if line.is_commitment else None
    for each in agreed:
        topped_up = service if service is not None and why_not_for_prepaid(each) is None else None
        _commit(made, order, delivered, each, topped_up, actor)
        service = None if topped_up else service
    return made


def _commit(
    made: ServiceObject,
    order: SalesDocument,
    delivered: DeliveryLine,
    agreed: LineCommitment,
    service: PrepaidService | None,
    actor,
) -> ServiceCommitment:
    line = delivered.line
    price = Price(
        price=round_to(line.unit_price * agreed.base_percent / 100, order.currency.decimals),
        quantity=delivered.quantity,
        discount_percent=line.discount_percent,
    )
    card = CommitmentCard(
        currency=order.currency,
        starts_on=start_of(agreed, delivered.delivery.delivered_on),
        terms=terms_of(agreed),
        prepaid_service=service,
        package=agreed.package,
        price=price,
    )
    return create_commitment(made, card, actor=actor)


def start_of(agreed: LineCommitment, day: datetime.date) -> datetime.date:
    """Its first day, where it is delivered on that day."""
    if not agreed.start_formula:
        return day
    try:
        return DateFormula.parse(agreed.start_formula).apply(day)
    except BadDateFormula as bad:
        raise BadDocument(f"Line {agreed.line.line_no}, {agreed.description}: {bad.message}") from bad


def _agreed(line: SalesLine) -> list[LineCommitment]:
    return list(line.commitments.select_related("package", "invoicing_item").order_by("package", "line_no"))
