"""The books and their periods as the design tells them: {(posting date, account, currency): [amount, amount in LCY]}, debits
positive. Every command answers whether it was accepted. Standard library only.
"""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tests.model.lots import DAY, Lot, Moved, half_up

BREAKAGE, SALES, REFUNDS, UNCLAIMED, DIFFERENCES = "4090", "4000", "2450", "2460", "6100"
# What a step by hand starts from, and where it leads.
STEPS = {
    "submit": (("draft",), "submitted"),
    "approve": (("submitted",), "approved"),
    "send back": (("submitted", "approved"), "draft"),
    "post": (("approved",), "posted"),
    "reverse": (("posted",), "reversed"),
}


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
class Books:
    today: date
    periods: list[Period] = field(default_factory=list)  # in their order, without gaps
    books: dict[tuple[date, str, str], list[int]] = field(default_factory=dict)

    def post(
        self, debit: str, credit: str, currency: str, amount: int, lcy: int, *, on: date, soft: bool = False
    ) -> None:
        """`soft`: by somebody who may post in soft-closed periods."""
        day = self.first_open_day(on, soft)
        for account, sign in ((debit, 1), (credit, -1)):
            self.move(day, account, currency, sign * amount, sign * lcy)

    def move(self, day: date, account: str, currency: str, amount: int, lcy: int) -> None:
        row = self.books.setdefault((day, account, currency), [0, 0])
        row[0] += amount
        row[1] += lcy

    def release(self, lot: Lot, moved: Moved, contra: str, *, on: date) -> None:
        """Out of the deferral, against `contra`, and against breakage for what is recognised ahead."""
        self.post("2400", contra, lot.currency, moved.amount, moved.lcy, on=on)
        self.post("2400", BREAKAGE, lot.currency, moved.ahead, moved.ahead_lcy, on=on)

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
