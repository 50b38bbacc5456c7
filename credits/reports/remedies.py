"""What would free the credits of a lot, in one sentence, and where that is done by who may do it."""

import datetime
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from credits.models import CreditsSetup, Purchase
from credits.reports.availability import Reason
from credits.reports.lots import past_expiry
from credits.services.dates import refusal_to_change_dates
from pages import formats
from pages.elements import Action

ALLOCATE, DATES = "credits.allocate_credits", "credits.expire_purchases"
MANAGE, FOLLOW = "credits.manage_purchases", "credits.view_milestone"


@dataclass(frozen=True)
class Why:
    """Why the credits are where they are, what would free them (nothing: nothing has to), and the page for it."""

    sentence: str
    remedy: str = ""
    action: Action | None = None


def why_left(lot: Any, on: datetime.date, setup: CreditsSetup) -> Why:
    """Of what is left of a lot that carries its `reason`."""
    told = {
        Reason.OTHER_CURRENCY: _other_currency,
        Reason.DRAFT: _draft,
        Reason.NOT_STARTED: _not_started,
        Reason.PAST_EXPIRY: _past_expiry,
        Reason.AVAILABLE: _available,
    }
    return told[Reason(lot.reason)](lot, on, setup)


def _available(lot: Any, on: datetime.date, setup: CreditsSetup) -> Why:
    past = past_expiry(lot, on, setup.grace_period_days)
    return Why(f"Available though {past}" if past else f"Available to {formats.day(lot.expires_on)}")


def _other_currency(lot: Purchase, on: datetime.date, setup: CreditsSetup) -> Why:
    asked = urlencode({"account": lot.account.number, "currency": lot.currency_id})
    milestones = f"{reverse('credits:milestone-list')}?{asked}"
    action = Action(f"Milestones in {lot.currency_id}", milestones, permission=FOLLOW)
    return Why(f"In {lot.currency_id}", f"Use them for a project in {lot.currency_id}", action)


def _draft(lot: Purchase, on: datetime.date, setup: CreditsSetup) -> Why:
    if lot.starts_on and lot.expires_on:
        return Why("In a draft", "Confirm the purchase", _to("Confirm", "confirm", lot, MANAGE))
    return Why("In a draft without its dates", "Enter its dates and confirm it", _to("Edit", "edit", lot, MANAGE))


def _not_started(lot: Any, on: datetime.date, setup: CreditsSetup) -> Why:
    starts = formats.day(lot.starts_on)
    wait = f"Wait until {starts}{' or allocate by hand' if setup.manual_allocation else ''}"
    if refusal_to_change_dates(lot):
        return Why(f"Starts on {starts}", wait)
    return Why(f"Starts on {starts}", f"{wait}, or agree on an earlier start", _to("Edit dates", "dates", lot, DATES))


def _past_expiry(lot: Any, on: datetime.date, setup: CreditsSetup) -> Why:
    past = past_expiry(lot, on, setup.grace_period_days)
    sentence = past[:1].upper() + past[1:]
    if refusal_to_change_dates(lot):
        return Why(sentence, f"{_no_extension(lot)}: once they have expired, ask for a reinstatement")
    return Why(sentence, "Extend the expiry date before they expire", _to("Edit dates", "dates", lot, DATES))


def _no_extension(lot: Purchase) -> str:
    return f"Extending {lot.number} is not possible any more"


def why_expired(lot: Purchase, first: datetime.date, last: datetime.date) -> Why:
    when = formats.day(first) if first == last else f"{formats.day(first)} to {formats.day(last)}"
    return Why(f"Expired on {when}", f"{_no_extension(lot)}: ask for a reinstatement")


def why_refunded(lot: Purchase) -> Why:
    url = f"{reverse('credits:purchase-create')}?account={lot.account.number}"
    return Why("Canceled and refunded", "Sell new credits", Action("New purchase", url, permission=MANAGE))


def why_held(lot: Any, holder: Any, own: bool) -> Why:
    """Of what a milestone holds of the lot. Back in it, the credits are what the rest of the lot is."""
    name = "this milestone" if own else holder.label
    if holder.completed_on:
        sentence = f"Consumed by {name}, completed on {formats.day(holder.completed_on)}"
        remedy = f"Reopen {holder.number}, then give its credits back"
        return Why(sentence, remedy + _then(lot), _at("Reopen", "reopen", holder.pk))
    if own:
        return Why(f"Allocated to {name}")
    remedy = f"Give credits back from {holder.number}{_then(lot)}"
    return Why(f"Allocated to {name}", remedy, _at("Manage credits", "credits", holder.pk))


def _then(lot: Any) -> str:
    return "" if lot.reason == Reason.AVAILABLE else f"; then they are {lot.reason}"


def _to(label: str, name: str, lot: Purchase, permission: str) -> Action:
    return Action(label, reverse(f"credits:purchase-{name}", args=[lot.pk]), permission=permission)


def _at(label: str, name: str, milestone: int) -> Action:
    return Action(label, reverse(f"credits:milestone-{name}", args=[milestone]), permission=ALLOCATE)
