"""Crediting contract lines (rules 33 and 33b): what is not released, or everything. Either way the deferral ends at zero,
and the days that are taken back can be billed again.

Of what the period topped up, *everything* takes back all that is left, and is refused while some of it is used; *what is not
released* takes back the share that is credited, as far as it is left. Where nothing is released both are the same: all the
days are given back, and with them all that they brought. So it is with a period that comes to nothing, which has no deferral.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F

from ledger.money import ZERO, share
from pages import formats
from prepaid.drawing import Draw, Need, Shelf
from prepaid.models import (
    Application,
    BilledPeriod,
    CreditScope,
    DeferralLine,
    GiveBack,
    InflowBalance,
    PrepaidEntry,
    SalesLine,
)
from prepaid.models.fields import QUANTITY_DECIMALS
from prepaid.periods import DAY
from prepaid.services.booking import Booking
from prepaid.services.entries import take


@dataclass(frozen=True)
class Waiting:
    """What is left of a contract line to be credited: the parts that wait, those that are released, and what of its top-up is
    used, in the unit of its prepaid service. `is_free`: it comes to nothing, and its days are still billed."""

    open: list[DeferralLine]
    released: list[DeferralLine]
    used: Decimal = ZERO
    is_free: bool = False

    def is_whole(self, scope: str) -> bool:
        """Whether a credit memo of that scope gives back all its days."""
        return scope == CreditScope.EVERYTHING or not self.released

    def parts(self, scope: str) -> list[DeferralLine]:
        """What a credit memo of that scope closes."""
        return self.open if scope == CreditScope.FUTURE else [*self.released, *self.open]

    def amount(self, scope: str) -> Decimal:
        return max(ZERO, sum((part.amount for part in self.parts(scope)), ZERO))


def waiting_of(lines: Iterable[SalesLine], owners: Mapping[int, int]) -> dict[int, Waiting]:
    """Of contract lines of posted invoices, by their keys; `owners`: the inflows that they brought, with their lines."""
    lines = list(lines)
    keys = [line.pk for line in lines]
    found: dict[int, tuple[list, list]] = {key: ([], []) for key in keys}
    parts = DeferralLine.objects.filter(deferral__line__in=keys, closed_by=None).select_related("deferral")
    for part in parts.order_by("deferral", "line_no"):
        found[part.deferral.line_id][0 if part.run_id is None else 1].append(part)
    used = _used(owners)
    free = set(
        BilledPeriod.objects.filter(
            line__in=[line.pk for line in lines if not line.net], kept_until__gte=F("starts_on")
        ).values_list("line", flat=True)
    )
    return {key: Waiting(*found[key], used.get(key, ZERO), key in free) for key in keys}


def _used(owners: Mapping[int, int]) -> dict[int, Decimal]:
    """What was consumed of the inflows and did not come back, by line: an amount or a quantity."""
    taken: Any = Application.objects.filter(
        inflow__in=owners, outflow__entry_type=PrepaidEntry.Type.CONSUMPTION
    ).values_list("inflow", "amount", "quantity")
    back: Any = GiveBack.objects.filter(application__inflow__in=owners).values_list(
        "application__inflow", "amount", "quantity"
    )
    used: dict[int, Decimal] = {}
    for sign, rows in ((1, taken), (-1, back)):
        for inflow, amount, quantity in rows:
            used[owners[inflow]] = used.get(owners[inflow], ZERO) + sign * (amount + quantity)
    return used


def why_not(line: SalesLine, waiting: Waiting, scope: str) -> str:
    """Why the line cannot be credited in that scope; empty where it can."""
    return _why_not_whole(line, waiting) if waiting.is_whole(scope) else _why_not_what_waits(line, waiting)


def _why_not_what_waits(line: SalesLine, waiting: Waiting) -> str:
    """A part that waits again before one that is released: the days from it on would be billed anew, and so those that are
    earned twice."""
    if not waiting.open:
        return ""
    first, last = waiting.open[0], waiting.released[-1]
    if first.starts_on > last.starts_on:
        return ""
    return (
        f"Line {line.line_no}, {line.description}: {first.starts_on:%B %Y} waits again, and {last.starts_on:%B %Y} is "
        "released. Release what is due first, or credit everything."
    )


def _why_not_whole(line: SalesLine, waiting: Waiting) -> str:
    """Something of its top-up is used: it would be without a period that brought it."""
    service = line.prepaid_service
    if not waiting.used or service is None:
        return ""
    used = (
        formats.money(waiting.used, line.document.currency)
        if service.is_amount
        else f"{formats.exact(waiting.used)} {service.unit_of_measure}".strip()
    )
    instead = ""
    if waiting.released:
        instead = ", or credit only what is not released"
    elif waiting.open:
        instead = ", or credit what is left once a part of it is released"
    return (
        f"Line {line.line_no}, {line.description}: {used} of what it topped up is used. Credit the invoices that used it "
        f"first{instead}."
    )


def take_back(
    booking: Booking,
    line: SalesLine,
    waiting: Waiting,
    inflows: list[InflowBalance],
    *,
    keys: dict,
    lcy_decimals: int,
    entry: dict,
) -> None:
    """Closes the parts of the deferral, takes back what is due of the top-up, and lets the days be billed again. `keys` and
    `entry` are those of the credit memo's postings and entries. `line` is that of the credit memo, its net worked out."""
    scope = booking.document.credit_scope
    parts = waiting.parts(scope)
    line.due_lcy = sum((part.amount_lcy for part in parts), ZERO)
    if parts:  # of what comes to nothing there are none, and nothing is posted
        _book(booking, parts, keys)
    DeferralLine.objects.filter(pk__in=[part.pk for part in parts]).update(closed_by=line)
    is_whole = waiting.is_whole(scope)
    _take_back_top_up(line, inflows, is_whole, lcy_decimals, entry)
    _give_back_days(line, None if is_whole else waiting.open[0])


