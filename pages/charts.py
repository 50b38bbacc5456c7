"""Charts as SVG made by the server, without style attributes, which the content security policy forbids.

    {% columns chart "Deferred at the end of each month" %}     chart: a list of Column

A page shows the same figures as a table beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

HEIGHT, TOP, BOTTOM, SLOT = 180, 16, 24, 88


@dataclass(frozen=True)
class Column:
    """One column: its label under the axis, its height, and the value as it is read."""

    label: str
    value: Decimal
    text: str


def columns(data: Sequence[Column]) -> dict[str, Any]:
    """Where everything stands, in the units of the drawing; values below zero hang from the axis."""
    highest = max([column.value for column in data] + [Decimal(0)])
    lowest = min([column.value for column in data] + [Decimal(0)])
    scale = (HEIGHT - TOP - BOTTOM) / ((highest - lowest) or Decimal(1))
    axis = round(TOP + highest * scale, 1)
    bars = [bar(place, column, axis, scale) for place, column in enumerate(data)]
    return {"bars": bars, "axis": axis, "width": SLOT * len(data), "height": HEIGHT, "floor": HEIGHT - 8}


def bar(place: int, column: Column, axis: Decimal, scale: Decimal) -> dict[str, Any]:
    height = round(abs(column.value) * scale, 1)
    y = axis - height if column.value >= 0 else axis
    middle = SLOT * place + SLOT // 2
    return {"x": middle - 20, "y": y, "height": height, "middle": middle, "above": y - 4, "column": column}
