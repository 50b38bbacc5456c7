"""`{% load prepaid_statement %}`: amounts or quantities of a statement, as its service counts.

{% service_units section row.balance %}          USD 1,234.50, or 12.5 HOUR
{% service_units section row.moved minus=True %}  what went out, without its minus
{{ section|shows_lcy:report }}
"""

from django import template
from django.utils.safestring import SafeString

from prepaid.reports.statement import Section, Statement, Units
from prepaid.shown import units

register = template.Library()


@register.simple_tag
def service_units(section: Section, count: Units, minus: bool = False) -> SafeString | str:
    shown = Units() - count if minus else count
    return units(section.service, shown.amount, shown.quantity, section.currency)


@register.filter
def shows_lcy(section: Section, statement: Statement) -> bool:
    return statement.in_lcy(section)
