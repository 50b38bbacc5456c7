"""What a commitment costs, from a day on. Books and balances: none; the price of billed days stays."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from ledger.models import Currency
from ledger.money import EXACT, has_decimals
from ledger.services.changes import made_by
from pages import formats
from pages.refusals import Refused
from prepaid.exceptions import BadContract
from prepaid.models import CommitmentPrice, ServiceCommitment
from prepaid.models.fields import QUANTITY_DECIMALS, QUANTITY_LIMIT
from prepaid.services.contracts.billed import last_billed
from prepaid.services.contracts.locks import lock_commitment


@dataclass(frozen=True, kw_only=True)
class Price:
    """What a commitment costs for each base period."""

    price: Decimal
    quantity: Decimal = Decimal(1)
    discount_percent: Decimal = Decimal(0)
    quantity_per_period: Decimal = Decimal(1)


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
    write_price(locked, day, price, actor=actor)
    return locked


def price_on(commitment: ServiceCommitment, day: datetime.date) -> CommitmentPrice | None:
    """What it costs on the day; before its first price, that."""
    prices = commitment.prices.order_by("from_on")
    return prices.filter(from_on__lte=day).last() or prices.first()


def refusal_of_price(currency: Currency, price: Price) -> Refused | None:
    """Why nothing can cost that: a price below zero or finer than its currency, a quantity of nothing or of more than
    a service can hold, a discount of more than all."""
    if price.price < 0:
        return BadContract(f"A price of {formats.exact(price.price)}: enter 0 or more.", field="price")
    if not has_decimals(price.price, currency.decimals):
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
    if (units := EXACT.multiply(price.quantity, price.quantity_per_period)) >= QUANTITY_LIMIT:
        return BadContract(
            f"{formats.exact(price.quantity)} × {formats.exact(price.quantity_per_period)} is {formats.exact(units)} for "
            "each base period, more than a prepaid service can hold. Enter less.",
            field="quantity_per_period",
        )
    if not 0 <= price.discount_percent <= 100:
        return BadContract(
            f"A discount of {formats.exact(price.discount_percent)} %: enter 0 to 100.", field="discount_percent"
        )
    return None


def write_price(commitment: ServiceCommitment, day: datetime.date, price: Price, *, actor) -> CommitmentPrice:
    return CommitmentPrice.objects.create(
        commitment=commitment,
        from_on=day,
        price=price.price,
        quantity=price.quantity,
        discount_percent=price.discount_percent,
        quantity_per_period=price.quantity_per_period,
        created_by=actor,
    )
