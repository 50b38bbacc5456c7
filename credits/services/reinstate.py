"""Reinstatement: expired credits come back with another expiry date. With the renegotiation of dates, the only way a credit
lives longer.

Books (rule 10): the mirror of every expiry of the lot that stands, today. Balances: expired falls to zero, available rises by
as much; each expiry gets a negative row of its type.
"""

from django.db.models import Sum

from credits.exceptions import BadCorrection
from credits.models import Allocation, Consumption, Correction, Purchase, PurchaseDateChange
from credits.services.taking_back import take_back
from ledger.dates import business_date
from pages import formats
from pages.refusals import Refused


def check_reinstatement(correction: Correction) -> None:
    """Refused (BadCorrection): nothing expired; a new expiry date before today or before the start."""
    purchase, day = correction.purchase, correction.new_expires_on
    assert day is not None
    if refusal := refusal_to_reinstate(purchase):
        raise refusal
    if day < business_date():
        raise BadCorrection(
            f"The new expiry date {formats.day(day)} has passed. Choose today or later.", field="new_expires_on"
        )
    if purchase.starts_on and day < purchase.starts_on:
        raise BadCorrection(
            f"The new expiry date {formats.day(day)} is before the start date {formats.day(purchase.starts_on)}.",
            field="new_expires_on",
        )


def refusal_to_reinstate(purchase: Purchase) -> Refused | None:
    """Why nothing of the purchase can be reinstated."""
    if purchase.credits_expired:
        return None
    return BadCorrection(f"No credits of {purchase} have expired: there is nothing to reinstate.")


def reinstate(correction: Correction, *, actor) -> None:
    """Of an approved correction, whose purchase the caller has locked."""
    purchase = correction.purchase
    for allocation in _standing_expiries(correction):
        _give_back(correction, allocation, actor=actor)
        take_back(
            allocation.event_key,
            event_key=f"{purchase.lot}:reinstate:{allocation.pk}",
            kind="reinstatement",
            actor=actor,
            reason=correction.reason,
        )
    assert purchase.starts_on and purchase.expires_on and correction.new_expires_on  # a confirmed purchase has both
    PurchaseDateChange.objects.create(
        purchase=purchase,
        old_starts_on=purchase.starts_on,
        new_starts_on=purchase.starts_on,
        old_expires_on=purchase.expires_on,
        new_expires_on=correction.new_expires_on,
        reason=correction.reason,
        changed_by=actor,
    )
    purchase.expires_on = correction.new_expires_on
    purchase.save(update_fields=["expires_on"])


def _standing_expiries(correction: Correction) -> list[Allocation]:
    expiries = Allocation.objects.filter(
        allocation_type=Allocation.Type.EXPIRY, consumptions__purchase=correction.purchase
    )
    return list(expiries.annotate(net=Sum("consumptions__credits")).filter(net__gt=0).order_by("id"))


def _give_back(correction: Correction, allocation: Allocation, *, actor) -> None:
    row = allocation.consumptions.filter(credits__gt=0).get()
    Consumption.objects.create(
        allocation=allocation,
        consumption_type=Consumption.Type.EXPIRY,
        account_id=row.account_id,
        purchase_id=row.purchase_id,
        currency_id=row.currency_id,
        credits=-row.credits,
        value_per_credit=row.value_per_credit,
        amount_paid_per_credit=row.amount_paid_per_credit,
        consumed_on=max(row.consumed_on, business_date()),
        correction=correction,
        created_by=actor,
    )
