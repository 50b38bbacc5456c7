"""How much of the lines of a posted invoice is left to be credited: read for all of them at once, whatever their number.

Of a top-up it is no more than what is left of it: of its inflow and of what credit memos of its usage brought back, as far as
that is still valid on the day. What was used has to be credited with its own invoice; what has lapsed stays with the
company. Of a period of a contract it is what waits in its deferral, or that and what is released: `contracts.credit`.
"""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from ledger.dates import business_date
from ledger.money import ZERO
from pages import formats
from prepaid.models import CreditScope, InflowBalance, PrepaidEntry, SalesDocument, SalesLine
from prepaid.services.contracts.credit import Waiting, waiting_of

CREDITED = ("quantity", "net", "vat", "covered", "covered_net", "covered_vat", "due_lcy", "due_vat_lcy")
Credited = Mapping[str, Decimal]


@dataclass(frozen=True)
class Left:
    """What is left of one line: `units` to be credited, a quantity or of a top-up an amount, net. `before`: what posted
    credit memos took back, by column; `inflows`: of a top-up what is left of it, in drawing order; `lapsed`: what of it is
    not refunded, since it was valid until a day before; `waiting`: of a contract line, the parts of its deferral."""

    line: SalesLine
    units: Decimal
    before: Credited
    inflows: list[InflowBalance]
    lapsed: Decimal
    waiting: Waiting | None = None

    @property
    def is_something(self) -> bool:
        """Of a period that comes to nothing there are no units, and yet its days and what it topped up."""
        return bool(self.units) or (self.waiting is not None and self.waiting.is_free)


def left_to_credit(
    lines: Iterable[SalesLine], on: datetime.date, scope: str = CreditScope.EVERYTHING
) -> dict[int, Left]:
    """Of each line of a posted invoice, by its key, what can be credited on that day; of contract lines, in that scope."""
    lines = list(lines)
    received = [line for line in lines if line.is_credited_by_amount]
    owners = inflows_of(received) if received else {}
    contract = [line for line in lines if line.is_contract]
    waiting = waiting_of(contract, owners) if contract else {}
    before, inflows = credited(lines), _balances_of(owners, on)
    return {
        line.pk: _left_of_contract(line, before[line.pk], inflows.get(line.pk, []), waiting[line.pk], on, scope)
        if line.is_contract
        else _left(line, before[line.pk], inflows.get(line.pk, []), on)
        for line in lines
    }


def creditable(line: SalesLine, on: datetime.date | None = None) -> Decimal:
    """How much of the line is left to be credited, `on` a day or today."""
    return left_to_credit([line], on or business_date())[line.pk].units


def credited(lines: Iterable[SalesLine]) -> dict[int, Credited]:
    """What posted credit memos took back of each line, by column."""
    posted = SalesLine.objects.filter(corrects_line__in=lines, document__state=SalesDocument.State.POSTED)
    rows: Any = posted.order_by().values("corrects_line").annotate(**{f"sum_{name}": Sum(name) for name in CREDITED})
    found = {row["corrects_line"]: {name: row[f"sum_{name}"] or ZERO for name in CREDITED} for row in rows}
    return {line.pk: found.get(line.pk, dict.fromkeys(CREDITED, ZERO)) for line in lines}


def inflows_of(lines: Iterable[SalesLine]) -> dict[int, int]:
    """What top-ups brought in, and what came back of it: keys of the entries, each with that of its line."""
    rows = PrepaidEntry.objects.inflows().filter(line__in=lines).values_list("pk", "line")
    newest, found = dict(rows), {}
    while newest:
        found.update(newest)
        rows = PrepaidEntry.objects.filter(came_from__in=newest).values_list("pk", "came_from")
        newest = {pk: newest[origin] for pk, origin in rows}
    return found


def more_than_left(left: Left, units: Decimal) -> str:
    """The sentence that says that the units are more than is left."""
    line, currency = left.line, left.line.document.currency
    where = f"Line {line.line_no}, {line.description}"
    if left.waiting is not None and not line.net:
        return f"{where}: its days are given back already."
    if left.waiting is not None:
        return f"{where}: {formats.money(units, currency)} cannot be credited, {formats.money(left.units, currency)} is left."
    if not line.tops_up:
        return (
            f"{where}: {formats.exact(units)} cannot be credited, only {formats.exact(left.units)} of "
            f"{formats.exact(line.quantity)} is left."
        )
    lapsed = f" {formats.money(left.lapsed, currency)} has lapsed and is not refunded." if left.lapsed else ""
    return (
        f"{where}: {formats.money(units, currency)} cannot be credited, {formats.money(left.units, currency)} of the top-up "
        f"is left.{lapsed} What was used comes back with a credit memo of the invoice that used it."
    )


def _balances_of(owners: Mapping[int, int], on: datetime.date) -> dict[int, list[InflowBalance]]:
    """What is left of each line's inflows, in drawing order, lapsed or not; of a one-time top-up, of those that came in by
    that day."""
    if not owners:
        return {}
    found: dict[int, list[InflowBalance]] = {}
    came = Q(entry__posted_on__lte=on) | Q(entry__deferral_account=None)
    rows = InflowBalance.objects.filter(came, entry__in=owners).left()
    for row in rows.in_drawing_order().select_related("entry"):
        found.setdefault(owners[row.entry_id], []).append(row)
    return found


def _left(line: SalesLine, before: Credited, rows: list[InflowBalance], on: datetime.date) -> Left:
    if not line.tops_up:
        return Left(line, line.quantity - before["quantity"], before, [], ZERO)
    valid = _valid(rows, on)
    there = sum((row.remaining for row in valid), ZERO)
    lapsed = sum((row.remaining for row in rows), ZERO) - there
    return Left(line, min(line.net - before["net"], there), before, valid, lapsed)


def _left_of_contract(
    line: SalesLine, before: Credited, rows: list[InflowBalance], waiting: Waiting, on: datetime.date, scope: str
) -> Left:
    return Left(line, waiting.amount(scope), before, _valid(rows, on), ZERO, waiting)


def _valid(rows: list[InflowBalance], on: datetime.date) -> list[InflowBalance]:
    """Those that can be taken on that day, or on the day on which they come in, where that is later."""
    return [
        row for row in rows if row.entry.valid_until is None or row.entry.valid_until >= max(on, row.entry.posted_on)
    ]
