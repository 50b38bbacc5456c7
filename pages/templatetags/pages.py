"""`{% load pages %}`

{{ purchase.paid|money:purchase.currency }}    USD 1,234.50, true minus, red when negative
{{ lot.available|credits }}                    1,200
{{ number|counted:"entries" }}                 1 entry, 2 entries
{{ lot.expiry_date|day }} {% days_away lot.expiry_date %}
{% badge "Draft" "warn" %}                     tones: neutral, info, good, warn, bad
{% lot_bar consumed=4 allocated=6 available=10 expired=0 %}
{% figure_strip figures %}
{% sections "account" object %}                what upper apps show here
{% icon "lock" %}
A query string with one value replaced: Django's own {% querystring page=2 %}.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from django import template
from django.forms import BoundField
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from pages import charts, clock, markup, receipts
from pages import formats as formats
from pages import sections as registry
from pages.seen import as_text

register = template.Library()

register.filter("money", markup.money)
register.filter("day", markup.day)
register.filter("as_text", as_text)
register.filter("counted", formats.counted)
register.filter("exact", formats.exact)
register.simple_tag(markup.badge, name="badge")

LOT_PARTS = ("consumed", "allocated", "available", "expired", "refunded")
DRAWN_AS = {"refunded": "expired"}  # gone like what expired, and told apart in words


@register.filter
def credits(value: int | Decimal | None, decimals: int = 0) -> SafeString | str:
    """Units: credits, or hours with their decimals."""
    if decimals and value is not None:
        return markup.signed(formats.number(value, decimals), value)
    return markup.credits(value)


@register.filter
def amount(value: Decimal, decimals: int) -> SafeString | str:
    """A number of money whose currency stands beside it; nothing for zero."""
    return markup.signed(formats.number(value, decimals), value) if value else ""


@register.simple_tag(takes_context=True)
def days_away(context: template.Context, value: date | None, soon: int = markup.SOON) -> SafeString | str:
    return markup.days_away(value, clock.business_date(context.get("request")), soon)


@register.simple_tag(takes_context=True)
def sections(context: template.Context, slot: str, obj: Any = None) -> SafeString:
    shown = registry.collect(slot, context["request"], obj)
    return format_html_join("\n", "{}", ((conditional_escape(fragment),) for fragment in shown))


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A drawing from the sheet in the shell; without a label it is only decoration."""
    known = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="icon" {}><use href="#icon-{}"/></svg>', known, name)


@register.filter
def locked_reason(field: BoundField) -> str:
    return getattr(field.form, "locked", {}).get(field.name, field.help_text)


@register.inclusion_tag("pages/preview_panel.html", takes_context=True)
def receipt(context: template.Context) -> dict[str, Any]:
    """What was just confirmed, once, on the page that follows."""
    return {"preview": receipts.take(context["request"]), "receipt": True}


@register.inclusion_tag("pages/figure_strip.html")
def figure_strip(figures: list) -> dict[str, Any]:
    return {"figures": figures}


@register.simple_tag
def lot_bar(
    consumed: int = 0, allocated: int = 0, available: int = 0, expired: int = 0, refunded: int = 0
) -> SafeString:
    """A lot as a bar: always in this order, by pattern and in words as well as by colour."""
    values = (consumed, allocated, available, expired, refunded)
    total = sum(values) or 1
    parts, left = [], Decimal(0)
    for name, value in zip(LOT_PARTS, values, strict=True):
        width = Decimal(value) * 100 / total
        shape = {"drawn": DRAWN_AS.get(name, name), "x": round(left, 3), "width": round(width, 3)}
        parts.append({"name": name, "value": formats.number(value), **shape})
        left += width
    return render_to_string("pages/lot_bar.html", {"parts": [part for part in parts if part["width"]]})


@register.inclusion_tag("pages/columns.html", name="columns")
def columns_chart(data: list, title: str) -> dict[str, Any]:
    """A column chart; the table beside it is the page's."""
    return {"chart": charts.columns(data), "title": title}


@register.inclusion_tag("pages/stacks.html", name="stacks")
def stacks_chart(data: list, title: str) -> dict[str, Any]:
    """A chart of columns in parts; the table beside it is the page's."""
    return {"chart": charts.stacks(data), "title": title}


@register.inclusion_tag("pages/timeline.html")
def timeline(lanes: list, levels: list, title: str, level: str) -> dict[str, Any]:
    """Events of a time in lanes above a level, and what that is; the table beside it is the page's."""
    return {"chart": charts.timeline(lanes, levels), "title": title, "level": level}
