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

ALLOCATE, EXPIRE = "credits.allocate_credits", "credits.expire_purchases"
MANAGE, FOLLOW = "credits.manage_purchases", "credits.view_milestone"


@dataclass(frozen=True)
class Why:
    """Why the credits are where they are, what would free them (nothing: nothing has to), and the pages for it."""

    sentence: str
    remedy: str = ""
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True)
class Asked:
    """The day and the setup by which it is asked, and the milestone for which, where it is for one."""

    on: datetime.date
    setup: CreditsSetup
    milestone: int | None = None

    def past_expiry(self, lot: Any) -> str:
        return past_expiry(lot, self.on, self.setup.grace_period_days)


def why_left(lot: Any, asked: Asked) -> Why:
    """Of what is left of a lot that carries its `reason`."""
    told = {
        Reason.OTHER_CURRENCY: _other_currency,
        Reason.DRAFT: _draft,
        Reason.NOT_STARTED: _not_started,
        Reason.PAST_EXPIRY: _past_expiry,
        Reason.AVAILABLE: _available,
    }
    return told[Reason(lot.reason)](lot, asked)


def _available(lot: Any, asked: Asked) -> Why:
    past = asked.past_expiry(lot)
    return Why(f"Available though {past}" if past else f"Available to {formats.day(lot.expires_on)}")


def _other_currency(lot: Purchase, asked: Asked) -> Why:
    code = lot.currency_id
    url = f"{reverse('credits:milestone-list')}?{urlencode({'account': lot.account.number, 'currency': code})}"
    ways = (Action(f"Milestones in {code}", url, permission=FOLLOW),)
    return Why(f"In {code}", f"Use them for a project in {code}", ways)


def _draft(lot: Purchase, asked: Asked) -> Why:
    if lot.starts_on and lot.expires_on:
        return Why("In a draft", "Confirm the purchase", _to("Confirm", "confirm", lot, MANAGE))
    return Why("In a draft without its dates", "Enter its dates and confirm it", _to("Edit", "edit", lot, MANAGE))


def _not_started(lot: Any, asked: Asked) -> Why:
    starts, by_hand = formats.day(lot.starts_on), asked.setup.manual_allocation
    wait = f"Wait until {starts}{' or allocate by hand' if by_hand else ''}"
    pick = _at("Pick lots", "pick", asked.milestone) if by_hand and asked.milestone else ()
    if refusal_to_change_dates(lot):
        return Why(f"Starts on {starts}", wait, pick)
    earlier = _to("Edit dates", "dates", lot, EXPIRE)
    return Why(f"Starts on {starts}", f"{wait}, or agree on an earlier start", (*pick, *earlier))


def _past_expiry(lot: Any, asked: Asked) -> Why:
    past = asked.past_expiry(lot)
    sentence = past[:1].upper() + past[1:]
    if refusal_to_change_dates(lot):
        return Why(sentence, f"{_no_extension(lot)}: once they have expired, ask for a reinstatement")
    return Why(sentence, "Extend the expiry date before they expire", _to("Edit dates", "dates", lot, EXPIRE))


def _no_extension(lot: Purchase) -> str:
    return f"Extending {lot.number} is not possible any more"


def why_expired(lot: Purchase, first: datetime.date, last: datetime.date) -> Why:
    when = formats.day(first) if first == last else f"{formats.day(first)} to {formats.day(last)}"
    return Why(
        f"Expired on {when}",
        f"{_no_extension(lot)}: ask for a reinstatement",
        _to("Reinstate", "reinstate", lot, EXPIRE),
    )


def why_refunded(lot: Purchase) -> Why:
    url = f"{reverse('credits:purchase-create')}?account={lot.account.number}"
    return Why("Canceled and refunded", "Sell new credits", (Action("New purchase", url, permission=MANAGE),))


def why_held(lot: Any, holder: Any, asked: Asked) -> Why:
    """Of what a milestone holds of the lot. Back in it, the credits are what the rest of the lot is."""
    own = holder.pk == asked.milestone
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


def _to(label: str, name: str, lot: Purchase, permission: str) -> tuple[Action, ...]:
    return (Action(label, reverse(f"credits:purchase-{name}", args=[lot.pk]), permission=permission),)


def _at(label: str, name: str, milestone: int) -> tuple[Action, ...]:
    return (Action(label, reverse(f"credits:milestone-{name}", args=[milestone]), permission=ALLOCATE),)
