"""Exchange rates: LCY per unit, by date."""

import datetime
from decimal import Decimal

from ledger.dates import ledger_setup
from ledger.exceptions import MissingRate
from ledger.models import Currency, ExchangeRate


def rate_on(currency: Currency, day: datetime.date) -> Decimal:
    """The rate with the latest starting date on or before `day`; 1 for the LCY itself. Refused (MissingRate) where
    there is none: a posting at a guessed rate could never be put right."""
    if currency.code == ledger_setup().lcy_id:
        return Decimal(1)
    rates = ExchangeRate.objects.filter(currency=currency, starting_on__lte=day).order_by("-starting_on")
    rate = rates.values_list("rate", flat=True).first()
    if rate is None:
        raise MissingRate(currency, day)
    return rate
