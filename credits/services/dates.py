"""Renegotiation: other dates for a confirmed purchase. With the reinstatement, the only way a credit lives longer."""

import datetime

from django.db import transaction

from credits.exceptions import BadTerms, DatesLocked
from credits.models import Purchase, PurchaseDateChange
from credits.services.purchases import lock_purchase
from ledger.dates import business_date
from ledger.services.changes import made_by
from pages import formats
from pages.refusals import Refused


@transaction.atomic
def change_dates(
    purchase: Purchase, *, starts_on: datetime.date, expires_on: datetime.date, reason: str, actor
) -> Purchase:
    """Gives a confirmed purchase another start or expiry date, and keeps old, new, reason and who.

    Books: none (rule 9). Refused (DatesLocked): a draft, whose fields are simply edited; a purchase with expired credits.
    Refused (BadTerms): an expiry before the start or, when it changes, before today; no change; no reason.
    """
    purchase = lock_purchase(purchase)
    _check(purchase, starts_on, expires_on, reason)
    made_by(actor, "Change dates", reason=reason)
    assert purchase.starts_on and purchase.expires_on  # a confirmed purchase has both
    PurchaseDateChange.objects.create(
        purchase=purchase,
        old_starts_on=purchase.starts_on,
        new_starts_on=starts_on,
        old_expires_on=purchase.expires_on,
        new_expires_on=expires_on,
        reason=reason.strip(),
        changed_by=actor,
    )
    purchase.starts_on, purchase.expires_on = starts_on, expires_on
    purchase.save(update_fields=["starts_on", "expires_on"])
    return purchase


def refusal_to_change_dates(purchase: Purchase) -> Refused | None:
    """Why the dates of the purchase are not open to renegotiation, whatever they would become."""
    if purchase.draft:
        return DatesLocked(f"{purchase} is a draft: edit its dates directly.")
    if purchase.credits_expired:
        return DatesLocked(f"{purchase} has {purchase.credits_expired:,} expired credits: its dates are locked.")
    return None


def _check(purchase: Purchase, starts_on: datetime.date, expires_on: datetime.date, reason: str) -> None:
    if refusal := refusal_to_change_dates(purchase):
        raise refusal
    if not reason.strip():
        raise BadTerms("Say why the dates change: the reason is kept with them.", field="reason")
    if expires_on < starts_on:
        raise BadTerms(
            f"The expiry date {formats.day(expires_on)} is before the start date {formats.day(starts_on)}.",
            field="expires_on",
        )
    if (starts_on, expires_on) == (purchase.starts_on, purchase.expires_on):
        raise BadTerms("These are the dates that the purchase has.", field="expires_on")
    if expires_on != purchase.expires_on and expires_on < business_date():
        raise BadTerms(
            f"The new expiry date {formats.day(expires_on)} has passed. Choose today or later; to end unused credits now, "
            "set today and expire them.",
            field="expires_on",
        )
