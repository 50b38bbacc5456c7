"""What posting an invoice does (rules 20 to 21b, 30 and 31b).

A top-up: receivable against the deferral account of the deferral group; a Positive Adjmt. Usage: receivable against the
revenue of the used line, as far as no balance covers it; what is covered leaves deferred revenue at the rate of its inflow,
for the revenue account and group of the inflow's item, or of the item used where the setup says so. What has no money
on a deferral account, as in a periodic service, moves nothing: its balance line stands against the used line's own revenue.
A Consumption for each service; one balance line for each service and VAT rate. A line that bills a period of a contract:
`contracts.posting`.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from ledger.models import Currency, ProductPostingGroup
from ledger.money import ZERO, to_lcy
from ledger.services.accounts import posting_accounts
from prepaid.dateformula import end_of_validity
from prepaid.drawing import Draw
from prepaid.models import PrepaidEntry, PrepaidSetup, RevenueFrom, SalesDocument, SalesLine
from prepaid.services.booking import Booking
from prepaid.services.contracts import posting
from prepaid.services.cover import Cover, cover
from prepaid.services.entries import NO_REVENUE, Revenue, Type, receive, take
from prepaid.services.pricing import price

Kind = SalesLine.Kind


@dataclass
class Invoice:
    """An invoice in the middle of its posting."""

    document: SalesDocument
    setup: PrepaidSetup
    lcy: Currency
    actor: object
    booking: Booking
    accounts: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def account(self, purpose: str, product_group: str, business_group: str | None = None) -> str:
        """The code from the general posting setup. Refused: MissingAccount, BlockedCombination."""
        key = (business_group or str(self.document.business_group_id), product_group, purpose)
        if key not in self.accounts:
            found = posting_accounts(business_group=key[0], product_group=key[1], needed=(purpose,))
            self.accounts[key] = found[purpose]
        return self.accounts[key]

    def in_lcy(self, amount: Decimal) -> Decimal:
        return to_lcy(amount, self.document.exchange_rate or Decimal(1), self.lcy.decimals)


def write(document: SalesDocument, lines: list[SalesLine], *, setup: PrepaidSetup, lcy: Currency, actor) -> None:
    """Writes the entries, the balance lines and the journal of a numbered invoice, whose locks the caller holds."""
    price(document, lines)
    covers = cover(document, lines)
    invoice = Invoice(document, setup, lcy, actor, Booking(document, setup))
    items = [line for line in lines if line.kind == Kind.ITEM]
    for line in items:
        _owe(invoice, line)
    for each in covers:
        _use(invoice, each)
    for line in items:
        line.save()
    _write_balance_lines(document, lines, covers, setup.deferral_group)
    document.due_on = document.due_on or document.due_after(document.bill_to.payment_days)
    about = f"Invoice {document.posted_number} {document.account.name}"
    invoice.booking.post(kind="sales_invoice", description=about, actor=actor)


def _owe(invoice: Invoice, line: SalesLine) -> None:
    """What the customer owes for the line: net and VAT, as far as no balance covers them."""
    net, vat = line.net - line.covered_net, line.vat - line.covered_vat
    group = invoice.setup.deferral_group_id if line.tops_up else line.product_group_id
    line.due_lcy, line.due_vat_lcy = invoice.in_lcy(net), invoice.in_lcy(vat)
    line.ledger_account_id = invoice.account("deferral" if line.tops_up or line.is_contract else "sales", group)
    lot = _receipt(invoice, line, net)
    if not (net or vat):
        return
    line.receivable_account_id = invoice.account("receivable", group)
    keys = {"receivable": line.receivable_account_id, "lot": lot, "service": line.prepaid_service}
    owe = invoice.booking.owe
    owe(account=line.ledger_account_id, amount=net, lcy=line.due_lcy, group=group, **keys)
    owe(account=line.vat_account_id, amount=vat, lcy=line.due_vat_lcy, **keys)


def _receipt(invoice: Invoice, line: SalesLine, net: Decimal) -> str:
    """What the line brings in beside what is owed, and under which lot its money waits, if it does."""
    if line.tops_up:
        return _top_up(invoice, line, net).lot
    if not line.is_contract:
        return ""
    posting.top_up(line, _of_document(invoice))
    if not net:
        return ""
    return posting.defer(
        invoice.document,
        line,
        deferral_account=str(line.ledger_account_id),
        revenue_account=invoice.account("sales", line.product_group_id),
        dimensions=invoice.booking.dimensions(line.prepaid_service),
        setup=invoice.setup,
        lcy=invoice.lcy,
    ).lot


def _top_up(invoice: Invoice, line: SalesLine, net: Decimal) -> PrepaidEntry:
    """The inflow of a line of a prepaid item: rule 20."""
    document, service = invoice.document, line.prepaid_service
    assert service is not None  # refused before
    return receive(
        service,
        **_of_document(invoice),
        line=line,
        amount=net,
        amount_lcy=line.due_lcy,
        valid_until=end_of_validity(service.valid_until_formula, document.posted_on),
        product_group=line.product_group,
        business_group=document.business_group,
        deferral_account_id=line.ledger_account_id,
        deferral_group=invoice.setup.deferral_group,
        exchange_rate=document.exchange_rate,
    )


def _of_document(invoice: Invoice) -> dict:
    document = invoice.document
    return {
        "posted_on": document.posted_on,
        "document_type": PrepaidEntry.DocumentType.INVOICE,
        "document_no": document.posted_number,
        "document": document,
        "currency": document.currency,
        "event_key": document.event_key,
        "created_by": invoice.actor,
    }


def _use(invoice: Invoice, covered: Cover) -> None:
    """The Consumption of a service, and what of it leaves deferred revenue."""
    if not covered.draws:
        return
    lines = {line.pk: line for line in covered.lines}

    def revenue_of(draw: Draw) -> Revenue:
        if draw.inflow.deferral_account_id is None:
            return NO_REVENUE
        if invoice.setup.revenue_from == RevenueFrom.CONSUMED and draw.line is not None:
            group = lines[draw.line].product_group_id
            return Revenue(invoice.account("sales", group), group)
        group = str(draw.inflow.product_group_id)
        return Revenue(invoice.account("sales", group, draw.inflow.business_group_id), group)

    take(covered.service, Type.CONSUMPTION, covered.draws, revenue_of=revenue_of, **_of_document(invoice))
    for draw in covered.draws:
        if (revenue := revenue_of(draw)) != NO_REVENUE:
            invoice.booking.move(
                debit=draw.inflow.deferral_account_id,
                credit=revenue.account,
                amount=draw.amount,
                lcy=draw.amount_lcy,
                debit_group=draw.inflow.deferral_group_id,
                credit_group=revenue.group,
                lot=draw.inflow.lot,
                service=covered.service,
            )
    for line in covered.lines:
        backed = sum((d.amount for d in covered.draws if d.line == line.pk and d.inflow.deferral_account_id), ZERO)
        unbacked = line.covered_net - backed
        invoice.booking.move(
            debit=line.ledger_account_id,
            credit=line.ledger_account_id,
            amount=unbacked,
            lcy=invoice.in_lcy(unbacked),
            debit_group=line.product_group_id,
            credit_group=line.product_group_id,
            service=covered.service,
        )


def _write_balance_lines(
    document: SalesDocument, lines: list[SalesLine], covers: list[Cover], group: ProductPostingGroup
) -> None:
    """Those of the covers take the place of those that were there."""
    document.lines.filter(kind=Kind.BALANCE).delete()
    by_hand = {line.prepaid_service_id for line in lines if line.kind == Kind.BALANCE and line.by_hand}
    line_no = max((line.line_no for line in lines), default=0)
    for each in covers:
        for used in by_vat(each.lines):
            balance = balance_line(document, each, used, group)
            if balance.net or balance.covered:
                line_no += 1
                balance.line_no, balance.by_hand = line_no, each.service.pk in by_hand
                balance.save(force_insert=True)


def by_vat(lines: list[SalesLine]) -> list[list[SalesLine]]:
    """The lines of each VAT rate."""
    groups: dict[tuple, list[SalesLine]] = {}
    for line in lines:
        groups.setdefault((line.vat_business_group_id, line.vat_product_group_id, line.vat_percent), []).append(line)
    return list(groups.values())


def balance_line(
    document: SalesDocument, covered: Cover, used: list[SalesLine], group: ProductPostingGroup
) -> SalesLine:
    """The line by which the service pays for lines of one VAT rate; `group` is the deferral group."""
    net = sum((line.covered_net for line in used), ZERO)
    first, service = used[0], covered.service
    return SalesLine(
        document=document,
        kind=Kind.BALANCE,
        role=SalesLine.Role.BALANCE,
        description=f"Balance of prepaid service {service}"[:250],
        quantity=-1,
        unit_of_measure=service.unit_of_measure,
        unit_price=net,
        net=-net,
        vat_percent=first.vat_percent,
        vat=-sum((line.covered_vat for line in used), ZERO),
        vat_business_group_id=first.vat_business_group_id,
        vat_product_group_id=first.vat_product_group_id,
        product_group=group,
        prepaid_service=service,
        covered=sum((line.covered for line in used), ZERO),
    )
