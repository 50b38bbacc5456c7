"""Service objects and their commitments: what a customer has, and what is agreed for it. Books and balances: none; what is
billed of a commitment stays as it was billed."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction

from ledger.dates import business_date
from ledger.models import Currency
from ledger.money import has_decimals
from ledger.services.changes import made_by
from opportunities.models import Account, Product
from opportunities.services.locks import lock_account
from pages import formats
from pages.refusals import Refused
from prepaid.dateformula import BadDateFormula, DateFormula
from prepaid.exceptions import BadContract
from prepaid.models import (
    CommitmentPackage,
    CommitmentPrice,
    CommitmentTerms,
    DeliveryLine,
    InvoicingVia,
    Partner,
    PrepaidService,
    ServiceCommitment,
    ServiceObject,
)
from prepaid.models.fields import QUANTITY_DECIMALS
from prepaid.periods import BadTerm, Term
from prepaid.services.numbers import object_number
from prepaid.terms import Agreed

SINGLE_TERMS = ("base_period", "rhythm", "initial_term", "extension_term", "notice_period")


@dataclass(frozen=True, kw_only=True)
class ObjectTerms:
    """What a service object says."""

    account: Account
    product: Product
    description: str = ""
    reference: str = ""
    quantity: Decimal = Decimal(1)
    unit_of_measure: str = ""
    provided_on: datetime.date | None = None


@dataclass(frozen=True, kw_only=True)
class Price:
    """What a commitment costs for each base period."""

    price: Decimal
    quantity: Decimal = Decimal(1)
    discount_percent: Decimal = Decimal(0)
    quantity_per_period: Decimal = Decimal(1)


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
def create_object(terms: ObjectTerms, *, actor, delivery_line: DeliveryLine | None = None) -> ServiceObject:
    """Makes a service object under the next free number. Refused (BadContract): a quantity of nothing; a product that is no
    service commitment item and is not sold with one."""
    lock_account(terms.account.pk)
    if refusal := refusal_of_object(terms):
        raise refusal
    made_by(actor, "Create service object")
    made = ServiceObject(number=object_number(), created_by=actor, delivery_line=delivery_line)
    _write_object(made, terms)
    made.save(force_insert=True)
    return made


@transaction.atomic
def edit_object(service_object: ServiceObject, terms: ObjectTerms, *, actor) -> ServiceObject:
    """Changes what it says. Refused as in `create_object`; another account or product once it has commitments."""
    locked = _lock_object(service_object)
    if refusal := refusal_of_object(terms):
        raise refusal
    if (terms.account.pk, terms.product.pk) != (locked.account_id, locked.product_id) and locked.commitments.exists():
        raise BadContract(f"{locked} has commitments: its account and its product stay.", field="account")
    made_by(actor, "Edit service object")
    _write_object(locked, terms)
    locked.save()
    return locked


@transaction.atomic
def create_commitment(service_object: ServiceObject, card: CommitmentCard, *, actor) -> ServiceCommitment:
    """Makes a commitment of a service object, with its first price. An initial term that is not extended sets its end.
    Refused (BadContract): `refusal_of_card`, `refusal_of_price`."""
    locked = _lock_object(service_object)
    commitment = ServiceCommitment(object=locked, created_by=actor)
    if refusal := refusal_of_card(locked, card):
        raise refusal
    made_by(actor, "Create service commitment")
    _write_commitment(commitment, card)
    commitment.save(force_insert=True)
    if card.price is not None:
        _write_price(commitment, card.starts_on, card.price, actor=actor)
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


@transaction.atomic
def set_price(
    commitment: ServiceCommitment, price: Price, *, from_on: datetime.date | None = None, actor
) -> ServiceCommitment:
    """What it costs from a day on (the first of it, without one). A period that the day falls into is billed in two parts.
    Refused (BadContract): `refusal_of_price`; a day that is billed already, or that lies outside it."""
    locked = lock_commitment(commitment)
    day = from_on or locked.starts_on
    if refusal := refusal_of_price(locked.currency, price):
        raise refusal
    if day < locked.starts_on or (locked.ends_on and day > locked.ends_on):
        raise BadContract(f"{formats.day(day)} lies outside {locked}.", field="from_on")
    last = last_billed(locked)
    if last is not None and day <= last:
        raise BadContract(
            f"{locked} is billed until {formats.day(last)}: its price changes after that day, or what is billed is credited "
            "first.",
            field="from_on",
        )
    made_by(actor, "Change price")
    locked.prices.filter(from_on=day).delete()
    _write_price(locked, day, price, actor=actor)
    return locked


@transaction.atomic
def cancel(
    commitment: ServiceCommitment,
    *,
    ends_on: datetime.date | None = None,
    notice_on: datetime.date | None = None,
    reason: str = "",
    actor,
) -> ServiceCommitment:
    """Ends the commitment with the day, or with the first one for which a notice on `notice_on` (today) is in time. Nothing
    is billed after it; what is billed already is taken back by a credit memo. Refused (BadContract): one that is cancelled
    already; a notice of a later day; an end before the first day; one before the notice would allow, without a reason."""
    locked = lock_commitment(commitment)
    if refusal := refusal_to_cancel(locked):
        raise refusal
    notice = notice_on or business_date()
    if notice > business_date():
        raise BadContract(
            f"{formats.day(notice)} has not come: the day of a notice is today or earlier.", field="notice_on"
        )
    earliest = agreed(locked).earliest_end(locked.starts_on, notice)
    end = ends_on or (min(earliest, locked.ends_on) if locked.ends_on else earliest)
    if end < locked.starts_on:
        raise BadContract(
            f"{locked} starts on {formats.day(locked.starts_on)}: choose that day or a later one.", field="ends_on"
        )
    if end < earliest and end != locked.ends_on and not reason.strip():
        raise BadContract(
            f"A notice on {formats.day(notice)} ends it on {formats.day(earliest)}. Say why it ends earlier.",
            field="reason",
        )
    made_by(actor, "Cancel service commitment", reason=reason)
    locked.ends_on, locked.cancelled_on = end, notice
    locked.save(update_fields=["ends_on", "cancelled_on"])
    locked.refresh_from_db()
    return locked


@transaction.atomic
def withdraw_cancellation(commitment: ServiceCommitment, *, actor) -> ServiceCommitment:
    """Takes a notice back: it goes on as it was agreed. Refused (BadContract): one that was not cancelled."""
    locked = lock_commitment(commitment)
    if refusal := refusal_to_withdraw(locked):
        raise refusal
    made_by(actor, "Withdraw cancellation")
    locked.cancelled_on, locked.ends_on = None, agreed(locked).fixed_end(locked.starts_on)
    locked.save(update_fields=["ends_on", "cancelled_on"])
    locked.refresh_from_db()
    return locked


def refusal_to_withdraw(commitment: ServiceCommitment) -> Refused | None:
    """Why there is no notice to be taken back."""
    return BadContract(f"{commitment} is not cancelled.") if commitment.cancelled_on is None else None


def refusal_to_cancel(commitment: ServiceCommitment) -> Refused | None:
    """Why it is not cancelled."""
    if commitment.cancelled_on is None or commitment.ends_on is None:
        return None
    return BadContract(
        f"{commitment} is cancelled already: it ends on {formats.day(commitment.ends_on)}. Withdraw the cancellation first."
    )


def agreed(terms: CommitmentTerms) -> Agreed:
    return Agreed.parse(terms.initial_term, terms.extension_term, terms.notice_period)


def price_on(commitment: ServiceCommitment, day: datetime.date) -> CommitmentPrice | None:
    """What it costs on the day; before its first price, that."""
    prices = commitment.prices.order_by("from_on")
    return prices.filter(from_on__lte=day).last() or prices.first()


def last_billed(commitment: ServiceCommitment) -> datetime.date | None:
    """The last day that an invoice bills and no credit memo took back."""
    periods = commitment.billed_periods.order_by("-kept_until").values_list("starts_on", "kept_until")
    return next((kept for starts, kept in periods if kept >= starts), None)


def is_billed(commitment: ServiceCommitment) -> bool:
    return last_billed(commitment) is not None


def refusal_of_object(terms: ObjectTerms) -> Refused | None:
    """Why a service object cannot be so."""
    if terms.quantity <= 0 or not has_decimals(terms.quantity, QUANTITY_DECIMALS):
        return BadContract(f"A quantity of {formats.exact(terms.quantity)}: enter more than 0.", field="quantity")
    return None


def refusal_of_price(currency: Currency, price: Price) -> Refused | None:
    """Why nothing can cost that: a price below zero or finer than its currency, a quantity of nothing, a discount of more
    than all."""
    if price.price < 0 or not has_decimals(price.price, currency.decimals):
        return BadContract(
            f"{formats.exact(price.price)} is no price in {currency.pk}, which has {currency.decimals} decimals.",
            field="price",
        )
    for name in ("quantity", "quantity_per_period"):
        value = getattr(price, name)
        if value <= 0 or not has_decimals(value, QUANTITY_DECIMALS):
            return BadContract(
                f"{formats.exact(value)}: enter more than 0, with at most {QUANTITY_DECIMALS} decimals.", field=name
            )
    if not 0 <= price.discount_percent <= 100:
        return BadContract(
            f"A discount of {formats.exact(price.discount_percent)} %: enter 0 to 100.", field="discount_percent"
        )
    return None


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


def refusal_of_terms(terms: CommitmentTerms, *, error: type[Refused] = BadContract) -> Refused | None:
    """Why agreed terms are none; the first field. `error` is the class that says it."""
    for name in SINGLE_TERMS:
        text = getattr(terms, name)
        if not text and name not in ("base_period", "rhythm"):
            continue
        try:
            Term.parse(text)
        except BadTerm as bad:
            return error(str(bad), field=name)
    base, rhythm = Term.parse(terms.base_period), Term.parse(terms.rhythm)
    if rhythm.times(base) is None and base.times(rhythm) is None:
        return error(
            f"A rhythm of {terms.rhythm} and a base period of {terms.base_period}: the one has to be a whole multiple of "
            "the other.",
            field="rhythm",
        )
    if terms.extension_term and not terms.initial_term:
        return error(
            "What goes on has an initial term first. Enter it, or leave the extension empty.", field="initial_term"
        )
    if terms.base_percent < 0 or not has_decimals(terms.base_percent, 4):
        return error(
            f"{formats.exact(terms.base_percent)} %: enter 0 or more, with at most 4 decimals.", field="base_percent"
        )
    if terms.start_formula:
        try:
            DateFormula.parse(terms.start_formula)
        except BadDateFormula as bad:
            return error(bad.message, field="start_formula")
    return None


def tidy(terms: CommitmentTerms) -> None:
    """Periods and formulas as they are stored: in capitals, without blanks and the brackets around a formula."""
    for name in (*SINGLE_TERMS, "start_formula"):
        text = "".join(getattr(terms, name).split()).upper()
        setattr(terms, name, text[1:-1] if text.startswith("<") and text.endswith(">") else text)


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


def why_not_for_prepaid(terms: CommitmentTerms) -> tuple[str, str] | None:
    """The field, and a sentence, for which the periods of such terms top up no prepaid service."""
    if terms.partner != Partner.CUSTOMER:
        return "partner", "its partner is the vendor. Choose the customer."
    if terms.invoicing_via != InvoicingVia.CONTRACT:
        return "invoicing_via", "it is invoiced via sales. Choose contract."
    if terms.invoicing_item_id is not None:
        return "invoicing_item", "it names an invoicing item. Leave that empty."
    if terms.base_percent != 100:
        return "base_percent", f"its calculation base is {formats.exact(terms.base_percent)} %. Enter 100."
    return None


def lock_commitment(commitment: ServiceCommitment) -> ServiceCommitment:
    """The commitment as it is now, locked after its account."""
    lock_account(commitment.object.account_id)
    related = ("object__account", "object__product", "currency", "contract", "prepaid_service", "invoicing_item")
    return ServiceCommitment.objects.select_related(*related).select_for_update(of=["self"]).get(pk=commitment.pk)


def _lock_object(service_object: ServiceObject) -> ServiceObject:
    lock_account(service_object.account_id)
    found = ServiceObject.objects.select_related("account", "product").select_for_update(of=["self"])
    return found.get(pk=service_object.pk)


def _refusal_of_days(card: CommitmentCard) -> Refused | None:
    if card.ends_on is not None and card.ends_on < card.starts_on:
        return BadContract("It ends before it starts.", field="ends_on")
    if card.anchor_on is not None and card.anchor_on > card.starts_on:
        return BadContract("Its periods are counted from its first day, or from one before.", field="anchor_on")
    return None


def _fixed(commitment: ServiceCommitment) -> tuple:
    names = ("currency_id", "starts_on", "anchor_on", "base_period", "partner", "invoicing_via")
    return tuple(getattr(commitment, name) for name in names)


def _write_object(made: ServiceObject, terms: ObjectTerms) -> None:
    made.account, made.product = terms.account, terms.product
    made.description = (terms.description.strip() or terms.product.name)[:250]
    made.reference, made.quantity = terms.reference.strip(), terms.quantity
    made.unit_of_measure = terms.unit_of_measure.strip() or terms.product.unit_of_measure
    made.provided_on = terms.provided_on or business_date()


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


def _write_price(commitment: ServiceCommitment, day: datetime.date, price: Price, *, actor) -> CommitmentPrice:
    return CommitmentPrice.objects.create(
        commitment=commitment,
        from_on=day,
        price=price.price,
        quantity=price.quantity,
        discount_percent=price.discount_percent,
        quantity_per_period=price.quantity_per_period,
        created_by=actor,
    )
