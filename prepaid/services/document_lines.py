"""Writing the lines of a sales document before it is posted. Books and balances: none.

Lines are priced when they are written, by the VAT posting setup of that moment, and again when the document is posted."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from ledger.money import has_decimals
from ledger.services.changes import made_by
from opportunities.models import Product, ProjectEntry
from pages import formats
from pages.refusals import Refused
from prepaid.exceptions import BadDocument
from prepaid.models import PrepaidService, SalesDocument, SalesLine
from prepaid.models.fields import QUANTITY_DECIMALS
from prepaid.services.checks import refusal_of_line
from prepaid.services.contracts.line_commitments import write_standard
from prepaid.services.document_state import lock_open
from prepaid.services.order_state import invoice_more
from prepaid.services.post_document import lines_of
from prepaid.services.pricing import net_of, price
from prepaid.services.roles import role_of

Type, Kind = SalesDocument.Type, SalesLine.Kind

PRICED = ("net", "vat", "vat_percent", "vat_business_group_id", "vat_product_group_id", "vat_account_id")


@dataclass(frozen=True, kw_only=True)
class LineTerms:
    """A line of an item. Without a description, unit or price, those of the product."""

    product: Product
    quantity: Decimal = Decimal(1)
    unit_price: Decimal | None = None
    discount_percent: Decimal = Decimal(0)
    description: str = ""
    unit_of_measure: str = ""
    prepaid_service: PrepaidService | None = None


@transaction.atomic
def add_line(
    document: SalesDocument, terms: LineTerms, *, actor, project_entry: ProjectEntry | None = None
) -> SalesLine:
    """Adds a line behind the last, on a quote or an order with what the standard packages of its product agree. Refused:
    `refusal_of_terms`; DocumentFixed."""
    document = lock_open(document)
    if document.type == Type.CREDIT_MEMO:
        raise BadDocument("The lines of a credit memo are those of its invoice.")
    made_by(actor, "Add line")
    line = SalesLine(document=document, line_no=next_line_no(document), project_entry=project_entry)
    return _write_line(line, terms)


@transaction.atomic
def edit_line(line: SalesLine, terms: LineTerms, *, actor) -> SalesLine:
    """Changes a line; of an invoice of an order, what is invoiced of it as well. Refused as in `add_line`; less than was
    delivered or invoiced of it, another product then (BadDocument); more than was ordered (MoreThanOrdered)."""
    document = lock_open(line.document)
    made_by(actor, "Edit line")
    line = _line_of(document, line)
    if refusal := refusal_to_edit(line):
        raise refusal
    if line.product_id != terms.product.pk and (line.order_line_id or line.quantity_shipped or line.quantity_invoiced):
        raise BadDocument(
            "An order and what was delivered or invoiced of it name the same product: the line keeps it.",
            field="product",
        )
    if terms.quantity < max(line.quantity_shipped, line.quantity_invoiced):
        done = formats.exact(max(line.quantity_shipped, line.quantity_invoiced))
        raise BadDocument(f"{done} of it is delivered or invoiced already.", field="quantity")
    if line.order_line is not None:
        invoice_more(line.order_line, terms.quantity - line.quantity)
    return _write_line(line, terms)


def refusal_to_edit(line: SalesLine) -> Refused | None:
    """Why the line can be deleted and not changed."""
    if line.kind == Kind.BALANCE:
        return BadDocument(f"Line {line.line_no} is a balance line. Delete it and add another.")
    if line.corrects_line_id is not None:
        return BadDocument(
            "The lines of a credit memo are those of its invoice. Delete it, and make another credit memo."
        )
    if line.is_contract:
        return BadDocument("The line bills a period of a contract. Delete it, change the commitment, and bill again.")
    if line.project_entry_id is not None:
        return BadDocument("The line is time or material of a project. Delete it here and change it there.")
    return None


@transaction.atomic
def delete_line(line: SalesLine, *, actor) -> None:
    """Removes a line. Refused: DocumentFixed; one of which something was delivered or invoiced (BadDocument)."""
    document = lock_open(line.document)
    line = _line_of(document, line)
    if line.quantity_shipped or line.quantity_invoiced:
        raise BadDocument(f"Line {line.line_no} is delivered or invoiced in part: it stays.")
    made_by(actor, "Delete line")
    if line.order_line is not None:
        invoice_more(line.order_line, -line.quantity)
    line.delete()
    price_again(document)


def _write_line(line: SalesLine, terms: LineTerms) -> SalesLine:
    document, product = line.document, terms.product
    if refusal := refusal_of_terms(document, terms):
        raise refusal
    new_product = line.product_id != product.pk
    line.product, line.product_group = product, product.product_group
    line.role = role_of(product, terms.prepaid_service)
    line.quantity, line.discount_percent = terms.quantity, terms.discount_percent
    line.unit_price = product.unit_price if terms.unit_price is None else terms.unit_price
    line.description = (terms.description.strip() or product.name)[:250]
    line.unit_of_measure = terms.unit_of_measure.strip() or product.unit_of_measure
    line.prepaid_service = terms.prepaid_service
    line.net = net_of(line, document.currency.decimals)
    if document.type == Type.INVOICE and (refusal := refusal_now(document, line)):
        raise refusal
    line.save()
    write_standard(line, new_product=new_product)
    price_again(document)
    line.refresh_from_db()
    return line


def refusal_of_terms(document: SalesDocument, terms: LineTerms) -> Refused | None:
    """Why a line cannot be so: quantity, price, discount, or a price in another currency than the product's."""
    product, decimals = terms.product, document.currency.decimals
    if terms.quantity <= 0 or not has_decimals(terms.quantity, QUANTITY_DECIMALS):
        return BadDocument(
            f"A quantity of {formats.exact(terms.quantity)} cannot be sold: enter more than 0.", field="quantity"
        )
    if product.tops_up_once and terms.quantity != 1:
        return BadDocument(f"{product} tops up a prepaid service: its quantity is always 1.", field="quantity")
    if terms.unit_price is None and product.currency_id != document.currency_id:
        return BadDocument(
            f"{product} has its price in {product.currency_id}: enter one in {document.currency_id}.",
            field="unit_price",
        )
    price_ = product.unit_price if terms.unit_price is None else terms.unit_price
    if price_ < 0 or not has_decimals(price_, decimals):
        return BadDocument(
            f"{formats.exact(price_)} is no price in {document.currency_id}, which has {decimals} decimals.",
            field="unit_price",
        )
    if not 0 <= terms.discount_percent <= 100:
        return BadDocument(
            f"A discount of {formats.exact(terms.discount_percent)} %: enter 0 to 100.", field="discount_percent"
        )
    service = terms.prepaid_service
    if service is not None and service.account_id != document.account_id:
        return BadDocument(f"Prepaid service {service} belongs to another account.", field="prepaid_service")
    return None


def refusal_now(document: SalesDocument, line: SalesLine) -> Refused | None:
    """What is wrong with the line already; its prepaid service may still be chosen later."""
    return None if line.tops_up and line.prepaid_service is None else refusal_of_line(document, line)


def price_again(document: SalesDocument) -> None:
    """VAT is cut over the lines, so that each change moves the ones behind it. A credit memo keeps what its invoice says."""
    if document.type == Type.CREDIT_MEMO:
        return
    lines = [line for line in lines_of(document) if line.kind == Kind.ITEM]
    before = [[getattr(line, name) for name in PRICED] for line in lines]
    price(document, lines)
    for line, stored in zip(lines, before, strict=True):
        if [getattr(line, name) for name in PRICED] != stored:
            line.save(update_fields=PRICED)


def _line_of(document: SalesDocument, line: SalesLine) -> SalesLine:
    found = document.lines.select_related("order_line", "product").filter(pk=line.pk).first()
    if found is None:
        raise BadDocument("The line was deleted meanwhile.")
    found.document = document
    return found


def next_line_no(document: SalesDocument) -> int:
    last = document.lines.order_by("-line_no").values_list("line_no", flat=True).first()
    return (last or 0) + 1
