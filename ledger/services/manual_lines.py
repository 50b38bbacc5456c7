"""What a manual entry says: its head, its lines, the rules they keep, and the lines of the books they become."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ledger.dates import ledger_setup
from ledger.exceptions import BadManualEntry, MissingRate
from ledger.models import (
    Currency,
    DimensionValue,
    LedgerAccount,
    ManualEntry,
    ManualEntryLine,
    ProductPostingGroup,
)
from ledger.money import ZERO, has_decimals, to_lcy
from ledger.services.cutting import cut
from ledger.services.posting import Line
from ledger.services.rates import rate_on
from pages import formats
from pages.refusals import Refused

MAX_AMOUNT = Decimal(10) ** 18


@dataclass(frozen=True, kw_only=True)
class ManualTerms:
    """The head of a manual entry; its currency is the currency of every line."""

    effective_on: datetime.date
    currency: Currency
    description: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ManualLine:
    """One debit or one credit; `dimensions` are codes of values by the code of their dimension."""

    account: LedgerAccount
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    product_group: ProductPostingGroup | None = None
    dimensions: dict[str, str] = field(default_factory=dict)


def check_line(line: ManualLine, currency: Currency) -> None:
    """Refused (BadManualEntry), naming the field: an amount on both sides or on none, a negative one, one that is finer
    than the currency or has more than 18 digits."""
    side = "credit" if line.credit else "debit"
    amount: Decimal = getattr(line, side)
    if line.debit and line.credit:
        raise BadManualEntry("A line is a debit or a credit. Make two lines of it.", field="credit")
    if amount == 0:
        raise BadManualEntry("Enter the amount, as a debit or as a credit.", field="debit")
    if amount < 0:
        raise BadManualEntry(f"{amount:f} is negative. Enter it on the other side.", field=side)
    if amount >= MAX_AMOUNT:
        raise BadManualEntry(f"{amount:f} has more than 18 digits before the point.", field=side)
    if not has_decimals(amount, currency.decimals):
        raise BadManualEntry(
            f"{formats.exact(amount)} has more than the {formats.counted(currency.decimals, 'decimals')} of {currency}.",
            field=side,
        )


def check_lines(lines: Sequence[ManualLine], currency: Currency) -> None:
    """Refused (BadManualEntry), naming the line: what `check_line` refuses, and values that their dimension does not have."""
    values = set(DimensionValue.objects.values_list("dimension", "code"))
    for place, line in enumerate(lines, start=1):
        try:
            check_line(line, currency)
        except BadManualEntry as refused:
            raise BadManualEntry(f"Line {place}: {refused.message}", field=refused.field) from None
        for dimension, value in sorted(line.dimensions.items()):
            if (dimension, value) not in values:
                raise BadManualEntry(f"Line {place}: dimension {dimension} has no value {value}. Choose another one.")


def stored_lines(entry: ManualEntry) -> list[ManualEntryLine]:
    return list(entry.lines.select_related("account", "product_group").order_by("line_no"))


def refusal_of_content(entry: ManualEntry, lines: Sequence[ManualEntryLine]) -> Refused | None:
    """Why the books would not take the entry as it stands: too few lines, unbalanced, an account that is blocked or takes
    no direct posting, an amount finer than the currency, no rate on its day."""
    if len(lines) < 2:
        said = "It has one line" if lines else "It has no lines"
        return BadManualEntry(f"{said}: an entry needs at least two, a debit and a credit.")
    for line in lines:
        if wrong := _wrong_in(line, entry.currency):
            return BadManualEntry(f"Line {line.line_no}: {wrong}")
    debit, credit = sum((line.debit for line in lines), ZERO), sum((line.credit for line in lines), ZERO)
    if debit != credit:
        return BadManualEntry(
            f"Debits of {formats.money(debit, entry.currency)} and credits of {formats.money(credit, entry.currency)} "
            f"differ by {formats.money(abs(debit - credit), entry.currency)}. They have to be equal."
        )
    try:
        rate_on(entry.currency, entry.effective_on)
    except MissingRate as refused:
        return refused
    return None


def _wrong_in(line: ManualEntryLine, currency: Currency) -> str:
    if line.account.blocked:
        return f"account {line.account} is blocked. Take another account, or unblock it."
    if not line.account.direct_posting:
        return f"account {line.account} takes no direct posting, because another list explains its balance."
    if not has_decimals(amount := line.debit or line.credit, currency.decimals):
        decimals = formats.counted(currency.decimals, "decimals")
        return f"{formats.exact(amount)} has more than the {decimals} of {currency}."
    return ""


def refusal_of_dimensions(lines: Sequence[ManualEntryLine]) -> Refused | None:
    """Why the lines are no new work: a value that is blocked. Once submitted, they are posted with what they carry."""
    blocked = set(DimensionValue.objects.filter(blocked=True).values_list("dimension", "code"))
    for line in lines:
        for dimension, value in sorted(blocked & set(line.dimensions.items())):
            return BadManualEntry(
                f"Line {line.line_no}: the value {value} of dimension {dimension} is blocked. Choose another one."
            )
    return None


def books_lines(entry: ManualEntry, lines: Sequence[ManualEntryLine]) -> list[Line]:
    """The lines as they are posted. In LCY the entry's total is taken at the rate of its day and rounded once; the debits
    share it cumulatively in line order, and so do the credits, so that both sides end at it."""
    amounts_lcy = {**_in_lcy(entry, lines, "debit"), **_in_lcy(entry, lines, "credit")}
    return [
        Line(
            account=line.account_id,
            debit=line.debit,
            credit=line.credit,
            debit_lcy=amounts_lcy[line.line_no] if line.debit else ZERO,
            credit_lcy=amounts_lcy[line.line_no] if line.credit else ZERO,
            product_group=line.product_group_id,
            dimensions=line.dimensions,
        )
        for line in lines
    ]


def _in_lcy(entry: ManualEntry, lines: Sequence[ManualEntryLine], side: str) -> dict[int, Decimal]:
    """The amounts in LCY of the lines of one side, by line number."""
    amounts = {line.line_no: amount for line in lines if (amount := getattr(line, side))}
    decimals = ledger_setup().lcy.decimals
    total = to_lcy(sum(amounts.values(), ZERO), rate_on(entry.currency, entry.effective_on), decimals)
    return dict(zip(amounts, cut(total, list(amounts.values()), decimals=decimals), strict=True))
