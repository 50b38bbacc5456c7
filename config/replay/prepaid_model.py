"""Prepaid services as the posting rules tell them (rules 20 to 24), one customer at a time: a second opinion, of the standard
library and the replay's own `lot`, `model`, `prepaid_parts` and `times` alone."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from config.replay.lot import cut
from config.replay.model import EXACT, ZERO, Company, Entry
from config.replay.prepaid_parts import AMOUNTS, QUANTITY, Book, Draw, Inflow, Keys, Worked, cut_of, half_up, shares
from config.replay.times import Version

BY_AMOUNT = ("top_up", "contract")  # what is credited by its amount


@dataclass
class Prepaid:
    """The prepaid services of a customer and what their events make, told in the order in which they happened. `ids`: how the
    inflows of an event are numbered, by its line or by where it came from."""

    company: Company
    id: int
    setup: list[Version]
    account_dimensions: list[Version]
    service_dimensions: dict[int, list[Version]]
    ids: dict[tuple, int]
    inflows: dict[int, Inflow] = field(default_factory=dict)
    draws: list[Draw] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    worked: dict[int, Worked] = field(default_factory=dict)
    credited: dict[int, Worked] = field(default_factory=dict)
    credited_units: dict[int, Fraction] = field(default_factory=dict)

    def invoice(self, document: Any, lines: Sequence[Any], services: dict, at: datetime.datetime) -> None:
        """Rules 20 to 21b and 31b."""
        items = [line for line in lines if line.kind == "item"]
        rate = self.company.rates.on(document.currency, document.posted_on, at) or ZERO
        in_lcy = lambda amount: self.company.in_lcy(amount, document.currency, rate)  # noqa: E731
        self._price(document, items)
        used: dict[int, list] = {}
        for line in items:
            if line.role == "usage":
                used.setdefault(line.service, []).append(line)
        covers = {pk: self._cover(document, services[pk], group, lines, at) for pk, group in used.items()}
        book = Book(self.company, document.currency)
        for line in items:
            self._owe(document, line, line.role == "top_up", book, in_lcy, at)
        for pk, drawn in covers.items():
            self._use(document, used[pk], drawn, book, in_lcy, self._dims(pk, at))
        self._post(document.key, document.posted_on, book)

    def _price(self, document: Any, items: Sequence[Any]) -> None:
        reached: dict[tuple, tuple[int, int]] = {}
        decimals = self.company.decimals[document.currency]
        for line in items:
            net = self._net(line, decimals)
            before, vat = reached.get(line.vat_groups, (0, 0))
            level = half_up((before + net) * Fraction(line.vat_percent) / 100)
            reached[line.vat_groups] = before + net, level
            self.worked[line.id] = Worked(net=net, vat=level - vat)

    def _net(self, line: Any, decimals: int) -> int:
        kept = (100 - Fraction(line.discount)) / 100
        return half_up(Fraction(line.quantity) * Fraction(line.price) * kept * 10**decimals)

    def _cover(self, document: Any, service: Any, group: Sequence[Any], lines: Sequence[Any], at) -> list[Draw]:
        """What the service pays of these lines: the smaller of their total and what can be used, or what somebody typed."""
        counted = service.type == "quantity"
        weights = [self._units(service, line, counted) for line in group]
        shelf = [inflow for inflow in self._usable(service.id, document.posted_on) if inflow.left]
        total = min(sum(weights), sum(inflow.left for inflow in shelf))
        by_hand = [line for line in lines if line.kind == "balance" and line.by_hand and line.service == service.id]
        if by_hand:
            total = sum(
                self.quantity(line.covered) if counted else -self.company.minor(line.net, document.currency)
                for line in by_hand
            )
        drawn: list[Draw] = []
        for line, part in zip(group, shares(total, weights), strict=True):
            found = self.worked[line.id]
            if counted:
                found.covered = part
                found.covered_net = cut(found.net, part, self.quantity(line.quantity))
            else:
                found.covered_net = part
            found.covered_vat = cut(found.vat, found.covered_net, found.net) if found.net else 0
            drawn += self._draw(document.key, shelf, part, line.id)
        revenue_from = self._said("revenue_from", at)
        for draw in drawn:
            inflow = draw.inflow
            line = next(line for line in group if line.id == draw.line)
            if inflow.account is not None:
                groups = inflow.business_group, inflow.product_group
                if revenue_from == "consumed":
                    groups = document.business_group, line.product_group
                draw.revenue_group = groups[1]
                draw.revenue = self.company.accounts.of("sales", *groups, at)  # type: ignore[arg-type]
        return drawn

    def _units(self, service: Any, line: Any, counted: bool) -> int:
        if not counted:
            return self.worked[line.id].net
        return self.quantity(line.quantity) if line.unit == service.unit else 0

    def _owe(self, document: Any, line: Any, tops_up: bool, book: Book, in_lcy, at: datetime.datetime) -> None:
        found, dims = self.worked[line.id], self._dims(line.service, at)
        net, vat = found.net - found.covered_net, found.vat - found.covered_vat
        found.due_lcy, found.due_vat_lcy = in_lcy(net), in_lcy(vat)
        group = self._said("deferral_group_id", at) if tops_up else line.product_group
        account = lambda name: self.company.accounts.of(name, document.business_group, group, at)  # noqa: E731
        found.ledger_account = account("deferral" if tops_up else "sales")
        if not (net or vat):
            return
        found.receivable_account = account("receivable")
        lot = ""
        if tops_up:
            inflow = self._receive(
                (document.key, line.id), line.service, document.posted_on, net, found.due_lcy, False,
                product_group=line.product_group, business_group=document.business_group, account=found.ledger_account,
                group=group,
            )  # fmt: skip
            lot = inflow.lot
        keys = Keys(f"account:{self.id}", dims, lot)
        book.credit(found.ledger_account, net, found.due_lcy, keys, group)
        book.credit(line.vat_account, vat, found.due_vat_lcy, keys)
        billed = keys._replace(party=f"account:{document.bill_to}")
        book.debit(found.receivable_account, net + vat, found.due_lcy + found.due_vat_lcy, billed)

    def _use(self, document: Any, group: Sequence[Any], drawn: Sequence[Draw], book: Book, in_lcy, dims: dict) -> None:
        """What is covered by money leaves its deferral; what is not moves nothing, and says so on the used line's account."""
        keys = Keys(f"account:{self.id}", dims)
        for draw in drawn:
            if draw.revenue is not None:
                self._move(book, draw, draw.revenue, draw.revenue_group, keys)
        for line in group:
            found = self.worked[line.id]
            backed = sum(draw.own for draw in drawn if draw.line == line.id and draw.inflow.account is not None)
            rest = found.covered_net - backed
            for side in (book.debit, book.credit):
                side(found.ledger_account, rest, in_lcy(rest), keys, line.product_group)

    def _move(self, book: Book, draw: Draw, against: str | None, group: str | None, keys: Keys) -> None:
        """Out of the deferral of an inflow, where it has one."""
        inflow = draw.inflow
        if inflow.account is not None:
            book.debit(inflow.account, draw.own, draw.lcy, keys._replace(lot=inflow.lot), inflow.group)
            book.credit(against, draw.own, draw.lcy, keys._replace(lot=inflow.lot), group)

    def credit_memo(
        self, document: Any, lines: Sequence[Any], corrected: dict[int, Any], at: datetime.datetime
    ) -> None:
        """Rules 23 and 23b."""
        book = Book(self.company, document.currency)
        items = [line for line in lines if line.kind == "item"]
        for line in items:
            origin, was = corrected[line.corrects], self.worked[line.corrects]
            found = self._credit(document, line, origin, was)
            keys = Keys(f"account:{self.id}", self._credit_dims(line, at))
            self._credit_net(document, line, was, book, keys)
            vat = found.vat - found.covered_vat
            book.debit(line.vat_account, vat, found.due_vat_lcy, keys)
            self._owed_less(book, document, was.receivable_account, vat, found.due_vat_lcy, keys)
        self._give_back(document, items, book, at)
        self._post(document.key, document.posted_on, book)

    def _credit_dims(self, line: Any, at: datetime.datetime) -> dict[str, str]:
        return self._dims(line.service, at)

    def _credit_net(self, document: Any, line: Any, was: Worked, book: Book, keys: Keys) -> None:
        found = self.worked[line.id]
        if line.role == "top_up":
            self._take_back(document, line, was.receivable_account, book, keys)
            return
        net = found.net - found.covered_net
        book.debit(was.ledger_account, net, found.due_lcy, keys, line.product_group)
        self._owed_less(book, document, was.receivable_account, net, found.due_lcy, keys)

    def _take_back(self, document: Any, line: Any, receivable: str | None, book: Book, keys: Keys) -> None:
        """What is left of a top-up leaves its deferral, and is not owed any more."""
        found = self.worked[line.id]
        found.due_lcy = 0
        for draw in self._draw(document.key, self._left_of(line, document.posted_on), found.net, 0):
            found.due_lcy += draw.lcy
            own = keys._replace(lot=draw.inflow.lot)
            book.debit(draw.inflow.account, draw.own, draw.lcy, own, draw.inflow.group)
            self._owed_less(book, document, receivable, draw.own, draw.lcy, own)

    def _owed_less(self, book: Book, document: Any, account, own: int, lcy: int, keys: Keys) -> None:
        book.credit(account, own, lcy, keys._replace(party=f"account:{document.bill_to}"))

    def _credit(self, document: Any, line: Any, origin: Any, was: Worked) -> Worked:
        """What the line comes to: cut from what its invoice's line came to and what was credited of it before."""
        before = self.credited.setdefault(line.corrects, Worked())
        top_up, units = line.role in BY_AMOUNT, self._credited_units(document, line)
        gone = self.credited_units[line.corrects] = self.credited_units.get(line.corrects, Fraction(0)) + units
        net = int(gone) if top_up else cut_of(was.net, gone, Fraction(origin.quantity))
        covered_net, vat = cut_of(was.covered_net, net, was.net), cut_of(was.vat, net, was.net)
        covered_vat = cut_of(was.covered_vat, vat, was.vat)
        level = Worked(
            net=net,
            vat=vat,
            covered=0 if top_up else cut_of(was.covered, gone, Fraction(origin.quantity)),
            covered_net=covered_net,
            covered_vat=covered_vat,
            due_lcy=cut_of(was.due_lcy, net - covered_net, was.net - was.covered_net),
            due_vat_lcy=cut_of(was.due_vat_lcy, vat - covered_vat, was.vat - was.covered_vat),
        )
        found = self.worked[line.id] = Worked(
            ledger_account=was.ledger_account, receivable_account=was.receivable_account
        )
        for name in AMOUNTS:
            setattr(found, name, getattr(level, name) - getattr(before, name))
        self.credited[line.corrects] = level
        return found

    def _credited_units(self, document: Any, line: Any) -> Fraction:
        if line.role in BY_AMOUNT:
            return Fraction(self.company.minor(line.price, document.currency))
        return Fraction(line.quantity)

    def _left_of(self, line: Any, on: datetime.date) -> list[Inflow]:
        """What is left and valid of a top-up and of what came back of it."""
        came = self._came_of(line)
        return [inflow for inflow in self._usable(line.service, on) if inflow in came]

    def _came_of(self, line: Any) -> list[Inflow]:
        roots = {self.ids[key] for key in self.ids if key[1] == line.corrects}
        found: set[int] = set()
        while roots:
            found |= roots
            roots = {inflow.id for inflow in self.inflows.values() if inflow.came_from in roots}
        return [inflow for inflow in self.inflows.values() if inflow.id in found]

    def _give_back(self, document: Any, items: Sequence[Any], book: Book, at: datetime.datetime) -> None:
        """Last drawn first, into one new inflow for each that was used."""
        back: dict[int, list[tuple[Draw, int, int]]] = {}
        for line in items:
            found = self.worked[line.id]
            drawn = [draw for draw in self.draws if draw.line == line.corrects and draw.line]
            missing = found.covered if any(draw.inflow.counted for draw in drawn) else found.covered_net
            for draw in reversed(drawn):
                units = min(missing, draw.own - draw.given)
                if not units:
                    continue
                missing -= units
                level = 0 if draw.inflow.counted else cut(draw.lcy, draw.given + units, draw.own)
                lcy = level - draw.given_lcy
                draw.given, draw.given_lcy = draw.given + units, level
                back.setdefault(draw.inflow.id, []).append((draw, units, lcy))
        for origin_id, parts in back.items():
            origin = self.inflows[origin_id]
            inflow = self._receive(
                (document.key, -origin_id), origin.service, document.posted_on, sum(units for _, units, _ in parts),
                sum(lcy for *_, lcy in parts), origin.counted, product_group=origin.product_group,
                business_group=origin.business_group, account=origin.account, group=origin.group,
            )  # fmt: skip
            inflow.valid_until, inflow.came_from = origin.valid_until, origin_id
            for draw, units, lcy in parts:
                if origin.account is not None:
                    keys = Keys(f"account:{self.id}", self._dims(origin.service, at), inflow.lot)
                    book.debit(draw.revenue, units, lcy, keys, draw.revenue_group)
                    book.credit(origin.account, units, lcy, keys, origin.group)

    def by_hand(self, asked: Any, service: Any, business_group: str | None, at: datetime.datetime) -> None:
        """Rule 24: a receipt at the rate of its day, or what is taken, at the LCY it came in with."""
        counted = service.type == "quantity"
        units = self.quantity(asked.quantity) if counted else self.company.minor(asked.amount, service.currency)
        book = Book(self.company, service.currency)
        keys = Keys(f"account:{self.id}", self._dims(asked.service, at))
        if asked.entry_type == "positive":
            self._add_by_hand(asked, service, units, business_group, book, keys, at)
        else:
            shelf = self._usable(asked.service, asked.posted_on)
            spared = [inflow for inflow in shelf if not (asked.quantity_only and inflow.account is not None)]
            for draw in self._draw(asked.key, spared, units, 0):
                self._move(book, draw, asked.balancing_account, draw.inflow.product_group, keys)
        self._post(asked.key, asked.posted_on, book)

    def _add_by_hand(self, asked: Any, service: Any, units: int, business_group, book: Book, keys: Keys, at) -> None:
        counted = service.type == "quantity"
        rate = self.company.rates.on(service.currency, asked.posted_on, at) or ZERO
        lcy = 0 if counted else self.company.in_lcy(units, service.currency, rate)
        group = None if asked.quantity_only else self._said("deferral_group_id", at)
        account = group and self.company.accounts.of("deferral", business_group or "", group, at)
        inflow = self._receive(
            (asked.key, 0), asked.service, asked.posted_on, units, lcy, counted, product_group=asked.product_group,
            business_group=business_group, account=account, group=group,
        )  # fmt: skip
        inflow.valid_until = asked.valid_until
        if account:
            own = keys._replace(lot=inflow.lot)
            book.debit(asked.balancing_account, units, lcy, own, asked.product_group)
            book.credit(account, units, lcy, own, group)

    def expire(self, inflow_id: int, currency: str, at: datetime.datetime) -> None:
        """Rules 22 and 32: everything that is left, once its valid-until has passed."""
        inflow = self.inflows[inflow_id]
        if inflow.valid_until is None:
            return
        (draw,) = self._draw(f"prepaid-expiry:{inflow_id}", [inflow], inflow.left, 0)
        inflow.expired, inflow.expired_lcy = draw.own, draw.lcy
        book = Book(self.company, currency)
        breakage = self.company.accounts.of("breakage", inflow.business_group or "", inflow.product_group or "", at)
        keys = Keys(f"account:{self.id}", self._dims(inflow.service, at))
        self._move(book, draw, breakage, inflow.product_group, keys)
        self._post(draw.key, max(inflow.valid_until + datetime.timedelta(days=1), inflow.on), book)

    def _receive(
        self, key: tuple, service: int, on: datetime.date, own: int, lcy: int, counted: bool, **held: Any
    ) -> Inflow:
        inflow = Inflow(self.ids.get(key, 0), service, counted, on, None, own, lcy, **held)
        self.inflows[inflow.id] = inflow
        return inflow

    def _usable(self, service: int, on: datetime.date) -> list[Inflow]:
        found = (inflow for inflow in self.inflows.values() if inflow.service == service and inflow.on <= on)
        return sorted((i for i in found if i.valid_until is None or i.valid_until >= on), key=lambda i: i.place)

    def _draw(self, key: str, shelf: Iterable[Inflow], missing: int, line: int) -> list[Draw]:
        drawn = []
        for inflow in shelf:
            if units := min(missing, inflow.left):
                drawn.append(Draw(key, inflow, line, units, inflow.take(units)))
                missing -= units
        self.draws += drawn
        return drawn

    def _dims(self, service: int | None, at: datetime.datetime) -> dict[str, str]:
        own: dict[str, str] = next((v.row.get("dimensions", {}) for v in self.account_dimensions if v.holds(at)), {})
        name = self._said("dimension_id", at)
        known = self.service_dimensions.get(service or 0, [])
        value = next((v.row.get("dimension_value", "") for v in known if v.holds(at)), "")
        return {**own, name: value} if name and value else dict(own)

    def _said(self, name: str, at: datetime.datetime) -> Any:
        return next((version.row.get(name) for version in self.setup if version.holds(at)), None)

    def _post(self, key: str, on: datetime.date, book: Book) -> None:
        if lines := book.lines():
            self.entries[key] = Entry(key, on, lines)

    def quantity(self, units: Decimal) -> int:
        return int(Fraction(units) * 10**QUANTITY)

    def units(self, inflow: Inflow, number: int, currency: str) -> tuple[Decimal, Decimal]:
        """As an amount and as a quantity."""
        if inflow.counted:
            return ZERO, EXACT.scaleb(Decimal(number), -QUANTITY)
        return self.company.major(number, currency), ZERO