def _book(booking: Booking, parts: list[DeferralLine], keys: dict) -> None:
    """Rule 33: what waits leaves the deferral; rule 33b: what is released leaves revenue as well. Where the last part by
    Business Central's method is below zero, revenue gives that back to the deferral."""
    deferral = parts[0].deferral
    still, still_lcy = _sum([part for part in parts if part.run_id is None])
    earned, earned_lcy = _sum([part for part in parts if part.run_id is not None])
    of = {"group": deferral.product_group_id, "lot": deferral.lot, **keys}
    if still < 0 or still_lcy < 0:
        booking.owe(account=deferral.revenue_account_id, amount=still + earned, lcy=still_lcy + earned_lcy, **of)
        booking.move(
            debit=deferral.revenue_account_id,
            credit=deferral.deferral_account_id,
            amount=-still,
            lcy=-still_lcy,
            debit_group=deferral.product_group_id,
            credit_group=deferral.product_group_id,
            lot=deferral.lot,
            dimensions=keys["dimensions"],
        )
        return
    booking.owe(account=deferral.deferral_account_id, amount=still, lcy=still_lcy, **of)
    booking.owe(account=deferral.revenue_account_id, amount=earned, lcy=earned_lcy, **of)


def _sum(parts: list[DeferralLine]) -> tuple[Decimal, Decimal]:
    return sum((part.amount for part in parts), ZERO), sum((part.amount_lcy for part in parts), ZERO)


def _take_back_top_up(
    line: SalesLine, inflows: list[InflowBalance], is_whole: bool, lcy_decimals: int, entry: dict
) -> None:
    service = line.prepaid_service
    if service is None or not inflows:
        return
    shelf = Shelf(inflows, is_amount=service.is_amount, lcy_decimals=lcy_decimals)
    units = shelf.units
    if not is_whole:
        assert line.corrects_line is not None  # a line of a credit memo always corrects one
        units = min(units, share_of_top_up(line.corrects_line, line.net))
    if not units:
        return
    draws: list[Draw] = shelf.draw([Need(units)])
    day = max(
        entry["posted_on"], *(draw.inflow.posted_on for draw in draws)
    )  # of a period that has not begun: its first day
    take(service, PrepaidEntry.Type.NEGATIVE, draws, line=line, **{**entry, "posted_on": day})


def dimensions_of(waiting: Waiting) -> dict[str, str] | None:
    """Those under which the line was posted, so that each of their values ends at nothing; None without a deferral."""
    parts = waiting.open or waiting.released
    return parts[0].deferral.dimensions if parts else None


def share_of_top_up(invoiced: SalesLine, credited: Decimal) -> Decimal:
    """Of what the period of an invoice's line topped up, in the unit of its service, the share of a credited net amount."""
    service = invoiced.prepaid_service
    if service is None or service.is_amount or not invoiced.net:
        return credited
    return share(invoiced.billed_period.top_up_quantity, credited, invoiced.net, QUANTITY_DECIMALS)


def _give_back_days(line: SalesLine, first: DeferralLine | None) -> None:
    """What stays billed ends before the first part that waited, or before the first day at all."""
    period = BilledPeriod.objects.get(line=line.corrects_line_id)
    kept = (first or period).starts_on - DAY
    if kept < period.kept_until:
        period.kept_until = kept
        period.save(update_fields=["kept_until"])
