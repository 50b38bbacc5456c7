"""The formats with their markup: used by the template tags and by the columns of tables alike."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from pages import formats

SOON = 30
NUMBERED = re.compile(r"\b[A-Z]{2,4}-\d{4,}\b")


def signed(text: str, value: Decimal | int) -> SafeString:
    return format_html('<span class="{}">{}</span>', "amount negative" if value < 0 else "amount", text)


def money(value: Decimal | int | None, currency: formats.Currency, zero: str | None = None) -> SafeString | str:
    """USD 1,234.50. `zero` is what stands for nothing, as – does in tables."""
    if value is None or (value == 0 and zero is not None):
        return zero or formats.NOTHING
    return signed(formats.money(value, currency), value)


def credits(value: int | Decimal | None, zero: str | None = None) -> SafeString | str:
    if value is None or (value == 0 and zero is not None):
        return zero or formats.NOTHING
    return signed(formats.number(value), value)


def whole(text: Any) -> SafeString:
    """A text whose numbers, as SCP-000017, are not broken at the hyphen."""
    return mark_safe(NUMBERED.sub(r'<span class="text-nowrap">\g<0></span>', conditional_escape(text)))


def day(value: date | None) -> SafeString | str:
    if value is None:
        return formats.NOTHING
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), formats.day(value))


def days_away(value: date | None, today: date, soon: int = SOON) -> SafeString | str:
    """In 37 days; amber from `soon` days before, muted when past."""
    if value is None:
        return ""
    left = (value - today).days
    tone = "soon" if 0 <= left <= soon else "past" if left < 0 else "later"
    return format_html('<span class="away {}">{}</span>', tone, formats.days_away(value, today))


def badge(label: Any, tone: str = "neutral") -> SafeString:
    return format_html('<span class="badge tone-{}">{}</span>', tone, label)
