"""Charts as SVG made by the server, without style attributes, which the content security policy forbids.

    {% columns chart "Deferred at the end of each month" %}     chart: a list of Column
    {% stacks chart "Due in each month" %}                      chart: a list of Stack

A page shows the same figures as a table beside it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

HEIGHT, TOP, BOTTOM, SLOT, LEGEND = 180, 16, 24, 88, 22
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
    """A part of a stack: of which series, its height, and the value as it is read."""

    series: str
    value: Decimal
    text: str


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
    scale = scale_of(column.value for column in data)
    return frame(len(data), scale) | {"bars": [bar(place, column, scale) for place, column in enumerate(data)]}


def frame(slots: int, scale: Scale) -> dict[str, Any]:
    return {"axis": scale.axis, "width": SLOT * slots, "height": HEIGHT, "floor": HEIGHT - 8}


def bar(place: int, column: Column, scale: Scale) -> dict[str, Any]:
    height = scale.height(column.value)
    y = scale.axis - height if column.value >= 0 else scale.axis
    return slot(place) | {"y": y, "height": height, "above": y - 4, "column": column}


def slot(place: int) -> dict[str, int]:
    middle = SLOT * place + SLOT // 2
    return {"x": middle - 20, "middle": middle}


def stacks(data: Sequence[Stack]) -> dict[str, Any]:
    """As `columns`, each column in parts, with what the patterns mean below."""
    scale = scale_of(end for stack in data for end in stack.ends)
    names = list(dict.fromkeys(part.series for stack in data for part in stack.parts))
    patterns = {name: PATTERNS[place % len(PATTERNS)] for place, name in enumerate(names)}
    legend = [{"name": name, "pattern": patterns[name], "x": 8 + 2 * SLOT * place} for place, name in enumerate(names)]
    piles = [pile(place, stack, scale, patterns) for place, stack in enumerate(data)]
    size = {"height": HEIGHT + LEGEND, "below": HEIGHT + 4}
    return frame(max(len(data), 2 * len(names)), scale) | size | {"legend": legend, "stacks": piles}


def pile(place: int, stack: Stack, scale: Scale, patterns: dict[str, str]) -> dict[str, Any]:
    """The parts above zero on each other, those below it under each other."""
    top = bottom = scale.axis
    boxes = []
    for part in stack.parts:
        height = scale.height(part.value)
        top, bottom, y = (top - height, bottom, top - height) if part.value >= 0 else (top, bottom + height, bottom)
        boxes.append({"y": y, "height": height, "pattern": patterns[part.series], "part": part})
    return slot(place) | {"boxes": boxes, "above": top - 4, "stack": stack}
