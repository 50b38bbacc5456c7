"""Delivering what was ordered, in one or more parts, with a delivery note for each; of what is sold with service commitments
it makes service objects. Books and balances: none; a delivery note is never changed or taken back."""

import datetime
from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction

from ledger.dates import business_date
from ledger.services.changes import made_by
from pages import formats
from pages.refusals import Refused
from prepaid.exceptions import BadDocument, NotConvertible, ServiceClosed
from prepaid.models import Delivery, DeliveryLine, PrepaidService, SalesDocument, SalesLine
from prepaid.services.contracts.from_order import make_objects, refusal_of_packages
from prepaid.services.convert import checked_quantity, release_and_settle
from prepaid.services.document_state import refusal_to_release
from prepaid.services.numbers import delivery_number
from prepaid.services.order_state import left_to_deliver
from prepaid.services.post_document import lines_of, lock_document

State, Type, Kind = SalesDocument.State, SalesDocument.Type, SalesLine.Kind


@transaction.atomic
def deliver(
    order: SalesDocument,
    quantities: Mapping[int, Decimal] | None = None,
    *,
    on: datetime.date | None = None,
    actor,
) -> Delivery:
    """Delivers all that is left of the order, or so much of its lines as `quantities` says by their keys, today or on the
    given day. An open order is released by it. Refused: `refusal_to_deliver` (NotConvertible, BadDocument); more than is left
    of a line (MoreThanOrdered); a service commitment item without a package, a recurring prepaid item without its prepaid
    service: `refusal_of_line`; nothing at all (NotConvertible); a day that has not come (BadDocument)."""
    order = lock_document(order)
    if refusal := refusal_to_deliver(order):
        raise refusal
    day = on or business_date()
    if day > business_date():
        raise BadDocument(
            f"{formats.day(day)} has not come: a delivery note says what was handed over.", field="delivered_on"
        )
    chosen = _chosen(order, quantities)
    if not chosen:
        raise NotConvertible("Nothing was chosen. Enter how much of which line is delivered.")
    made_by(actor, "Deliver order")
    for line, quantity in chosen:
        line.quantity_shipped += quantity
    SalesLine.objects.bulk_update([line for line, _ in chosen], ["quantity_shipped"])
    delivery = Delivery(order=order, delivered_on=day, created_by=actor, number=delivery_number())
    delivery.save(force_insert=True)
    delivered = [DeliveryLine(delivery=delivery, line=line, quantity=quantity) for line, quantity in chosen]
    make_objects(order, DeliveryLine.objects.bulk_create(delivered), actor=actor)
    release_and_settle(order)
    return delivery


def refusal_to_deliver(order: SalesDocument) -> Refused | None:
    """Why there is nothing to deliver of the order."""
    if order.type != Type.ORDER:
        return NotConvertible(f"{order} is not an order: only an order is delivered.")
    lines = lines_of(order)
    if lines and not any(left_to_deliver(line) for line in lines):
        return NotConvertible(f"Everything of {order} is delivered.")
    return refusal_to_release(order) if order.state == State.OPEN else None


def refusal_of_line(line: SalesLine) -> Refused | None:
    """Why the line cannot be delivered: its delivery makes what its packages say, and hands over the prepaid service that is
    topped up, so it has to be one of the account, periodic and open."""
    product, service = line.product, line.prepaid_service
    where = f"Line {line.line_no}, {line.description}"
    if product is None or not line.is_commitment:
        return None
    if service is None and product.prepaid_service:
        return BadDocument(f"{where}: choose the prepaid service that its contract tops up.")
    return (_refusal_of_service(line, service, where) if service else None) or refusal_of_packages(line)


def _refusal_of_service(line: SalesLine, service: PrepaidService, where: str) -> Refused | None:
    if service.account_id != line.document.account_id:
        return BadDocument(f"{where}: prepaid service {service} belongs to another account.")
    if service.closed:
        return ServiceClosed(service)
    if not service.is_periodic:
        return BadDocument(f"{where}: {service} is one-time. A contract tops up a periodic one.")
    return None


def _chosen(order: SalesDocument, quantities: Mapping[int, Decimal] | None) -> list[tuple[SalesLine, Decimal]]:
    chosen = []
    for line in lines_of(order):
        left = left_to_deliver(line)
        asked = left if quantities is None else quantities.get(line.pk) or Decimal(0)
        if checked_quantity(line, asked, left, "delivered"):
            if refusal := refusal_of_line(line):
                raise refusal
            chosen.append((line, asked))
    return chosen
