"""Credit memos: a posted invoice is corrected, whole or in part (rules 23 and 23b). This makes one; what is left to be
credited is in `credit_left`, what a line comes to in `credit_cut`, what posting it does in `credit_posting`."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from django.db import transaction

from ledger.dates import business_date, ledger_setup
from ledger.money import ZERO, has_decimals
from ledger.services.changes import made_by
from opportunities.services.locks import lock_account
from pages import formats
from prepaid.exceptions import BadDocument, MoreThanLeftToCredit
from prepaid.models import CreditScope, SalesDocument, SalesLine
from prepaid.models.fields import QUANTITY_DECIMALS
from prepaid.services.contracts.credit import why_not
from prepaid.services.credit_cut import work_out
from prepaid.services.credit_left import Left, left_to_credit, more_than_left
from prepaid.services.numbers import document_number

Kind = SalesLine.Kind


@transaction.atomic
def create_credit_memo(
    invoice: SalesDocument,
    *,
    credit: Mapping[int, Decimal] | None = None,
    scope: str = CreditScope.FUTURE,
    reason: str,
    actor,
) -> SalesDocument:
    """Makes an unposted credit memo of a posted invoice. `credit` says how much of which line: a quantity, or of a top-up an
    amount, net; without it, everything that is left. Of a line that bills a period of a contract, `scope` says what: what is
    not released when the memo is posted, or everything; never a part of it. Books and balances: none before it is posted.

    Refused: an invoice that is not posted, no reason, nothing left (BadDocument); more than is left, everything of a period
    of whose top-up something is used (MoreThanLeftToCredit).
    """
    lock_account(invoice.account_id)
    invoice = SalesDocument.objects.select_related("account", "currency").get(pk=invoice.pk)
    if refusal := refusal_to_credit(invoice):
        raise refusal
    if not reason.strip():
        raise BadDocument("Say why the invoice is corrected: the reason is kept with the credit memo.", field="reason")
    chosen = _chosen(invoice, credit, scope)
    made_by(actor, "Create credit memo", reason=reason)
    today = business_date()
    memo = SalesDocument.objects.create(
        type=SalesDocument.Type.CREDIT_MEMO,
        number=document_number(SalesDocument.Type.CREDIT_MEMO),
        account=invoice.account,
        bill_to=invoice.bill_to,
        currency=invoice.currency,
        document_on=today,
        posted_on=today,
        external_reference=invoice.external_reference,
        project=invoice.project,
        corrects=invoice,
        credit_scope=scope if any(left.line.is_contract for left, _ in chosen) else "",
        reason=reason.strip(),
        created_by=actor,
    )
    lcy_decimals = ledger_setup().lcy.decimals
    SalesLine.objects.bulk_create(
        work_out(_credit_line(memo, left.line, line_no, units), left.line, left.before, lcy_decimals=lcy_decimals)
        for line_no, (left, units) in enumerate(chosen, start=1)
    )
    return memo


def refusal_to_credit(invoice: SalesDocument) -> BadDocument | None:
    """Why there is nothing to correct."""
    if invoice.type != SalesDocument.Type.INVOICE or not invoice.is_posted:
        return BadDocument(f"{invoice} is not a posted invoice: there is nothing to correct.")
    return None


def _chosen(invoice: SalesDocument, credit: Mapping[int, Decimal] | None, scope: str) -> list[tuple[Left, Decimal]]:
    """Refused: nothing at all (BadDocument), more than is left of a line, or of a contract line less."""
    lines = invoice.lines.filter(kind=Kind.ITEM).select_related("document__currency", "prepaid_service")
    left = left_to_credit(lines.order_by("line_no"), business_date(), scope).values()
    chosen = [(each, units) for each, units in _asked(left, credit) if units or each.is_something]
    if not chosen and credit is not None:
        raise BadDocument("Nothing is credited yet. Enter how much of which line is credited.")
    if not chosen:
        lapsed = sum((each.lapsed for each in left), ZERO)
        why = f": {formats.money(lapsed, invoice.currency)} has lapsed and is not refunded" if lapsed else ""
        raise BadDocument(f"Nothing of {invoice} is left to be credited{why}.")
    for each, units in chosen:
        _check_units(each, units)
        if each.waiting is not None and (why := why_not(each.line, each.waiting, scope)):
            raise MoreThanLeftToCredit(why, field=f"line_{each.line.pk}")
    return chosen


def _asked(left: Iterable[Left], credit: Mapping[int, Decimal] | None) -> Iterator[tuple[Left, Decimal]]:
    for each in left:
        if credit is None:
            yield each, each.units
        elif (units := credit.get(each.line.pk)) is not None and (units or not each.units):
            yield each, units


def _check_units(left: Left, units: Decimal) -> None:
    line = left.line
    decimals = line.document.currency.decimals if line.is_credited_by_amount else QUANTITY_DECIMALS
    if units < 0 or not has_decimals(units, decimals):
        raise BadDocument(
            f"Line {line.line_no}: {formats.exact(units)} cannot be credited. Enter more than 0, with no more than "
            f"{decimals} decimals.",
            field=f"line_{line.pk}",
        )
    if units > left.units or (left.waiting is not None and units != left.units):
        raise MoreThanLeftToCredit(more_than_left(left, units), field=f"line_{line.pk}")


def _credit_line(memo: SalesDocument, line: SalesLine, line_no: int, units: Decimal) -> SalesLine:
    return SalesLine(
        document=memo,
        line_no=line_no,
        product_id=line.product_id,
        role=line.role,
        description=line.description,
        quantity=1 if line.is_credited_by_amount else units,
        unit_of_measure=line.unit_of_measure,
        unit_price=units if line.is_credited_by_amount else line.unit_price,
        discount_percent=0 if line.is_credited_by_amount else line.discount_percent,
        vat_percent=line.vat_percent,
        vat_business_group_id=line.vat_business_group_id,
        vat_product_group_id=line.vat_product_group_id,
        product_group_id=line.product_group_id,
        prepaid_service=line.prepaid_service,
        corrects_line=line,
        ledger_account_id=line.ledger_account_id,
        receivable_account_id=line.receivable_account_id,
        vat_account_id=line.vat_account_id,
    )
