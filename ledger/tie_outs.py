"""What has to agree before a period is closed: the checks of the books, and each sub-ledger against the books.

The ledger knows its own checks; an upper app registers in its `apps.py` what it keeps:

    def ready(self):
        from credits.reports import checks, tie_out      # late: models are ready only now
        register("Services credits", checks=checks.CHECKS, tie_out=tie_out.tie_out)

`checks` finds what should not exist, in the books as they stand now. `tie_out` gives, for a day, one row per liability
account, product group and currency: what became of everything sold, and what the account says.
"""

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from ledger.models import Currency
from ledger.reports.checks import CHECKS, Check, Offender


@dataclass(frozen=True)
class Flow:
    """What became of what was sold, in units or in one currency."""

    sold: Decimal
    consumed: Decimal
    expired: Decimal
    refunded: Decimal
    remaining: Decimal

    @property
    def difference(self) -> Decimal:
        """Zero where everything sold was consumed, expired, refunded, or is still there."""
        return self.sold - self.consumed - self.expired - self.refunded - self.remaining


@dataclass(frozen=True, kw_only=True)
class TieOut:
    """A sub-ledger at the end of a day, on one liability account, in one product group and currency. What was sold for
    nothing has units alone and no account. `urls` leads from a figure ("sold", "consumed", …) to its rows."""

    sub_ledger: str
    account: str
    product_group: str
    currency: Currency
    units: Flow
    own: Flow
    lcy: Flow
    books: Decimal
    books_lcy: Decimal
    urls: Mapping[str, str]

    @property
    def difference(self) -> Decimal:
        return self.own.remaining - self.books

    @property
    def difference_lcy(self) -> Decimal:
        return self.lcy.remaining - self.books_lcy

    @property
    def agrees(self) -> bool:
        flows = (self.units, self.own, self.lcy)
        return not (self.difference or self.difference_lcy or any(flow.difference for flow in flows))


Report = Callable[[datetime.date], list[TieOut]]


@dataclass(frozen=True)
class SubLedger:
    checks: Mapping[str, Check]
    tie_out: Report


_sub_ledgers: dict[str, SubLedger] = {}


def register(name: str, *, checks: Mapping[str, Check], tie_out: Report) -> None:
    _sub_ledgers[name] = SubLedger(checks, tie_out)


@dataclass(frozen=True)
class Checked:
    """One check and what it found."""

    name: str
    offenders: list[Offender]


def every_check() -> Iterator[tuple[str, Check]]:
    """Those of the books, then those of the sub-ledgers."""
    yield from CHECKS.items()
    for sub_ledger in _sub_ledgers.values():
        yield from sub_ledger.checks.items()


def check_books() -> list[Checked]:
    """Runs every check; nothing found anywhere means that the books agree."""
    return [Checked(name, check()) for name, check in every_check()]


def tie_outs(on: datetime.date) -> list[TieOut]:
    """Every sub-ledger against the books, at the end of the day `on`."""
    return [row for sub_ledger in _sub_ledgers.values() for row in sub_ledger.tie_out(on)]


def check_for_closing(on: datetime.date) -> list[Checked]:
    """What a period that ends on that day is closed over: every check, and the tie-out of every sub-ledger."""
    return [*check_books(), Checked("the sub-ledgers tie out at the end of the period", _untied(on))]


def _untied(on: datetime.date) -> list[Offender]:
    rule = "sold = consumed + expired + refunded + remaining, and what remains stands on the liability account"
    return [
        Offender(
            rule,
            f"{row.sub_ledger} {row.account or 'for nothing'} {row.product_group} {row.currency.code}",
            f"units differ by {row.units.difference}, {row.currency.code} by {row.own.difference} and {row.difference}, "
            f"LCY by {row.lcy.difference} and {row.difference_lcy}",
        )
        for row in tie_outs(on)
        if not row.agrees
    ]
