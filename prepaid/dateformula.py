"""Date formulas as Business Central has them: terms joined by + or -, read from left to right.

nD nW nM nQ nY    so many days, weeks, months, quarters or years on; with a minus back
CD CW CM CQ CY    the end of the current day, week (Sunday), month, quarter or year; with a minus its start
Dn                the next n-th of a month, never the day itself; with a minus the previous one
WDn               the next weekday n, 1 is Monday, never the day itself; with a minus the previous one

A day that a month does not have is its last one. Case and blanks do not matter, nor one pair of angle brackets around
the whole, nor a plus in front. Positions count the characters as they were typed, from 1.
"""

from calendar import monthrange
from collections import deque
from dataclasses import dataclass
from datetime import date

LONGEST = 20  # characters, blanks and brackets not counted
LONGEST_QUOTED = 40
DAYS = {"D": 1, "W": 7}
MONTHS = {"M": 1, "Q": 3, "Y": 12}
UNITS = frozenset("DWMQY")
SIGNS = {"+": 1, "-": -1}
DIGITS = frozenset("0123456789")  # str.isdigit takes ² and the digits of other scripts as well


class BadDateFormula(ValueError):
    """`message` is fit for staff. `position` is that of a character in the formula that the message quotes; None where
    no single one is at fault."""

    def __init__(self, message: str, position: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


def refusal(formula: str, position: int, reason: str) -> BadDateFormula:
    return BadDateFormula(f"{quoted(formula)}: at character {position}, {reason}.", position)


@dataclass(frozen=True)
class Term:
    """`number` stands between `before` and `unit`: 1M is ("", 1, "M"), D15 is ("D", 15, ""). 0 is no number, as in CM."""

    sign: int
    before: str
    number: int
    unit: str

    def __str__(self) -> str:
        return f"{'+' if self.sign > 0 else '-'}{self.before}{self.number or ''}{self.unit}"

    def lead(self, day: date) -> date | None:
        """To which day it leads from `day`; None if the calendar, the years 1 to 9999, does not have it."""
        steps = {"": self.add, "C": self.edge, "D": self.month_day, "WD": self.weekday}
        try:
            return steps[self.before](day)
        except (ValueError, OverflowError):
            return None

    def add(self, day: date) -> date:
        """Months keep the day, cut to the end of the month."""
        distance = self.sign * self.number
        if self.unit in DAYS:
            return date.fromordinal(day.toordinal() + distance * DAYS[self.unit])
        return in_month(month_of(day) + distance * MONTHS[self.unit], day.day)

    def edge(self, day: date) -> date:
        """The end of the current unit, or its start."""
        if self.unit == "D":
            return day
        if self.unit == "W":
            return date.fromordinal(day.toordinal() - day.weekday() + (6 if self.sign > 0 else 0))
        length = MONTHS[self.unit]
        first = month_of(day) // length * length
        return in_month(first + length - 1, 31) if self.sign > 0 else in_month(first, 1)

    def month_day(self, day: date) -> date:
        here = in_month(month_of(day), self.number)
        ahead = here > day if self.sign > 0 else here < day
        return here if ahead else in_month(month_of(day) + self.sign, self.number)

    def weekday(self, day: date) -> date:
        distance = (self.sign * (self.number - day.isoweekday()) - 1) % 7 + 1
        return date.fromordinal(day.toordinal() + self.sign * distance)

    @property
    def beyond(self) -> str:
        """Where it leads when `lead` is None."""
        return "past the year 9999" if self.sign > 0 else "to before the year 1"


@dataclass(frozen=True)
class DateFormula:
    """Made by `parse`. Formulas that differ in case, blanks, brackets or idle signs and zeros only are equal."""

    terms: tuple[Term, ...]

    @classmethod
    def parse(cls, text: str) -> "DateFormula":
        """Raises BadDateFormula for what is no formula, an empty one included."""
        reading = Reading(text)
        if not reading.left:
            raise BadDateFormula("The date formula is empty. Write one as in 1Y or 1M+CM.", reading.position)
        terms = [reading.term(reading.sign() if reading.next in SIGNS else 1)]
        while reading.left:
            terms.append(reading.term(reading.sign()))
        return cls(tuple(terms))

    def apply(self, day: date) -> date:
        """The day that it gives, earlier ones too. Raises BadDateFormula as soon as a term leaves the years 1 to 9999."""
        for count, term in enumerate(self.terms):
            led = term.lead(day)
            if led is None:
                position = len(str(DateFormula(self.terms[:count]))) + 1
                raise refusal(str(self), position, f"{term} leads from {day} {term.beyond}")
            day = led
        return day

    def __str__(self) -> str:
        """The normal form, never longer than what was typed."""
        return "".join(map(str, self.terms)).removeprefix("+")


def end_of_validity(formula: str, day: date) -> date | None:
    """The last day of what is posted on `day`, which it may be itself; None, unlimited, if nothing is typed."""
    if not formula.strip():
        return None
    parsed = DateFormula.parse(formula)
    end = parsed.apply(day)
    if end < day:
        raise BadDateFormula(
            f"{quoted(str(parsed))} leads from {day} back to {end}: nothing is valid until before its posting date.",
            None,
        )
    return end


class Reading:
    """Through what was typed, without blanks and the brackets around the whole."""

    def __init__(self, typed: str) -> None:
        self.typed = typed
        self.left = deque((position, char) for position, char in enumerate(typed, 1) if not char.isspace())
        self.end = self.left[-1][0] + 1 if self.left else 1
        self.take_off_brackets()
        if len(self.left) > LONGEST:
            position, _ = self.left[LONGEST]
            raise refusal(typed, position, f"the formula passes {LONGEST} characters, blanks and brackets not counted")

    def take_off_brackets(self) -> None:
        if not self.left:
            return
        (start, first), (stop, last) = self.left[0], self.left[-1]
        if first == "<" and last != ">":
            raise refusal(self.typed, start, "“<” is not closed by “>” at the end")
        if last == ">" and first != "<":
            raise refusal(self.typed, stop, "“>” is not opened by “<” at the beginning")
        if first == "<":
            self.left.popleft()
            self.left.pop()
            self.end = stop

    @property
    def position(self) -> int:
        return self.left[0][0] if self.left else self.end

    @property
    def next(self) -> str:
        """The next character, in upper case; empty at the end. Only of ASCII: others have odd upper cases."""
        char = self.left[0][1] if self.left else ""
        return char.upper() if char.isascii() else char

    def take(self) -> str:
        char = self.next
        self.left.popleft()
        return char

    def expected(self, what: str) -> BadDateFormula:
        found = f", not “{shown(self.next)}”" if self.left else " where the formula ends"
        return refusal(self.typed, self.position, f"{what} is expected{found}")

    def sign(self) -> int:
        if self.next not in SIGNS:
            raise self.expected("+ or - before a further term")
        return SIGNS[self.take()]

    def term(self, sign: int) -> Term:
        if self.next in DIGITS:
            return self.amount(sign)
        if self.next == "C":
            return Term(sign, self.take(), 0, self.unit())
        if self.next == "D":
            return Term(sign, self.take(), self.number(31, "a day of a month, 1 to 31,"), "")
        if self.next == "W":
            self.take()
            if self.next != "D":
                raise self.expected("D for a weekday (WD1 to WD7; weeks are written as in 2W)")
            self.take()
            return Term(sign, "WD", self.number(7, "a weekday, 1 (Monday) to 7 (Sunday),"), "")
        raise self.expected("a term as in 1M, CM, D15 or WD1")

    def amount(self, sign: int) -> Term:
        """Refused already here if it leads out of the calendar from every day."""
        position = self.position
        term = Term(sign, "", self.number(None, "a number of 1 or more"), self.unit())
        if term.lead(date.min if sign > 0 else date.max) is None:
            raise refusal(self.typed, position, f"{term} leads {term.beyond} from every day")
        return term

    def number(self, most: int | None, what: str) -> int:
        """From 1 to `most`."""
        position, digits = self.position, ""
        while self.next in DIGITS:
            digits += self.take()
        if not digits:
            raise self.expected(what)
        number = int(digits)  # short enough: the formula is no longer than LONGEST
        if number < 1 or (most is not None and number > most):
            raise refusal(self.typed, position, f"{what} is expected, not “{digits}”")
        return number

    def unit(self) -> str:
        if self.next not in UNITS:
            raise self.expected("a unit (D, W, M, Q or Y)")
        return self.take()


def month_of(day: date) -> int:
    """Counted through the years, January of the year 0 is 0."""
    return day.year * 12 + day.month - 1


def in_month(month: int, day: int) -> date:
    """The day of that month, its last one where it is too short."""
    year, before = divmod(month, 12)
    return date(year, before + 1, min(day, monthrange(year, before + 1)[1]))


def quoted(text: str) -> str:
    """For a sentence, which must stay one; every character up to the cut keeps its position."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return f"“{line if len(line) <= LONGEST_QUOTED else line[: LONGEST_QUOTED - 1] + '…'}”"


def shown(char: str) -> str:
    """Also one that cannot be seen."""
    return char if char.isprintable() else f"U+{ord(char):04X}"
