"""The number on an error page and the lines of the log that belong to it. Read with the settings, before the apps."""

import logging
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpResponse

from pages.http import Request

request_id: ContextVar[str] = ContextVar("request_id", default="-")


class RequestIdFilter(logging.Filter):
    """Every line of the log carries the id that the person saw on the error page."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = getattr(getattr(record, "request", None), "id", request_id.get())
        return True


def request_ids(get_response: Callable[[Request], HttpResponse]) -> Callable[[Request], HttpResponse]:
    def middleware(request: Request) -> HttpResponse:
        request.id = uuid.uuid4().hex[:12]
        token = request_id.set(request.id)
        try:
            response = get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = request.id
        return response

    return middleware
