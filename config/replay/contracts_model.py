"""Contracts as the posting rules tell them (rules 30, 31, 33 and 33b): a period is billed, tops up, waits, is released part
by part, and is credited. Standard library and the replay's own modules alone."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from config.replay.contracts_parts import DAY, Deferral, Part, cost_of, months_of, parts_of
from config.replay.lot import cut
from config.replay.prepaid_model import Prepaid
from config.replay.prepaid_parts import QUANTITY, Book, Inflow, Keys, Worked, half_up


@dataclass
class Contracts(Prepaid):
    """A customer's prepaid services together with the contracts that top them up. `periods`: what each line bills; `numbers`:
    of the deferral of a line and of its parts; `of_nothing`: which run and which line the parts of nothing went with, whose
    order no posting tells; `quantities`: the services that are counted."""

    periods: dict[int, Any] = field(default_factory=dict)
    numbers: dict[int, tuple[int, list[int]]] = field(default_factory=dict)
    of_nothing: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)
    quantities: set[int] = field(default_factory=set)
    deferrals: dict[int, Deferral] = field(default_factory=dict)
    parts: dict[int, tuple[Deferral, Part]] = field(default_factory=dict)
    kept_until: dict[int, datetime.date] = field(default_factory=dict)
    topped_up: dict[int, int] = field(default_factory=dict)

    def _net(self, line: Any, decimals: int) -> int:
        if line.role != "contract":
            return super()._net(line, decimals)
        agreed = self.periods[line.id].agreed
        if agreed is None:  # all of it was given back, and may be agreed anew: as it was billed
            return int(Fraction(line.net) * 10**decimals)
        price = Fraction(agreed.quantity) * Fraction(agreed.price) * (100 - Fraction(agreed.discount)) / 100
        return self._cost(line, price * 10**decimals)

    def _cost(self, line: Any, price: Fraction) -> int:
        """What the days of the line come to, at the price of a base period."""
        days = self.periods[line.id]
        return cost_of(price, days.anchor, days.base, days.rhythm, days.starts_on, days.ends_on)

    def _owe(self, document: Any, line: Any, tops_up: bool, book: Book, in_lcy, at: datetime.datetime) -> None:
        """Rule 30: receivable against the deferral account of the line's own group, under the lot of its deferral."""
        if line.role != "contract":
            super()._owe(document, line, tops_up, book, in_lcy, at)
            return
        found, group = self.worked[line.id], line.product_group
        found.due_lcy, found.due_vat_lcy = in_lcy(found.net), in_lcy(found.vat)
        account = lambda name: self.company.accounts.of(name, document.business_group, group, at)  # noqa: E731
        found.ledger_account = account("deferral")
        self.kept_until[line.id] = self.periods[line.id].ends_on
        self._top_up(document, line, found)
        if not (found.net or found.vat):
            return
        found.receivable_account = account("receivable")
        dims = self._dims(line.service, at)
        lot = self._defer(document, line, found, account("sales"), dims, at).lot if found.net else ""
        keys = Keys(f"account:{self.id}", dims, lot)
        book.credit(found.ledger_account, found.net, found.due_lcy, keys, group)
        book.credit(line.vat_account, found.vat, found.due_vat_lcy, keys)
        billed = keys._replace(party=f"account:{document.bill_to}")
        book.debit(found.receivable_account, found.net + found.vat, found.due_lcy + found.due_vat_lcy, billed)

    def _top_up(self, document: Any, line: Any, found: Worked) -> None:
        """From the first day of the period on; no money is behind it."""
        counted, days = line.service in self.quantities, self.periods[line.id]
        own = found.net
        if counted:
            agreed = days.agreed
            own = self.quantity(days.top_up_quantity)
            if agreed is not None:
                own = self._cost(line, Fraction(agreed.quantity) * Fraction(agreed.per_period) * 10**QUANTITY)
            self.topped_up[line.id] = own
        if line.service is not None and own:
            self._receive(
                (document.key, line.id), line.service, days.starts_on, own, 0 if counted else found.due_lcy, counted,
                product_group=line.product_group, business_group=document.business_group, account=None, group=None,
            )  # fmt: skip

    def _defer(self, document: Any, line: Any, found: Worked, revenue: str | None, dims: dict, at) -> Deferral:
        """The schedule: a part for each calendar month, LCY cut cumulatively along it."""
        days, by_equal_months = self.periods[line.id], bool(self._said("by_equal_months", at))
        number, numbers = self.numbers.get(line.id, (0, []))
        deferral = self.deferrals[line.id] = Deferral(
            number, document.currency, found.net, found.due_lcy, document.business_group, line.product_group,
            found.ledger_account, revenue, dims, by_equal_months,
        )  # fmt: skip
        months = months_of(days.starts_on, days.ends_on)
        reached, given = 0, 0
        for place, own in enumerate(parts_of(found.net, months, by_equal_months=by_equal_months)):
            first, last, _ = months[place]
            reached += own
            level = half_up(Fraction(found.due_lcy * reached, found.net))
            due = max(first if self._said("release_day", at) == "first" else last, document.posted_on)
            part = Part(numbers[place] if place < len(numbers) else -place, first, last, own, level - given, due)
            deferral.parts.append(part)
            self.parts[part.id] = deferral, part
            given = level
        return deferral

    def release(self, number: int, run: int, until: datetime.date) -> None:
        """Rule 31: a part that waits and is due, out of the deferral into revenue."""
        deferral, part = self.parts.get(number, (None, None))
        if deferral and part and part.run is None and part.closed_by is None and part.due_on <= until:
            part.run = run
            self._move_part(f"contract-release:{number}:{run}", deferral, part, part.own, part.lcy)

    def take_back_release(self, number: int, run: int) -> None:
        """Its mirror, on the same day; the part waits again."""
        deferral, part = self.parts.get(number, (None, None))
        if deferral and part and part.run == run and part.closed_by is None:
            part.run = None
            self._move_part(f"contract-release:{number}:{run}:undone", deferral, part, -part.own, -part.lcy)

    def _move_part(self, key: str, deferral: Deferral, part: Part, own: int, lcy: int) -> None:
        book, keys = Book(self.company, deferral.currency), self._keys(deferral)
        debit, credit = deferral.account, deferral.revenue
        if own < 0 or lcy < 0:
            debit, credit, own, lcy = credit, debit, -own, -lcy
        book.debit(debit, own, lcy, keys, deferral.group)
        book.credit(credit, own, lcy, keys, deferral.group)
        self._post(key, part.due_on, book)

    def _keys(self, deferral: Deferral) -> Keys:
        return Keys(f"account:{self.id}", deferral.dims, deferral.lot)

    def _waiting(self, line: Any) -> tuple[list[Part], list[Part]]:
        """What of a contract line is not credited: the parts that wait, and those that are released."""
        deferral = self.deferrals.get(line.corrects)
        left = [part for part in deferral.parts if part.closed_by is None] if deferral else []
        still = [part for part in left if self._waits(part, line)]
        return still, [part for part in left if part not in still]

    def _waits(self, part: Part, line: Any) -> bool:
        if part.own or part.lcy:
            return part.run is None
        return self.of_nothing.get(part.id) == (None, line.id)

    def _closed(self, document: Any, line: Any) -> list[Part]:
        still, earned = self._waiting(line)
        return [*earned, *still] if document.scope == "everything" else still

    def _credited_units(self, document: Any, line: Any) -> Fraction:
        if line.role != "contract":
            return super()._credited_units(document, line)
        return Fraction(max(0, sum(part.own for part in self._closed(document, line))))

    def _credit_dims(self, line: Any, at: datetime.datetime) -> dict[str, str]:
        """Those of the deferral, whatever the customer's are by now."""
        deferral = self.deferrals.get(line.corrects)
        return deferral.dims if deferral else super()._credit_dims(line, at)

    def _credit_net(self, document: Any, line: Any, was: Worked, book: Book, keys: Keys) -> None:
        """Rules 33 and 33b: what waits leaves the deferral, and of everything what is released leaves revenue."""
        if line.role != "contract":
            super()._credit_net(document, line, was, book, keys)
            return
        found, deferral = self.worked[line.id], self.deferrals.get(line.corrects)
        (still, earned), closed = self._waiting(line), self._closed(document, line)
        is_whole = document.scope == "everything" or not earned
        found.due_lcy = sum(part.lcy for part in closed)
        if deferral:  # what comes to nothing has none
            own = keys._replace(lot=deferral.lot)
            self._leave(document, deferral, still, [part for part in closed if part not in still], was, book, own)
        for part in closed:
            part.closed_by = line.id
        self._take_back_period(document, line, is_whole=is_whole)
        days = self.periods[line.corrects]
        first = days.starts_on if is_whole else still[0].starts_on
        self.kept_until[line.corrects] = min(self.kept_until[line.corrects], first - DAY)

    def _leave(self, document: Any, deferral: Deferral, still: Sequence[Part], earned: Sequence[Part], was, book, keys):
        waits, waits_lcy = sum(part.own for part in still), sum(part.lcy for part in still)
        gone, gone_lcy = sum(part.own for part in earned), sum(part.lcy for part in earned)
        if waits < 0 or waits_lcy < 0:  # a last part below zero: revenue gives it back to the deferral
            book.debit(deferral.revenue, -waits, -waits_lcy, keys, deferral.group)
            book.credit(deferral.account, -waits, -waits_lcy, keys, deferral.group)
            waits, waits_lcy, gone, gone_lcy = 0, 0, gone + waits, gone_lcy + waits_lcy
        for account, amount, lcy in ((deferral.account, waits, waits_lcy), (deferral.revenue, gone, gone_lcy)):
            book.debit(account, amount, lcy, keys, deferral.group)
            self._owed_less(book, document, was.receivable_account, amount, lcy, keys)

    def _take_back_period(self, document: Any, line: Any, *, is_whole: bool) -> None:
        """All that is left of what the period topped up, or the share of it that is credited, as far as it is left."""
        shelf = self._left_of(line, document.posted_on)
        units = sum(inflow.left for inflow in shelf)
        if not is_whole:
            share = self.worked[line.id].net
            if line.corrects in self.topped_up:
                share = cut(self.topped_up[line.corrects], share, self.worked[line.corrects].net)
            units = min(units, share)
        self._draw(document.key, shelf, units, 0)

    def _left_of(self, line: Any, on: datetime.date) -> list[Inflow]:
        """Of a period that has not begun as well."""
        if line.role != "contract":
            return super()._left_of(line, on)
        found = [inflow for inflow in self._came_of(line) if inflow.left]
        valid = (i for i in found if i.valid_until is None or i.valid_until >= max(on, i.on))
        return sorted(valid, key=lambda i: i.place)
