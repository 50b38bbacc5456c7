"""Generates the company, with its books: every lot's confirmation is posted through the one door."""

import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from credits.models import CreditsSetup
from ledger.models import ExchangeRate
from ledger.services.batches import post_set
from ledger.services.chart import install_chart

FOLDER = Path(__file__).parent
RATES = {"EUR": "1.0803", "GBP": "1.2711", "JPY": "0.006611", "KWD": "3.2501"}

CONFIRMATIONS = """
SELECT 'purchase:' || p.id || ':confirm:1', 'purchase', p.purchased_on, p.currency_id,
       p.number || ': ' || p.number_of_credits || ' services credits', side.place,
       CASE side.place WHEN 1 THEN g.receivable_id ELSE p.deferral_account_id END, p.product_group_id,
       CASE side.place WHEN 1 THEN p.paid_total ELSE 0 END, CASE side.place WHEN 2 THEN p.paid_total ELSE 0 END,
       CASE side.place WHEN 1 THEN p.paid_total_lcy ELSE 0 END, CASE side.place WHEN 2 THEN p.paid_total_lcy ELSE 0 END,
       'account:' || p.account_id, 'purchase:' || p.id, p.dimensions
FROM credits_purchase p
JOIN ledger_postingsetup g ON g.business_group_id = p.business_group_id AND g.product_group_id = p.product_group_id
CROSS JOIN (VALUES (1), (2)) AS side(place)
WHERE p.number LIKE 'SCG-%%' AND p.paid_total > 0
"""


CONTRACT_INVOICES = """
SELECT 'sales-document:' || s.id, 'sales_invoice', s.posted_on, s.currency_id, 'Invoice ' || s.posted_number, side.place,
       CASE side.place WHEN 1 THEN l.receivable_account_id ELSE d.deferral_account_id END,
       CASE side.place WHEN 2 THEN d.product_group_id END,
       CASE side.place WHEN 1 THEN d.amount ELSE 0 END, CASE side.place WHEN 2 THEN d.amount ELSE 0 END,
       CASE side.place WHEN 1 THEN d.amount_lcy ELSE 0 END, CASE side.place WHEN 2 THEN d.amount_lcy ELSE 0 END,
       'account:' || d.account_id, 'contract:' || d.id, d.dimensions
FROM prepaid_contractdeferral d
JOIN prepaid_salesline l ON l.id = d.line_id
JOIN prepaid_salesdocument s ON s.id = l.document_id
CROSS JOIN (VALUES (1), (2)) AS side(place)
"""
# What each file makes is posted before the next one is read.
FILES = {"company.sql": CONFIRMATIONS, "work.sql": "", "contracts.sql": CONTRACT_INVOICES}


@transaction.atomic
def generate(*, accounts: int, purchases: int, deferrals: int = 0, seed: str, on: datetime.date) -> None:
    """Fills an empty company. The books: each lot's receivable against its deferral, on its day of purchase; and that of each
    contract invoice, on its first day."""
    install_chart(company_name="Generated company", lcy="USD")
    CreditsSetup.objects.get_or_create(id=1, defaults={"product_group_id": "CREDITS"})
    for currency, rate in RATES.items():
        ExchangeRate.objects.get_or_create(
            currency_id=currency, starting_on=datetime.date(2015, 1, 1), defaults={"rate": rate}
        )
    params: dict[str, Any] = {
        "accounts": accounts,
        "purchases": purchases,
        "deferrals": deferrals,
        "seed": seed,
        "on": on,
    }
    with connection.cursor() as cursor:
        for name, posted in FILES.items():
            for statement in (FOLDER / name).read_text(encoding="utf-8").split(";\n\n"):
                cursor.execute(statement, params)
            if posted:
                post_set(posted)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
