"""Writing sales documents before they are posted: header and lines. Books and balances: none.

Lines are priced when they are written, by the VAT posting setup of that moment, and again when the document is posted.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from ledger.dates import business_date
from ledger.models import Currency
from ledger.money import has_decimals
from ledger.services.changes import made_by
from opportunities.models import Account, Product, Project, ProjectEntry
from pages import formats
from pages.refusals import Refused
from prepaid.exceptions import BadDocument, DocumentFixed
from prepaid.models import PrepaidService, SalesDocument, SalesLine
from prepaid.models.fields import QUANTITY_DECIMALS
from prepaid.services.checks import refusal_of_line, refusal_of_service
from prepaid.services.contracts.line_commitments import write_standard
from prepaid.services.locks import prepaid_setup
from prepaid.services.numbers import document_number
from prepaid.services.order_state import invoice_more, settle
from prepaid.services.post_document import lines_of, lock_document
from prepaid.services.pricing import net_of, price
from prepaid.services.roles import role_of

State, Type, Kind = SalesDocument.State, SalesDocument.Type, SalesLine.Kind
A_YEAR = datetime.timedelta(days=366)  # a slip of the pen is further away
PRICED = ("net", "vat", "vat_percent", "vat_business_group_id", "vat_product_group_id", "vat_account_id")


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a document says above its lines. Without `bill_to`, whoever pays for the account; without dates, today."""

    account: Account
    currency: Currency
    bill_to: Account | None = None
    document_on: datetime.date | None = None
    posted_on: datetime.date | None = None
    due_on: datetime.date | None = None
    external_reference: str = ""
    text: str = ""
    project: Project | None = None


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
def create_document(type_: str, header: Header, *, actor, made_from: SalesDocument | None = None) -> SalesDocument:
    """Makes an open quote, order or invoice under the next free number. Refused (BadDocument): a credit memo, which is made
    from its invoice; a project of another account or currency."""
    if type_ == Type.CREDIT_MEMO:
        raise BadDocument("A credit memo is made from the posted invoice that it corrects.")
    made_by(actor, f"Create {Type(type_).label.lower()}")
    document = SalesDocument(type=type_, created_by=actor, made_from=made_from)
    _write_header(document, header)
    document.number = document_number(type_)
    document.save(force_insert=True)
    return document


@transaction.atomic
def edit_header(document: SalesDocument, header: Header, *, actor) -> SalesDocument:
    """Changes the header and prices the lines again. Refused: a document that is released or posted (DocumentFixed); another
    account while lines use its prepaid services or bill work of its project, another currency while there are lines
    (BadDocument)."""
    document = lock_open(document)
    made_by(actor, f"Edit {document.get_type_display().lower()}")
    lines = lines_of(document)
    if header.currency.pk != document.currency_id and lines:
        raise BadDocument("The prices of the lines are in the old currency. Delete the lines first.", field="currency")
    if header.account.pk != document.account_id and any(line.prepaid_service_id for line in lines):
        raise BadDocument("Lines use prepaid services of the old account. Delete them first.", field="account")
    if header.account.pk != document.account_id and (refusal := _refusal_to_move(document)):
        raise refusal
    if (header.project and header.project.pk) != document.project_id and bills_project_work(document):
        raise BadDocument("Lines are time and material of the project. Delete them first.", field="project")
    billed = document.bill_to_id
    _write_header(document, header)
    if document.corrects_id is not None and document.bill_to_id != billed:
        raise BadDocument("A credit memo goes to whoever was billed by its invoice.", field="bill_to")
    document.save()
    _price_again(document)
    return document


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
    line = SalesLine(document=document, line_no=_next_line_no(document), project_entry=project_entry)
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
    _price_again(document)


@transaction.atomic
def add_balance_line(
    document: SalesDocument,
    service: PrepaidService,
    *,
    amount: Decimal = Decimal(0),
    quantity: Decimal = Decimal(0),
    actor,
) -> SalesLine:
    """Adds a balance line by hand: the service pays so much of its lines and no more. How much it may be is looked at when
    the document is posted. Refused: other documents than invoices, nothing or less (BadDocument); a service of another
    account (NotPostable), a closed one (ServiceClosed), one in another currency (OtherCurrency)."""
    document = lock_open(document)
    units = amount if service.is_amount else quantity
    if document.type != Type.INVOICE:
        raise BadDocument("Only an invoice has balance lines.")
    if refusal := refusal_of_service(document, service):
        raise refusal
    if units <= 0 or not has_decimals(units, document.currency.decimals if service.is_amount else QUANTITY_DECIMALS):
        raise BadDocument(
            f"A balance line of {formats.exact(units)} cannot be. Enter more than 0, in the decimals of the service.",
            field="units",
        )
    made_by(actor, "Add balance line")
    return SalesLine.objects.create(
        document=document,
        line_no=_next_line_no(document),
        kind=Kind.BALANCE,
        role=SalesLine.Role.BALANCE,
        description=f"Balance of prepaid service {service}"[:250],
        quantity=-1,
        unit_price=amount if service.is_amount else 0,
        net=-amount if service.is_amount else 0,
        covered=0 if service.is_amount else quantity,
        unit_of_measure=service.unit_of_measure,
        product_group=prepaid_setup().deferral_group,
        prepaid_service=service,
        by_hand=True,
    )


