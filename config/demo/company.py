"""The company itself: currencies, books, rates, periods, number series."""

import datetime
from decimal import Decimal
from typing import Any

from credits.models import CreditsSetup
from ledger.dates import business_date
from ledger.models import (
    ExchangeRate,
    LedgerAccount,
    LedgerSetup,
    ProductPostingGroup,
    VatBusinessGroup,
    VatProductGroup,
)
from ledger.services.chart import install_chart
from ledger.services.periods import create_months
from ledger.services.vat import VatTerms, create_vat_group, set_vat
from prepaid.models import PrepaidSetup

COMPANY = "Drawdown Demo"
ADDRESS = "350 Ledger Street\nNew York, NY 10013\nUnited States"
TIME_ZONE = "America/New_York"
# USD per unit, and how far it strays from there over a year, month by month, in thousandths.
RATES = {"EUR": Decimal("1.0920"), "GBP": Decimal("1.2710"), "JPY": Decimal("0.006650")}
DRIFT = (0, 4, 9, 7, 12, 15, 11, 6, -3, -8, -5, 2)
VAT = (("FULL", "Full rate", "19"), ("REDUCED", "Reduced rate", "7"))
VAT_CUSTOMERS = (("DOMESTIC", "Customers at home"), ("EXPORT", "Customers abroad"))
NOTICES = {"low_balance_credits": 10, "notice_recipients": ["credits-desk@example.com"]}


def make_company(actor: Any) -> LedgerSetup:
    setup = install_chart(company_name=COMPANY, lcy="USD", time_zone=TIME_ZONE)
    LedgerSetup.objects.filter(pk=setup.pk).update(address=ADDRESS)
    ProductPostingGroup.objects.get_or_create(code="SERVICES", defaults={"name": "Services without credits"})
    CreditsSetup.objects.get_or_create(id=1, defaults={"product_group_id": "CREDITS", **NOTICES})
    PrepaidSetup.objects.get_or_create(id=1, defaults={"deferral_group_id": "PREPAID-DEF"})
    make_vat(actor)
    january = datetime.date(business_date().year - 1, 1, 1)
    create_months(january, 24, actor=actor)
    make_rates(january.replace(year=january.year - 1))
    return setup


def make_vat(actor: Any) -> None:
    """Two rates at home, none on what goes abroad."""
    account = LedgerAccount.objects.get(pk="2700")
    products = [create_vat_group(VatProductGroup, code=code, name=name, actor=actor) for code, name, _ in VAT]
    for code, name in VAT_CUSTOMERS:
        customers = create_vat_group(VatBusinessGroup, code=code, name=name, actor=actor)
        for group, (_, _, percent) in zip(products, VAT, strict=True):
            owed = Decimal(percent) if code == "DOMESTIC" else Decimal(0)
            terms = VatTerms(percent=owed, account=account if owed else None)
            set_vat(customers, group, terms, actor=actor)  # type: ignore[arg-type]


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
