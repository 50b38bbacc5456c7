"""Which lots an allocation draws from, and which it gives back to. Pure: rows in, counts out."""

from collections.abc import Iterable
from dataclasses import dataclass

from credits.models import Purchase


@dataclass(frozen=True)
class Draw:
    """`credits` from one lot; negative: given back to it."""

    purchase: Purchase
    credits: int


def draw(lots: Iterable[Purchase], needed: int) -> list[Draw]:
    """Takes `needed` credits from the lots in the order given, each to its last credit before the next. Fewer where the
    lots do not hold them."""
    draws = []
    for lot in lots:
        if needed <= 0:
            break
        taken = min(needed, lot.credits_available)
        draws.append(Draw(lot, taken))
        needed -= taken
    return draws


def give_back(drawn: Iterable[tuple[Purchase, int]], surplus: int) -> list[Draw]:
    """Gives `surplus` credits back to the lots they came from, the latest to expire first: what stays allocated is what
    would have lapsed first. Lots past their expiry get theirs back too."""
    latest_first = sorted(drawn, key=lambda pair: drawing_order(pair[0]), reverse=True)
    draws = []
    for lot, held in latest_first:
        if surplus <= 0:
            break
        returned = min(surplus, held)
        draws.append(Draw(lot, -returned))
        surplus -= returned
    return draws


def drawing_order(lot: Purchase) -> tuple:
    """First to expire first; then the earlier start, the earlier purchase, the lower number."""
    return lot.expires_on, lot.starts_on, lot.purchased_on, lot.number