@transaction.atomic
def delete_document(document: SalesDocument, *, actor) -> None:
    """Deletes a document that was not posted, and takes it off its order. Refused: DocumentFixed; one that others were made
    from, or that was delivered (BadDocument)."""
    document = lock_document(document)
    if refusal := refusal_to_delete(document):
        raise refusal
    made_by(actor, f"Delete {document.get_type_display().lower()}")
    given_back = [(line.order_line, line.quantity) for line in document.lines.select_related("order_line")]
    source = document.made_from
    document.delete()
    for order_line, quantity in given_back:
        if order_line is not None:
            invoice_more(order_line, -quantity)
    if source is not None and source.type == Type.QUOTE and source.state == State.DONE:
        _set_state(source, State.RELEASED)


def refusal_to_delete(document: SalesDocument) -> Refused | None:
    """Why the document stays."""
    if document.is_posted:
        return DocumentFixed(
            document, f"{document} is posted: its number must not be missing. Correct it with a credit memo."
        )
    if document.made_into.exists() or document.deliveries.exists():
        return BadDocument(f"{document} was delivered, or other documents were made from it: it stays.")
    return None


@transaction.atomic
def release(document: SalesDocument, *, actor) -> SalesDocument:
    """Releases the document: its lines are fixed until it is reopened. Refused (BadDocument): no lines; a line that could not
    be posted."""
    document = lock_open(document)
    if refusal := refusal_to_release(document):
        raise refusal
    made_by(actor, f"Release {document.get_type_display().lower()}")
    _set_state(document, State.RELEASED)
    if document.type == Type.ORDER:
        settle(document)
    return document


@transaction.atomic
def reopen(document: SalesDocument, *, actor) -> SalesDocument:
    """Opens a released document for changes. Refused: DocumentFixed."""
    document = lock_document(document)
    if document.state != State.RELEASED:
        raise DocumentFixed(document, f"{document} is {document.get_state_display().lower()}, not released.")
    made_by(actor, f"Reopen {document.get_type_display().lower()}")
    return _set_state(document, State.OPEN)


def refusal_to_release(document: SalesDocument) -> Refused | None:
    """Why the document cannot be released: the first reason."""
    lines = lines_of(document)
    if not lines:
        return BadDocument(f"{document} has no lines. Add what is sold first.")
    if document.type == Type.QUOTE:
        return None
    return next((refusal for line in lines if (refusal := refusal_of_line(document, line))), None)


def refusal_to_change(document: SalesDocument) -> Refused | None:
    """Why header and lines are fixed."""
    if document.is_posted:
        return DocumentFixed(document)
    if document.state == State.RELEASED:
        return DocumentFixed(document, f"{document} is released. Reopen it to change it.")
    if document.state == State.DONE:
        return DocumentFixed(document, f"{document} is done: everything of it was made into other documents.")
    return None


def lock_open(document: SalesDocument) -> SalesDocument:
    """The document as it is now, locked. Refused: `refusal_to_change`."""
    document = lock_document(document)
    if refusal := refusal_to_change(document):
        raise refusal
    return document


def _set_state(document: SalesDocument, state: str) -> SalesDocument:
    document.state = state
    document.save(update_fields=["state"])
    return document


def bills_project_work(document: SalesDocument) -> bool:
    """Whether lines are time and material of a project, which nobody else is billed for."""
    return document.lines.filter(project_entry__isnull=False).exists()


def _refusal_to_move(document: SalesDocument) -> Refused | None:
    """Why the document stays with its account."""
    if bills_project_work(document):
        return BadDocument(
            "Lines are time and material of a project of the account. Delete them first.", field="account"
        )
    if document.billing_run_id is not None:
        return BadDocument("It bills contracts of the account, and stays with it.", field="account")
    if document.corrects_id is not None:
        return BadDocument("A credit memo stays with the account of its invoice.", field="account")
    if document.made_from_id is not None or document.made_into.exists() or document.deliveries.exists():
        return BadDocument("It stays with the account of the documents that it was made from or into.", field="account")
    return None


def _write_header(document: SalesDocument, header: Header) -> None:
    if header.project is not None and header.project.account_id != header.account.pk:
        raise BadDocument(f"Project {header.project} belongs to another account.", field="project")
    if header.project is not None and header.project.currency_id != header.currency.pk:
        raise BadDocument(f"Project {header.project} is in {header.project.currency_id}.", field="project")
    today = business_date()
    last = today + A_YEAR
    for name, day in (("document_on", header.document_on), ("posted_on", header.posted_on)):
        if day is not None and day > last:
            raise BadDocument(f"{formats.day(day)}: choose a day up to {formats.day(last)}, a year ahead.", field=name)
    document.account, document.currency = header.account, header.currency
    document.bill_to = header.bill_to or header.account.bill_to or header.account
    document.document_on = header.document_on or today
    document.posted_on = header.posted_on or document.document_on
    document.due_on, document.project = header.due_on, header.project
    document.external_reference, document.text = header.external_reference.strip(), header.text.strip()
    if document.due_on and document.due_on < document.document_on:
        raise BadDocument("It is due before the date of the document. Choose a later due date.", field="due_on")


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
    _price_again(document)
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


def _price_again(document: SalesDocument) -> None:
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


def _next_line_no(document: SalesDocument) -> int:
    last = document.lines.order_by("-line_no").values_list("line_no", flat=True).first()
    return (last or 0) + 1
