"""The terms of a purchase, and the rules they keep whoever enters them: a form, the opportunity window, an import."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from credits.exceptions import BadTerms
from credits.models import CreditsSetup
from credits.models.purchases import MAX_CREDITS
from ledger.models import Currency, ProductPostingGroup
from ledger.money import has_decimals
from ledger.services.dimensions import check_dimensions
from opportunities.models import Account
from pages import formats

MAX_DIGITS = 18
MAX_DESCRIPTION = 32_000


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What was agreed with the customer. Credits are whole, prices are per credit in `currency`, dates are the first and
    the last usable day; a draft may lack them. Without a product group the one of the setup is taken; where no value of a
    dimension is chosen, the account's, and none where the value chosen is empty. The amount paid is not asked for where the
    setup has it follow the value."""

    account: Account
    currency: Currency
    purchased_on: datetime.date
    number_of_credits: int
    value_per_credit: Decimal
    amount_paid_per_credit: Decimal | None = None
    starts_on: datetime.date | None = None
    expires_on: datetime.date | None = None
    description: str = ""
    product_group: ProductPostingGroup | None = None
    dimensions: Mapping[str, str] = field(default_factory=dict)


def check_terms(terms: Terms, *, before: Mapping[str, str] | None = None) -> Terms:
    """Gives the terms with their amount paid, product group and dimensions, or refuses (BadTerms, BadDimension) naming
    field, value and rule. `before` are the dimensions of a draft that is edited: it may keep a value that was blocked
    since."""
    check_number(terms.number_of_credits)
    check_price("value_per_credit", "value per credit", terms.value_per_credit, terms.currency)
    paid = amount_paid(terms)
    check_price("amount_paid_per_credit", "amount paid per credit", paid, terms.currency)
    check_dates(terms.starts_on, terms.expires_on)
    check_description(terms.description)
    merged = {**terms.account.dimensions, **terms.dimensions}
    dimensions = {dimension: value for dimension, value in merged.items() if value}
    check_dimensions(dimensions, kept=before)
    product_group = terms.product_group or default_product_group()
    return replace(terms, amount_paid_per_credit=paid, product_group=product_group, dimensions=dimensions)


def amount_paid(terms: Terms) -> Decimal:
    """What is paid per credit: the value, where the setup says so. Refused (BadTerms): another amount there, none
    elsewhere."""
    if not CreditsSetup.current().sync_paid_with_value:
        if terms.amount_paid_per_credit is None:
            raise BadTerms("Enter the amount paid per credit; 0 is free.", field="amount_paid_per_credit")
        return terms.amount_paid_per_credit
    if terms.amount_paid_per_credit not in (None, terms.value_per_credit):
        raise BadTerms(
            f"The amount paid per credit {terms.amount_paid_per_credit} is not the value per credit "
            f"{terms.value_per_credit}: the settings keep both the same.",
            field="amount_paid_per_credit",
        )
    return terms.value_per_credit


def check_number(number: int) -> None:
    """Refuses (BadTerms) a number of credits that no purchase has."""
    if number < 1:
        raise BadTerms(f"{number:,} services credits: a purchase has at least one.", field="number_of_credits")
    if number > MAX_CREDITS:
        raise BadTerms(f"{number:,} services credits have more than {MAX_DIGITS} digits.", field="number_of_credits")


def check_dates(starts_on: datetime.date | None, expires_on: datetime.date | None) -> None:
    """Refuses (BadTerms) an expiry before the start."""
    if starts_on and expires_on and expires_on < starts_on:
        raise BadTerms(
            f"The expiry date {formats.day(expires_on)} is before the start date {formats.day(starts_on)}.",
            field="expires_on",
        )


def check_description(description: str) -> None:
    """Refuses (BadTerms) a description that is too long."""
    if len(description) > MAX_DESCRIPTION:
        raise BadTerms(
            f"The description has {len(description):,} characters; {MAX_DESCRIPTION:,} fit.", field="description"
        )


def check_price(field: str, label: str, price: Decimal, currency: Currency) -> None:
    """Refuses (BadTerms) a price below zero, with more decimals than the currency has, or too long."""
    if price < 0:
        raise BadTerms(f"The {label} {price} is below zero; 0 is free.", field=field)
    if not has_decimals(price, currency.decimals):
        allowed = f"{currency.decimals} decimals" if currency.decimals else "no decimals"
        raise BadTerms(
            f"The {label} {price.normalize():f} has more decimals than {currency} has: {allowed}.", field=field
        )
    if price >= Decimal(10) ** (MAX_DIGITS - currency.decimals):
        raise BadTerms(f"The {label} {price:f} has more than {MAX_DIGITS} digits.", field=field)


def default_product_group() -> ProductPostingGroup:
    """Of purchases that do not come from a product. Refused (BadTerms) before the setup is filled in."""
    setup = CreditsSetup.objects.select_related("product_group").first()
    if setup is None:
        raise BadTerms("The services credits setup has no product posting group. Fill it in first.")
    return setup.product_group
