"""Whether a sales document takes changes: open, released, done or posted. Books and balances: none."""

from django.db import transaction

from ledger.services.changes import made_by
from pages.refusals import Refused
from prepaid.exceptions import BadDocument, DocumentFixed
from prepaid.models import SalesDocument
from prepaid.services.checks import refusal_of_line
from prepaid.services.order_state import settle
from prepaid.services.post_document import lines_of, lock_document

State, Type = SalesDocument.State, SalesDocument.Type


@transaction.atomic
def release(document: SalesDocument, *, actor) -> SalesDocument:
    """Releases the document: its lines are fixed until it is reopened. Refused (BadDocument): no lines; a line that could not
    be posted."""
    document = lock_open(document)
    if refusal := refusal_to_release(document):
        raise refusal
    made_by(actor, f"Release {document.get_type_display().lower()}")
    set_state(document, State.RELEASED)
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
    return set_state(document, State.OPEN)


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


def set_state(document: SalesDocument, state: str) -> SalesDocument:
    document.state = state
    document.save(update_fields=["state"])
    return document
