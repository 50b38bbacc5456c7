"""What can be done with a purchase: every action of its page, and why one cannot be used now."""

import datetime

from django.urls import reverse

from credits.models import Purchase
from pages import formats
from pages.elements import Action

MANAGE, EXPIRE = "credits.manage_purchases", "credits.expire_purchases"


def actions(lot: Purchase, on: datetime.date, grace: int) -> list[Action]:
    def action(label: str, name: str, permission: str, reason: str = "", **look: bool) -> Action:
        return Action(label, reverse(f"credits:purchase-{name}", args=[lot.pk]), reason, permission, **look)

    used = lot.consumptions.exists()
    return [
        action("Confirm", "confirm", MANAGE, why_not_confirm(lot, on), primary=lot.draft),
        action("Edit", "edit", MANAGE, "" if lot.draft else "Confirmed: set it back to draft first."),
        action("Edit dates", "dates", EXPIRE, why_not_dates(lot)),
        action("Expire", "expire", EXPIRE, why_not_expire(lot, on, grace)),
        action("Clone", "clone", MANAGE),
        action("Back to draft", "draft", MANAGE, why_not_draft(lot, used)),
        action("Delete", "delete", MANAGE, why_not_delete(lot), danger=True),
    ]


def why_not_confirm(lot: Purchase, on: datetime.date) -> str:
    if not lot.draft:
        return "It is confirmed already."
    if lot.starts_on is None or lot.expires_on is None:
        return "It needs its start and expiry date first."
    return f"Dated {formats.day(lot.purchased_on)}, after today." if lot.purchased_on > on else ""


def why_not_dates(lot: Purchase) -> str:
    if lot.draft:
        return "A draft's dates are edited with its other fields."
    return f"{lot.credits_expired:,} credits have expired: the dates are locked." if lot.credits_expired else ""


def why_not_expire(lot: Purchase, on: datetime.date, grace: int) -> str:
    if lot.draft:
        return "Nothing of a draft can expire."
    if not lot.credits_available or lot.expires_on is None:
        return "Nothing is left to expire."
    if (on - lot.expires_on).days >= grace:
        return ""
    days = f" and {grace} days of grace" if grace else ""
    return f"Usable to {formats.day(lot.expires_on)}{days}: from then on."


def why_not_draft(lot: Purchase, used: bool) -> str:
    if lot.draft:
        return "It is a draft."
    return "It has consumptions in its history." if used else ""


def why_not_delete(lot: Purchase) -> str:
    if not lot.draft:
        return "Only a draft can be deleted."
    return "It was confirmed once and stays for the books." if lot.confirmations else ""
