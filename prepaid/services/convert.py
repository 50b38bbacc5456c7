"""What becomes of quotes and orders: a quote becomes an order or at once an invoice, an order is invoiced in one or more
parts. Books and balances: none, which come with the posting of the invoice.

What is made says what its source says: addressees, texts, lines with their prices, discounts, prepaid services and, of an
order, what is agreed with them. VAT is worked out anew for each document. Each part invoice comes to its own quantity ×
price, rounded once, so that it can be checked alone; the quantities of all parts are what was ordered.
"""

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.db import transaction

from ledger.money import has_decimals
from ledger.services.changes import made_by
from pages import formats
from pages.refusals import Refused
from prepaid.exceptions import BadDocument, MoreThanOrdered, NotConvertible
from prepaid.models import SalesDocument, SalesLine
from prepaid.models.fields import QUANTITY_DECIMALS
from prepaid.services.contracts.line_commitments import carry_over
from prepaid.services.document_lines import refusal_now
from prepaid.services.document_state import refusal_to_release
from prepaid.services.documents import Header, create_document
from prepaid.services.order_state import is_invoiced_from_order, left_to_invoice, settle
from prepaid.services.post_document import lines_of, lock_document
from prepaid.services.pricing import price

State, Type, Kind = SalesDocument.State, SalesDocument.Type, SalesLine.Kind
COPIED = (
    "product",
    "role",
    "description",
    "unit_of_measure",
    "unit_price",
    "discount_percent",
    "product_group",
    "prepaid_service",
)
Chosen = list[tuple[SalesLine, Decimal]]


@transaction.atomic
def convert_quote(
    quote: SalesDocument, *, into: str = Type.ORDER, on: datetime.date | None = None, actor
) -> SalesDocument:
    """Makes an open order of the whole quote, or an invoice, dated today unless told otherwise. The quote is done: it is
    made into something once, and again only after that was deleted. Refused (NotConvertible): `refusal_to_convert`."""
    quote = lock_document(quote)
    if refusal := refusal_to_convert(quote, into):
        raise refusal
    made = _make(quote, into, [(line, line.quantity) for line in _items(quote)], on=on, actor=actor)
    quote.state = State.DONE
    quote.save(update_fields=["state"])
    return made


@transaction.atomic
def invoice_order(
    order: SalesDocument,
    quantities: Mapping[int, Decimal] | None = None,
    *,
    on: datetime.date | None = None,
    actor,
) -> SalesDocument:
    """Makes an open invoice of the order, or of so much of its lines as `quantities` says by their keys. It counts as
    invoiced at once, and is given back when the invoice or its line is deleted before the posting. An open order is released
    by it. Refused: `refusal_to_invoice` (NotConvertible, BadDocument); more than is left of a line (MoreThanOrdered); a
    service commitment item, nothing at all (NotConvertible)."""
    order = lock_document(order)
    if refusal := refusal_to_invoice(order):
        raise refusal
    chosen = _chosen(order, quantities)
    if not chosen:
        raise NotConvertible("Nothing was chosen. Enter how much of which line is invoiced.")
    invoice = _make(order, Type.INVOICE, chosen, on=on, actor=actor)
    for line, quantity in chosen:
        line.quantity_invoiced += quantity
    SalesLine.objects.bulk_update([line for line, _ in chosen], ["quantity_invoiced"])
    release_and_settle(order)
    return invoice


def refusal_to_convert(quote: SalesDocument, into: str = Type.ORDER) -> Refused | None:
    """Why the quote does not become that."""
    if quote.type != Type.QUOTE:
        return NotConvertible(f"{quote} is not a quote: only a quote becomes an order.")
    if quote.state == State.DONE:
        made = quote.made_into.order_by("pk").last()
        return NotConvertible(f"{quote} is done: {made or 'another document'} was made from it.")
    lines = _items(quote)
    if not lines:
        return NotConvertible(f"{quote} has no lines. Add what is offered first.")
    for line in lines if into == Type.INVOICE else ():
        if not is_invoiced_from_order(line):
            return NotConvertible(f"{_where(line)} {BY_CONTRACT} Make an order of the quote.")
        if line.commitments.exists():
            return NotConvertible(
                f"{_where(line)} is sold with service commitments, which its delivery makes. Make an order of the quote."
            )
    return None


