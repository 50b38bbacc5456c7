"""The business date, asked once per request.

The kit knows no app: the setting BUSINESS_DATE names the function that answers.
"""

from datetime import date

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string


def business_date(request: HttpRequest | None = None) -> date:
    if request is None:
        return import_string(settings.BUSINESS_DATE)()
    if not hasattr(request, "_business_date"):
        request._business_date = business_date()
    return request._business_date
