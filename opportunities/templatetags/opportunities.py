"""`{% load opportunities %}`: {{ line.quantity|plain }} reads 1.5, not 1.5000."""

from decimal import Decimal

from django import template

from pages import formats

register = template.Library()


@register.filter
def plain(value: Decimal) -> str:
    """With the decimals it needs and no more."""
    decimals = max(0, -int(value.normalize().as_tuple().exponent))
    return formats.number(value, decimals)
