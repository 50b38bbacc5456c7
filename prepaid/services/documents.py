"""Writing sales documents before they are posted: the header, and deleting them. Books and balances: none."""

import datetime
from dataclasses import dataclass

from django.db import transaction

from ledger.dates import business_date
from ledger.models import Currency
from ledger.services.changes import made_by
from opportunities.models import Account, Project
from pages import formats
from pages.refusals import Refused
from prepaid.exceptions import BadDocument, DocumentFixed
from prepaid.models import SalesDocument
from prepaid.services.document_lines import price_again
from prepaid.services.document_state import lock_open, set_state
from prepaid.services.numbers import document_number
from prepaid.services.order_state import invoice_more
from prepaid.services.post_document import lines_of, lock_document

State, Type = SalesDocument.State, SalesDocument.Type

A_YEAR = datetime.timedelta(days=366)  # a slip of the pen is further away


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
    price_again(document)
    return document


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
        set_state(source, State.RELEASED)


def refusal_to_delete(document: SalesDocument) -> Refused | None:
    """Why the document stays."""
    if document.is_posted:
        return DocumentFixed(
            document, f"{document} is posted: its number must not be missing. Correct it with a credit memo."
        )
    if document.made_into.exists() or document.deliveries.exists():
        return BadDocument(f"{document} was delivered, or other documents were made from it: it stays.")
    return None


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
