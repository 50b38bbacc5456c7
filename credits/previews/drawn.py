"""How it is told what an allocation draws from a lot and gives back to it."""

from collections.abc import Iterable
from typing import Any

from ledger.dates import business_date
from pages import formats
from pages.preview import Change


def lot_row(lot: Any, drawn: int, note: str) -> Change:
    """A lot as the database has it after `drawn` credits left it (below zero: came back to it)."""
    left = lot.credits_available
    return Change(
        label=lot.number,
        before=f"{formats.number(left + drawn)} available",
        after=f"{formats.number(left)} available",
        note=f"{note}, expires {formats.day(lot.expires_on)}",
        url=lot.get_absolute_url(),
    )


def drawn_or_given_back(credits: int) -> str:
    return f"{formats.number(credits)} drawn" if credits > 0 else f"{formats.number(-credits)} given back"


def warnings_of_lots(written: Iterable[Any]) -> list[str]:
    """Of consumptions: what comes back to die, and what is drawn from a lot that nobody would expect."""
    today = business_date()
    return [text for row in written if (text := _warning(row, today))]


def _warning(row: Any, today: Any) -> str:
    lot, credits = row.purchase, formats.number(abs(row.credits))
    if row.credits < 0 and lot.expires_on < today:
        return (
            f"{credits} credits go back to {lot}, which was usable to {formats.day(lot.expires_on)}: they expire in the "
            "next night after its days of grace."
        )
    if row.credits > 0 and lot.expires_on < today:
        return f"{credits} credits are drawn from {lot}, which was usable to {formats.day(lot.expires_on)}."
    if row.credits > 0 and lot.starts_on > row.consumed_on:
        return f"{credits} credits are drawn from {lot}, which starts on {formats.day(lot.starts_on)}."
    return ""
