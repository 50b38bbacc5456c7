"""Customer contracts as the design tells them, day by day: which days a commitment is billed for, what each costs, in which
month it is earned. Every command answers whether it was accepted. Standard library only; the prepaid services that contracts
top up are those of `prepaid.py`, the books those of `books.py`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import pairwise

from tests.model.lots import DAY, half_up
from tests.model.prepaid import NEVER, RECEIVABLE, SALES, VAT, Budget, Inflow, Invoice, Line, Part, Prepaid, share

WAITING, EARNED = "2420", "4020"
HOUR = 10_000  # quantities are counted in ten-thousandths
UNITS = {"M": 1, "Q": 3, "Y": 12}


def later(day: date, months: int) -> date:
    """So many months on: the same day, or the last of a month that is too short."""
    first = date(day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1, 1)
    days = [first + number * DAY for number in range(day.day)]
    return next(each for each in reversed(days) if each.month == first.month)


def starts(anchor: date, term: str) -> Iterable[date]:
    """The first days of the periods, each counted from the anchor."""
    count, unit = int(term[:-1]), term[-1]
    number = 0
    while True:
        yield later(anchor, count * UNITS[unit] * number) if unit in UNITS else anchor + count * 7 * number * DAY
        number += 1


def period_of(anchor: date, term: str, day: date) -> tuple[date, int]:
    """The first day of the period that holds the day, and how many days it has."""
    first = anchor
    for following in starts(anchor, term):
        if following > day:
            return first, (following - first).days
        first = following
    raise AssertionError


@dataclass
class Month:
    """What of a billed line falls into a calendar month."""

    first: date
    last: date
    amount: int = 0
    lcy: int = 0
    due: date = date.max
    run: "Run | None" = None
    closed: bool = False

    @property
    def waits(self) -> bool:
        return self.run is None and not self.closed


@dataclass(eq=False)
class Bill(Line):
    """A line of a contract invoice: days of a commitment."""

    commitment: "Commitment | None" = None
    first: date = date.min
    last: date = date.max
    kept: date = date.max  # the last day that stays billed
    quantity: int = 0
    months: list[Month] = field(default_factory=list)


@dataclass(eq=False)
class HoursLine(Line):
    """Work that is paid for in hours; `hours` of it covered."""

    hours: int = 0


@dataclass(eq=False)
class Commitment:
    anchor: date
    first: date
    last: date  # or never
    base: str
    rhythm: str
    prices: dict[date, tuple[int, int]]  # from a day on, for a base period: an amount, a quantity
    contract: int = 0
    budget: Budget | None = None
    counted: bool = False
    cancelled: bool = False
    bills: list[Bill] = field(default_factory=list)

    def billed(self, day: date) -> bool:
        return any(bill.first <= day <= bill.kept for bill in self.bills)

    @property
    def next(self) -> date:
        day = self.first
        while self.billed(day):
            day += DAY
        return day

    @property
    def last_billed(self) -> date | None:
        return max((bill.kept for bill in self.bills if bill.kept >= bill.first), default=None)

    def agreed(self, day: date) -> tuple[int, int]:
        """What a base period costs as of the day: an amount, a quantity."""
        return self.prices[max(since for since in self.prices if since <= day)]

    def weights(self, first: date, days: int) -> list[Fraction]:
        """What each day of the base period from `first` on weighs, together one: where it holds several periods of the
        rhythm, those weigh alike, and in each its days do."""
        cut = [period_of(self.anchor, self.rhythm, first + number * DAY) for number in range(days)]
        steps = len({start for start, _ in cut})
        return [Fraction(1, steps * length) if steps > 1 else Fraction(1, days) for _, length in cut]

    def cost(self, price: int, first: date, last: date) -> int:
        """Whole base periods together; of one that is cut, what it comes to by the last day less what it came to before
        the first, so that its parts are its price."""
        whole = parts = 0
        day = first
        while day <= last:
            start, days = period_of(self.anchor, self.base, day)
            end = min(last, start + (days - 1) * DAY)
            if (end - day).days + 1 == days:
                whole += price
            else:
                weights = self.weights(start, days)
                before, after = (sum(weights[: (each - start).days], Fraction(0)) for each in (day, end + DAY))
                parts += half_up(price * after) - half_up(price * before)
            day = end + DAY
        return whole + parts

    def due(self, until: date) -> list[tuple[date, date]]:
        """The days to be billed, in runs that begin by the day: each ends where the rhythm does, or the commitment, or
        where the price changes, or where days are billed already."""
        found, day = [], self.first
        while day <= min(until, self.last):
            if self.billed(day):
                day += DAY
                continue
            first, (start, days) = day, period_of(self.anchor, self.rhythm, day)
            end = start + days * DAY
            while day + DAY < end and day < self.last and day + DAY not in self.prices and not self.billed(day + DAY):
                day += DAY
            found.append((first, day))
            day += DAY
        return found


@dataclass(eq=False)
class ContractInvoice:
    lines: list[Bill]
    run: int
    on: date
    posted: bool = False


@dataclass(eq=False)
class Run:
    until: date
    by_night: bool
    undone: bool = False


@dataclass
class Contracts(Prepaid):
    commitments: list[Commitment] = field(default_factory=list)
    contract_invoices: list[ContractInvoice] = field(default_factory=list)
    waiting: list[Bill] = field(default_factory=list)  # what was posted, in its order
    runs: list[Run] = field(default_factory=list)
    billings: int = 0
    automatic: str = "off"
    on_first: bool = False
    equal_months: bool = False
    valid: Callable[[Budget, date], date] = lambda budget, on: NEVER

    # What is agreed

    def set_price(self, commitment: Commitment, day: date, price: int, quantity: int) -> bool:
        billed = commitment.last_billed
        if not commitment.first <= day <= commitment.last or (billed is not None and day <= billed):
            return False
        commitment.prices[day] = price, quantity
        return True

    def cancel(self, commitment: Commitment, day: date) -> bool:
        if commitment.cancelled or not commitment.first <= day <= commitment.last:
            return False
        commitment.cancelled, commitment.last = True, day
        return True

    # Billing

    def bill(self, commitments: list[Commitment], until: date, on: date) -> bool:
        """One invoice for each contract."""
        by_contract: dict[int, list[Bill]] = {}
        for commitment in sorted(commitments, key=lambda each: (each.contract, self.commitments.index(each))):
            for first, last in commitment.due(until):
                by_contract.setdefault(commitment.contract, []).append(self.priced(commitment, first, last))
        if not by_contract:
            return False
        for lines in by_contract.values():
            for line in lines:
                assert line.commitment
                line.commitment.bills.append(line)
            self.contract_invoices.append(ContractInvoice(lines, self.billings, on))
        self.billings += 1
        return True

    def priced(self, commitment: Commitment, first: date, last: date) -> Bill:
        price, units = commitment.agreed(first)
        net = commitment.cost(price, first, last)
        quantity = commitment.cost(units, first, last) if commitment.counted else 0
        return Bill(net, 0, net, commitment=commitment, first=first, last=last, kept=last, quantity=quantity)

    def delete(self, invoice: ContractInvoice) -> bool:
        if invoice.posted:
            return False
        for line in invoice.lines:
            assert line.commitment
            line.commitment.bills.remove(line)
        self.contract_invoices.remove(invoice)
        return True

    def undo_billing(self, run: int) -> bool:
        drafts = [each for each in self.contract_invoices if each.run == run and not each.posted]
        for draft in drafts:
            self.delete(draft)
        return bool(drafts)

    def post_invoice(self, invoice: ContractInvoice) -> bool:
        if invoice.posted:
            return True
        if invoice.on > self.today:
            return False
        reached, given = 0, 0
        for line in invoice.lines:
            reached += line.net
            level = share(reached, self.vat_percent, 100)
            line.vat, given = level - given, level
            line.due_lcy, line.due_vat_lcy = self.lcy(line.net, invoice.on), self.lcy(line.vat, invoice.on)
            self.owe(line, WAITING, line.net, line.due_lcy, line.vat, line.due_vat_lcy, invoice.on)
            self.top_up_period(line)
            self.defer(line, invoice.on)
        invoice.posted = True
        return True

    def top_up_period(self, line: Bill) -> None:
        assert line.commitment
        budget, units = line.commitment.budget, line.quantity if line.commitment.counted else line.net
        if budget is not None and units:
            valid = self.valid(budget, line.first)
            lcy = 0 if line.commitment.counted else line.due_lcy
            line.inflow = Inflow(units, lcy, line.first, line.last if valid == NEVER else valid, backed=False)
            budget.inflows.append(line.inflow)

    # Deferrals

    def defer(self, line: Bill, on: date) -> None:
        if not line.net:
            return
        day = line.first
        while day <= line.last:
            following = later(day.replace(day=1), 1)
            line.months.append(Month(day, min(following - DAY, line.last)))
            day = following
        reached = given = 0
        for month, amount in zip(line.months, self.cut(line), strict=True):
            reached += amount
            level = half_up(Fraction(line.due_lcy * reached, line.net))
            month.amount, month.lcy, given = amount, level - given, level
            month.due = max(month.first if self.on_first else month.last, on)
        self.waiting.append(line)

    def cut(self, line: Bill) -> list[int]:
        """Partial months by their days, whole ones alike from the rest: cumulatively, or each rounded and the last one what
        is left."""
        days = [(month.last - month.first).days + 1 for month in line.months]
        partial = [month.first.day > 1 or (month.last + DAY).day > 1 for month in line.months]
        if self.equal_months and partial[0]:
            partial[-1] = True
        exact = [Fraction(line.net * count, sum(days)) for count in days]
        fixed = [half_up(part) if self.equal_months else part for part in exact]
        rest = line.net - sum(part for part, alone in zip(fixed, partial, strict=True) if alone)
        each = Fraction(rest, partial.count(False)) if False in partial else Fraction(0)
        parts = [part if alone else each for part, alone in zip(fixed, partial, strict=True)]
        if self.equal_months:
            rounded = [half_up(part) for part in parts]
            return [*rounded[:-1], line.net - sum(rounded[:-1])]
        levels = [half_up(sum(parts[:count], Fraction(0))) for count in range(len(parts) + 1)]
        return [after - before for before, after in pairwise(levels)]

    def release(self, until: date, contract: int | None = None) -> bool:
        if until > self.today:
            return False
        return self.release_due(Run(until, False), contract)

    def release_due(self, run: Run, contract: int | None = None) -> bool:
        lines = [line for line in self.waiting if contract is None or line.commitment.contract == contract]
        due = [month for line in lines for month in line.months if month.waits and month.due <= run.until]
        for month in due:
            month.run = run
            self.entry(month.due, (WAITING, month.amount, month.lcy), (EARNED, -month.amount, -month.lcy))
        if due and run not in self.runs:
            self.runs.append(run)
        return bool(due)

    def undo_release(self, run: Run) -> bool:
        months = [month for line in self.waiting for month in line.months if month.run is run and not month.closed]
        if run.undone or not months:
            return False
        for month in months:
            month.run = None
            self.entry(month.due, (EARNED, month.amount, month.lcy), (WAITING, -month.amount, -month.lcy))
        run.undone = True
        return True

    # Credit memos

    def credit_invoice(self, invoice: ContractInvoice, *, everything: bool) -> bool:
        if not invoice.posted:
            return False
        closing = [(line, self.closing(line, everything)) for line in invoice.lines]
        chosen = [
            (line, months)
            for line, months in closing
            if sum(month.amount for month in months) > 0 or (not line.net and line.kept >= line.first)
        ]
        if not chosen or any(self.refused(line, everything) for line, _ in chosen):
            return False
        for line, months in chosen:
            self.credit_bill(line, months, everything)
        return True

    def closing(self, line: Bill, everything: bool) -> list[Month]:
        return [month for month in line.months if not month.closed and (everything or month.waits)]

    def refused(self, line: Bill, everything: bool) -> bool:
        """All its days: while some of what it topped up is used. What waits: while a later month is released."""
        if self.is_whole(line, everything):
            return self.used(line) > 0
        left = [month.waits for month in line.months if not month.closed]
        return left != sorted(left)

    def is_whole(self, line: Bill, everything: bool) -> bool:
        """Of what nothing is released, what waits is everything."""
        return everything or all(month.waits for month in line.months if not month.closed)

    def used(self, line: Bill) -> int:
        came = self.came_of(line.inflow) if line.inflow else []
        parts = [part for invoice in self.invoices for each in invoice.lines for part in each.parts]
        return sum(part.amount - part.back for part in parts if part.inflow in came)

    def came_of(self, inflow: Inflow) -> list[Inflow]:
        found = [inflow]
        for budget in self.budgets:
            found += [other for other in budget.inflows if other.came_from in found]
        return found

    def credit_bill(self, line: Bill, months: list[Month], everything: bool) -> None:
        still, earned = [m for m in months if m.waits], [m for m in months if not m.waits]
        amount, lcy = sum(month.amount for month in months), sum(month.lcy for month in months)
        before = line.credited
        line.credited = self.levels(line, before.get("units", 0) + amount)
        vat, vat_lcy = (line.credited[name] - before.get(name, 0) for name in ("vat", "due_vat_lcy"))
        self.entry(
            self.today,
            (RECEIVABLE, -amount - vat, -lcy - vat_lcy),
            (WAITING, sum(month.amount for month in still), sum(month.lcy for month in still)),
            (EARNED, sum(month.amount for month in earned), sum(month.lcy for month in earned)),
            (VAT, vat, vat_lcy),
        )
        whole = self.is_whole(line, everything)
        for month in months:
            month.closed = True
        if line.inflow is not None:
            self.take_back_period(line, amount, whole)
        until = line.first if whole else still[0].first
        line.kept = min(line.kept, until - DAY)

    def take_back_period(self, line: Bill, amount: int, whole: bool) -> None:
        assert line.commitment and line.inflow
        units = 0 if whole else share(line.quantity, amount, line.net) if line.commitment.counted else amount
        for inflow in self.left_of(line.inflow):
            taken = inflow.left if whole else min(units, inflow.left)
            units -= taken
            inflow.take(taken)

    # Use of hours

    def use(self, budget: Budget, used: list[tuple[int, int]], on: date) -> bool:
        if not budget.counted:
            return super().use(budget, used, on)
        if on > self.today:
            return False
        usable, vat_given, cover_given, reached, so_far = budget.usable(on), 0, 0, 0, 0
        wanted = sum(pieces * HOUR for _, pieces in used)
        cover = min(wanted, sum(inflow.left for inflow in usable))
        lines: list[Line] = []
        for price, pieces in used:
            reached, so_far = reached + price * pieces, so_far + pieces * HOUR
            level, covered = share(reached, self.vat_percent, 100), share(cover, so_far, wanted)
            line = HoursLine(price * pieces, level - vat_given, pieces, hours=covered - cover_given)
            vat_given, cover_given = level, covered
            line.covered = share(line.net, line.hours, pieces * HOUR)
            line.covered_vat = share(line.vat, line.covered, line.net)
            self.draw_hours(line, usable)
            net, vat = line.net - line.covered, line.vat - line.covered_vat
            line.due_lcy, line.due_vat_lcy = self.lcy(net, on), self.lcy(vat, on)
            self.owe(line, SALES, net, line.due_lcy, vat, line.due_vat_lcy, on)
            lines.append(line)
        self.invoices.append(Invoice(lines))
        return True

    def draw_hours(self, line: HoursLine, usable: list[Inflow]) -> None:
        missing = line.hours
        for inflow in usable:
            if taken := min(missing, inflow.left):
                missing -= taken
                line.parts.append(Part(inflow, taken, inflow.take(taken), ""))

    def credit_line(self, line: Line, asked: int, back: dict[Inflow, list[int]]) -> None:
        """Of hours the whole line: all that it drew comes back."""
        if not isinstance(line, HoursLine):
            super().credit_line(line, asked, back)
            return
        assert asked == line.units
        line.credited = {"units": asked}
        net, vat = line.net - line.covered, line.vat - line.covered_vat
        self.owe(line, SALES, -net, -line.due_lcy, -vat, -line.due_vat_lcy, self.today)
        for part in reversed(line.parts):
            part.back = part.amount
            row = back.setdefault(part.inflow, [0, 0])
            row[0] += part.amount

    # The night

    def night(self) -> None:
        """Of today alone."""
        if self.automatic != "off":
            before = len(self.contract_invoices)
            self.bill(self.commitments, self.today, self.today)
            if self.automatic == "post":
                for invoice in self.contract_invoices[before:]:
                    assert self.post_invoice(invoice)
        super().night()
        known = [run for run in self.runs if run.by_night and run.until == self.today and not run.undone]
        self.release_due(known[0] if known else Run(self.today, True))
