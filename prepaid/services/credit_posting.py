"""What posting a credit memo does: the mirror of what its invoice posted (rules 23, 23b, 33 and 33b).

A top-up gives back what is left of it and valid, never more. Usage gives back what its balance covered, as one new Positive
Adjmt. for each inflow that was used, with its valid-until, groups and rate, last drawn first; the rest comes off what the
customer owes. LCY is the mirror of what the invoice posted. A line that bills a period of a contract: `contracts.credit`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from ledger.models import Currency, ProductPostingGroup
from ledger.money import ZERO
from prepaid.drawing import Need, Shelf
from prepaid.exceptions import MoreThanLeftToCredit
from prepaid.models import (
    Application,
    GiveBack,
    PrepaidEntry,
    PrepaidSetup,
    SalesDocument,
    SalesLine,
)
from prepaid.services.booking import Booking
from prepaid.services.contracts.credit import Waiting, dimensions_of, take_back, why_not
from prepaid.services.cover import Cover
from prepaid.services.credit_cut import given_back, work_out
from prepaid.services.credit_left import CREDITED, Left, left_to_credit, more_than_left
from prepaid.services.entries import Type, receive, take
from prepaid.services.invoices import balance_line, by_vat

Kind = SalesLine.Kind


@dataclass
class Memo:
    """A credit memo in the middle of its posting."""

    document: SalesDocument
    booking: Booking
    lcy: Currency
    actor: object


@dataclass(frozen=True)
class Given:
    """What a line gives back of one application."""

    line: SalesLine
    application: Application
    part: dict[str, Decimal]


def write(document: SalesDocument, lines: list[SalesLine], *, setup: PrepaidSetup, lcy: Currency, actor) -> None:
    """Writes the entries, the balance lines and the journal of a numbered credit memo, whose locks the caller holds. Refused
    (MoreThanLeftToCredit): more than is left now."""
    memo = Memo(document, Booking(document, setup), lcy, actor)
    document.lines.filter(kind=Kind.BALANCE).delete()
    items = [line for line in lines if line.kind == Kind.ITEM]
    left = left_to_credit([_corrected(line) for line in items], document.posted_on, document.credit_scope)
    for line in items:
        its = left[_corrected(line).pk]
        _check_left(line, its)
        work_out(line, its.line, its.before, lcy_decimals=lcy.decimals)
        _take_back(memo, line, its)
    SalesLine.objects.bulk_update(items, [*CREDITED, "unit_price"])
    _give_back(memo, items)
    _write_balance_lines(document, items, setup.deferral_group)
    about = f"Credit memo {document.posted_number} of {document.corrects} {document.account.name}"
    memo.booking.post(kind="sales_credit_memo", description=about, actor=actor, reason=document.reason)


def _corrected(line: SalesLine) -> SalesLine:
    assert line.corrects_line is not None  # a line of a credit memo always corrects one
    return line.corrects_line


def _check_left(line: SalesLine, left: Left) -> None:
    if left.waiting is not None:
        _check_waiting(line, left, left.waiting)
        return
    units = line.unit_price if line.tops_up else line.quantity
    if units > left.units:
        raise MoreThanLeftToCredit(more_than_left(left, units))


def _check_waiting(line: SalesLine, left: Left, waiting: Waiting) -> None:
    """A contract line is credited with what is left now, whatever was released since the memo was made."""
    if not left.is_something:
        raise MoreThanLeftToCredit(more_than_left(left, line.unit_price))
    if why := why_not(left.line, waiting, line.document.credit_scope):
        raise MoreThanLeftToCredit(why)
    line.unit_price = left.units


def _take_back(memo: Memo, line: SalesLine, left: Left) -> None:
    """What the customer no longer owes; of a top-up, what is left of it leaves deferred revenue."""
    keys: dict[str, Any] = {"receivable": line.receivable_account_id, "service": line.prepaid_service, "back": True}
    owe = memo.booking.owe
    if left.waiting is not None:
        keys["dimensions"] = dimensions_of(left.waiting)
        take_back(
            memo.booking,
            line,
            left.waiting,
            left.inflows,
            keys=keys,
            lcy_decimals=memo.lcy.decimals,
            entry=_of_document(memo),
        )
    elif line.tops_up:
        _take_back_top_up(memo, line, left, keys)
    else:
        net = line.net - line.covered_net
        owe(account=line.ledger_account_id, amount=net, lcy=line.due_lcy, group=line.product_group_id, **keys)
    owe(account=line.vat_account_id, amount=line.vat - line.covered_vat, lcy=line.due_vat_lcy, **keys)


def _take_back_top_up(memo: Memo, line: SalesLine, left: Left, keys: dict) -> None:
    draws = Shelf(left.inflows, is_amount=True, lcy_decimals=memo.lcy.decimals).draw([Need(line.net)])
    assert line.prepaid_service is not None  # a top-up names its service
    take(line.prepaid_service, Type.NEGATIVE, draws, line=line, **_of_document(memo))
    line.due_lcy = sum((draw.amount_lcy for draw in draws), ZERO)
    for draw in draws:
        inflow = draw.inflow
        memo.booking.owe(
            account=inflow.deferral_account_id,
            amount=draw.amount,
            lcy=draw.amount_lcy,
            group=inflow.deferral_group_id,
            lot=inflow.lot,
            **keys,
        )


def _of_document(memo: Memo) -> dict:
    document = memo.document
    return {
        "posted_on": document.posted_on,
        "document_type": PrepaidEntry.DocumentType.CREDIT_MEMO,
        "document_no": document.posted_number,
        "document": document,
        "currency": document.currency,
        "event_key": document.event_key,
        "reason": document.reason,
        "created_by": memo.actor,
    }


def _give_back(memo: Memo, lines: list[SalesLine]) -> None:
    """What balances covered comes back, into one new inflow for each that was used."""
    by_inflow: dict[int, list[Given]] = {}
    for given in _given_by(lines, memo.lcy.decimals):
        by_inflow.setdefault(given.application.inflow_id, []).append(given)
    for group in by_inflow.values():
        inflow = _receive_again(memo, group)
        GiveBack.objects.bulk_create(
            GiveBack(application=given.application, inflow=inflow, line=given.line, **given.part) for given in group
        )
        for given in group:
            _move_back(memo, given, inflow)


def _receive_again(memo: Memo, group: list[Given]) -> PrepaidEntry:
    """The inflow is held as the one that it comes from."""
    origin = group[0].application.inflow
    return receive(
        origin.service,
        **_of_document(memo),
        **{name: sum((given.part[name] for given in group), ZERO) for name in ("amount", "amount_lcy", "quantity")},
        valid_until=origin.valid_until,
        product_group_id=origin.product_group_id,
        business_group_id=origin.business_group_id,
        deferral_account_id=origin.deferral_account_id,
        deferral_group_id=origin.deferral_group_id,
        exchange_rate=origin.exchange_rate,
        came_from=origin,
    )


def _move_back(memo: Memo, given: Given, inflow: PrepaidEntry) -> None:
    """Out of the revenue that it was, under the group of that; nothing where no money is behind it."""
    if inflow.deferral_account_id is None:
        return
    memo.booking.move(
        debit=given.application.revenue_account_id,
        credit=inflow.deferral_account_id,
        amount=given.part["amount"],
        lcy=given.part["amount_lcy"],
        debit_group=given.application.revenue_group_id,
        credit_group=inflow.deferral_group_id,
        lot=inflow.lot,
        service=inflow.service,
    )


def _given_by(lines: list[SalesLine], lcy_decimals: int) -> Iterable[Given]:
    """What the lines give back of the applications of their invoice's lines, last drawn first."""
    found = Application.objects.filter(used_line__in=[_corrected(line) for line in lines]).select_related(
        "inflow__service"
    )
    sums = {f"back_{name}": Sum(f"give_backs__{name}") for name in ("amount", "amount_lcy", "quantity")}
    by_line: dict[int | None, list] = {}
    for application in found.annotate(**sums).order_by("-id"):
        by_line.setdefault(application.used_line_id, []).append(application)
    for line in lines:
        missing = line.covered_units
        for application in by_line.get(line.corrects_line_id, []):
            by_quantity = not application.inflow.service.is_amount
            gone = (application.back_quantity if by_quantity else application.back_amount) or ZERO
            whole = application.quantity if by_quantity else application.amount
            if units := min(missing, whole - gone):
                missing -= units
                gone_lcy = application.back_amount_lcy or ZERO
                part = given_back(
                    application, units, gone, gone_lcy, by_quantity=by_quantity, lcy_decimals=lcy_decimals
                )
                yield Given(line, application, part)


def _write_balance_lines(document: SalesDocument, items: list[SalesLine], group: ProductPostingGroup) -> None:
    """One for each prepaid service and VAT rate, as on the invoice."""
    line_no = max((line.line_no for line in items), default=0)
    for each in covers_of(items):
        for used in by_vat(each.lines):
            line_no += 1
            balance = balance_line(document, each, used, group)
            balance.line_no = line_no
            balance.save(force_insert=True)


def covers_of(items: list[SalesLine]) -> list[Cover]:
    covers: dict[int, Cover] = {}
    for line in items:
        if line.prepaid_service is not None and (line.covered_net or line.covered):
            covers.setdefault(line.prepaid_service.pk, Cover(line.prepaid_service, [])).lines.append(line)
    return list(covers.values())
