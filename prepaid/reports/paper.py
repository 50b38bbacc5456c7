"""Sales documents and delivery notes as they are read on paper: what templates/prepaid/*.typ are given.

The totals are sums of the lines as they are stored, less what prepaid services cover of them. An unposted invoice says what
its posting would cover as things stand, and is marked as a draft, as is an unposted credit memo.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from ledger.dates import ledger_setup
from ledger.money import ZERO
from opportunities.models import Account
from pages import formats
from prepaid.models import Delivery, SalesDocument, SalesLine
from prepaid.reports.contract_lines import closed_by, told_top_up
from prepaid.reports.documents import Standing, standing
from prepaid.services.cover import Cover
from prepaid.services.invoices import balance_line, by_vat
from prepaid.services.locks import prepaid_setup
from prepaid.shown import quantity

Type, Kind = SalesDocument.Type, SalesLine.Kind
TITLES = {
    Type.QUOTE: "Quote",
    Type.ORDER: "Order confirmation",
    Type.INVOICE: "Invoice",
    Type.CREDIT_MEMO: "Credit memo",
}
DRAFT = "Draft"


def sales_document(document: SalesDocument) -> dict[str, Any]:
    """What templates/prepaid/sales_document.typ is given."""
    found = standing(document)
    title = TITLES[Type(document.type)]
    draft = document.type in (Type.INVOICE, Type.CREDIT_MEMO) and not document.is_posted
    credited = {each.line.pk: each.again for each in closed_by(document)} if document.type == Type.CREDIT_MEMO else {}
    return {
        "title": f"{DRAFT} {title.lower()}" if draft else title,
        "mark": DRAFT if draft else "",
        "about": f"{title} {document}",
        "sender": ledger_setup().company_name,
        "sender_address": _lines(ledger_setup().address),
        "addressee": _address(document.bill_to),
        "delivered_to": _address(document.account) if document.account_id != document.bill_to_id else [],
        "facts": [list(fact) for fact in _facts(document)],
        "text": document.text,
        "lines": [_line(document, line, credited) for line in _printed(document, found)],
        "vat": any(line.vat_business_group_id for line in found.items),
        "sums": _sums(document, found),
        "prepaid": _prepaid(document, found),
        "closing": _closing(document, found),
    }


def delivery_note(delivery: Delivery) -> dict[str, Any]:
    """What templates/prepaid/delivery_note.typ is given."""
    order = delivery.order
    facts: list[tuple[str, Any]] = [
        ("Delivery note no.", delivery.number),
        ("Delivery date", delivery.delivered_on),
        ("Order no.", order.number),
        ("Order date", order.document_on),
        ("Your reference", order.external_reference),
        ("Customer no.", order.account.number),
    ]
    return {
        "title": "Delivery note",
        "mark": "",
        "about": f"Delivery note {delivery}",
        "sender": ledger_setup().company_name,
        "sender_address": _lines(ledger_setup().address),
        "addressee": _address(order.account),
        "facts": [[label, value] for label, value in facts if value],
        "lines": delivered(delivery),
    }


def delivered(delivery: Delivery) -> list[dict[str, Any]]:
    """The lines of the note: ordered, delivered with this note, and still to come after it."""
    before: dict[int, Decimal] = {}
    earlier = delivery.order.deliveries.filter(pk__lte=delivery.pk).values_list("lines__line", "lines__quantity")
    for line, amount in earlier:
        before[line] = before.get(line, ZERO) + amount
    rows = delivery.lines.select_related("line__product", "line__prepaid_service").order_by("line__line_no")
    return [
        {
            "no": str(row.line.line_no),
            "what": row.line.description,
            "note": _service_note(row.line),
            "ordered": quantity(row.line.quantity, row.line.unit_of_measure),
            "delivered": quantity(row.quantity, row.line.unit_of_measure),
            "left": _left(row.line.quantity - before[row.line_id], row.line.unit_of_measure),
        }
        for row in rows
    ]


def _left(left: Decimal, unit: str) -> str:
    return quantity(left, unit) if left else formats.NOTHING


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _address(account: Account) -> list[str]:
    return [account.name, *_lines(account.address)]


def _facts(document: SalesDocument) -> Iterable[tuple[str, Any]]:
    made_from, corrects = document.made_from, document.corrects
    yield f"{document.get_type_display()} no.", str(document)
    yield "Date", document.document_on
    if document.type == Type.INVOICE:
        yield "Due date", document.due_on or document.due_after(document.bill_to.payment_days)
    elif document.due_on:
        yield "Due date", document.due_on
    if corrects is not None:
        yield "Corrects invoice", f"{corrects} of {formats.day(corrects.document_on)}"
        yield "Reason", document.reason
    if made_from is not None:
        yield f"{made_from.get_type_display()} no.", f"{made_from} of {formats.day(made_from.document_on)}"
    yield "Customer no.", document.bill_to.number
    if document.external_reference:
        yield "Your reference", document.external_reference
    if document.project is not None:
        yield "Project", str(document.project)
    yield "Currency", f"{document.currency.code}, {document.currency.name}"


def _printed(document: SalesDocument, found: Standing) -> list[SalesLine]:
    """The lines, and the balance lines that posting an unposted document would add."""
    if document.type != Type.CREDIT_MEMO or document.is_posted:
        return [*found.lines, *found.expected]
    covered = [line for line in found.items if line.covered_net or line.covered]
    return [*found.items, *(line for used in _by_service(covered) for line in _balances(document, used))]


def _by_service(lines: list[SalesLine]) -> list[list[SalesLine]]:
    groups: dict[int | None, list[SalesLine]] = {}
    for line in lines:
        groups.setdefault(line.prepaid_service_id, []).append(line)
    return list(groups.values())


def _balances(document: SalesDocument, used: list[SalesLine]) -> list[SalesLine]:
    """The balance lines of one service, one for each VAT rate."""
    service, group = used[0].prepaid_service, prepaid_setup().deferral_group
    return [balance_line(document, Cover(service, lines), lines, group) for lines in by_vat(used) if service]


def _line(document: SalesDocument, line: SalesLine, credited: Mapping[int, str]) -> dict[str, Any]:
    """`credited`: of what period of a contract a posted credit memo takes back the days, by line."""
    decimals, is_item = document.currency.decimals, line.kind == Kind.ITEM
    counted = quantity(line.quantity if is_item else line.covered, line.unit_of_measure)
    return {
        "what": line.description,
        "note": _note(line, credited) if is_item else "",
        "quantity": counted if is_item or line.covered else "",
        "price": formats.number(line.unit_price, decimals) if is_item else "",
        "discount": f"{formats.exact(line.discount_percent)}\u00a0%" if line.discount_percent else "",
        "vat": f"{formats.exact(line.vat_percent)}\u00a0%" if line.vat_business_group_id else "",
        "net": formats.number(line.net, decimals),
    }


def _note(line: SalesLine, credited: Mapping[int, str]) -> str:
    if not line.is_contract:
        return _service_note(line)
    if line.corrects_line_id is not None:
        return f"Credited for {credited[line.pk]}" if line.pk in credited else ""
    contract = line.billed_period.commitment.contract
    return "; ".join(filter(None, (f"Contract {contract.number}" if contract else "", told_top_up(line))))


def _service_note(line: SalesLine) -> str:
    if line.prepaid_service is None or not (line.tops_up or line.is_commitment):
        return ""
    return f"Tops up prepaid service {line.prepaid_service}"


def _sums(document: SalesDocument, found: Standing) -> list[dict[str, str]]:
    """Net, VAT by rate, and what they come to, all after what prepaid services cover."""
    decimals = document.currency.decimals
    rates: dict[Decimal, tuple[Decimal, Decimal]] = {}
    for line in found.items:
        if line.vat_business_group_id:
            net, vat = rates.get(line.vat_percent, (ZERO, ZERO))
            rates[line.vat_percent] = net + line.net - line.covered_net, vat + line.vat - line.covered_vat
    before_vat = [{"what": "Net", "net": formats.number(found.due_net, decimals)}] if rates else []
    return [
        *before_vat,
        *(
            {
                "what": f"VAT {formats.exact(rate)}\u00a0% on {formats.number(base, decimals)}",
                "net": formats.number(vat, decimals),
            }
            for rate, (base, vat) in sorted(rates.items(), reverse=True)
        ),
        {"what": f"Total {document.currency.code}", "net": formats.number(found.to_pay, decimals)},
    ]


def _prepaid(document: SalesDocument, found: Standing) -> list[list[str]]:
    """What each prepaid service covers, VAT included: a label and an amount."""
    covered: dict[str, Decimal] = {}
    for line in found.items:
        if line.prepaid_service is not None and line.covered_net:
            name = str(line.prepaid_service)
            covered[name] = covered.get(name, ZERO) + line.covered_net + line.covered_vat
    verb = "Goes back to prepaid service" if document.type == Type.CREDIT_MEMO else "Covered by prepaid service"
    return [[f"{verb} {name}", formats.money(amount, document.currency)] for name, amount in covered.items()]


def _closing(document: SalesDocument, found: Standing) -> list[str]:
    """What is to be paid, as the last words of the document."""
    amount = formats.money(found.to_pay, document.currency)
    if document.type == Type.CREDIT_MEMO:
        return ["Credited", amount]
    if document.type != Type.INVOICE:
        return []
    if not found.to_pay:
        return ["To pay", f"{amount}: nothing is to be paid"]
    due = document.due_on or document.due_after(document.bill_to.payment_days)
    return ["To pay", f"{amount} by {formats.day(due)}"]
