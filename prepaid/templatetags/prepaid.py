"""`{% load prepaid %}`

{{ line.quantity|quantity:line.unit_of_measure }}    1,234.5 HOUR
{{ part.amount|some:part.currency }}                 USD 1,234.50, or a dash
{{ run|maker }}                                      the night
"""

from decimal import Decimal
from typing import Any

from django import template
from django.utils.safestring import SafeString

from pages import markup
from pages.formats import NOTHING
from prepaid.shown import maker, signed_quantity

register = template.Library()
register.filter("maker", maker)


@register.filter
def some(value: Decimal, currency: Any) -> SafeString | str:
    """An amount in a table, where nothing is a dash."""
    return markup.money(value, currency, NOTHING)


@register.filter
def quantity(value: Decimal, unit: str = "") -> SafeString | str:
    return signed_quantity(value, unit)
