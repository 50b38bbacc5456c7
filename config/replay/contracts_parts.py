"""What contracts are made of, for `contracts_model`: the months that a billed period touches, what each of them takes of its
amount, and what the days of a period cost. Standard library only; amounts are whole numbers of minor units."""

import calendar
import datetime
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from config.replay.prepaid_parts import half_up

DAY = datetime.timedelta(days=1)
MONTHS = {"M": 1, "Q": 3, "Y": 12}
DAYS = {"D": 1, "W": 7}


@dataclass
class Part:
    """A calendar month's part of a deferral, numbered as it is stored; released by a run, closed by a line."""

    id: int
    starts_on: datetime.date
    ends_on: datetime.date
    own: int
    lcy: int
    due_on: datetime.date
    run: int | None = None
    closed_by: int | None = None


@dataclass
class Deferral:
    """What of a contract line waits for its time. `id` as it is stored."""

    id: int
    currency: str
    own: int
    lcy: int
    business_group: str
    group: str
    account: str | None
    revenue: str | None
    dims: dict[str, str]
    by_equal_months: bool
    parts: list[Part] = field(default_factory=list)

    @property
    def lot(self) -> str:
        return f"contract:{self.id}"


def moved(day: datetime.date, months: int) -> datetime.date:
    """So many months later, on the last day of a month that is too short."""
    month = day.year * 12 + day.month - 1 + months
    year, place = month // 12, month % 12 + 1
    return datetime.date(year, place, min(day.day, calendar.monthrange(year, place)[1]))


def start_of(anchor: datetime.date, base: str, number: int) -> datetime.date:
    """The first day of the base period of that number, counted from the anchor."""
    count, unit = int(base[:-1]), base[-1]
    if unit in MONTHS:
        return moved(anchor, count * MONTHS[unit] * number)
    return anchor + datetime.timedelta(days=count * DAYS[unit] * number)


def cost_of(
    price: Fraction, anchor: datetime.date, base: str, rhythm: str, starts_on: datetime.date, ends_on: datetime.date
) -> int:
    """What the days come to: base periods as a whole, rounded together, and of each that is cut, what it has come to with
    the last of them less what it had come to before the first."""
    whole, parts, number = 0, 0, 0
    while (first := start_of(anchor, base, number)) <= ends_on:
        number += 1
        after = start_of(anchor, base, number)
        if after <= starts_on:
            continue
        if starts_on <= first and after <= ends_on + DAY:
            whole += 1
            continue
        marks = marks_of(first, after, base, rhythm, anchor, number - 1)
        begin, end = max(first, starts_on), min(after, ends_on + DAY)
        parts += half_up(price * reached(marks, end)) - half_up(price * reached(marks, begin))
    return half_up(price * whole) + parts


def marks_of(
    first: datetime.date, after: datetime.date, base: str, rhythm: str, anchor: datetime.date, number: int
) -> list[datetime.date]:
    """Where the rhythm cuts a base period into equal steps, if it does; its first day, and the day after its last."""
    lengths = [(unit in MONTHS, int(term[:-1]) * (MONTHS | DAYS)[unit]) for term in (base, rhythm) for unit in term[-1]]
    (by_month, whole), (alike, step) = lengths
    if by_month != alike or whole % step:
        return [first, after]
    count = whole // step
    return [start_of(anchor, rhythm, number * count + place) for place in range(count + 1)]


def reached(marks: list[datetime.date], day: datetime.date) -> Fraction:
    """How much of the base period lies before the day: steps weigh alike, and a part of one by its days."""
    steps = sum(
        (
            Fraction(min(max((day - low).days, 0), (high - low).days), (high - low).days)
            for low, high in pairwise(marks)
        ),
        Fraction(0),
    )
    return steps / (len(marks) - 1)


def months_of(starts_on: datetime.date, ends_on: datetime.date) -> list[tuple[datetime.date, datetime.date, bool]]:
    """The calendar months of a period, as far as they lie in it, and whether they do as a whole."""
    found, first = [], starts_on.replace(day=1)
    while first <= ends_on:
        following = moved(first, 1)
        whole = first >= starts_on and following <= ends_on + DAY
        found.append((max(first, starts_on), min(following - DAY, ends_on), whole))
        first = following
    return found


def parts_of(own: int, months: list[tuple[datetime.date, datetime.date, bool]], *, by_equal_months: bool) -> list[int]:
    """What the months take: partial ones by their days, whole ones alike what those leave."""
    days = [(last - first).days + 1 for first, last, _ in months]
    return _equal(own, months, days) if by_equal_months else _by_days(own, months, days)


def _by_days(own: int, months: list, days: list[int]) -> list[int]:
    """Cut cumulatively from exact shares."""
    whole = sum(is_whole for *_, is_whole in months)
    partial = sum(count for count, (*_, is_whole) in zip(days, months, strict=True) if not is_whole)
    total = sum(days)
    reached, given, parts = Fraction(0), 0, []
    for count, (*_, is_whole) in zip(days, months, strict=True):
        reached += Fraction(total - partial, total * whole) if is_whole else Fraction(count, total)
        level = half_up(own * reached)
        parts.append(level - given)
        given = level
    return parts


def _equal(own: int, months: list, days: list[int]) -> list[int]:
    """Rounded months; the last one takes the rest, which may be below zero."""
    last, total = len(months) - 1, sum(days)
    by_days = [not is_whole for *_, is_whole in months]
    by_days[last] = by_days[last] or by_days[0]
    parts = [
        half_up(Fraction(own * count, total)) if own_share else 0
        for count, own_share in zip(days, by_days, strict=True)
    ]
    if equal := by_days.count(False):
        each = (
            half_up(Fraction(own - sum(parts), equal))
            if own >= sum(parts)
            else -half_up(Fraction(sum(parts) - own, equal))
        )
        parts = [part if own_share else each for part, own_share in zip(parts, by_days, strict=True)]
    parts[last] = own - sum(parts[:last])
    return parts