def refusal_to_invoice(order: SalesDocument) -> Refused | None:
    """Why there is nothing to invoice of the order."""
    if order.type != Type.ORDER:
        return NotConvertible(f"{order} is not an order: only an order is invoiced in parts.")
    lines = _items(order)
    if lines and not any(is_invoiced_from_order(line) for line in lines):
        return NotConvertible(f"{order} has only service commitment items, which their contracts bill.")
    if lines and not any(left_to_invoice(line) for line in lines):
        return NotConvertible(f"Everything of {order} that can be invoiced is invoiced.")
    return refusal_to_release(order) if order.state == State.OPEN else None


BY_CONTRACT = "is a service commitment item, which its contract bills and no invoice."


def left_out(order: SalesDocument) -> list[tuple[SalesLine, str]]:
    """The lines that no invoice of the order takes, each with the reason."""
    return [(line, f"it {BY_CONTRACT}") for line in _items(order) if not is_invoiced_from_order(line)]


def checked_quantity(line: SalesLine, quantity: Decimal, left: Decimal, what: str) -> Decimal:
    """Refused: less than nothing, parts of a ten-thousandth or of a top-up (BadDocument), more than is left
    (MoreThanOrdered)."""
    if quantity < 0 or not has_decimals(quantity, QUANTITY_DECIMALS):
        raise BadDocument(
            f"{_where(line)}: {formats.exact(quantity)} cannot be {what}. Enter how much of it is.",
            field=f"quantity_{line.pk}",
        )
    if quantity > left:
        raise MoreThanOrdered(line, quantity, left, what)
    if line.tops_up and quantity not in (0, left):
        raise BadDocument(
            f"{_where(line)} tops up a prepaid service: it is {what} as a whole. Enter {formats.exact(left)} or nothing.",
            field=f"quantity_{line.pk}",
        )
    return quantity


def release_and_settle(order: SalesDocument) -> None:
    """Lines of which something was made into other documents are fixed; with the last of them the order is done."""
    if order.state == State.OPEN:
        order.state = State.RELEASED
        order.save(update_fields=["state"])
    settle(order)


def _where(line: SalesLine) -> str:
    return f"Line {line.line_no}, {line.description}"


def _items(document: SalesDocument) -> list[SalesLine]:
    return [line for line in lines_of(document) if line.kind == Kind.ITEM]


def _chosen(order: SalesDocument, quantities: Mapping[int, Decimal] | None) -> Chosen:
    chosen = []
    for line in _items(order):
        left = left_to_invoice(line)
        asked = left if quantities is None else quantities.get(line.pk) or Decimal(0)
        if asked and not is_invoiced_from_order(line):
            raise NotConvertible(f"{_where(line)} {BY_CONTRACT}")
        if checked_quantity(line, asked, left, "invoiced"):
            chosen.append((line, asked))
    return chosen


def _make(source: SalesDocument, type_: str, chosen: Chosen, *, on: datetime.date | None, actor) -> SalesDocument:
    header = Header(
        account=source.account,
        bill_to=source.bill_to,
        currency=source.currency,
        document_on=on,
        external_reference=source.external_reference,
        text=source.text,
        project=source.project,
    )
    made_by(actor, f"Make {Type(type_).label.lower()} of {source.get_type_display().lower()}")
    made = create_document(type_, header, actor=actor, made_from=source)
    _copy_lines(chosen, made)
    return made


def _copy_lines(chosen: Iterable[tuple[SalesLine, Decimal]], made: SalesDocument) -> None:
    """At once, since VAT is cut over all of them. Refused: what an invoice refuses of a line."""
    sources = list(chosen)
    copies = [
        SalesLine(
            document=made,
            line_no=line_no,
            quantity=quantity,
            order_line=line if line.document.type == Type.ORDER else None,
            **{name: getattr(line, name) for name in COPIED},
        )
        for line_no, (line, quantity) in enumerate(sources, start=1)
    ]
    price(made, copies)
    for copy in copies if made.type == Type.INVOICE else ():
        if refusal := refusal_now(made, copy):
            raise refusal
    SalesLine.objects.bulk_create(copies)
    if made.type == Type.ORDER:
        carry_over(zip((line for line, _ in sources), copies, strict=True))
