"""What can be done with an entry by hand, and why it cannot be done now."""

from typing import Any

from django.urls import reverse

from pages.elements import Action, reason
from pages.refusals import Refused
from prepaid.models import EntryRequest
from prepaid.models.requests import State
from prepaid.services.manual import refusal_to_approve, refusal_to_decline, refusal_to_withdraw

CREATE, APPROVE = "prepaid.create_entries", "prepaid.approve_entries"


def actions_of(request: EntryRequest, user: Any) -> list[Action]:
    """Of one that is decided there is nothing left to do."""
    if request.state != State.REQUESTED:
        return []

    def action(label: str, name: str, permission: str, refusal: Refused | None, **look: bool) -> Action:
        url = reverse(f"prepaid:entry-request-{name}", args=[request.pk])
        return Action(label, url, reason(refusal), permission, **look)

    return [
        action("Approve", "approve", APPROVE, refusal_to_approve(request, user), primary=True),
        action("Decline", "decline", APPROVE, refusal_to_decline(request, user)),
        action("Withdraw", "withdraw", CREATE, refusal_to_withdraw(request, user)),
    ]
