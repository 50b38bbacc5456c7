"""What can be done with a purchase: every action of its page, and why one cannot be used now."""

import datetime

from django.urls import reverse

from credits.exceptions import NotDraft
from credits.models import Purchase
from credits.services.corrections import refusal_to_request_refund, refusal_to_request_reinstatement
from credits.services.dates import refusal_to_change_dates
from credits.services.expire import refusal_to_expire
from credits.services.purchases import refusal_to_confirm, refusal_to_delete, refusal_to_return_to_draft
from pages.elements import Action, reason
from pages.refusals import Refused

MANAGE, EXPIRE = "credits.manage_purchases", "credits.expire_purchases"


def actions(lot: Purchase, on: datetime.date) -> list[Action]:
    def action(label: str, name: str, permission: str, refusal: Refused | None = None, **look: bool) -> Action:
        return Action(label, reverse(f"credits:purchase-{name}", args=[lot.pk]), reason(refusal), permission, **look)

    actions = [
        action("Confirm", "confirm", MANAGE, refusal_to_confirm(lot, on), primary=lot.draft),
        action("Edit", "edit", MANAGE, None if lot.draft else NotDraft(lot)),
        action("Edit dates", "dates", EXPIRE, refusal_to_change_dates(lot)),
        action("Expire", "expire", EXPIRE, refusal_to_expire(lot, on)),
        action("Cancel and refund", "refund", EXPIRE, refusal_to_request_refund(lot)),
        action("Reinstate", "reinstate", EXPIRE, refusal_to_request_reinstatement(lot)),
        action("Clone", "clone", MANAGE),
        action("Why not?", "why-not", "credits.view_milestone"),
        action("Delete", "delete", MANAGE, refusal_to_delete(lot), danger=True),
    ]
    back = action("Back to draft", "draft", MANAGE, refusal_to_return_to_draft(lot))
    return actions if lot.draft else [*actions[:-1], back, actions[-1]]
