"""`{% load ledger %}`

{{ lot.dimensions|dimensions }}                REGION NORTH, TEAM A
"""

from django import template

from ledger.reports.dimensions import dimension_text

register = template.Library()

register.filter("dimensions", dimension_text)
