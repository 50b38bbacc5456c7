"""How numbers and dates are read. Plain text; the template tags add the markup.

A currency is any object with `code` and `decimals`; `Cur` stands in where only the two values are at hand.
"""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple, Protocol

from django.utils.formats import date_format

MINUS = "\u2212"
NOTHING = "\u2013"


class Currency(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def decimals(self) -> int: ...


class Cur(NamedTuple):
    code: str
    decimals: int


def number(value: Decimal | int, decimals: int = 0) -> str:
    """1,234.50, with a true minus in front of a negative."""
    exact = Decimal(value).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return f"{MINUS if exact < 0 else ''}{abs(exact):,.{decimals}f}"


def exact(value: Decimal) -> str:
    """1.2711: every decimal there is and no zero behind them, as it would be typed."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(value: Decimal | int, currency: Currency) -> str:
    """USD 1,234.50"""
    return f"{currency.code}\u00a0{number(value, currency.decimals)}"


def counted(value: int, plural: str) -> str:
    """1 entry, 2 entries"""
    one = f"{plural[:-3]}y" if plural.endswith("ies") else plural.removesuffix("s")
    return f"{number(value)} {one if value == 1 else plural}"


def day(value: date) -> str:
    """24 Nov 2026"""
    return date_format(value, "j M Y")


def days_away(value: date, today: date) -> str:
    """in 37 days, tomorrow, today, yesterday, 3 days ago"""
    days = (value - today).days
    if abs(days) <= 1:
        return {0: "today", 1: "tomorrow", -1: "yesterday"}[days]
    return f"in {days:,} days" if days > 0 else f"{-days:,} days ago"


def duration(value: timedelta) -> str:
    """40 s, 3 min 20 s, 1 h 5 min"""
    seconds = value // timedelta(seconds=1)
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min {seconds % 60} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
