"""The verbs of a sales document, run and described: post, release, reopen, delete; a line deleted."""

from ledger.money import ZERO
from ledger.previews.postings import recorded
from pages import formats
from pages.preview import Change, LeftOut, Link, Preview
from prepaid.exceptions import DocumentFixed
from prepaid.models import (
    AutomaticBilling,
    PrepaidService,
    PrepaidSetup,
    SalesDocument,
    SalesLine,
    ServiceCommitment,
)
from prepaid.previews.prepaid_moves import moves, outstanding
from prepaid.reports.billing import not_again
from prepaid.reports.contract_lines import Closed, closed_by, contract_lines
from prepaid.reports.documents import Standing, short
from prepaid.services.checks import warnings
from prepaid.services.document_lines import delete_line
from prepaid.services.document_state import release, reopen
from prepaid.services.documents import delete_document
from prepaid.services.post_document import lines_of, lock_document, post_document

Type, Kind = SalesDocument.Type, SalesLine.Kind


def post_and_describe(document: SalesDocument, *, actor) -> Preview:
    """Refused (DocumentFixed): what is posted already, by this person in another window or by somebody else."""
    locked = lock_document(document)
    if locked.is_posted:
        raise DocumentFixed(locked, f"{document.number} is posted already, as {locked}. Nothing was posted twice.")
    before = outstanding(locked)
    state = locked.get_state_display()
    posted, postings = recorded(lambda: post_document(locked, actor=actor))
    found = Standing(lines_of(posted))
    to_pay = formats.money(found.to_pay, posted.currency)
    return Preview(
        changes=[
            Change(f"{posted.get_type_display()} {posted.number}", state, "Posted", note=_dates(posted)),
            *_services(posted, before),
            *moves(posted),
            *_balance_lines(found),
            *_deferred(posted, found),
            Change(
                "Credited" if posted.type == Type.CREDIT_MEMO else "To pay", "", to_pay, note=_made_of(posted, found)
            ),
        ],
        postings=postings,
        left_out=_left_out(posted, found),
        warnings=[
            *warnings(posted, found.items),
            *_short(posted, found),
            *not_again(posted.corrects),
            *_by_night_again(posted),
        ],
        confirm_label=f"Post {to_pay}",
        made=[
            Link(f"{posted.get_type_display()} {posted}", posted.get_absolute_url()),
            Link("Prepaid ledger entries and journal", f"{posted.get_absolute_url()}?tab=entries"),
        ],
    )


def release_and_describe(document: SalesDocument, *, actor) -> Preview:
    note = "header and lines are fixed until it is reopened"
    return _step(document, release(document, actor=actor), note, "Release")


def reopen_and_describe(document: SalesDocument, *, actor) -> Preview:
    return _step(document, reopen(document, actor=actor), "header and lines can be changed", "Reopen")


def delete_and_describe(document: SalesDocument, *, actor) -> Preview:
    count = document.lines.count()
    again = "the periods that it bills can be billed again" if document.billing_run_id is not None else ""
    change = Change(_name(document), formats.counted(count, "lines"), "deleted", again)
    delete_document(document, actor=actor)
    return Preview(changes=[change], confirm_label=f"Delete the {document.get_type_display().lower()}")


def delete_line_and_describe(line: SalesLine, *, actor) -> Preview:
    amount = formats.money(line.net, line.document.currency)
    delete_line(line, actor=actor)
    again = "its period can be billed again" if line.is_contract and line.corrects_line_id is None else ""
    change = Change(f"Line {line.line_no}, {line.description}", amount, "deleted", again)
    return Preview(changes=[change], confirm_label="Delete the line")


def _step(before: SalesDocument, after: SalesDocument, note: str, verb: str) -> Preview:
    change = Change(_name(before), before.get_state_display(), after.get_state_display(), note=note)
    return Preview(changes=[change], confirm_label=f"{verb} the {before.get_type_display().lower()}")


def _name(document: SalesDocument) -> str:
    return f"{document.get_type_display()} {document}"


def _dates(document: SalesDocument) -> str:
    due = f", due on {formats.day(document.due_on)}" if document.due_on else ""
    return f"posting date {formats.day(document.posted_on)}{due}"


def _made_of(document: SalesDocument, found: Standing) -> str:
    net, vat = (formats.money(amount, document.currency) for amount in (found.due_net, found.due_vat))
    return f"net {net}, VAT {vat}"


def _services(document: SalesDocument, before: dict[PrepaidService, str]) -> list[Change]:
    after = outstanding(document)
    return [
        Change(f"{service}: outstanding", told, after[service], url=service.get_absolute_url())
        for service, told in before.items()
        if told != after[service]
    ]


def _balance_lines(found: Standing) -> list[Change]:
    """Each that was written."""
    return [
        Change(
            f"Balance line: {line.prepaid_service}",
            "",
            formats.money(line.net, line.document.currency),
            note=_vat(line),
        )
        for line in found.lines
        if line.kind == Kind.BALANCE
    ]


def _deferred(document: SalesDocument, found: Standing) -> list[Change]:
    """How what it bills of contracts becomes revenue, month by month; or what a credit memo closed of that."""
    if not any(line.is_contract for line in found.items):
        return []
    if document.type == Type.CREDIT_MEMO:
        return [_closed(document, each) for each in closed_by(document)]
    return [
        Change(f"Deferred for {each.month:%b %Y}", "", formats.money(each.amount, document.currency))
        for each in contract_lines(document).months
    ]


def _closed(memo: SalesDocument, closed: Closed) -> Change:
    waited, released = (formats.money(amount, memo.currency) for amount in (closed.waited, closed.released))
    before = f"{waited} waits" if not closed.released else f"{waited} waits, {released} released"
    return Change(
        f"Contract deferral {closed.deferral}",
        before,
        "closed",
        note=f"{closed.again} can be billed again",
        url=closed.deferral.get_absolute_url(),
    )


def _by_night_again(memo: SalesDocument) -> list[str]:
    """Where the night bills contracts, it also bills what a credit memo gives back of one that goes on."""
    if (
        memo.type != Type.CREDIT_MEMO
        or not PrepaidSetup.objects.exclude(automatic_billing=AutomaticBilling.OFF).exists()
    ):
        return []
    freed = [(each.again, each.deferral.commitment_id, each.deferral.ends_on) for each in closed_by(memo)]
    return [
        f"{commitment} goes on: the night bills {again} again. Cancel it or take it out of its contract first, if that is "
        "not wanted."
        for again, pk, ends_on in freed
        for commitment in ServiceCommitment.objects.due(ends_on).filter(pk=pk).select_related("object")
    ]


def _vat(line: SalesLine) -> str:
    if not line.vat_product_group_id:
        return "without VAT"
    return f"VAT {formats.exact(line.vat_percent)} %: {formats.money(line.vat, line.document.currency)}"


def _short(document: SalesDocument, found: Standing) -> list[str]:
    return short(document, found.items) if document.type == Type.INVOICE else []


def _left_out(document: SalesDocument, found: Standing) -> list[LeftOut]:
    """Usage of which nothing is covered."""
    if document.type != Type.INVOICE:
        return []
    used: dict[PrepaidService, bool] = {}
    for line in found.items:
        if line.is_usage and line.prepaid_service is not None:
            some = line.covered > ZERO or line.covered_net > ZERO
            used[line.prepaid_service] = used.get(line.prepaid_service, False) or some
    why = f"it has nothing that can be used on {formats.day(document.posted_on)}; its lines are billed"
    return [
        LeftOut(f"{service} covers nothing", why, service.get_absolute_url())
        for service, some in used.items()
        if not some
    ]
