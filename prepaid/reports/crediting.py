"""What of a posted invoice can still be credited, line by line, and what keeps the rest."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from ledger.dates import business_date
from ledger.money import ZERO
from prepaid.models import Application, PrepaidEntry, SalesDocument, SalesLine
from prepaid.services.credit_left import Left, inflows_of, left_to_credit


@dataclass(frozen=True)
class CreditRow:
    """A line: of a top-up amounts, net; of anything else quantities. `used`: of a top-up what was used, has lapsed or was
    taken out, and `used_by` the invoices that used it, which have to be credited first."""

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
    left = left_to_credit(lines.order_by("line_no"), business_date()).values()
    users = _users([each.line for each in left if each.line.tops_up])
    return [_row(each, users.get(each.line.pk, [])) for each in left]


def _row(left: Left, users: list[SalesDocument]) -> CreditRow:
    line, before = left.line, left.before
    whole, back = (line.net, before["net"]) if line.tops_up else (line.quantity, before["quantity"])
    used = whole - back - left.units if line.tops_up else ZERO
    return CreditRow(line, whole, back, left.units, used, users if used else [])


def _users(top_ups: Iterable[SalesLine]) -> dict[int, list[SalesDocument]]:
    """The invoices that used of what the lines brought in more than was credited of them, by line."""
    owners = inflows_of(top_ups)
    used = Application.objects.filter(inflow__in=owners, outflow__entry_type=PrepaidEntry.Type.CONSUMPTION)
    not_back = used.annotate(back=Coalesce(Sum("give_backs__amount"), ZERO)).filter(back__lt=F("amount"))
    by_line: dict[int, set[int]] = {}
    for inflow, document in not_back.values_list("inflow", "outflow__document"):
        by_line.setdefault(owners[inflow], set()).add(document)
    documents = SalesDocument.objects.in_bulk({key for keys in by_line.values() for key in keys})
    return {line: [documents[key] for key in sorted(keys)] for line, keys in by_line.items()}
