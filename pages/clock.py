"""The business date, asked once per request.

The kit knows no app: the setting BUSINESS_DATE names the function that answers.
"""

from datetime import date

from django.conf import settings
from django.utils.module_loading import import_string

from pages.http import Request


def business_date(request: Request | None = None) -> date:
    if request is None:
        return import_string(settings.BUSINESS_DATE)()
    if not hasattr(request, "business_date"):
        request.business_date = business_date()
    return request.business_date
