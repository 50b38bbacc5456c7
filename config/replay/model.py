"""The books as the posting rules tell them, one customer at a time. Standard library only, and nothing of ours but `lot` and
`times`: what it says of the books is a second opinion.

Amounts are whole numbers of minor units while they are worked out, and exact decimals in the lines.
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction
from typing import NamedTuple

from config.replay.lot import CONSUMED, EXPIRED, NOTHING, REFUNDED, Lot, Money, Part, Terms
from config.replay.times import Accounts, Rates, Version

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
    setup: list[Version] = field(default_factory=list)
    rules: list[Version] = field(default_factory=list)  # of customers under unclaimed-property law

    def minor(self, amount: Decimal, currency: str) -> int:
        return int(Fraction(amount) * 10 ** self.decimals[currency])

    def major(self, amount: int, currency: str) -> Decimal:
        return EXACT.scaleb(Decimal(amount), -self.decimals[currency])

    def keeps_a_claim(self, customer: int, at: datetime.datetime) -> bool:
        """Whether what expires is still owed to the customer (rule 8c)."""
        known = [version.row for version in self.rules if version.row["account_id"] == customer and version.holds(at)]
        return any(row["unclaimed_property"] for row in known)

    def difference_account(self, at: datetime.datetime) -> str | None:
        return next((version.row["exchange_difference_id"] for version in self.setup if version.holds(at)), None)

    def in_lcy(self, amount: int, currency: str, rate: Decimal) -> int:
        """Minor units of a currency as minor units of the LCY, rounded half up."""
        exact = Fraction(amount, 10 ** self.decimals[currency]) * Fraction(rate) * 10 ** self.decimals[self.lcy]
        return int(exact + Fraction(1, 2))


Move = tuple[str | None, Money]  # an account, and what it is debited (below zero: credited)


@dataclass
class Customer:
    """The lots of a customer and the entries that their events make, in the order in which the events are told."""

    company: Company
    id: int
    lots: dict[int, Lot] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    released: dict[str, list[Part]] = field(default_factory=dict)
    held: dict[tuple[int, int], tuple[int, Money]] = field(default_factory=dict)  # of milestone and lot, on allocation

    def confirm(self, lot: Lot, terms: Terms, at: datetime.datetime) -> None:
        """Receivable against deferral, number x amount paid, at the rate of the date of purchase."""
        company, groups = self.company, (terms.business_group, terms.product_group)
        lot.draft, lot.terms, lot.confirmations = False, terms, lot.confirmations + 1
        lot.confirmed_at, lot.dates = at, None
        own = terms.number * company.minor(terms.price, terms.currency)
        lot.total, lot.rate_of_exchange, lot.deferral = Money(own, 0), None, None
        if own:
            lot.rate_of_exchange = company.rates.on(terms.currency, terms.purchased_on, at)
            lot.total = Money(own, company.in_lcy(own, terms.currency, lot.rate_of_exchange or ZERO))
            lot.deferral = company.accounts.of("deferral", *groups, at)
            receivable = company.accounts.of("receivable", *groups, at)
            moves = [(receivable, lot.total), (lot.deferral, lot.total.taken_back)]
            self._post(Entry(f"{lot.key}:confirm:{lot.confirmations}", terms.purchased_on, self._lines(lot, moves)))

    def to_draft(self, lot: Lot, on: datetime.date) -> None:
        """The mirror of the confirmation."""
        lot.draft, lot.rate_of_exchange, lot.deferral = True, None, None
        self._mirror(f"{lot.key}:confirm:{lot.confirmations}", f"{lot.key}:draft:{lot.confirmations}", on)

    def expire(self, key: str, lot: Lot, units: int, on: datetime.date, at: datetime.datetime) -> None:
        """What was left of a lot goes to breakage, or is owed as unclaimed property."""
        contra = "unclaimed" if self.company.keeps_a_claim(self.id, at) else "breakage"
        self._release(key, [lot.take(units, EXPIRED)], on, contra, at)

    def earn(self, key: str, drawn: Iterable[tuple[Lot, int]], on: datetime.date, at: datetime.datetime) -> None:
        """What a milestone drew becomes revenue, lot by lot."""
        ordered = sorted(drawn, key=lambda pair: pair[0].id)
        self._release(key, [lot.take(units, CONSUMED) for lot, units in ordered], on, "sales", at)

    def allocate(
        self, key: str, milestone: int, drawn: Sequence[tuple[Lot, int]], on: datetime.date, at: datetime.datetime
    ) -> None:
        """Revenue on allocation; what is given back takes its share with it."""
        parts = []
        for lot, units in drawn:
            held, amount = self.held.get((milestone, lot.id), (0, NOTHING))
            part = lot.take(units, CONSUMED) if units > 0 else lot.give_back(-units, held, amount)
            self.held[milestone, lot.id] = held + units, amount.plus(part.amount)
            parts.append(part)
        self._release(key, parts, on, "sales", at)

    def expect(self, key: str, lot: Lot, rate: Decimal, on: datetime.date, at: datetime.datetime) -> None:
        """Another share of a lot's credits is expected to stay unused, or what is recognised ahead of them catches up."""
        self._release(key, [lot.expect(rate)], on, "breakage", at)

    def take_back(self, key: str, released_by: str, cause: str, on: datetime.date) -> None:
        """The mirror of what an event released; its units and amounts are back in their lots."""
        for part in self.released.pop(released_by, []):
            part.lot.undo(part, cause)
        self._mirror(released_by, key, on)

    def refund(
        self, key: str, lot: Lot, units: int, percent: Decimal, on: datetime.date, at: datetime.datetime
    ) -> None:
        """Unused credits are owed back at the rate of the day, but for the percentage that is kept."""
        assert lot.terms
        part, share, terms = lot.take(units, REFUNDED), Fraction(percent) / 100, lot.terms
        kept = Money(*(int(amount * share + Fraction(1, 2)) for amount in part.amount))
        owed = part.amount.plus(kept.taken_back)
        rate = self.company.rates.on(terms.currency, on, at) if owed.own else ZERO
        spot = Money(owed.own, self.company.in_lcy(owed.own, terms.currency, rate or ZERO))
        account = lambda name: self.company.accounts.of(name, terms.business_group, terms.product_group, at)  # noqa: E731
        moves: list[Move] = [
            (lot.deferral, part.amount.plus(part.ahead)),
            (account("refund"), spot.taken_back),
            (account("breakage"), kept.plus(part.ahead).taken_back),
            (self.company.difference_account(at), Money(0, spot.lcy - owed.lcy)),
        ]
        if lines := self._lines(lot, moves):
            self._post(Entry(key, on, lines))

    def _release(self, key: str, parts: list[Part], on: datetime.date, contra: str, at: datetime.datetime) -> None:
        """Out of each lot's deferral, against revenue or what it lapsed to, and against breakage for what is expected."""
        lines = []
        for part in parts:
            terms = part.lot.terms
            assert terms
            groups = terms.business_group, terms.product_group, at
            together = contra == "breakage"
            gone = part.amount.plus(part.ahead) if together else part.amount
            moves = [(part.lot.deferral, part.amount.plus(part.ahead))]
            moves.append((self.company.accounts.of(contra, *groups), gone.taken_back))
            if not together:
                moves.append((self.company.accounts.of("breakage", *groups), part.ahead.taken_back))
            lines += self._lines(part.lot, moves)
        self.released[key] = parts
        if lines:
            self._post(Entry(key, on, lines))

    def _lines(self, lot: Lot, moves: Sequence[Move]) -> list[Line]:
        """A line for each side that a move has."""
        terms, company = lot.terms, self.company
        assert terms
        lines = []
        for account, money in moves:
            for sign in (1, -1):
                own, lcy = (max(0, sign * amount) for amount in money)
                if own or lcy:
                    amounts = company.major(own, terms.currency), company.major(lcy, company.lcy)
                    keys = f"account:{self.id}", lot.key, terms.dimensions
                    debit = Line(
                        account, terms.product_group, terms.currency, amounts[0], ZERO, amounts[1], ZERO, *keys
                    )
                    lines.append(debit if sign > 0 else debit.mirror)
        return lines

    def _mirror(self, key: str, mirror: str, on: datetime.date) -> None:
        if (entry := self.entries.get(key)) is not None:
            lines = [line.mirror for line in entry.lines]
            self._post(Entry(mirror, max(on, entry.effective_on), lines, reverses=key))

    def _post(self, entry: Entry) -> None:
        self.entries[entry.key] = entry
