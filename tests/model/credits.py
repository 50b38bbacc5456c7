"""A customer's services credits as the design tells them, in whole numbers of minor units. Standard library only.

Every command answers whether it was accepted.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from tests.model.books import BREAKAGE, DIFFERENCES, REFUNDS, SALES, UNCLAIMED, Books
from tests.model.lots import DAY, Lapse, Lot, Milestone, Moved, half_up


@dataclass
class Company(Books):
    grace: timedelta = timedelta(0)
    recognise: str = "night"
    past_expiry: bool = False
    by_hand: bool = False
    claims: bool = False  # what expires is still owed to the customer
    estimates: list[tuple[date, Fraction]] = field(default_factory=list)  # in the order of their approval
    rate_on: Callable[[str, date], Fraction] = lambda currency, day: Fraction(1)
    lots: dict[str, Lot] = field(default_factory=dict)
    milestones: dict[str, Milestone] = field(default_factory=dict)
    last_night: date | None = None
    completions: int = 0

    # Purchases

    def sell(self, line: str) -> bool:
        """Whether a line of an opportunity can be bought: once, until its last lot is deleted."""
        return not any(lot.line == line for lot in self.lots.values())

    def edit(self, lot: Lot, number: int, paid: int, bought: date, starts: date, expires: date) -> bool:
        if not lot.draft:
            return False
        lot.number, lot.paid, lot.bought, lot.starts, lot.expires = number, paid, bought, starts, expires
        lot.rate = self.rate_on(lot.currency, bought)
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
        lot.unused = self.unused(self.today) or Fraction(0)
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
        units, contra = lot.free, UNCLAIMED if self.claims else BREAKAGE
        effective = max(min(lot.expires + self.grace + DAY, day), lot.bought, lot.given_back)
        moved = lot.leave(units, lot.gone + units, lot.earned, lot.refunded)
        lot.lapses.append(Lapse(moved, contra))
        lot.used = True
        self.release(lot, moved, contra, on=effective)

    # Corrections, asked for by one and approved by another

    def reinstate(self, lot: Lot, expires: date, *, alone: bool) -> bool:
        if alone or not lot.lapses or expires < max(lot.starts, self.today):
            return False
        for lapse in list(lot.lapses):
            lot.lapses.remove(lapse)
            self.take_back(lot, lapse.moved, lapse.contra)
        lot.given_back, lot.expires = self.today, expires
        return True

    def take_back(self, lot: Lot, moved: Moved, contra: str) -> None:
        """Today; what is recognised ahead of the credits that are there again catches up."""
        self.release(lot, lot.undo(moved, lot.gone, lot.earned), contra, on=self.today)

    def refund(self, lot: Lot, credits: int, percent: int, *, alone: bool) -> bool:
        if alone or lot.draft or not 1 <= credits <= lot.free:
            return False
        moved = lot.leave(credits, lot.gone + credits, lot.earned, lot.refunded + credits)
        lot.refunded, lot.used = lot.refunded + credits, True
        kept, kept_lcy = (half_up(amount * Fraction(percent, 100)) for amount in (moved.amount, moved.lcy))
        owed = moved.amount - kept
        spot = half_up(owed * self.rate_on(lot.currency, self.today))
        day = self.first_open_day(self.today)
        self.move(day, "2400", lot.currency, moved.amount + moved.ahead, moved.lcy + moved.ahead_lcy)
        self.move(day, REFUNDS, lot.currency, -owed, -spot)
        self.move(day, BREAKAGE, lot.currency, -kept - moved.ahead, -kept_lcy - moved.ahead_lcy)
        self.move(day, DIFFERENCES, lot.currency, 0, spot + kept_lcy - moved.lcy)
        return True

    def unused(self, day: date) -> Fraction | None:
        """The share that is expected to stay unused by the estimate in force, if there is one."""
        in_force = [(on, place) for place, (on, _) in enumerate(self.estimates) if on <= day]
        if not in_force:
            return None
        return Fraction(0) if self.claims else self.estimates[max(in_force)[1]][1]

    # Milestones

    def allocate(self, milestone: Milestone, total: int) -> bool:
        held = self.held(milestone)
        change = total - sum(held.values())
        if milestone.done_on or (change > 0 and self.available(milestone.currency) < change):
            return False
        if change > 0:
            self.draw(milestone, change)
        elif change < 0:
            self.give_up(milestone, held, -change)
        return True

    def pick(self, milestone: Milestone, picks: dict[str, int]) -> bool:
        """Lots by hand, also before their start; together what the milestone needs."""
        held = self.held(milestone)
        more = {name: picks.get(name, 0) - held.get(name, 0) for name in {*picks, *held}}
        allowed = all(self.can_be_picked(self.lots[name], extra) for name, extra in more.items() if extra > 0)
        if not self.by_hand or milestone.done_on or sum(picks.values()) != milestone.needed or not allowed:
            return False
        for name, extra in sorted(more.items(), key=lambda pair: pair[1]):
            if extra < 0:
                self.return_to(self.lots[name], milestone, -extra)
            elif extra:
                self.draw_from(self.lots[name], milestone, extra)
        return True

    def can_be_picked(self, lot: Lot, credits: int) -> bool:
        return not lot.draft and lot.free >= credits and (self.past_expiry or lot.expires >= self.today)

    def held(self, milestone: Milestone) -> dict[str, int]:
        return {lot.name: lot.held[milestone.name] for lot in self.lots.values() if lot.held.get(milestone.name)}

    def candidates(self, currency: str) -> list[Lot]:
        usable = [lot for lot in self.lots.values() if lot.currency == currency and self.is_usable(lot)]
        return sorted(usable, key=Lot.order)

    def is_usable(self, lot: Lot) -> bool:
        return not lot.draft and bool(lot.free) and lot.starts <= self.today and (
            self.past_expiry or self.today <= lot.expires)  # fmt: skip

    def available(self, currency: str) -> int:
        return sum(lot.free for lot in self.candidates(currency))

    def draw(self, milestone: Milestone, needed: int) -> None:
        for lot in self.candidates(milestone.currency):
            taken = min(needed, lot.free)
            if taken:
                self.draw_from(lot, milestone, taken)
            needed -= taken

    def draw_from(self, lot: Lot, milestone: Milestone, credits: int) -> None:
        milestone.recognise = milestone.recognise or self.recognise
        lot.held[milestone.name] = lot.held.get(milestone.name, 0) + credits
        lot.used = True
        if milestone.recognise == "allocation":
            moved = lot.leave(credits, lot.gone + credits, lot.earned + credits, lot.refunded)
            self.recognised(lot, milestone, moved)

    def give_up(self, milestone: Milestone, held: dict[str, int], surplus: int) -> None:
        for lot in sorted((self.lots[name] for name in held), key=Lot.order, reverse=True):
            returned = min(surplus, held[lot.name])
            if returned:
                self.return_to(lot, milestone, returned)
            surplus -= returned

    def return_to(self, lot: Lot, milestone: Milestone, credits: int) -> None:
        lot.held[milestone.name] -= credits
        lot.given_back = self.today
        if milestone.recognise == "allocation":
            self.recognised(lot, milestone, lot.give_back(credits, milestone.recognised[lot.name]))

    def recognised(self, lot: Lot, milestone: Milestone, moved: Moved) -> None:
        lot.earned += moved.units
        before = milestone.recognised.get(lot.name, Moved(0, 0, 0))
        milestone.recognised[lot.name] = Moved(*(then + now for then, now in zip(before, moved, strict=True)))
        self.release(lot, moved, SALES, on=self.today)

    def complete(self, milestone: Milestone, on: date) -> bool:
        held = self.held(milestone)
        bought = max((self.lots[name].bought for name in held), default=date.min)
        if milestone.done_on or sum(held.values()) != milestone.needed or not bought <= on <= self.today:
            return False
        self.completions += 1
        milestone.done_on, milestone.completed_as = on, self.completions
        if milestone.recognise == "completion":
            self.earn(milestone, self.today)
        elif milestone.recognise == "allocation":
            milestone.earned_on, milestone.earned = self.today, []
        return True

    def reopen(self, milestone: Milestone) -> bool:
        if milestone.done_on is None:
            return False
        for lot, moved in milestone.earned or []:
            lot.earned -= moved.units
            self.take_back(lot, moved, SALES)
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
        if day == self.today:  # a missed night leaves it to tonight's
            self.expect(day)

    def earn(self, milestone: Milestone, day: date) -> None:
        assert milestone.done_on
        milestone.earned_on, milestone.earned = day, []
        for lot in self.lots.values():
            if units := lot.held.get(milestone.name, 0):
                moved = lot.leave(units, lot.gone + units, lot.earned + units, lot.refunded)
                lot.earned += units
                self.release(lot, moved, SALES, on=milestone.done_on)
                milestone.earned.append((lot, moved))

    def expect(self, day: date) -> None:
        """Every lot stands where the estimate in force says."""
        if (unused := self.unused(day)) is None:
            return
        for lot in self.lots.values():
            if not lot.draft and lot.paid and lot.gone < lot.number:
                lot.unused = unused
                moved = lot.go(0, lot.out, lot.out_lcy, lot.gone, lot.earned, lot.refunded)
                self.release(lot, moved, BREAKAGE, on=day)
