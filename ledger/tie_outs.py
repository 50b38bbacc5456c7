"""What has to agree before a period is closed: the checks of the books, and each sub-ledger against the books.

The ledger knows its own checks; an upper app registers in its `apps.py` what it keeps:

    def ready(self):
        from credits.reports import checks, tie_out      # late: models are ready only now
        register("credits", checks=checks.CHECKS, tie_out=tie_out.tie_out, lots="purchase:")

`checks` finds what should not exist, in the books as they stand now. `tie_out` gives, for a day, one row per liability
account, product group and currency: what became of everything sold, and what the account says of the lots whose keys begin
with `lots`. What stands on a deferral account under any other key belongs to nobody: it is named, so that nothing falls
between two sub-ledgers.
"""

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.urls import reverse

from ledger.models import Currency
from ledger.money import ZERO
from ledger.reports.checks import CHECKS, Check, Offender
from ledger.reports.offenders import offenders


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
    nothing has units alone and no account. `urls` leads from a figure ("sold", "consumed", …) to its rows; `decimals` are
    those of the units."""

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
    decimals: int = 0

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
    lots: str


_sub_ledgers: dict[str, SubLedger] = {}


def register(name: str, *, checks: Mapping[str, Check], tie_out: Report, lots: str) -> None:
    """`lots`: how the keys of its lots begin in the books."""
    _sub_ledgers[name] = SubLedger(checks, tie_out, lots)


# Lines of deferral accounts under a key that no sub-ledger knows.
NOBODYS = """
FROM ledger_journalline l JOIN ledger_journalentry e ON e.id = l.entry_id
WHERE l.account_id IN (SELECT code FROM ledger_setup_account WHERE purpose = 'deferral') AND l.lot !~ %(known)s
"""


def nobodys() -> list[Offender]:
    """What stands on a deferral account is a lot of a sub-ledger, which checks it."""
    return offenders(
        "what is deferred belongs to a sub-ledger",
        f"""
        SELECT e.event_key, 'line ' || l.line_no || ': ' || l.debit + l.credit || ' ' || l.currency_id || ' on account '
               || l.account_id || ' for ' || CASE l.lot WHEN '' THEN 'no lot' ELSE 'lot ' || l.lot END
        {NOBODYS} ORDER BY e.id, l.line_no
        """,
        {"known": _known_lots()},
    )


def _tie_out_of_nobodys(on: datetime.date) -> list[TieOut]:
    """What of the deferral accounts no sub-ledger explains: all of it is a difference."""
    nothing = Flow(*[ZERO] * 5)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT l.account_id, coalesce(l.product_group_id, ''), l.currency_id, sum(l.credit - l.debit),
                   sum(l.credit_lcy - l.debit_lcy)
            {NOBODYS} AND e.posting_date <= %(on)s GROUP BY 1, 2, 3
            HAVING sum(l.credit - l.debit) <> 0 OR sum(l.credit_lcy - l.debit_lcy) <> 0 ORDER BY 1, 2, 3
            """,
            {"known": _known_lots(), "on": on},
        )
        rows = cursor.fetchall()
    currencies = Currency.objects.in_bulk({row[2] for row in rows})
    return [
        TieOut(
            sub_ledger="No sub-ledger",
            account=account,
            product_group=group,
            currency=currencies[currency],
            units=nothing,
            own=nothing,
            lcy=nothing,
            books=books,
            books_lcy=books_lcy,
            urls=dict.fromkeys(("sold", "consumed", "expired", "books"), reverse("ledger:account", args=[account])),
        )
        for account, group, currency, books, books_lcy in rows
    ]


def _known_lots() -> str:
    """A pattern of the keys that sub-ledgers know."""
    return f"^({'|'.join(sub_ledger.lots for sub_ledger in _sub_ledgers.values())})"


OWN_CHECKS: dict[str, Check] = {"deferral accounts hold lots of sub-ledgers": nobodys}


@dataclass(frozen=True)
class Checked:
    """One check and what it found."""

    name: str
    offenders: list[Offender]


def every_check() -> Iterator[tuple[str, Check]]:
    """Those of the books, then those of the sub-ledgers."""
    yield from CHECKS.items()
    yield from OWN_CHECKS.items()
    for sub_ledger in _sub_ledgers.values():
        yield from sub_ledger.checks.items()


def check_books() -> list[Checked]:
    """Runs every check; nothing found anywhere means that the books agree."""
    return [Checked(name, check()) for name, check in every_check()]


def tie_outs(on: datetime.date) -> list[TieOut]:
    """Every sub-ledger against the books, at the end of the day `on`; and what of the deferral accounts none explains."""
    return [*(row for sub_ledger in _sub_ledgers.values() for row in sub_ledger.tie_out(on)), *_tie_out_of_nobodys(on)]


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
