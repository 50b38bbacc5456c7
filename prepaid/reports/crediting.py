"""What of a posted invoice can still be credited, line by line, and what keeps the rest."""

from dataclasses import dataclass
from decimal import Decimal

from ledger.dates import business_date
from ledger.money import ZERO
from prepaid.models import PrepaidEntry, SalesDocument, SalesLine
from prepaid.services.credit_memos import creditable, credited


@dataclass(frozen=True)
class CreditRow:
    """A line: of a top-up amounts, net; of anything else quantities. `used`: of a top-up what was used or lapsed, and
    `used_by` the invoices that used it, which have to be credited first."""

    line: SalesLine
    whole: Decimal
    credited: Decimal
    left: Decimal
    used: Decimal
    used_by: list[SalesDocument]

    @property
    def by_amount(self) -> bool:
        return self.line.tops_up


def credit_rows(invoice: SalesDocument) -> list[CreditRow]:
    lines = invoice.lines.filter(kind=SalesLine.Kind.ITEM).select_related("product", "prepaid_service")
    return [_row(line) for line in lines.order_by("line_no")]


def _row(line: SalesLine) -> CreditRow:
    before, left, tops_up = credited(line), creditable(line, business_date()), line.tops_up
    whole, back = (line.net, before["net"]) if tops_up else (line.quantity, before["quantity"])
    used = whole - back - left if tops_up else ZERO
    return CreditRow(line, whole, back, left, used, _users(line) if used else [])


def _users(line: SalesLine) -> list[SalesDocument]:
    """The invoices that used what the line brought in."""
    using = PrepaidEntry.objects.filter(
        entry_type=PrepaidEntry.Type.CONSUMPTION, applications__inflow__in=line.prepaid_entries.inflows()
    )
    return list(SalesDocument.objects.filter(prepaid_entries__in=using).distinct().order_by("pk"))
