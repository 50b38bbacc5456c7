"""`{% load prepaid %}`

{{ line.quantity|quantity:line.unit_of_measure }}    1,234.5 HOUR
"""

from decimal import Decimal

from django import template
from django.utils.safestring import SafeString

from prepaid.shown import signed_quantity

register = template.Library()


@register.filter
def quantity(value: Decimal, unit: str = "") -> SafeString | str:
    return signed_quantity(value, unit)
