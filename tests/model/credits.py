"""Lots, milestones and the books as the design tells them, in whole numbers of minor units. Standard library only.

Every command answers whether it was accepted. The books are {(posting date, account, currency): [amount, amount in LCY]},
debits positive.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

DAY = timedelta(days=1)
# What a step by hand starts from, and where it leads.
STEPS = {
    "submit": (("draft",), "submitted"),
    "approve": (("submitted",), "approved"),
    "send back": (("submitted", "approved"), "draft"),
    "post": (("approved",), "posted"),
    "reverse": (("posted",), "reversed"),
}


def half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2)) if value >= 0 else -int(-value + Fraction(1, 2))


def parts_of(total: int, credits: int) -> list[tuple[int, int]]:
    """A line split to the minor unit: (credits, price), the dearer ones first."""
    low, dearer = divmod(total, credits)
    return [(number, price) for number, price in ((dearer, low + 1), (credits - dearer, low)) if number]


@dataclass
class Lot:
    name: str
    currency: str
    number: int
    paid: int
    rate: Fraction
    bought: date
    starts: date
    expires: date
    line: str = ""  # of an opportunity
    draft: bool = True
    confirmed: bool = False  # now, or once
    held: dict[str, int] = field(default_factory=dict)  # milestone: credits
    used: bool = False  # has any consumption, even one given back
    given_back: date = date.min  # last
    lapsed: int = 0
    released: int = 0  # units that left the deferral
    out: int = 0  # and what they took with them
    out_lcy: int = 0

    @property
    def free(self) -> int:
        return self.number - sum(self.held.values()) - self.lapsed

    @property
    def total(self) -> int:
        return self.number * self.paid

    @property
    def total_lcy(self) -> int:
        return half_up(self.total * self.rate)

    def order(self) -> tuple:
        return self.expires, self.starts, self.bought, self.name

    def take(self, units: int) -> tuple[int, int]:
        """Releases units; what goes with them is cut cumulatively."""
        self.released += units
        cut = Fraction(self.released, self.number)
        amount = max(0, half_up(self.total * cut) - self.out)
        lcy = max(0, half_up(self.total_lcy * cut) - self.out_lcy)
        self.out += amount
        self.out_lcy += lcy
        return amount, lcy


@dataclass
class Milestone:
    name: str
    currency: str
    needed: int
    done_on: date | None = None
    completed_as: int = 0  # which completion of the company this is, to settle the order within a day
    earned_on: date | None = None
    earned: list[tuple[Lot, int, int, int]] | None = None  # lot, units, amount, LCY


@dataclass
class Period:
    starts: date
    ends: date
    closed: bool = False
    soft: bool = False


@dataclass
class ByHand:
    """An entry by hand between bank and charges; who had a hand in it does not approve it."""

    currency: str
    amount: int
    rate: Fraction
    on: date
    maker: str
    state: str = "draft"


@dataclass
class Company:
    today: date
    grace: timedelta = timedelta(0)
    periods: list[Period] = field(default_factory=list)  # in their order, without gaps
    lots: dict[str, Lot] = field(default_factory=dict)
    milestones: dict[str, Milestone] = field(default_factory=dict)
    books: dict[tuple[date, str, str], list[int]] = field(default_factory=dict)
    last_night: date | None = None
    completions: int = 0

    # The books

    def post(
        self, debit: str, credit: str, currency: str, amount: int, lcy: int, *, on: date, soft: bool = False
    ) -> None:
        """`soft`: by somebody who may post in soft-closed periods."""
        day = self.first_open_day(on, soft)
        for account, sign in ((debit, 1), (credit, -1)):
            row = self.books.setdefault((day, account, currency), [0, 0])
            row[0] += sign * amount
            row[1] += sign * lcy

    def first_open_day(self, day: date, soft: bool = False) -> date:
        for period in self.periods:
            if (period.closed or (period.soft and not soft)) and period.starts <= day <= period.ends:
                day = period.ends + DAY
        return day

    def close(self, period: Period) -> bool:
        if any(not earlier.closed for earlier in self.periods if earlier.starts < period.starts) or period.closed:
            return False
        period.closed = True
        return True

    def open_again(self, period: Period) -> bool:
        if any(later.closed for later in self.periods if later.starts > period.starts) or not period.closed:
            return False
        period.closed = period.soft = False
        return True

    def close_softly(self, period: Period) -> bool:
        earlier = [other for other in self.periods if other.starts < period.starts]
        if period.closed or period.soft or any(not (other.closed or other.soft) for other in earlier):
            return False
        period.soft = True
        return True

    def open_softly(self, period: Period) -> bool:
        later = [other for other in self.periods if other.starts > period.starts]
        if period.closed or not period.soft or any(other.closed or other.soft for other in later):
            return False
        period.soft = False
        return True

    # Entries by hand

    def hand_over(self, entry: ByHand, step: str, who: str) -> bool:
        """One step on its way to the books, or out of them again."""
        before, after = STEPS[step]
        if entry.state not in before or (step == "approve" and who == entry.maker):
            return False
        if step == "post" and entry.on > self.today:
            return False
        entry.state = after
        money = entry.currency, entry.amount, half_up(entry.amount * entry.rate)
        if step == "post":
            self.post("6100", "1000", *money, on=entry.on)
        if step == "reverse":
            self.post("1000", "6100", *money, on=self.today)
        return True

    # Purchases

    def sell(self, line: str) -> bool:
        """Whether a line of an opportunity can be bought: once, until its last lot is deleted."""
        return not any(lot.line == line for lot in self.lots.values())

    def edit(self, lot: Lot, number: int, paid: int, bought: date, starts: date, expires: date) -> bool:
        if not lot.draft:
            return False
        lot.number, lot.paid, lot.bought, lot.starts, lot.expires = number, paid, bought, starts, expires
        return True

    def delete(self, lot: Lot) -> bool:
        if not lot.draft or lot.confirmed:
            return False
        del self.lots[lot.name]
        return True

    def confirm(self, lot: Lot, soft: bool = False) -> bool:
        if not lot.draft or lot.bought > self.today:
            return False
        lot.draft, lot.confirmed = False, True
        self.post("1100", "2400", lot.currency, lot.total, lot.total_lcy, on=lot.bought, soft=soft)
        return True

    def to_draft(self, lot: Lot) -> bool:
        if lot.used:
            return False
        if not lot.draft:
            self.post("2400", "1100", lot.currency, lot.total, lot.total_lcy, on=self.today)
        lot.draft = True
        return True

    def extend(self, lot: Lot, expires: date) -> bool:
        if lot.draft or lot.lapsed or expires < max(lot.starts, self.today) or expires == lot.expires:
            return False
        lot.expires = expires
        return True

    def expire(self, lot: Lot) -> bool:
        """By hand: from the last day of grace on; without grace that is the last usable day."""
        if lot.draft or not lot.free or lot.expires + self.grace > self.today:
            return False
        self.lapse(lot, self.today)
        return True

    def lapse(self, lot: Lot, day: date) -> None:
        units = lot.free
        lot.lapsed += units
        lot.used = True
        effective = max(min(lot.expires + self.grace + DAY, day), lot.bought, lot.given_back)
        self.post("2400", "4090", lot.currency, *lot.take(units), on=effective)

    # Milestones

    def allocate(self, milestone: Milestone, total: int) -> bool:
        held = self.held(milestone)
        change = total - sum(held.values())
        if milestone.done_on or (change > 0 and self.available(milestone.currency) < change):
            return False
        if change > 0:
            self.draw(milestone, change)
        elif change < 0:
            self.give_back(milestone, held, -change)
        return True

    def held(self, milestone: Milestone) -> dict[str, int]:
        return {lot.name: lot.held[milestone.name] for lot in self.lots.values() if lot.held.get(milestone.name)}

    def candidates(self, currency: str) -> list[Lot]:
        usable = [
            lot
            for lot in self.lots.values()
            if not lot.draft and lot.free and lot.currency == currency and lot.starts <= self.today <= lot.expires
        ]
        return sorted(usable, key=Lot.order)

    def available(self, currency: str) -> int:
        return sum(lot.free for lot in self.candidates(currency))

    def draw(self, milestone: Milestone, needed: int) -> None:
        for lot in self.candidates(milestone.currency):
            taken = min(needed, lot.free)
            if taken:
                lot.held[milestone.name] = lot.held.get(milestone.name, 0) + taken
                lot.used = True
            needed -= taken

    def give_back(self, milestone: Milestone, held: dict[str, int], surplus: int) -> None:
        for lot in sorted((self.lots[name] for name in held), key=Lot.order, reverse=True):
            returned = min(surplus, held[lot.name])
            if returned:
                lot.held[milestone.name] -= returned
                lot.given_back = self.today
            surplus -= returned

    def complete(self, milestone: Milestone, on: date) -> bool:
        held = self.held(milestone)
        bought = max((self.lots[name].bought for name in held), default=date.min)
        if milestone.done_on or sum(held.values()) != milestone.needed or not bought <= on <= self.today:
            return False
        self.completions += 1
        milestone.done_on, milestone.completed_as = on, self.completions
        return True

    def reopen(self, milestone: Milestone) -> bool:
        if milestone.done_on is None:
            return False
        for lot, units, amount, lcy in milestone.earned or []:
            lot.released -= units
            lot.out -= amount
            lot.out_lcy -= lcy
            self.post("4000", "2400", lot.currency, amount, lcy, on=self.today)
        milestone.done_on = milestone.earned_on = milestone.earned = None
        return True

    # The night

    def night(self) -> bool:
        day = self.today if self.last_night is None else min(self.today, self.last_night + DAY)
        while day <= self.today:
            self.night_of(day)
            day += DAY
        self.last_night = self.today
        return True

    def night_of(self, day: date) -> None:
        for lot in self.lots.values():
            if not lot.draft and lot.free and lot.expires + self.grace < day:
                self.lapse(lot, day)
        waiting = [m for m in self.milestones.values() if m.done_on and m.done_on <= day and m.earned is None]
        for milestone in sorted(waiting, key=lambda m: (m.done_on, m.completed_as)):
            self.earn(milestone, day)

    def earn(self, milestone: Milestone, day: date) -> None:
        assert milestone.done_on
        milestone.earned_on, milestone.earned = day, []
        for lot in self.lots.values():
            if units := lot.held.get(milestone.name, 0):
                amount, lcy = lot.take(units)
                self.post("2400", "4000", lot.currency, amount, lcy, on=milestone.done_on)
                milestone.earned.append((lot, units, amount, lcy))
