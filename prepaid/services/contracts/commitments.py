"""Service commitments: what is agreed for a service object. Books and balances: none; what is billed of one stays as it was
billed."""

import datetime
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from ledger.models import Currency
from ledger.services.changes import made_by
from pages import formats
from pages.refusals import Refused
from prepaid.exceptions import BadContract
from prepaid.models import (
    CommitmentPackage,
    Partner,
    PrepaidService,
    ServiceCommitment,
    ServiceObject,
)
from prepaid.periods import Term
from prepaid.services.contracts.agreed import agreed, refusal_of_far_day, refusal_of_terms, tidy, why_not_for_prepaid
from prepaid.services.contracts.billed import is_billed, last_billed
from prepaid.services.contracts.locks import lock_commitment, lock_object
from prepaid.services.contracts.prices import Price, refusal_of_price, write_price


@dataclass(frozen=True, kw_only=True)
class CommitmentCard:
    """What is agreed for a service object. Without `anchor_on`, periods are counted from the first day; without `price`, it
    has none yet and cannot be billed. `terms` are the fields of `CommitmentTerms`."""

    currency: Currency
    starts_on: datetime.date
    terms: dict[str, Any] = field(default_factory=dict)
    anchor_on: datetime.date | None = None
    ends_on: datetime.date | None = None
    prepaid_service: PrepaidService | None = None
    package: CommitmentPackage | None = None
    price: Price | None = None


@transaction.atomic
def create_commitment(service_object: ServiceObject, card: CommitmentCard, *, actor) -> ServiceCommitment:
    """Makes a commitment of a service object, with its first price. An initial term that is not extended sets its end. The
    first one that tops up a prepaid service without a currency sets it. Refused (BadContract): `refusal_of_terms`,
    `refusal_of_price`; a day out of reach, an end before the start; a prepaid service that it cannot top up."""
    locked = lock_object(service_object)
    commitment = ServiceCommitment(object=locked, created_by=actor)
    _write_commitment(commitment, card)
    if card.price is not None and (refusal := refusal_of_price(card.currency, card.price)):
        raise refusal
    made_by(actor, "Create service commitment")
    _fix_currency(commitment)
    commitment.save(force_insert=True)
    if card.price is not None:
        write_price(commitment, card.starts_on, card.price, actor=actor)
    commitment.refresh_from_db(fields=["next_billing_on"])
    return commitment


@transaction.atomic
def edit_commitment(commitment: ServiceCommitment, card: CommitmentCard, *, actor) -> ServiceCommitment:
    """Changes what is agreed, for what is billed from now on; `card.price` is not looked at: `set_price` changes it. With
    another start, the price that is in force on it is the first. Refused as in `create_commitment`; what its contract cannot
    bill; one of a closed contract; the start, the day that periods are counted from, the base period, the currency and who
    is billed how, once something is billed, and a rhythm that cuts the base period otherwise."""
    locked = lock_commitment(commitment)
    if refusal := refusal_of_closed(locked):
        raise refusal
    fixed, steps, first, ended = _fixed(locked), _steps(locked), locked.starts_on, locked.ends_on
    _write_commitment(locked, card)
    if fixed != _fixed(locked) and is_billed(locked):
        raise BadContract(
            f"{locked} is billed in part: its start, base period, currency and invoicing stay. Cancel it and "
            "agree on another one, or credit what is billed."
        )
    if is_billed(locked) and steps != _steps(locked):
        raise BadContract(
            f"{locked} is billed in part, and a rhythm of {locked.rhythm} cuts its base period otherwise. Credit what is "
            "billed first, or cancel it and agree on another one.",
            field="rhythm",
        )
    if refusal := _refusal_of_contract(locked):
        raise refusal
    last = last_billed(locked)
    if last is not None and locked.ends_on is not None and locked.ends_on < last and locked.ends_on != ended:
        raise BadContract(
            f"{locked} is billed until {formats.day(last)}. Cancel it to end it earlier; what is billed is then credited.",
            field="ends_on",
        )
    made_by(actor, "Edit service commitment")
    if first != locked.starts_on:
        _move_prices(locked, first)
    _fix_currency(locked)
    locked.save()
    locked.refresh_from_db()
    return locked


def refusal_of_closed(commitment: ServiceCommitment) -> Refused | None:
    """Why nothing more is agreed: its contract is closed."""
    contract = commitment.contract
    if contract is None or not contract.closed:
        return None
    return BadContract(f"{contract} is closed: it bills nothing more of {commitment}. Open it again first.")


