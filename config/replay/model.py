"""Lots and the books as the posting rules tell them, one customer at a time. Standard library only, and nothing of ours but
`times`: what it says of the books is a second opinion.

Amounts are whole numbers of minor units while they are worked out, and exact decimals in the lines.
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import NamedTuple

from config.replay.times import Accounts, Rates

EXACT = Context(prec=100)
ZERO = Decimal(0)


class Line(NamedTuple):
    """One debit or credit."""

    account: str | None
    product_group: str | None
    currency: str
    debit: Decimal
    credit: Decimal
    debit_lcy: Decimal
    credit_lcy: Decimal
    party: str
    lot: str
    dimensions: dict[str, str]

    @property
    def mirror(self) -> "Line":
        return self._replace(debit=self.credit, credit=self.debit, debit_lcy=self.credit_lcy, credit_lcy=self.debit_lcy)


@dataclass(frozen=True)
class Entry:
    """One business event in the books. The posting date follows from the effective date and the periods of its moment."""

    key: str
    effective_on: datetime.date
    lines: list[Line]
    reverses: str = ""


@dataclass(frozen=True)
class Company:
    """What all customers have in common. `decimals` of each currency."""

    lcy: str
    zone: datetime.tzinfo
    decimals: dict[str, int]
    rates: Rates
    accounts: Accounts

    def minor(self, amount: Decimal, currency: str) -> int:
        return int(Fraction(amount) * 10 ** self.decimals[currency])

    def major(self, amount: int, currency: str) -> Decimal:
        return EXACT.scaleb(Decimal(amount), -self.decimals[currency])

    def in_lcy(self, amount: int, currency: str, rate: Decimal) -> int:
        """Minor units of a currency as minor units of the LCY, rounded half up."""
        exact = Fraction(amount, 10 ** self.decimals[currency]) * Fraction(rate) * 10 ** self.decimals[self.lcy]
        return int(exact + Fraction(1, 2))


@dataclass(frozen=True)
class Terms:
    """What a purchase said when it was confirmed."""

    currency: str
    purchased_on: datetime.date
    starts_on: datetime.date
    expires_on: datetime.date
    number: int
    price: Decimal
    product_group: str
    business_group: str
    dimensions: dict[str, str]


@dataclass
class Lot:
    """One purchase: what was sold, and what has left it. `out` is what left the deferral with the units released."""

    id: int
    draft: bool = True
    confirmations: int = 0
    terms: Terms | None = None
    total: int = 0
    total_lcy: int = 0
    rate: Decimal | None = None
    deferral: str | None = None
    confirmed_at: datetime.datetime | None = None
    starts_on: datetime.date | None = None
    expires_on: datetime.date | None = None
    allocated: int = 0
    expired: int = 0
    expiries: int = 0
    released: int = 0
    out: int = 0
    out_lcy: int = 0

    @property
    def key(self) -> str:
        return f"purchase:{self.id}"

    def renegotiate(self, starts_on: datetime.date, expires_on: datetime.date, at: datetime.datetime) -> None:
        """Other dates, unless the lot was confirmed anew since."""
        if self.confirmed_at and at > self.confirmed_at:
            self.starts_on, self.expires_on = starts_on, expires_on

    def take(self, units: int) -> tuple[int, int]:
        """Units leave; what goes with them is cut cumulatively, in both currencies."""
        assert self.terms
        self.released += units
        level, level_lcy = (cut(total, self.released, self.terms.number) for total in (self.total, self.total_lcy))
        amounts = max(0, level - self.out), max(0, level_lcy - self.out_lcy)
        self.out, self.out_lcy = self.out + amounts[0], self.out_lcy + amounts[1]
        return amounts


def cut(total: int, units: int, whole: int) -> int:
    """R(k): what `units` of `whole` are worth together, rounded half up."""
    return total if units >= whole else (2 * total * units + whole) // (2 * whole)


@dataclass(frozen=True)
class Part:
    """Units of a lot that left together, and the amounts that went with them."""

    lot: Lot
    units: int
    amount: int
    amount_lcy: int


@dataclass
class Customer:
    """The lots of a customer and the entries that their events make, in the order in which the events are told."""

    company: Company
    id: int
    lots: dict[int, Lot] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    earned: dict[str, list[Part]] = field(default_factory=dict)

    def confirm(self, lot: Lot, terms: Terms, at: datetime.datetime) -> None:
        """Receivable against deferral, number × amount paid, at the rate of the date of purchase."""
        company, groups = self.company, (terms.business_group, terms.product_group)
        lot.draft, lot.terms, lot.confirmations = False, terms, lot.confirmations + 1
        lot.confirmed_at, lot.starts_on, lot.expires_on = at, terms.starts_on, terms.expires_on
        lot.total = terms.number * company.minor(terms.price, terms.currency)
        lot.total_lcy, lot.rate, lot.deferral = 0, None, None
        if lot.total:
            lot.rate = company.rates.on(terms.currency, terms.purchased_on, at)
            lot.total_lcy = company.in_lcy(lot.total, terms.currency, lot.rate or ZERO)
            lot.deferral = company.accounts.of("deferral", *groups, at)
            receivable = company.accounts.of("receivable", *groups, at)
            lines = self._pair(receivable, lot.deferral, lot, lot.total, lot.total_lcy)
            self._post(Entry(f"{lot.key}:confirm:{lot.confirmations}", terms.purchased_on, lines))

    def to_draft(self, lot: Lot, on: datetime.date) -> None:
        """The mirror of the confirmation."""
        lot.draft, lot.rate, lot.deferral = True, None, None
        self._mirror(f"{lot.key}:confirm:{lot.confirmations}", f"{lot.key}:draft:{lot.confirmations}", on)

    def expire(self, lot: Lot, units: int, on: datetime.date, at: datetime.datetime) -> None:
        """What was left of a lot goes to breakage."""
        key = f"credits-expiry:{lot.id}:{lot.expires_on}:{lot.expiries}"
        lot.expired, lot.expiries = lot.expired + units, lot.expiries + 1
        self._release(key, [(lot, units)], on, "breakage", at)

    def earn(self, key: str, drawn: Iterable[tuple[Lot, int]], on: datetime.date, at: datetime.datetime) -> None:
        """What a milestone drew becomes revenue, a pair of lines per lot."""
        self.earned[key] = self._release(key, sorted(drawn, key=lambda pair: pair[0].id), on, "sales", at)

    def reopen(self, key: str, completion: str, on: datetime.date) -> None:
        """The mirror of what was earned; its units and amounts are back in their lots."""
        for part in self.earned.pop(completion, []):
            part.lot.released -= part.units
            part.lot.out -= part.amount
            part.lot.out_lcy -= part.amount_lcy
        self._mirror(completion, key, on)

    def _release(
        self, key: str, drawn: Sequence[tuple[Lot, int]], on: datetime.date, contra: str, at: datetime.datetime
    ) -> list[Part]:
        parts = [Part(lot, units, *lot.take(units)) for lot, units in drawn]
        lines = []
        for part in parts:
            if part.amount or part.amount_lcy:
                terms = part.lot.terms
                assert terms
                account = self.company.accounts.of(contra, terms.business_group, terms.product_group, at)
                lines += self._pair(part.lot.deferral, account, part.lot, part.amount, part.amount_lcy)
        if lines:
            self._post(Entry(key, on, lines))
        return parts

    def _pair(self, debit: str | None, credit: str | None, lot: Lot, amount: int, amount_lcy: int) -> list[Line]:
        terms, company = lot.terms, self.company
        assert terms
        money = company.major(amount, terms.currency), company.major(amount_lcy, company.lcy)
        keys = f"account:{self.id}", lot.key, terms.dimensions
        left = Line(debit, terms.product_group, terms.currency, money[0], ZERO, money[1], ZERO, *keys)
        return [left, left.mirror._replace(account=credit)]

    def _mirror(self, key: str, mirror: str, on: datetime.date) -> None:
        if (entry := self.entries.get(key)) is not None:
            lines = [line.mirror for line in entry.lines]
            self._post(Entry(mirror, max(on, entry.effective_on), lines, reverses=key))

    def _post(self, entry: Entry) -> None:
        self.entries[entry.key] = entry


class ManualLine(NamedTuple):
    """A line of an entry by hand."""

    account: str
    product_group: str | None
    debit: Decimal
    credit: Decimal
    dimensions: dict[str, str]


def manual(
    company: Company, key: str, currency: str, on: datetime.date, lines: Sequence[ManualLine], at: datetime.datetime
) -> Entry:
    """An entry by hand: its total in LCY at the rate of its day, shared by the lines of each side cumulatively."""
    shares = {side: _shares(company, currency, on, lines, side, at) for side in ("debit", "credit")}
    return Entry(
        key,
        on,
        [
            Line(
                line.account, line.product_group, currency, line.debit, line.credit,
                shares["debit"][place], shares["credit"][place], "", "", line.dimensions,
            )
            for place, line in enumerate(lines)
        ],
    )  # fmt: skip


def _shares(
    company: Company, currency: str, on: datetime.date, lines: Sequence[ManualLine], side: str, at: datetime.datetime
) -> list[Decimal]:
    amounts = [company.minor(getattr(line, side), currency) for line in lines]
    whole = sum(amounts)
    total = company.in_lcy(whole, currency, company.rates.on(currency, on, at) or ZERO)
    levels = [cut(total, reached, whole) if whole else 0 for reached in accumulate(amounts, initial=0)]
    return [company.major(after - before, company.lcy) for before, after in pairwise(levels)]
