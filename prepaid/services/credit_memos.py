"""Credit memos: a posted invoice is corrected, whole or in part, by the mirror of what it posted (rules 23 and 23b).

A top-up gives back what is left of it, never more: what was used has to be credited with its own invoice first. Usage gives
back what its balance covered, as one new Positive Adjmt. for each inflow that was used, with its valid-until, groups and
rate, last drawn first; the rest comes off what the customer owes. LCY is the mirror of what the invoice posted.
"""

import datetime
from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from ledger.dates import business_date, ledger_setup
from ledger.models import Currency, ProductPostingGroup
from ledger.money import ZERO, has_decimals, share
from ledger.services.changes import made_by
from opportunities.services.locks import lock_account
from pages import formats
from prepaid.drawing import Need, Shelf
from prepaid.exceptions import BadDocument, MoreThanLeftToCredit
from prepaid.models import Application, GiveBack, InflowBalance, PrepaidEntry, PrepaidSetup, SalesDocument, SalesLine
from prepaid.models.fields import QUANTITY_DECIMALS
from prepaid.services.booking import Booking
from prepaid.services.cover import Cover
from prepaid.services.entries import Type, receive, take
from prepaid.services.invoices import balance_line, by_vat
from prepaid.services.numbers import document_number

Kind = SalesLine.Kind
CREDITED = ("quantity", "net", "vat", "covered", "covered_net", "covered_vat", "due_lcy", "due_vat_lcy")


@transaction.atomic
def create_credit_memo(
    invoice: SalesDocument, *, credit: Mapping[int, Decimal] | None = None, reason: str, actor
) -> SalesDocument:
    """Makes an unposted credit memo of a posted invoice. `credit` says how much of which line: a quantity, or of a top-up an
    amount, net; without it, everything that is left. Books and balances: none before it is posted.

    Refused: an invoice that is not posted, no reason, nothing left (BadDocument); more than is left (MoreThanLeftToCredit).
    """
    lock_account(invoice.account_id)
    invoice = SalesDocument.objects.select_related("account", "currency").get(pk=invoice.pk)
    if refusal := refusal_to_credit(invoice):
        raise refusal
    if not reason.strip():
        raise BadDocument("Say why the invoice is corrected: the reason is kept with the credit memo.", field="reason")
    chosen = _chosen(invoice, credit)
    if not chosen:
        raise BadDocument(
            f"Nothing of {invoice} is left to be credited."
            if credit is None
            else "Nothing is credited yet. Enter how much of which line is credited."
        )
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
        reason=reason.strip(),
        created_by=actor,
    )
    for line_no, (line, units) in enumerate(chosen, start=1):
        work_out(_credit_line(memo, line, line_no, units), line).save(force_insert=True)
    return memo


def refusal_to_credit(invoice: SalesDocument) -> BadDocument | None:
    """Why there is nothing to correct."""
    if invoice.type != SalesDocument.Type.INVOICE or not invoice.is_posted:
        return BadDocument(f"{invoice} is not a posted invoice: there is nothing to correct.")
    return None


def creditable(line: SalesLine, on: datetime.date | None = None) -> Decimal:
    """How much of a line of a posted invoice is left to be credited, `on` a day or today: a quantity; of a top-up an amount,
    net, and no more than what is left of what it brought in."""
    before = credited(line)
    if not line.tops_up:
        return line.quantity - before["quantity"]
    left = sum((row.remaining for row in left_of(line, on or business_date())), ZERO)
    return min(line.net - before["net"], left)


def credited(line: SalesLine) -> dict[str, Decimal]:
    """What posted credit memos took back of the line, by column."""
    posted = SalesLine.objects.filter(corrects_line=line, document__state=SalesDocument.State.POSTED)
    sums = posted.aggregate(**{f"sum_{name}": Sum(name) for name in CREDITED})
    return {name: sums[f"sum_{name}"] or ZERO for name in CREDITED}


def work_out(memo_line: SalesLine, line: SalesLine) -> SalesLine:
    """Works out what the line of a credit memo comes to, from what its invoice's line came to and what was credited of it
    before: cut cumulatively, so that the parts end at the whole."""
    before = credited(line)
    if line.tops_up:
        net = before["net"] + memo_line.unit_price
        levels = _levels(line, net, ZERO)
    else:
        quantity = before["quantity"] + memo_line.quantity
        net = share(line.net, quantity, line.quantity, line.document.currency.decimals)
        levels = _levels(line, net, share(line.covered, quantity, line.quantity, QUANTITY_DECIMALS))
    for name, level in levels.items():
        setattr(memo_line, name, level - before[name])
    return memo_line


