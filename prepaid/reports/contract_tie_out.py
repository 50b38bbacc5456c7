"""What became of everything that contract invoices deferred, against the liability accounts, at the end of a day: for
`ledger.tie_outs`.

Sold is what was invoiced, consumed what was released and not taken back, refunded what credit memos closed before it was
released; nothing lapses. Units are the amounts themselves, as the deferrals and their parts say.
"""

import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.urls import reverse

from ledger.models import Currency
from ledger.tie_outs import Flow, TieOut

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
# Of the entries behind a figure.
KINDS = {"sold": "sales_invoice", "consumed": "contract_release", "refunded": "sales_credit_memo"}


def tie_out(on: datetime.date) -> list[TieOut]:
    """Two queries, however many deferrals there are."""
    currencies = Currency.objects.in_bulk()
    with connection.cursor() as cursor:
        cursor.execute(SQL, {"on": on})
        rows = cursor.fetchall()
    return [_row(on, account, group, currencies[currency], figures) for account, group, currency, *figures in rows]


def _row(on: datetime.date, account: str, group: str, currency: Currency, figures: list[Any]) -> TieOut:
    return TieOut(
        sub_ledger="Contract deferrals",
        account=account,
        product_group=group,
        currency=currency,
        units=Flow(*figures[0:5]),
        own=Flow(*figures[5:10]),
        lcy=Flow(*figures[10:15]),
        books=figures[15],
        books_lcy=figures[16],
        urls=_urls(on, account, currency.code),
        decimals=currency.decimals,
    )


def _urls(on: datetime.date, account: str, currency: str) -> dict[str, str]:
    """From the amounts to their entries and to the account, and from the units to the deferrals."""
    posted = {"account": account, "currency": currency, "posting_date_before": on}
    journal = reverse("ledger:journal")
    entries = {name: f"{journal}?{urlencode(posted | {'kind': kind})}" for name, kind in KINDS.items()}
    books = {"currency": currency, "posting_date_before": on}
    return {
        **entries,
        "lots": f"{reverse('prepaid:deferral-list')}?{urlencode({'currency': currency})}",
        "books": f"{reverse('ledger:account', args=[account])}?{urlencode(books)}",
    }
