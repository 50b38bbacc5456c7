"""What became of everything that prepaid services received, against the liability accounts, at the end of a day: for
`ledger.tie_outs`.

Units are those of the prepaid ledger entries: of an amount, the amount itself, so that the entries are held against the
journal; of a quantity, the quantity. What never had money on a deferral account, as in a periodic service, has units alone,
amounts apart from quantities.
"""

import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.urls import reverse

from ledger.models import Currency
from ledger.tie_outs import Flow, TieOut
from prepaid.models.fields import QUANTITY_DECIMALS

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
        decimals=QUANTITY_DECIMALS if counted else currency.decimals,
    )


def _name(account: str, counted: bool) -> str:
    if account:
        return "Prepaid services"
    return "Prepaid services, quantities" if counted else "Prepaid services, amounts"


def _urls(on: datetime.date, account: str, currency: str) -> dict[str, str]:
    """From the amounts to their entries and to the account."""
    if not account:
        return {}
    posted = {"account": account, "currency": currency, "posting_date_before": on}
    journal = reverse("ledger:journal")
    entries = {name: f"{journal}?{urlencode(posted | {'kind': kind})}" for name, kind in KINDS.items()}
    books = {"currency": currency, "posting_date_before": on}
    return {**entries, "books": f"{reverse('ledger:account', args=[account])}?{urlencode(books)}"}
