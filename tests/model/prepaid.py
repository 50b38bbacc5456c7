"""Prepaid services as the design tells them, in whole numbers of minor units. Every command answers whether it was accepted.
Standard library only; the books and their periods are those of `books.py`."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tests.model.books import Books
from tests.model.lots import DAY, half_up

RECEIVABLE, DEFERRED, VAT = "1100", "2410", "2700"
SALES, PREPAID_SALES, BREAKAGE, REDUCTIONS = "4000", "4010", "4090", "4095"
NEVER = date.max


def share(total: int, part: int, whole: int) -> int:
    return half_up(Fraction(total * part, whole)) if whole else 0


@dataclass(eq=False)
class Inflow:
    amount: int
    lcy: int
    on: date
    valid: date = NEVER
    backed: bool = True  # stands on the deferral account
    came_from: "Inflow | None" = None
    left: int = field(init=False)
    left_lcy: int = field(init=False)
    expired: int = 0
    waiting: bool = False  # its residual is left for review

    def __post_init__(self):
        self.left, self.left_lcy = self.amount, self.lcy

    def take(self, amount: int) -> int:
        """Its LCY, cut cumulatively."""
        self.left -= amount
        before, self.left_lcy = self.left_lcy, self.lcy - share(self.lcy, self.amount - self.left, self.amount)
        return before - self.left_lcy

    def usable(self, on: date) -> bool:
        return self.left > 0 and self.on <= on <= self.valid


@dataclass
class Part:
    """What a used line drew of an inflow, and what came back of it."""

    inflow: Inflow
    amount: int
    lcy: int
    revenue: str
    back: int = 0
    back_lcy: int = 0


@dataclass(eq=False)
class Line:
    """A posted line: as it was posted, and what was credited of it since. `units` are what is credited in: pieces of a used
    line, the amount of a top-up."""

    net: int
    vat: int
    units: int
    covered: int = 0
    covered_vat: int = 0
    due_lcy: int = 0
    due_vat_lcy: int = 0
    inflow: Inflow | None = None  # of a top-up
    parts: list[Part] = field(default_factory=list)
    credited: dict[str, int] = field(default_factory=dict)


@dataclass
class Invoice:
    lines: list[Line]


@dataclass
class Budget:
    """A prepaid service; `counted` in a quantity, where it is not an amount."""

    name: str
    counted: bool = False
    inflows: list[Inflow] = field(default_factory=list)

    def usable(self, on: date) -> list[Inflow]:
        order = sorted(enumerate(self.inflows), key=lambda pair: (pair[1].valid, pair[0]))
        return [inflow for _, inflow in order if inflow.usable(on)]


@dataclass
class Prepaid(Books):
    """A company that sells in one currency."""

    currency: str = "USD"
    rate_on: object = None
    vat_percent: int = 0
    from_receipt: bool = True
    review: bool = False  # what the night expires waits
    budgets: list[Budget] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)

    def lcy(self, amount: int, on: date) -> int:
        return half_up(amount * self.rate_on(self.currency, on))  # type: ignore[operator]

    def entry(self, on: date, *rows: tuple[str, int, int]) -> None:
        """One journal entry: debits positive."""
        assert sum(row[1] for row in rows) == 0
        assert sum(row[2] for row in rows) == 0
        for account, amount, lcy in rows:
            self.move(self.first_open_day(on), account, self.currency, amount, lcy)

    def top_up(self, budget: Budget, net: int, on: date, valid: date) -> bool:
        if on > self.today or not net:
            return False
        vat = share(net, self.vat_percent, 100)
        inflow = Inflow(net, self.lcy(net, on), on, valid)
        budget.inflows.append(inflow)
        line = Line(net, vat, net, due_lcy=inflow.lcy, due_vat_lcy=self.lcy(vat, on), inflow=inflow)
        self.owe(line, DEFERRED, net, inflow.lcy, vat, line.due_vat_lcy, on)
        self.invoices.append(Invoice([line]))
        return True

    def owe(self, line: Line, account: str, net: int, lcy: int, vat: int, vat_lcy: int, on: date) -> None:
        self.entry(on, (RECEIVABLE, net + vat, lcy + vat_lcy), (account, -net, -lcy), (VAT, -vat, -vat_lcy))

    def use(self, budget: Budget, used: list[tuple[int, int]], on: date) -> bool:
        """`used`: (price, pieces) of each line."""
        if on > self.today:
            return False
        lines, reached, reached_vat = [], 0, 0
        for price, pieces in used:
            reached += price * pieces
            level = share(reached, self.vat_percent, 100)
            lines.append(Line(price * pieces, level - reached_vat, pieces))
            reached_vat = level
        usable = budget.usable(on)
        cover, given, so_far = min(reached, sum(inflow.left for inflow in usable)), 0, 0
        for line in lines:
            so_far += line.net
            level = share(cover, so_far, reached)
            line.covered, given = level - given, level
            line.covered_vat = share(line.vat, line.covered, line.net)
            self.draw(line, usable, on)
            net, vat = line.net - line.covered, line.vat - line.covered_vat
            line.due_lcy, line.due_vat_lcy = self.lcy(net, on), self.lcy(vat, on)
            self.owe(line, SALES, net, line.due_lcy, vat, line.due_vat_lcy, on)
        self.invoices.append(Invoice(lines))
        return True

    def draw(self, line: Line, usable: list[Inflow], on: date) -> None:
        missing = line.covered
        for inflow in usable:
            if taken := min(missing, inflow.left):
                missing -= taken
                part = Part(inflow, taken, inflow.take(taken), PREPAID_SALES if self.from_receipt else SALES)
                line.parts.append(part)
                if inflow.backed:
                    self.entry(on, (DEFERRED, part.amount, part.lcy), (part.revenue, -part.amount, -part.lcy))

    def left_of(self, inflow: Inflow) -> list[Inflow]:
        """Of a top-up: its inflow and what came back of it, and of that; nothing that has lapsed."""
        found = [inflow]
        for budget in self.budgets:
            for other in budget.inflows:
                if other.came_from in found:
                    found.append(other)
        found = [each for each in found if each.left and each.valid >= self.today]
        places = {each: place for budget in self.budgets for place, each in enumerate(budget.inflows)}
        return sorted(found, key=lambda each: (each.valid, places[each]))

    def creditable(self, line: Line) -> int:
        before = line.credited.get("units", 0)
        if line.inflow is None:
            return line.units - before
        return min(line.units - before, sum(each.left for each in self.left_of(line.inflow)))

    def credit(self, budget: Budget, invoice: Invoice, units: list[int]) -> bool:
        """A credit memo of so much of each line, posted today."""
        if not any(units) or any(
            asked > self.creditable(line) for line, asked in zip(invoice.lines, units, strict=True)
        ):
            return False
        back: dict[Inflow, list[int]] = {}
        for line, asked in zip(invoice.lines, units, strict=True):
            if asked:
                self.credit_line(line, asked, back)
        for origin, (amount, lcy) in back.items():
            budget.inflows.append(Inflow(amount, lcy, self.today, origin.valid, origin.backed, came_from=origin))
        return True

    def credit_line(self, line: Line, asked: int, back: dict[Inflow, list[int]]) -> None:
        before = line.credited
        levels = self.levels(line, before.get("units", 0) + asked)
        moved = {name: level - before.get(name, 0) for name, level in levels.items()}
        line.credited = levels
        net, vat = moved["net"] - moved["covered"], moved["vat"] - moved["covered_vat"]
        if line.inflow is not None:
            self.take_back(line.inflow, moved["net"])
            self.owe(line, VAT, 0, 0, -vat, -moved["due_vat_lcy"], self.today)
            return
        self.owe(line, SALES, -net, -moved["due_lcy"], -vat, -moved["due_vat_lcy"], self.today)
        missing = moved["covered"]
        for part in reversed(line.parts):
            if again := min(missing, part.amount - part.back):
                missing -= again
                part.back += again
                lcy = share(part.lcy, part.back, part.amount) - part.back_lcy
                part.back_lcy += lcy
                row = back.setdefault(part.inflow, [0, 0])
                row[0], row[1] = row[0] + again, row[1] + lcy
                if part.inflow.backed:
                    self.entry(self.today, (part.revenue, again, lcy), (DEFERRED, -again, -lcy))

    def levels(self, line: Line, units: int) -> dict[str, int]:
        """What so many units of the line come to: what is covered is cut from the net, and LCY from what is due."""
        net = share(line.net, units, line.units)
        vat, covered = share(line.vat, net, line.net), share(line.covered, net, line.net)
        covered_vat = share(line.covered_vat, vat, line.vat)
        return {
            "units": units,
            "net": net,
            "vat": vat,
            "covered": covered,
            "covered_vat": covered_vat,
            "due_lcy": share(line.due_lcy, net - covered, line.net - line.covered),
            "due_vat_lcy": share(line.due_vat_lcy, vat - covered_vat, line.vat - line.covered_vat),
        }

    def take_back(self, inflow: Inflow, amount: int) -> None:
        for each in self.left_of(inflow):
            if taken := min(amount, each.left):
                amount -= taken
                lcy = each.take(taken)
                self.entry(self.today, (DEFERRED, taken, lcy), (RECEIVABLE, -taken, -lcy))

    def by_hand(self, budget: Budget, amount: int, on: date, valid: date, *, backed: bool) -> bool:
        """More than nothing: a goodwill receipt, with or without money behind it."""
        if on > self.today:
            return False
        inflow = Inflow(amount, self.lcy(amount, on), on, valid, backed)
        budget.inflows.append(inflow)
        if backed:
            self.entry(on, (REDUCTIONS, inflow.amount, inflow.lcy), (DEFERRED, -inflow.amount, -inflow.lcy))
        return True

    def take_by_hand(self, budget: Budget, amount: int, on: date) -> bool:
        usable = budget.usable(on)
        if on > self.today or amount > sum(inflow.left for inflow in usable):
            return False
        for inflow in usable:
            if taken := min(amount, inflow.left):
                amount -= taken
                lcy = inflow.take(taken)
                if inflow.backed:
                    self.entry(on, (DEFERRED, taken, lcy), (REDUCTIONS, -taken, -lcy))
        return True

    def lapsed(self, budgets: list[Budget], passed: date) -> list[Inflow]:
        found = [each for budget in budgets for each in budget.inflows if each.left and each.valid <= passed]
        return [each for each in found if not each.waiting]

    def expire(self, budgets: list[Budget], passed: date) -> bool:
        """What was valid until that day lapses, if anything."""
        lapsed = self.lapsed(budgets, passed)
        self.let_lapse(lapsed)
        return bool(lapsed)

    def let_lapse(self, lapsed: list[Inflow]) -> None:
        for inflow in lapsed:
            amount = inflow.left
            lcy = inflow.take(amount)
            inflow.expired += amount
            if inflow.backed:
                on = max(inflow.valid + DAY, inflow.on)
                self.entry(on, (DEFERRED, amount, lcy), (BREAKAGE, -amount, -lcy))

    def approve(self) -> bool:
        """All that waits for review."""
        waiting = [each for budget in self.budgets for each in budget.inflows if each.waiting]
        self.let_lapse([each for each in waiting if each.left])
        for each in waiting:
            each.waiting = False
        return bool(waiting)

    def night(self) -> None:
        if not self.review:
            self.expire(self.budgets, self.today - DAY)
        for inflow in self.lapsed(self.budgets, self.today - DAY):
            inflow.waiting = True
