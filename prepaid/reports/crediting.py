"""What of a posted invoice can still be credited, line by line, and what keeps the rest."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from ledger.dates import business_date
from ledger.money import ZERO
from prepaid.models import Application, PrepaidEntry, SalesDocument, SalesLine
from prepaid.services.credit_memos import creditable, credited, inflows_of


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
    """The invoices that used of what the line brought in more than was credited of them."""
    used = Application.objects.filter(inflow__in=inflows_of(line), outflow__entry_type=PrepaidEntry.Type.CONSUMPTION)
    not_back = used.annotate(back=Coalesce(Sum("give_backs__amount"), ZERO)).filter(back__lt=F("amount"))
    keys = set(not_back.values_list("outflow__document", flat=True))
    return list(SalesDocument.objects.filter(pk__in=keys).order_by("pk"))
