"""The request as the views see it, with what the middleware adds."""

from datetime import date
from typing import Any

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class Request(HttpRequest):
    id: str
    htmx: HtmxDetails
    user: Any  # a User with `is_verified`, or nobody
    business_date: date
