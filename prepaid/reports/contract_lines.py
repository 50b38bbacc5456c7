"""Lines that bill periods of contracts, read: their days, what they top up, and how their net amount becomes revenue."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ledger.money import ZERO
from pages import formats
from prepaid.dateformula import BadDateFormula
from prepaid.models import (
    BilledPeriod,
    ContractDeferral,
    CreditScope,
    DeferralLine,
    PrepaidSetup,
    SalesDocument,
    SalesLine,
)
from prepaid.periods import DAY
from prepaid.schedules import schedule
from prepaid.services.contracts.posting import valid_until
from prepaid.shown import quantity

PERIOD = ("commitment__object", "commitment__contract", "line__document__currency", "line__prepaid_service")


def days(first: datetime.date, last: datetime.date) -> str:
    return f"{formats.day(first)} – {formats.day(last)}"


def told_top_up(line: SalesLine) -> str:
    """What its period brings to which prepaid service, and until when that can be used; nothing without one."""
    service, period = line.prepaid_service, line.billed_period
    if service is None:
        return ""
    units = (
        formats.money(line.net, line.document.currency)
        if service.is_amount
        else quantity(period.top_up_quantity, service.unit_of_measure)
    )
    try:
        until = f", valid until {formats.day(valid_until(period, service.valid_until_formula))}"
    except BadDateFormula:
        until = ""
    return f"tops up {service} by {units}{until}"


@dataclass(frozen=True)
class Month:
    """What of a document's contract lines falls into one calendar month: released, waiting, and closed by credit memos. Of
    one that is not posted: `waits` is what would."""

    month: datetime.date
    waits: Decimal = ZERO
    released: Decimal = ZERO
    credited: Decimal = ZERO

    @property
    def amount(self) -> Decimal:
        return self.waits + self.released + self.credited


@dataclass(frozen=True)
class ContractLine:
    """A line of an invoice that bills a period, with its deferral once it is posted."""

    line: SalesLine
    period: BilledPeriod
    deferral: ContractDeferral | None
    top_up: str

    @property
    def kept(self) -> str:
        """The days that stay billed, where a credit memo gave some back; a dash where it gave all."""
        if self.period.kept_until == self.period.ends_on:
            return ""
        if self.period.kept_until < self.period.starts_on:
            return formats.NOTHING
        return days(self.period.starts_on, self.period.kept_until)

    @property
    def again(self) -> str:
        """The days that can be billed again."""
        if not self.kept:
            return ""
        return days(self.period.kept_until + DAY, self.period.ends_on)


@dataclass(frozen=True)
class ContractLines:
    """The contract lines of an invoice, and how they become revenue month by month."""

    lines: list[ContractLine] = field(default_factory=list)
    months: list[Month] = field(default_factory=list)


def contract_lines(invoice: SalesDocument) -> ContractLines:
    periods = BilledPeriod.objects.filter(line__document=invoice).select_related(*PERIOD).order_by("line__line_no")
    deferrals = {each.line_id: each for each in ContractDeferral.objects.filter(line__document=invoice)}
    lines = [_line(period, deferrals.get(period.line_id)) for period in periods]
    if not lines:
        return ContractLines()
    return ContractLines(lines, months_of(deferrals.values()) if invoice.is_posted else _expected(lines))


def _line(period: BilledPeriod, deferral: ContractDeferral | None) -> ContractLine:
    line = period.line
    line.billed_period = period
    return ContractLine(line, period, deferral, told_top_up(line))


def months_of(deferrals) -> list[Month]:
    """Of deferrals of one currency."""
    found: dict[datetime.date, dict[str, Decimal]] = {}
    for part in DeferralLine.objects.filter(deferral__in=[each.pk for each in deferrals]):
        kind = "credited" if part.closed_by_id else "released" if part.run_id else "waits"
        sums = found.setdefault(part.starts_on.replace(day=1), {})
        sums[kind] = sums.get(kind, ZERO) + part.amount
    return [Month(month, **found[month]) for month in sorted(found)]


def _expected(lines: Sequence[ContractLine]) -> list[Month]:
    """As the setup has it now."""
    setup = PrepaidSetup.objects.first()
    sums: dict[datetime.date, Decimal] = {}
    for each in lines:
        parts = schedule(
            each.line.net,
            each.period.starts_on,
            each.period.ends_on,
            decimals=each.line.document.currency.decimals,
            by_equal_months=setup is not None and setup.by_equal_months,
        )
        for part in parts:
            month = part.starts_on.replace(day=1)
            sums[month] = sums.get(month, ZERO) + part.amount
    return [Month(month, sums[month]) for month in sorted(sums) if any(sums.values())]


@dataclass(frozen=True)
class Closed:
    """What a posted credit memo line closed of the deferral of its invoice's line: what waited, and what was released."""

    line: SalesLine
    deferral: ContractDeferral
    waited: Decimal
    released: Decimal
    again: str


def closed_by(memo: SalesDocument) -> list[Closed]:
    """Line by line of a posted credit memo."""
    parts = DeferralLine.objects.filter(closed_by__document=memo).select_related("closed_by", "deferral")
    by_line: dict[SalesLine, list[DeferralLine]] = {}
    for part in parts.order_by("closed_by__line_no", "line_no"):
        if part.closed_by is not None:
            by_line.setdefault(part.closed_by, []).append(part)
    return [_closed(memo, line, its) for line, its in by_line.items()]


def _closed(memo: SalesDocument, line: SalesLine, parts: Sequence[DeferralLine]) -> Closed:
    deferral = parts[0].deferral
    waiting = [part for part in parts if part.run_id is None]
    first = deferral.starts_on if memo.credit_scope == CreditScope.EVERYTHING else waiting[0].starts_on
    return Closed(
        line,
        deferral,
        sum((part.amount for part in waiting), ZERO),
        sum((part.amount for part in parts if part.run_id is not None), ZERO),
        days(first, deferral.ends_on),
    )