def _levels(line: SalesLine, net: Decimal, covered: Decimal) -> dict[str, Decimal]:
    """What the line comes to as far as `net` of it is credited. What is covered is cut from the net and not beside it, so
    that no part is covered by more than it comes to; and LCY from what is due, so that there is none where nothing is."""
    decimals, lcy_decimals = line.document.currency.decimals, ledger_setup().lcy.decimals
    covered_net, vat = _part(line.covered_net, net, line.net, decimals), _part(line.vat, net, line.net, decimals)
    covered_vat = _part(line.covered_vat, vat, line.vat, decimals)
    return {
        "net": net,
        "vat": vat,
        "covered": covered,
        "covered_net": covered_net,
        "covered_vat": covered_vat,
        "due_lcy": _part(line.due_lcy, net - covered_net, line.net - line.covered_net, lcy_decimals),
        "due_vat_lcy": _part(line.due_vat_lcy, vat - covered_vat, line.vat - line.covered_vat, lcy_decimals),
    }


def _part(total: Decimal, part: Decimal, whole: Decimal, decimals: int) -> Decimal:
    return share(total, part, whole, decimals) if whole else ZERO


def write(document: SalesDocument, lines: list[SalesLine], *, setup: PrepaidSetup, lcy: Currency, actor) -> None:
    """Writes the entries, the balance lines and the journal of a numbered credit memo, whose locks the caller holds. Refused
    (MoreThanLeftToCredit): more than is left now."""
    booking = Booking(document, setup)
    document.lines.filter(kind=Kind.BALANCE).delete()
    items = [line for line in lines if line.kind == Kind.ITEM]
    for line in items:
        _check_left(line, document.posted_on)
        work_out(line, _corrected(line))
        _take_back(document, line, booking, lcy=lcy, actor=actor)
        line.save()
    _give_back(document, items, booking, actor=actor)
    _write_balance_lines(document, items, setup.deferral_group)
    about = f"Credit memo {document.posted_number} of {document.corrects} {document.account.name}"
    booking.post(kind="sales_credit_memo", description=about, actor=actor, reason=document.reason)


def _corrected(line: SalesLine) -> SalesLine:
    assert line.corrects_line is not None  # a line of a credit memo always corrects one
    return line.corrects_line


def _chosen(invoice: SalesDocument, credit: Mapping[int, Decimal] | None) -> list[tuple[SalesLine, Decimal]]:
    lines = invoice.lines.filter(kind=Kind.ITEM).select_related("product", "document__currency", "prepaid_service")
    chosen = []
    for line in lines.order_by("line_no"):
        units = creditable(line) if credit is None else credit.get(line.pk, ZERO)
        if units:
            _check_units(line, units, creditable(line))
            chosen.append((line, units))
    return chosen


def _check_units(line: SalesLine, units: Decimal, left: Decimal) -> None:
    decimals = line.document.currency.decimals if line.tops_up else QUANTITY_DECIMALS
    if units < 0 or not has_decimals(units, decimals):
        raise BadDocument(
            f"Line {line.line_no}: {formats.exact(units)} cannot be credited. Enter more than 0, with no more than "
            f"{decimals} decimals.",
            field=f"line_{line.pk}",
        )
    if units > left:
        raise MoreThanLeftToCredit(_more_than_left(line, units, left), field=f"line_{line.pk}")


def _check_left(line: SalesLine, on: datetime.date) -> None:
    corrected = _corrected(line)
    units = line.unit_price if corrected.tops_up else line.quantity
    if units > (left := creditable(corrected, on)):
        raise MoreThanLeftToCredit(_more_than_left(corrected, units, left))


def _more_than_left(line: SalesLine, units: Decimal, left: Decimal) -> str:
    if not line.tops_up:
        return (
            f"Line {line.line_no}, {line.description}: {formats.exact(units)} cannot be credited, only "
            f"{formats.exact(left)} of {formats.exact(line.quantity)} is left."
        )
    currency = line.document.currency
    return (
        f"Line {line.line_no}, {line.description}: {formats.money(units, currency)} cannot be credited, "
        f"{formats.money(left, currency)} of the top-up is left. Credit the invoice of its usage first."
    )


