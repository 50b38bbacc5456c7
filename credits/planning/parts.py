"""Lots and needs fall into parts that have nothing to do with each other, where no lot reaches from one to the next."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from credits.planning.lots import Need, PlannedLot


def parts(lots: Sequence[PlannedLot], needs: Sequence[Need]) -> Iterator[tuple[list[PlannedLot], list[Need]]]:
    """Lots with the needs that they could be drawn for, part by part. Lots and needs without each other are in none."""
    days = sorted({need.on for need in needs})
    spans = [(bisect_left(days, lot.starts_on), bisect_right(days, lot.expires_on), lot) for lot in lots]
    together: list[PlannedLot] = []
    first = end = 0
    for begin, stop, lot in sorted(spans, key=lambda span: span[:2]):
        if together and begin >= end:
            yield together, within(needs, days[first:end])
            together = []
        if begin < stop:
            first, end = (min(first, begin), max(end, stop)) if together else (begin, stop)
            together.append(lot)
    if together:
        yield together, within(needs, days[first:end])


def within(needs: Sequence[Need], days: list) -> list[Need]:
    return [need for need in needs if days[0] <= need.on <= days[-1]]
