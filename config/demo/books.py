"""What finance did: dimensions, entries by hand at every step of their way, and the last months closed."""

import datetime
from decimal import Decimal
from typing import Any

from ledger.dates import ledger_setup
from ledger.models import AccountingPeriod, LedgerAccount, ManualEntry
from ledger.services.dimensions import create_dimension, create_value
from ledger.services.manual import approve, create_draft, post, submit
from ledger.services.manual_lines import ManualLine, ManualTerms
from ledger.services.periods import close_period, request_reopening, soft_close_period

REGIONS = (("AMERICAS", "Americas"), ("EUROPE", "Europe"), ("ASIA", "Asia and Pacific"))
CLOSED_AFTER, SOFT_CLOSED_AFTER = 75, 20  # days after the end of a period


def make_dimensions(actor: Any) -> None:
    region = create_dimension(code="REGION", name="Region", actor=actor)
    for code, name in REGIONS:
        create_value(region, code=code, name=name, actor=actor)


def write_entries(people: dict[str, Any], today: datetime.date) -> None:
    """One posted, one that waits for approval, one being drafted."""
    finance, controller = people["finance"], people["controller"]
    rent = draft(finance, today - datetime.timedelta(days=9), "Bank charges of the quarter", "6100", "1000", "184.60")
    submit(rent, actor=finance, reason="Statement of the bank, not in the payment system")
    approve(rent, actor=controller)
    post(rent, actor=finance)
    goodwill = draft(finance, today, "Goodwill for a late delivery", "4095", "2450", "1250.00")
    submit(goodwill, actor=finance, reason="Agreed with the customer on the phone, letter follows")
    draft(controller, today, "Exchange difference, to be checked", "6100", "1000", "37.15")


def draft(actor: Any, on: datetime.date, description: str, debit: str, credit: str, amount: str) -> ManualEntry:
    terms = ManualTerms(effective_on=on, currency=ledger_setup().lcy, description=description)
    accounts = LedgerAccount.objects.in_bulk([debit, credit])
    lines = [
        ManualLine(account=accounts[debit], debit=Decimal(amount)),
        ManualLine(account=accounts[credit], credit=Decimal(amount)),
    ]
    return create_draft(terms, lines=lines, actor=actor)


def close_periods(people: dict[str, Any], today: datetime.date) -> None:
    """In their order: the older ones closed, the last month soft-closed; one is asked to be opened again."""
    controller, last = people["controller"], None
    for period in AccountingPeriod.objects.filter(ends_on__lt=today).order_by("starts_on"):
        over = (today - period.ends_on).days
        if over > CLOSED_AFTER:
            last = close_period(period, actor=controller)
        elif over > SOFT_CLOSED_AFTER:
            soft_close_period(period, actor=controller)
    if last is not None:
        request_reopening(last, actor=people["admin"], reason="A purchase of that month was entered late")
