"""What became of everything that prepaid services received, against the liability accounts, at the end of a day: for
`ledger.tie_outs`.

Units are those of the prepaid ledger entries: of an amount, the amount itself, so that the entries are held against the
journal; of a quantity, the quantity. What never had money on a deferral account, as in a periodic service, has units alone,
amounts apart from quantities.
"""

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.urls import reverse

from ledger.models import Currency
from ledger.tie_outs import Flow, TieOut

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
# Of the entries behind a figure.
KINDS = {
    "sold": "sales_invoice",
    "consumed": "sales_invoice",
    "expired": "prepaid_expiry",
    "refunded": "sales_credit_memo",
}


def tie_out(on: datetime.date) -> list[TieOut]:
    """Two queries, however many entries there are."""
    currencies = Currency.objects.in_bulk()
    with connection.cursor() as cursor:
        cursor.execute(SQL, {"on": on})
        rows = cursor.fetchall()
    return [
        _row(on, account, group, currencies[currency], counted, figures)
        for account, group, currency, counted, *figures in rows
    ]


def _row(on: datetime.date, account: str, group: str, currency: Currency, counted: bool, figures: list[Any]) -> TieOut:
    return TieOut(
        sub_ledger=_name(account, counted),
        account=account,
        product_group=group,
        currency=currency,
        units=Flow(*figures[0:5]),
        own=Flow(*figures[5:10]),
        lcy=Flow(*figures[10:15]),
        books=figures[15],
        books_lcy=figures[16],
        urls=_urls(on, account, currency.code),
        decimals=max(map(_decimals, figures[0:5])) if counted else currency.decimals,
    )


def _decimals(units: Decimal) -> int:
    """How many it takes to write a quantity."""
    exponent = units.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _name(account: str, counted: bool) -> str:
    if account:
        return "Prepaid services"
    return "Prepaid services, quantities" if counted else "Prepaid services, amounts"


def _urls(on: datetime.date, account: str, currency: str) -> dict[str, str]:
    """From the amounts to their entries and to the account, and from the units to the prepaid ledger entries."""
    counted = {"currency": currency, "posted_on_before": on}
    units = {"lots": f"{reverse('prepaid:entry-list')}?{urlencode(counted)}"}
    if not account:
        return units
    posted = {"account": account, "currency": currency, "posting_date_before": on}
    journal = reverse("ledger:journal")
    entries = {name: f"{journal}?{urlencode(posted | {'kind': kind})}" for name, kind in KINDS.items()}
    books = {"currency": currency, "posting_date_before": on}
    return {**units, **entries, "books": f"{reverse('ledger:account', args=[account])}?{urlencode(books)}"}
