"""How far an order is: what of its lines is invoiced and delivered, and when it is done. Books and balances: none.

Done is an order of which everything that can be invoiced is on an invoice, and everything that has to be delivered is
delivered: inventory products, and what is sold with service commitments, whose delivery makes them. Other services may be
delivered, and nothing waits for that. An order is done no longer when an invoice is taken back before it was posted.
"""

from decimal import Decimal

from ledger.money import ZERO
from opportunities.models import CommitmentOption
from prepaid.exceptions import MoreThanOrdered
from prepaid.models import SalesDocument, SalesLine

State, Kind = SalesDocument.State, SalesLine.Kind
SALES_WITH = CommitmentOption.SALES_WITH


def is_invoiced_from_order(line: SalesLine) -> bool:
    """Whether an invoice bills the line; a service commitment item is billed by its contract."""
    return line.kind == Kind.ITEM and not line.is_commitment


def has_to_be_delivered(line: SalesLine) -> bool:
    """Whether the order waits for its delivery."""
    if line.is_commitment or line.product is None:
        return line.is_commitment
    return line.product.inventory or (line.product.commitment_option == SALES_WITH and line.commitments.exists())


def left_to_invoice(line: SalesLine) -> Decimal:
    return line.quantity - line.quantity_invoiced if is_invoiced_from_order(line) else ZERO


def left_to_deliver(line: SalesLine) -> Decimal:
    return line.quantity - line.quantity_shipped if line.kind == Kind.ITEM else ZERO


def is_fulfilled(order: SalesDocument) -> bool:
    """Whether nothing of the order is to be invoiced or delivered any more."""
    lines = list(order.lines.filter(kind=Kind.ITEM).select_related("product"))
    return bool(lines) and not any(
        left_to_invoice(line) or (has_to_be_delivered(line) and left_to_deliver(line)) for line in lines
    )


def settle(order: SalesDocument) -> None:
    """A released order becomes done with the last of it, and a done one released when something comes back. Its account is
    locked by the caller."""
    if order.state not in (State.RELEASED, State.DONE):
        return
    state = State.DONE if is_fulfilled(order) else State.RELEASED
    if state != order.state:
        order.state = state
        order.save(update_fields=["state"])


def invoice_more(order_line: SalesLine, quantity: Decimal) -> None:
    """So much more of the line is on an invoice; below zero: less. The account is locked by the caller. Refused
    (MoreThanOrdered): more than was ordered."""
    line = SalesLine.objects.select_related("document", "product").select_for_update(of=["self"]).get(pk=order_line.pk)
    if quantity > left_to_invoice(line):
        raise MoreThanOrdered(line, quantity, left_to_invoice(line), "invoiced")
    line.quantity_invoiced += quantity
    line.save(update_fields=["quantity_invoiced"])
    settle(line.document)
