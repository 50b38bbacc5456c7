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
    CommitmentTerms,
    PrepaidService,
    ServiceCommitment,
    ServiceObject,
)
from prepaid.services.contracts.agreed import agreed, refusal_of_terms, tidy, why_not_for_prepaid
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
    """Makes a commitment of a service object, with its first price. An initial term that is not extended sets its end.
    Refused (BadContract): `refusal_of_card`, `refusal_of_price`."""
    locked = lock_object(service_object)
    commitment = ServiceCommitment(object=locked, created_by=actor)
    if refusal := refusal_of_card(locked, card):
        raise refusal
    made_by(actor, "Create service commitment")
    _write_commitment(commitment, card)
    commitment.save(force_insert=True)
    if card.price is not None:
        write_price(commitment, card.starts_on, card.price, actor=actor)
    commitment.refresh_from_db(fields=["next_billing_on"])
    return commitment


@transaction.atomic
def edit_commitment(commitment: ServiceCommitment, card: CommitmentCard, *, actor) -> ServiceCommitment:
    """Changes what is agreed, for what is billed from now on; `card.price` is not looked at: `set_price` changes it. Refused
    as in `create_commitment`; the start, the day that periods are counted from, the base period, the currency and who is
    billed how, once something is billed."""
    locked = lock_commitment(commitment)
    if refusal := refusal_of_card(locked.object, card):
        raise refusal
    fixed = _fixed(locked)
    first, ended = locked.starts_on, locked.ends_on
    made_by(actor, "Edit service commitment")
    _write_commitment(locked, card)
    if fixed != _fixed(locked) and is_billed(locked):
        raise BadContract(
            f"{locked} is billed in part: its start, base period, currency and invoicing stay. Cancel it and agree on "
            "another one, or credit what is billed."
        )
    last = last_billed(locked)
    if last is not None and locked.ends_on is not None and locked.ends_on < last and locked.ends_on != ended:
        raise BadContract(
            f"{locked} is billed until {formats.day(last)}. Cancel it to end it earlier; what is billed is then credited.",
            field="ends_on",
        )
    if first != locked.starts_on:
        locked.prices.filter(from_on=first).update(from_on=locked.starts_on)
    locked.save()
    locked.refresh_from_db()
    return locked


def refusal_of_card(service_object: ServiceObject, card: CommitmentCard) -> Refused | None:
    """Why nothing can be agreed so: terms that are none, an end before the start, a prepaid service that it cannot top up."""
    terms = ServiceCommitment(**card.terms)
    tidy(terms)
    return (
        refusal_of_terms(terms)
        or _refusal_of_days(card)
        or (refusal_of_service(service_object, terms, card) if card.prepaid_service else None)
        or (refusal_of_price(card.currency, card.price) if card.price else None)
    )


def refusal_of_service(service_object: ServiceObject, terms: CommitmentTerms, card: CommitmentCard) -> Refused | None:
    """Why its periods cannot top up the prepaid service."""
    service = card.prepaid_service
    assert service is not None
    if service.account_id != service_object.account_id:
        return BadContract(f"Prepaid service {service} belongs to another account.", field="prepaid_service")
    if not service.is_periodic:
        return BadContract(f"{service} is one-time. A contract tops up a periodic one.", field="prepaid_service")
    if service.currency_id is not None and service.currency_id != card.currency.pk:
        return BadContract(
            f"{service} is in {service.currency_id}, not in {card.currency.pk}.", field="prepaid_service"
        )
    if why := why_not_for_prepaid(terms):
        return BadContract(f"It cannot top up {service}: {why[1]}", field=why[0])
    return None


def _refusal_of_days(card: CommitmentCard) -> Refused | None:
    if card.ends_on is not None and card.ends_on < card.starts_on:
        return BadContract("It ends before it starts.", field="ends_on")
    if card.anchor_on is not None and card.anchor_on > card.starts_on:
        return BadContract("Its periods are counted from its first day, or from one before.", field="anchor_on")
    return None


def _fixed(commitment: ServiceCommitment) -> tuple:
    names = ("currency_id", "starts_on", "anchor_on", "base_period", "partner", "invoicing_via")
    return tuple(getattr(commitment, name) for name in names)


def _write_commitment(commitment: ServiceCommitment, card: CommitmentCard) -> None:
    for name, value in card.terms.items():
        setattr(commitment, name, value)
    tidy(commitment)
    commitment.description = (commitment.description.strip() or commitment.object.description)[:250]
    commitment.currency, commitment.package = card.currency, card.package or commitment.package
    commitment.starts_on, commitment.anchor_on = card.starts_on, card.anchor_on or card.starts_on
    commitment.ends_on = card.ends_on or agreed(commitment).fixed_end(card.starts_on)
    commitment.prepaid_service = card.prepaid_service
    if commitment.next_billing_on is None:
        commitment.next_billing_on = card.starts_on  # the database works it out
