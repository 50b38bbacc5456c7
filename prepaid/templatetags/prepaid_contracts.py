"""`{% load prepaid_contracts %}`

{{ line|told_term }}    at least 12M, then 12M more each time, notice 3M
"""

from django import template

from prepaid.reports.commitments import told_line, told_term

register = template.Library()
register.filter("told_term", told_term)
register.filter("told_line", told_line)
