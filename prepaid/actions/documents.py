"""What can be done with a sales document: every action of its page, and why one cannot be used now."""

from urllib.parse import urlencode

from django.urls import reverse

from ledger.views.changes import change_log_action
from pages.elements import Action, reason
from pages.refusals import Refused
from prepaid.exceptions import BadDocument, DocumentFixed
from prepaid.models import SalesDocument, SalesLine
from prepaid.services.checks import refusal_to_post
from prepaid.services.convert import refusal_to_convert, refusal_to_invoice
from prepaid.services.credit_memos import refusal_to_credit
from prepaid.services.deliver import refusal_to_deliver
from prepaid.services.document_lines import refusal_to_edit
from prepaid.services.document_state import refusal_to_change, refusal_to_release
from prepaid.services.documents import refusal_to_delete
from prepaid.services.order_state import is_invoiced_from_order

Type, State, Kind = SalesDocument.Type, SalesDocument.State, SalesLine.Kind
WRITE, POST = "prepaid.write_documents", "prepaid.post_documents"


def actions_of(document: SalesDocument, lines: list[SalesLine]) -> list[Action]:
    """The step that its type leads to comes first; where nothing is sold yet, adding a line."""
    empty = not any(line.kind == Kind.ITEM for line in lines)
    return [*_steps(document, lines, first=not empty), *_changes(document, first=empty), change_log_action(document)]


def line_actions(line: SalesLine) -> list[Action]:
    """Of a line of a document that can be changed."""
    edit, delete = (reverse(f"prepaid:line-{verb}", args=[line.pk]) for verb in ("edit", "delete"))
    return [
        Action("Edit", edit, reason(refusal_to_edit(line)), WRITE),
        Action("Delete", delete, permission=WRITE, danger=True),
    ]


def new_documents(account: str = "") -> list[Action]:
    """The invoice first. `account`: the number of the one they are for."""
    asked = f"?{urlencode({'account': account})}" if account else ""
    return [
        Action(
            f"New {type_.label.lower()}",
            reverse("prepaid:document-create", args=[type_]) + asked,
            permission=WRITE,
            primary=type_ == Type.INVOICE,
        )
        for type_ in (Type.INVOICE, Type.QUOTE, Type.ORDER)
    ]


def _steps(document: SalesDocument, lines: list[SalesLine], *, first: bool) -> list[Action]:
    match document.type:
        case Type.QUOTE:
            why = refusal_to_convert(document)
            return [_action(document, "Convert to order", "convert", WRITE, why, primary=first)]
        case Type.ORDER:
            billed = any(is_invoiced_from_order(line) for line in lines)  # otherwise delivering it is all that is done
            return [
                _action(document, "Invoice", "invoice", WRITE, refusal_to_invoice(document), primary=first and billed),
                _action(
                    document, "Deliver", "deliver", WRITE, refusal_to_deliver(document), primary=first and not billed
                ),
            ]
    if document.is_posted:
        credit = _action(document, "Create credit memo", "credit", WRITE, refusal_to_credit(document), primary=True)
        return [credit] if document.type == Type.INVOICE else []
    return [_action(document, "Post", "post", POST, refusal_to_post(document, lines), primary=first)]


def _changes(document: SalesDocument, *, first: bool) -> list[Action]:
    fixed, is_memo = refusal_to_change(document), document.type == Type.CREDIT_MEMO
    of_invoice = BadDocument("The lines of a credit memo are those of its invoice.") if is_memo else None
    line = _action(document, "Add line", "line-create", WRITE, fixed or of_invoice, primary=first and not fixed)
    actions = [] if is_memo or document.is_posted else [line]
    if document.type == Type.INVOICE and not document.is_posted:
        actions.append(_action(document, "Add balance line", "balance-line-create", WRITE, fixed))
    if not document.is_posted:
        actions += [_action(document, "Edit", "edit", WRITE, fixed), _state(document)]
    actions.append(_action(document, "Print (PDF)", "pdf", "prepaid.view_salesdocument"))
    return [*actions, _action(document, "Delete", "delete", WRITE, refusal_to_delete(document), danger=True)]


def _state(document: SalesDocument) -> Action:
    if document.state == State.OPEN:
        return _action(document, "Release", "release", WRITE, refusal_to_release(document))
    return _action(document, "Reopen", "reopen", WRITE, refusal_to_reopen(document))


def refusal_to_reopen(document: SalesDocument) -> Refused | None:
    """Why it is not opened for changes again."""
    return None if document.state == State.RELEASED else DocumentFixed(document, str(refusal_to_change(document)))


def _action(
    document: SalesDocument, label: str, name: str, permission: str, refusal: Refused | None = None, **look: bool
) -> Action:
    known = name if name.endswith("-create") else f"document-{name}"
    return Action(label, reverse(f"prepaid:{known}", args=[document.pk]), reason(refusal), permission, **look)
