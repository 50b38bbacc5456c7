"""Changes to what postings are made with: the general ledger setup, accounts of the posting setup, exchange rates, number
series. What is posted stays."""

import zoneinfo
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction

from ledger.dates import ledger_setup
from ledger.exceptions import (
    BadSeries,
    LcyFixed,
    PostingRangeReversed,
    PrefixRunsOn,
    RateRefused,
    SeriesFixed,
    UnknownTimeZone,
)
from ledger.models import (
    BusinessPostingGroup,
    Currency,
    ExchangeRate,
    JournalEntry,
    LedgerAccount,
    LedgerSetup,
    NumberSeries,
    PostingSetup,
    ProductPostingGroup,
)
from ledger.services.changes import made_by
from ledger.services.locks import lock_periods
from pages import formats
from pages.refusals import Refused

REGISTER = "REGISTER"  # counts the sealed entries of the journal
MOST_DIGITS = 10


@dataclass(frozen=True, kw_only=True)
class SetupTerms:
    """Whose books these are, and when they may be written."""

    company_name: str
    lcy: Currency
    time_zone: str
    posting_from: date | None = None
    posting_to: date | None = None
    groups_from: str = LedgerSetup.GroupsFrom.SELL_TO
    exchange_difference: LedgerAccount | None = None
    address: str = ""


@transaction.atomic
def set_ledger_setup(terms: SetupTerms, *, actor) -> LedgerSetup:
    """Fills in the general ledger setup, or changes it; postings from now on follow it. Waits for postings under way.
    Refused: another LCY once anything is posted (LcyFixed), UnknownTimeZone, a last day before the
    first (PostingRangeReversed)."""
    lock_periods()
    setup = LedgerSetup.objects.select_for_update().first() or LedgerSetup(pk=1)
    if refusal := refusal_to_set(setup, terms):
        raise refusal
    made_by(actor, "Change general ledger setup")
    changed = [name for name, value in vars(terms).items() if getattr(setup, name, None) != value]
    for name in changed:
        setattr(setup, name, getattr(terms, name))
    setup.save(update_fields=None if setup._state.adding else changed)
    return setup


def refusal_to_set(setup: LedgerSetup, terms: SetupTerms) -> Refused | None:
    """Why the setup cannot say that."""
    if setup.lcy_id and terms.lcy.pk != setup.lcy_id and is_lcy_fixed():
        return LcyFixed(setup.lcy_id)
    if terms.time_zone not in zoneinfo.available_timezones():
        return UnknownTimeZone(terms.time_zone)
    if terms.posting_from and terms.posting_to and terms.posting_to < terms.posting_from:
        return PostingRangeReversed(terms.posting_from, terms.posting_to)
    return None


def is_lcy_fixed() -> bool:
    """Whether amounts are posted in the LCY, whatever their own currency."""
    return JournalEntry.objects.exists()


@transaction.atomic
def set_accounts(
    *, business_group: BusinessPostingGroup, product_group: ProductPostingGroup, actor, **cell
) -> PostingSetup:
    """Fills the cell of the posting setup, or blocks it; postings from now on take these accounts, or are refused."""
    made_by(actor, "Change posting setup")
    setup, _ = PostingSetup.objects.update_or_create(
        business_group=business_group, product_group=product_group, defaults=cell
    )
    return setup


@transaction.atomic
def set_rate(
    *, rate: ExchangeRate | None = None, currency: Currency, starting_on: date, per_unit: Decimal, actor
) -> ExchangeRate:
    """Enters a rate, or corrects `rate`. Postings of that day and later ones take it from now on; lots keep the rate of
    their day. Refused (RateRefused): a rate for the LCY, a second one for the same day."""
    if refusal := refusal_to_set_rate(currency, ledger_setup().lcy):
        raise refusal
    made_by(actor, "Correct exchange rate" if rate else "Enter exchange rate")
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


@transaction.atomic
def set_number_series(series: NumberSeries, *, description: str, prefix: str, digits: int, actor) -> NumberSeries:
    """Changes how the next numbers of the series are written; it goes on counting where it is, and numbers that were given
    stay. Refused: the series of the journal's register (SeriesFixed), more digits than fit (BadSeries), a prefix that ends
    in a digit (PrefixRunsOn)."""
    series = NumberSeries.objects.select_for_update().get(pk=series.pk)
    if refusal := refusal_to_change_series(series):
        raise refusal
    if not 1 <= digits <= MOST_DIGITS:
        raise BadSeries(digits, MOST_DIGITS)
    if prefix[-1:].isdigit():
        raise PrefixRunsOn(prefix)
    made_by(actor, "Change number series")
    series.description, series.prefix, series.digits = description, prefix, digits
    series.save(update_fields=["description", "prefix", "digits"])
    return series


def refusal_to_change_series(series: NumberSeries) -> Refused | None:
    """Why the series stays as it is."""
    return SeriesFixed(series) if series.code == REGISTER else None
