"""A sales document, read: what it comes to, what prepaid services pay of it as things stand, and what belongs to it."""

from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.db.models import Q, QuerySet

from ledger.models import ChangeLogEntry
from ledger.money import ZERO
from ledger.reports.changes import Change, changes_of, described
from opportunities.models import Product
from pages import formats
from pages.refusals import Refused
from prepaid.models import PrepaidService, SalesDocument, SalesLine
from prepaid.services.checks import warnings
from prepaid.services.cover import Cover, cover
from prepaid.services.credit_posting import covers_of
from prepaid.services.invoices import balance_line, by_vat
from prepaid.services.locks import prepaid_setup
from prepaid.services.post_document import lines_of
from prepaid.services.pricing import price

Type, Kind = SalesDocument.Type, SalesLine.Kind
READ = (
    "line_no",
    "kind",
    "product_id",
    "description",
    "quantity",
    "unit_price",
    "discount_percent",
    "net",
    "vat",
    "prepaid_service_id",
)


@dataclass(frozen=True)
class Standing:
    """The lines of a document with what prepaid services cover of them: as it was posted, or as posting it now would have
    it. `expected`: the balance lines that posting an invoice would write. `problem`: why that cannot be worked out."""

    lines: list[SalesLine]
    expected: list[SalesLine] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def items(self) -> list[SalesLine]:
        return [line for line in self.lines if line.kind == Kind.ITEM]

    @property
    def net(self) -> Decimal:
        return sum((line.net for line in self.items), ZERO)

    @property
    def vat(self) -> Decimal:
        return sum((line.vat for line in self.items), ZERO)

    @property
    def gross(self) -> Decimal:
        return self.net + self.vat

    @property
    def covered(self) -> Decimal:
        """VAT included."""
        return sum((line.covered_net + line.covered_vat for line in self.items), ZERO)

    @property
    def due_net(self) -> Decimal:
        return sum((line.net - line.covered_net for line in self.items), ZERO)

    @property
    def due_vat(self) -> Decimal:
        return sum((line.vat - line.covered_vat for line in self.items), ZERO)

    @property
    def to_pay(self) -> Decimal:
        return self.gross - self.covered


def standing(document: SalesDocument) -> Standing:
    """Nothing is written: the lines are priced and covered in memory."""
    lines = lines_of(document)
    if document.is_posted:
        return Standing(lines)
    warned = warnings(document, lines)
    try:
        if document.type == Type.CREDIT_MEMO:
            return Standing(lines, _expected(document, lines, covers_of(lines)), warned)
        if document.type != Type.INVOICE:
            return Standing(lines, warnings=warned)
        price(document, lines)
        covers = cover(document, lines)
        return Standing(lines, _expected(document, lines, covers), warned + short(document, lines))
    except Refused as refused:
        return Standing(lines_of(document), warnings=warned, problem=str(refused))


def short(document: SalesDocument, lines: list[SalesLine]) -> list[str]:
    """What of the usage no prepaid service covers, so that it is billed; the lines are covered already."""
    used: dict[PrepaidService, list[SalesLine]] = {}
    for line in lines:
        if line.is_usage and line.prepaid_service is not None:
            used.setdefault(line.prepaid_service, []).append(line)
    return [
        text
        for service, its in used.items()
        for text in (*_in_other_units(service, its), _beyond(document, service, its))
        if text
    ]


def _in_other_units(service: PrepaidService, lines: list[SalesLine]) -> list[str]:
    others = [line for line in lines if not service.is_amount and line.unit_of_measure != service.unit_of_measure]
    return [
        f"Line {line.line_no} is in {line.unit_of_measure or 'no unit'} and {service} in "
        f"{service.unit_of_measure or 'no unit'}: it is billed and not covered."
        for line in others
    ]


def _beyond(document: SalesDocument, service: PrepaidService, lines: list[SalesLine]) -> str:
    covered = sum((line.covered_net for line in lines), ZERO)
    billed = sum((line.net for line in lines), ZERO) - covered
    if not billed:
        return ""
    paid, rest = (formats.money(amount, document.currency) for amount in (covered, billed))
    return f"{service} covers {paid} of its lines. The rest is billed: {rest}, net."


def _expected(document: SalesDocument, lines: list[SalesLine], covers: list[Cover]) -> list[SalesLine]:
    """Where somebody added balance lines those stand for themselves."""
    if not covers:
        return []
    by_hand = {line.prepaid_service_id for line in lines if line.kind == Kind.BALANCE and line.by_hand}
    group = prepaid_setup().deferral_group
    return [
        balance_line(document, each, used, group)
        for each in covers
        if each.service.pk not in by_hand
        for used in by_vat([line for line in each.lines if line.covered_net or line.covered])
    ]


def changes_of_document(document: SalesDocument, most: int) -> list[Change]:
    """Of the document and of its lines, the newest first; of lines that came or went what is read of them."""
    of_lines = Q(table=SalesLine._meta.db_table, row=str(document.pk))
    rows = changes_of(document) | ChangeLogEntry.objects.filter(of_lines).select_related("actor")
    return [_in_short(change) for change in described(rows.order_by("-id")[:most])]


def _in_short(change: Change) -> Change:
    if change.row.table != SalesLine._meta.db_table or change.row.kind == ChangeLogEntry.Kind.UPDATE:
        return change
    said = [each for each in change.differences if each.column in READ and {each.before, each.after} - {"0", "–"}]
    return replace(change, differences=said)


def services_for(
    document: SalesDocument, product: Product | None, chosen: int | None = None
) -> QuerySet[PrepaidService]:
    """The prepaid services that a line can name: of the document's account and currency, open; for an item that tops one up
    those that it can top up. With what can be used of each on the posting date. One that is `chosen` already stays."""
    found = PrepaidService.objects.filter(account=document.account_id).select_related("currency")
    fitting = Q(closed=False) & (Q(currency=None) | Q(currency=document.currency_id))
    if product is not None and product.prepaid_service:
        accrual = PrepaidService.Accrual.ONE_TIME if product.tops_up_once else PrepaidService.Accrual.PERIODIC
        fitting &= Q(accrual=accrual)
    return found.filter(fitting | Q(pk=chosen)).with_balances(on=document.posted_on).order_by("number")
