"""What can be done with a correction, and why it cannot be done now."""

from typing import Any

from django.urls import reverse

from credits.models import Correction
from credits.services.corrections import refusal_to_approve, refusal_to_decline, refusal_to_withdraw
from pages.elements import Action, reason
from pages.refusals import Refused

ASK, APPROVE = "credits.expire_purchases", "credits.approve_correction"


def actions_of(correction: Correction, user: Any) -> list[Action]:
    """Of one that is decided there is nothing left to do."""
    if correction.state != Correction.State.REQUESTED:
        return []

    def action(label: str, name: str, permission: str, refusal: Refused | None, **look: bool) -> Action:
        url = reverse(f"credits:correction-{name}", args=[correction.pk])
        return Action(label, url, reason(refusal), permission, **look)

    return [
        action("Approve", "approve", APPROVE, refusal_to_approve(correction, user), primary=True),
        action("Decline", "decline", APPROVE, refusal_to_decline(correction, user)),
        action("Withdraw", "withdraw", ASK, refusal_to_withdraw(correction, user)),
    ]
