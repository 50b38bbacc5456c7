"""Changes to what postings are made with: accounts of the posting setup, exchange rates. What is posted stays."""

from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction

from ledger.dates import ledger_setup
from ledger.exceptions import RateRefused
from ledger.models import BusinessPostingGroup, Currency, ExchangeRate, PostingSetup, ProductPostingGroup
from pages import formats


@transaction.atomic
def set_accounts(
    *, business_group: BusinessPostingGroup, product_group: ProductPostingGroup, **accounts
) -> PostingSetup:
    """Fills the cell of the posting setup; postings from now on take these accounts."""
    setup, _ = PostingSetup.objects.update_or_create(
        business_group=business_group, product_group=product_group, defaults=accounts
    )
    return setup


@transaction.atomic
def set_rate(
    *, rate: ExchangeRate | None = None, currency: Currency, starting_on: date, per_unit: Decimal
) -> ExchangeRate:
    """Enters a rate, or corrects `rate`. Postings of that day and later ones take it from now on; lots keep the rate of
    their day. Refused (RateRefused): a rate for the LCY, a second one for the same day."""
    if refusal := refusal_to_set_rate(currency, ledger_setup().lcy):
        raise refusal
    rate = rate or ExchangeRate()
    rate.currency, rate.starting_on, rate.rate = currency, starting_on, per_unit
    try:
        with transaction.atomic():
            rate.save()
    except IntegrityError as error:
        taken = f"{currency} has a rate from {formats.day(starting_on)} already. Correct that one."
        raise RateRefused(taken, field="starting_on") from error
    return rate


def refusal_to_set_rate(currency: Currency, lcy: Currency) -> RateRefused | None:
    """Why the currency takes no rate."""
    if currency.code != lcy.code:
        return None
    return RateRefused(f"{currency} is the company's own currency: its rate is always 1.", field="currency")
