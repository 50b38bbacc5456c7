"""What of a posted invoice can still be credited, line by line, and what keeps the rest."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from ledger.dates import business_date
from ledger.money import ZERO
from prepaid.models import Application, CreditScope, PrepaidEntry, SalesDocument, SalesLine
from prepaid.reports.contract_lines import days
from prepaid.services.contracts.credit import Waiting, share_of_top_up, why_not
from prepaid.services.cover import shown
from prepaid.services.credit_left import Left, inflows_of, left_to_credit


@dataclass(frozen=True)
class OfContract:
    """What crediting a contract line would take back in either scope. `why_not`: why it cannot be credited in one of them;
    `top_up_used` and the others in the unit of its prepaid service, empty without one; `is_free`: it comes to nothing, and
    its days are still billed."""

    released: Decimal
    waits: Decimal
    everything: Decimal
    why_not: list[str]
    top_up_used: str
    back_of_future: str
    back_of_everything: str
    again_of_future: str
    again_of_everything: str
    is_free: bool

    def amount(self, scope: str) -> Decimal:
        return self.waits if scope == CreditScope.FUTURE else self.everything

    def is_left(self, scope: str) -> bool:
        return bool(self.amount(scope)) or self.is_free


@dataclass(frozen=True)
class CreditRow:
    """A line: of a top-up or of a contract amounts, net; of anything else quantities. `is_something`: whether anything is
    left of it, be it days of a period that comes to nothing. `used`: of a top-up what was used, has
    lapsed or was taken out, and `used_by` the invoices that used it, which have to be credited first."""

    line: SalesLine
    whole: Decimal
    credited: Decimal
    left: Decimal
    used: Decimal
    used_by: list[SalesDocument]
    contract: OfContract | None = None
    is_something: bool = True

    @property
    def by_amount(self) -> bool:
        return self.line.is_credited_by_amount


def credit_rows(invoice: SalesDocument) -> list[CreditRow]:
    related = ("product", "prepaid_service", "billed_period")
    lines = invoice.lines.filter(kind=SalesLine.Kind.ITEM).select_related(*related)
    left = left_to_credit(lines.order_by("line_no"), business_date()).values()
    users = _users([each.line for each in left if each.line.is_credited_by_amount])
    return [_row(each, users.get(each.line.pk, [])) for each in left]


def _row(left: Left, users: list[SalesDocument]) -> CreditRow:
    line, before = left.line, left.before
    whole, back = (line.net, before["net"]) if line.is_credited_by_amount else (line.quantity, before["quantity"])
    used = whole - back - left.units if line.tops_up else ZERO
    contract = _of_contract(left, left.waiting) if left.waiting is not None else None
    return CreditRow(
        line, whole, back, left.units, used, users if used or contract else [], contract, left.is_something
    )


def _of_contract(left: Left, waiting: Waiting) -> OfContract:
    line, service = left.line, left.line.prepaid_service
    future, everything = (waiting.amount(scope) for scope in (CreditScope.FUTURE, CreditScope.EVERYTHING))

    def told(units: Decimal) -> str:
        return shown(service, units, line.document) if service is not None else ""

    there = sum((each.remaining + each.remaining_quantity for each in left.inflows), ZERO)  # one of them is zero
    period = line.billed_period
    whole = waiting.is_whole(CreditScope.FUTURE)
    again = period.starts_on if whole else waiting.open[0].starts_on if waiting.open else None
    return OfContract(
        released=sum((part.amount for part in waiting.released), ZERO),
        waits=future,
        everything=everything,
        why_not=list(dict.fromkeys(why for scope in CreditScope.values if (why := why_not(line, waiting, scope)))),
        top_up_used=told(waiting.used) if waiting.used else "nothing",
        back_of_future=told(there if whole else min(there, share_of_top_up(line, future))),
        back_of_everything=told(there),
        again_of_future=days(again, period.ends_on) if again else "",
        again_of_everything=days(period.starts_on, period.ends_on),
        is_free=waiting.is_free,
    )


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