def _credit_line(memo: SalesDocument, line: SalesLine, line_no: int, units: Decimal) -> SalesLine:
    return SalesLine(
        document=memo,
        line_no=line_no,
        product=line.product,
        description=line.description,
        quantity=1 if line.tops_up else units,
        unit_of_measure=line.unit_of_measure,
        unit_price=units if line.tops_up else line.unit_price,
        discount_percent=0 if line.tops_up else line.discount_percent,
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


def _take_back(document: SalesDocument, line: SalesLine, booking: Booking, *, lcy: Currency, actor) -> None:
    """What the customer no longer owes; of a top-up, what is left of it leaves deferred revenue."""
    keys = {"receivable": line.receivable_account_id, "service": line.prepaid_service, "back": True}
    if _corrected(line).tops_up:
        _take_back_top_up(document, line, booking, keys, lcy=lcy, actor=actor)
    else:
        net = line.net - line.covered_net
        booking.owe(account=line.ledger_account_id, amount=net, lcy=line.due_lcy, group=line.product_group_id, **keys)
    vat = line.vat - line.covered_vat
    booking.owe(account=line.vat_account_id, amount=vat, lcy=line.due_vat_lcy, **keys)


def _take_back_top_up(
    document: SalesDocument, line: SalesLine, booking: Booking, keys, *, lcy: Currency, actor
) -> None:
    shelf = Shelf(left_of(_corrected(line), document.posted_on), is_amount=True, lcy_decimals=lcy.decimals)
    draws = shelf.draw([Need(line.net)])
    assert line.prepaid_service is not None  # a top-up names its service
    take(line.prepaid_service, Type.NEGATIVE, draws, line=line, **_of_document(document, actor))
    line.due_lcy = sum((draw.amount_lcy for draw in draws), ZERO)
    for draw in draws:
        inflow = draw.inflow
        booking.owe(
            account=inflow.deferral_account_id,
            amount=draw.amount,
            lcy=draw.amount_lcy,
            group=inflow.deferral_group_id,
            lot=inflow.lot,
            **keys,
        )


def left_of(line: SalesLine, on: datetime.date) -> list[InflowBalance]:
    """What is left of a top-up and came in by that day: of its inflow, and of what credit memos brought back of it; in
    drawing order."""
    rows = InflowBalance.objects.filter(entry__in=inflows_of(line), entry__posted_on__lte=on).left()
    return list(rows.in_drawing_order().select_related("entry"))


def inflows_of(line: SalesLine) -> list[int]:
    """The keys of what a top-up brought in, and of what came back of it."""
    ids, found = list(line.prepaid_entries.inflows().values_list("pk", flat=True)), []
    while ids:
        found += ids
        ids = list(PrepaidEntry.objects.filter(came_from__in=ids).values_list("pk", flat=True))
    return found


def _of_document(document: SalesDocument, actor) -> dict:
    return {
        "posted_on": document.posted_on,
        "document_type": PrepaidEntry.DocumentType.CREDIT_MEMO,
        "document_no": document.posted_number,
        "document": document,
        "currency": document.currency,
        "event_key": document.event_key,
        "reason": document.reason,
        "created_by": actor,
    }


def _give_back(document: SalesDocument, lines: list[SalesLine], booking: Booking, *, actor) -> None:
    """What balances covered comes back, into one new inflow for each that was used."""
    parts: dict[int, list[tuple[SalesLine, Application, dict[str, Decimal]]]] = {}
    for line in lines:
        for application, part in _parts_of(line):
            parts.setdefault(application.inflow_id, []).append((line, application, part))
    for inflow_id, given in parts.items():
        origin = PrepaidEntry.objects.select_related("service").get(pk=inflow_id)
        back = {name: sum((part[name] for _, _, part in given), ZERO) for name in ("amount", "amount_lcy", "quantity")}
        inflow = receive(
            origin.service,
            **_of_document(document, actor),
            **back,
            valid_until=origin.valid_until,
            product_group_id=origin.product_group_id,
            business_group_id=origin.business_group_id,
            deferral_account_id=origin.deferral_account_id,
            deferral_group_id=origin.deferral_group_id,
            exchange_rate=origin.exchange_rate,
            came_from=origin,
        )
        GiveBack.objects.bulk_create(
            GiveBack(application=application, inflow=inflow, line=line, **part) for line, application, part in given
        )
        for _, application, part in given:
            if origin.deferral_account_id is not None:
                booking.move(
                    debit=application.revenue_account_id,
                    credit=origin.deferral_account_id,
                    amount=part["amount"],
                    lcy=part["amount_lcy"],
                    debit_group=origin.product_group_id,
                    credit_group=origin.deferral_group_id,
                    lot=inflow.lot,
                    service=origin.service,
                )


def _parts_of(line: SalesLine) -> list[tuple[Application, dict[str, Decimal]]]:
    """What the line of a credit memo gives back of each application of its invoice's line, last drawn first."""
    missing, found = line.covered or line.covered_net, []
    by_quantity = bool(line.covered)
    applications = _corrected(line).covered_by.select_related("inflow").order_by("-id")
    lcy_decimals = ledger_setup().lcy.decimals
    for application in applications:
        before = application.give_backs.aggregate(a=Sum("amount"), l=Sum("amount_lcy"), q=Sum("quantity"))
        gone = (before["q"] if by_quantity else before["a"]) or ZERO
        whole = application.quantity if by_quantity else application.amount
        if units := min(missing, whole - gone):
            missing -= units
            gone_lcy = before["l"] or ZERO
            found.append((application, _given(application, units, gone, gone_lcy, by_quantity, lcy_decimals)))
    return found


def _given(application: Application, units, gone, gone_lcy, by_quantity: bool, lcy_decimals: int) -> dict[str, Decimal]:
    if by_quantity:
        return {"amount": ZERO, "amount_lcy": ZERO, "quantity": units}
    level = share(application.amount_lcy, gone + units, application.amount, lcy_decimals)
    return {"amount": units, "amount_lcy": level - gone_lcy, "quantity": ZERO}


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
