"""Closing and reopening a card, run and described."""

from pages.preview import Change, Preview
from prepaid.models import PrepaidService
from prepaid.services.services import close_service, reopen_service


def close_and_describe(service: PrepaidService, *, actor) -> Preview:
    close_service(service, actor=actor)
    note = "takes no entry any more, and is hidden from lists"
    return Preview(changes=[Change(str(service), "Open", "Closed", note)], confirm_label="Close the service")


def reopen_and_describe(service: PrepaidService, *, actor) -> Preview:
    reopen_service(service, actor=actor)
    note = "takes entries again"
    return Preview(changes=[Change(str(service), "Closed", "Open", note)], confirm_label="Reopen the service")
