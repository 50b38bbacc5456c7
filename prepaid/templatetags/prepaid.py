"""`{% load prepaid %}`

{{ line.quantity|quantity:line.unit_of_measure }}    1,234.5 HOUR
{{ run|maker }}                                      the night
"""

from decimal import Decimal

from django import template
from django.utils.safestring import SafeString

from prepaid.shown import maker, signed_quantity

register = template.Library()
register.filter("maker", maker)


@register.filter
def quantity(value: Decimal, unit: str = "") -> SafeString | str:
    return signed_quantity(value, unit)