def _refusal_of_contract(commitment: ServiceCommitment) -> Refused | None:
    """Why its contract cannot bill it so."""
    contract = commitment.contract
    if contract is None:
        return None
    if not commitment.is_billed_by_contract:
        field = "partner" if commitment.partner != Partner.CUSTOMER else "invoicing_via"
        return BadContract(
            f"{commitment} is billed by {contract}: its partner stays the customer, and it is invoiced via the contract. "
            "Take it out there first.",
            field=field,
        )
    if commitment.currency_id != contract.currency_id:
        return BadContract(
            f"{commitment} is billed by {contract} in {contract.currency_id}, not in {commitment.currency_id}. Take it out "
            "there first.",
            field="currency",
        )
    return None


def _refusal_of_service(commitment: ServiceCommitment) -> Refused | None:
    """Why its periods cannot top up the prepaid service."""
    service = commitment.prepaid_service
    if service is None:
        return None
    if service.account_id != commitment.object.account_id:
        return BadContract(f"Prepaid service {service} belongs to another account.", field="prepaid_service")
    if not service.is_periodic:
        return BadContract(f"{service} is one-time. A contract tops up a periodic one.", field="prepaid_service")
    if service.currency_id is not None and service.currency_id != commitment.currency_id:
        return BadContract(
            f"{service} is in {service.currency_id}, not in {commitment.currency_id}.", field="prepaid_service"
        )
    if why := why_not_for_prepaid(commitment):
        return BadContract(f"It cannot top up {service}: {why[1]}", field=why[0])
    return None


def _refusal_of_days(commitment: ServiceCommitment) -> Refused | None:
    for name in ("starts_on", "anchor_on", "ends_on"):
        if refusal := refusal_of_far_day(getattr(commitment, name), name):
            return refusal
    if commitment.ends_on is not None and commitment.ends_on < commitment.starts_on:
        return BadContract("It ends before it starts.", field="ends_on")
    if commitment.anchor_on > commitment.starts_on:
        return BadContract("Its periods are counted from its first day, or from one before.", field="anchor_on")
    return None


def _fixed(commitment: ServiceCommitment) -> tuple:
    names = ("currency_id", "starts_on", "anchor_on", "base_period", "partner", "invoicing_via")
    return tuple(getattr(commitment, name) for name in names)


def _steps(commitment: ServiceCommitment) -> int:
    """Into how many steps of one price its rhythm cuts a base period."""
    return Term.parse(commitment.base_period).times(Term.parse(commitment.rhythm)) or 1


def _write_commitment(commitment: ServiceCommitment, card: CommitmentCard) -> None:
    """What the card says, on the row as it is. Refused (BadContract): what can be agreed by nobody."""
    for name, value in card.terms.items():
        setattr(commitment, name, value)
    tidy(commitment)
    if refusal := refusal_of_terms(commitment):
        raise refusal
    commitment.description = (commitment.description.strip() or commitment.object.description)[:250]
    commitment.currency, commitment.package = card.currency, card.package or commitment.package
    commitment.starts_on, commitment.anchor_on = card.starts_on, card.anchor_on or card.starts_on
    commitment.ends_on = card.ends_on
    commitment.prepaid_service = _locked(card.prepaid_service)
    if refusal := _refusal_of_days(commitment) or _refusal_of_service(commitment):
        raise refusal
    commitment.ends_on = card.ends_on or agreed(commitment).fixed_end(card.starts_on)
    if commitment.next_billing_on is None:
        commitment.next_billing_on = card.starts_on  # the database works it out


def _locked(service: PrepaidService | None) -> PrepaidService | None:
    """As it is now; the account is locked already, if it is the same."""
    found = PrepaidService.objects.select_for_update(of=["self"])
    return found.get(pk=service.pk) if service is not None else None


def _fix_currency(commitment: ServiceCommitment) -> None:
    """What tops up a service is in one currency: that of the first."""
    service = commitment.prepaid_service
    if service is not None and service.currency_id is None:
        service.currency = commitment.currency
        service.save(update_fields=["currency"])


def _move_prices(commitment: ServiceCommitment, first: datetime.date) -> None:
    """From its new start on, the price that is in force there; those before it went with their days."""
    by = commitment.prices.filter(from_on__lte=max(first, commitment.starts_on)).order_by("from_on")
    if (in_force := by.last()) is not None:
        by.exclude(pk=in_force.pk).delete()
        in_force.from_on = commitment.starts_on
        in_force.save(update_fields=["from_on"])
