"""Charts as SVG made by the server, without style attributes, which the content security policy forbids.

    {% columns chart "Deferred at the end of each month" %}     chart: a list of Column
    {% stacks chart "Due in each month" %}                      chart: a list of Stack
    {% timeline lanes levels "The year 2026" "Left at its end" %}  lanes: of Lane; levels: of Column, one for each slot

A page shows the same figures as a table beside it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

HEIGHT, TOP, BOTTOM, LEGEND = 180, 16, 24, 22
# How far columns stand apart and how broad they are; many with short texts stand close, so that all of them are in sight.
WIDE, CLOSE = (88, 40), (44, 28)
MANY, SHORT = 14, 6
# The series of a stack are told apart by pattern as well as by colour; drawn in templates/pages/drawings.html.
PATTERNS = ("lot-consumed", "lot-expired", "lot-available")


@dataclass(frozen=True)
class Column:
    """One column: its label under the axis, its height, and the value as it is read."""

    label: str
    value: Decimal
    text: str


@dataclass(frozen=True)
class Part:
    """A part of a stack: of which series, its height, and the value as it is read; drawn in a pattern of the bars of lots
    where one says what is meant."""

    series: str
    value: Decimal
    text: str
    pattern: str = ""


@dataclass(frozen=True)
class Stack:
    """A column made of parts; `text` is what they come to."""

    label: str
    text: str
    parts: Sequence[Part]

    @property
    def ends(self) -> tuple[Decimal, Decimal]:
        """How high the stack stands, and how low it hangs."""
        return total(max(part.value, ZERO) for part in self.parts), total(min(part.value, ZERO) for part in self.parts)


class Scale(NamedTuple):
    """Where zero is, and how many units of the drawing one of the values takes."""

    axis: Decimal
    unit: Decimal

    def height(self, value: Decimal) -> Decimal:
        return round(abs(value) * self.unit, 1)


ZERO = Decimal(0)


def total(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)


def scale_of(values: Iterable[Decimal]) -> Scale:
    """The highest value ends at the top, the lowest at the bottom; the axis is always in sight."""
    shown = [*values, ZERO]
    unit = (HEIGHT - TOP - BOTTOM) / ((max(shown) - min(shown)) or Decimal(1))
    return Scale(round(TOP + max(shown) * unit, 1), unit)


def columns(data: Sequence[Column]) -> dict[str, Any]:
    """Where everything stands, in the units of the drawing; values below zero hang from the axis."""
    scale, slots = scale_of(column.value for column in data), Slots.of(data)
    bars = [bar(column, scale) | slots.place(at) for at, column in enumerate(data)]
    return frame(len(data), slots, scale) | {"bars": bars}


class Slots(NamedTuple):
    """Where columns stand beside each other."""

    width: int
    breadth: int

    @classmethod
    def of(cls, data: Sequence[Column] | Sequence["Stack"]) -> "Slots":
        short = all(len(each.label) <= SHORT and len(each.text) <= SHORT for each in data)
        return cls(*(CLOSE if len(data) >= MANY and short else WIDE))

    def place(self, at: int) -> dict[str, int]:
        middle = self.width * at + self.width // 2
        return {"x": middle - self.breadth // 2, "middle": middle}


def frame(count: int, slots: Slots, scale: Scale) -> dict[str, Any]:
    size = {"width": slots.width * count, "height": HEIGHT, "floor": HEIGHT - 8, "breadth": slots.breadth}
    return {"axis": scale.axis} | size


def bar(column: Column, scale: Scale) -> dict[str, Any]:
    height = scale.height(column.value)
    y = scale.axis - height if column.value >= 0 else scale.axis
    return {"y": y, "height": height, "above": y - 4, "column": column}


def stacks(data: Sequence[Stack]) -> dict[str, Any]:
    """As `columns`, each column in parts, with what the patterns mean below."""
    scale, slots, patterns = scale_of(end for stack in data for end in stack.ends), Slots.of(data), patterns_of(data)
    apart = 2 * WIDE[0]
    legend = [{"name": name, "pattern": patterns[name], "x": 8 + apart * at} for at, name in enumerate(patterns)]
    piles = [pile(stack, scale, patterns) | slots.place(at) for at, stack in enumerate(data)]
    drawing = frame(len(data), slots, scale) | {"height": HEIGHT + LEGEND, "below": HEIGHT + 4}
    drawing["width"] = max(drawing["width"], apart * len(patterns))
    return drawing | {"legend": legend, "stacks": piles}


def patterns_of(data: Sequence[Stack]) -> dict[str, str]:
    """The pattern of each series, in the order in which they come up."""
    asked = {part.series: part.pattern for stack in data for part in stack.parts}
    return {name: pattern or PATTERNS[at % len(PATTERNS)] for at, (name, pattern) in enumerate(asked.items())}


def pile(stack: Stack, scale: Scale, patterns: dict[str, str]) -> dict[str, Any]:
    """The parts above zero on each other, those below it under each other."""
    top = bottom = scale.axis
    boxes = []
    for part in stack.parts:
        height = scale.height(part.value)
        top, bottom, y = (top - height, bottom, top - height) if part.value >= 0 else (top, bottom + height, bottom)
        boxes.append({"y": y, "height": height, "pattern": patterns[part.series], "part": part})
    return {"boxes": boxes, "above": top - 4, "stack": stack}


@dataclass(frozen=True)
class Mark:
    """One event of a lane: where it stands, as a share of the whole width, and how it is read."""

    at: Decimal
    text: str


@dataclass(frozen=True)
class Lane:
    """Events of a kind in their order, under a label that says what they come to."""

    label: str
    marks: Sequence[Mark]


LANE, LEVELS, WHOLE = 34, 96, Decimal(100)


def timeline(lanes: Sequence[Lane], levels: Sequence[Column]) -> dict[str, Any]:
    """Lanes above each other and a level for each slot of the time below them. Across, everything is a share of the width in
    per cent, so that the drawing is as wide as the page and its letters stay as large as they are."""
    slot = WHOLE / len(levels)
    floor = Decimal(LANE * len(lanes) + LEVELS)
    unit = (LEVELS - LANE) / (max((abs(each.value) for each in levels), default=ZERO) or Decimal(1))
    bars = []
    for at, level in enumerate(levels):
        height = round(abs(level.value) * unit, 1)
        place = {"x": round(slot * at + slot / 8, 3), "middle": round(slot * at + slot / 2, 3)}
        bars.append(place | {"y": floor - height, "height": height, "level": level})
    drawn = [
        {
            "lane": lane,
            "above": LANE * at + 12,
            "y": LANE * at + 18,
            "line": LANE * at + 24,
            "marks": [{"x": round(mark.at * WHOLE, 3), "mark": mark} for mark in lane.marks],
        }
        for at, lane in enumerate(lanes)
    ]
    frame = {"height": floor + BOTTOM, "floor": floor, "label": floor + 14, "above": LANE * len(lanes) + 14}
    return frame | {"lanes": drawn, "bars": bars, "breadth": round(slot * 3 / 4, 3)}
