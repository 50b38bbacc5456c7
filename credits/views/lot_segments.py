"""The bar of a lot by reason: as the bar of `lot_bar`, but saying why what is left cannot be drawn."""

from decimal import Decimal
from typing import Any

from credits.reports.availability import Reason
from credits.reports.lot_parts import LotParts
from credits.reports.why_not import by_reason
from pages import formats

# How the bar of a lot draws its parts; what is held back is the bare ground.
PATTERNS = {
    Reason.CONSUMED: "consumed",
    Reason.ALLOCATED: "allocated",
    Reason.AVAILABLE: "available",
    Reason.EXPIRED: "expired",
    Reason.REFUNDED: "expired",
}


def segments(found: LotParts) -> list[dict[str, Any]]:
    """The bar of a lot, in the words of this page: consumed, allocated, what is left, and what is gone."""
    sums, drawn, left = by_reason([found]), [], Decimal(0)
    drawing = dict.fromkeys((Reason.CONSUMED, Reason.ALLOCATED, *sums))
    for reason in (reason for reason in drawing if reason in sums):
        width = Decimal(sums[reason]) * 100 / found.lot.number_of_credits
        shape = {"x": round(left, 3), "width": round(width, 3), "pattern": PATTERNS.get(reason, "")}
        drawn.append(shape | {"credits": formats.number(sums[reason]), "reason": reason})
        left += width
    return drawn
