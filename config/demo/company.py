"""The company itself: currencies, books, rates, periods, number series."""

import datetime
from decimal import Decimal
from typing import Any

from credits.models import CreditsSetup
from ledger.dates import business_date
from ledger.models import ExchangeRate, LedgerSetup, ProductPostingGroup
from ledger.services.chart import install_chart
from ledger.services.periods import create_months
from prepaid.models import PrepaidSetup

COMPANY = "Drawdown Demo"
TIME_ZONE = "America/New_York"
# USD per unit, and how far it strays from there over a year, month by month, in thousandths.
RATES = {"EUR": Decimal("1.0920"), "GBP": Decimal("1.2710"), "JPY": Decimal("0.006650")}
DRIFT = (0, 4, 9, 7, 12, 15, 11, 6, -3, -8, -5, 2)
NOTICES = {"low_balance_credits": 10, "notice_recipients": ["credits-desk@example.com"]}


def make_company(actor: Any) -> LedgerSetup:
    setup = install_chart(company_name=COMPANY, lcy="USD", time_zone=TIME_ZONE)
    ProductPostingGroup.objects.get_or_create(code="SERVICES", defaults={"name": "Services without credits"})
    CreditsSetup.objects.get_or_create(id=1, defaults={"product_group_id": "CREDITS", **NOTICES})
    PrepaidSetup.objects.get_or_create(id=1, defaults={"deferral_group_id": "PREPAID-DEF"})
    january = datetime.date(business_date().year - 1, 1, 1)
    create_months(january, 24, actor=actor)
    make_rates(january.replace(year=january.year - 1))
    return setup


def make_rates(first: datetime.date) -> None:
    """A rate for each month from `first` to the current one."""
    months = [first.replace(year=first.year + at // 12, month=at % 12 + 1) for at in range(36)]
    ExchangeRate.objects.bulk_create(
        ExchangeRate(currency_id=code, starting_on=month, rate=rate * (1000 + DRIFT[month.month - 1] + year) / 1000)
        for code, rate in RATES.items()
        for month in months
        for year in [5 * (month.year - first.year)]
        if month <= business_date()
    )
