"""Lots from rows, by the set: what `create_purchase` makes one by one, with the same entries in the books.

Books: per purchase that is no draft and not free, receivable against deferred revenue, at the rate of the day it was
created, posted on that day or the first open day after it.
"""

from decimal import Decimal

from credits.certinia.books import Books
from credits.certinia.objects import (
    ACCOUNT,
    CREATED,
    CURRENCY,
    DESCRIPTION,
    DRAFT,
    EXPIRES,
    NAME,
    NUMBER,
    PAID,
    STARTS,
    VALUE,
)
from credits.certinia.reading import Row
from credits.certinia.setup import SetupColumns
from credits.models import Purchase
from credits.services.purchases import NUMBERS
from ledger.money import product, to_lcy
from ledger.services.batches import post_set
from ledger.services.numbers import pass_over
from opportunities.models import Account
from pages.progress import Report, nobody

AT_A_TIME = 2000

# The lines of `credits.services.purchases.confirm_purchase`.
CONFIRMATIONS = """
SELECT 'purchase:' || p.id || ':confirm:' || p.confirmations, 'purchase', p.purchased_on, p.currency_id,
       left(p.number || ': ' || to_char(p.number_of_credits, 'FM999,999,999,999,999,999') || ' services credits, ' || a.name,
            200),
       side.place, CASE side.place WHEN 1 THEN g.receivable_id ELSE p.deferral_account_id END, p.product_group_id,
       CASE side.place WHEN 1 THEN p.paid_total ELSE 0 END, CASE side.place WHEN 2 THEN p.paid_total ELSE 0 END,
       CASE side.place WHEN 1 THEN p.paid_total_lcy ELSE 0 END, CASE side.place WHEN 2 THEN p.paid_total_lcy ELSE 0 END,
       'account:' || p.account_id, 'purchase:' || p.id, p.dimensions
FROM credits_purchase p
JOIN opportunities_account a ON a.id = p.account_id
JOIN ledger_postingsetup g ON g.business_group_id = p.business_group_id AND g.product_group_id = p.product_group_id
CROSS JOIN (VALUES (1), (2)) AS side(place)
WHERE p.id = ANY(%s) AND NOT p.draft AND p.paid_total > 0
"""


def write_purchases(
    rows: list[Row],
    accounts: dict[str, Account],
    books: Books,
    setup: SetupColumns,
    *,
    actor,
    report: Report = nobody,
) -> None:
    """Makes the purchases, in the order of the file, and confirms those that are no drafts."""
    for start in range(0, len(rows), AT_A_TIME):
        report("Writing purchases", start, len(rows))
        made = [_purchase(row, accounts, books, setup, actor) for row in rows[start : start + AT_A_TIME]]
        Purchase.objects.bulk_create(made)
        post_set(CONFIRMATIONS, [[purchase.pk for purchase in made]], actor=actor)
    pass_over(NUMBERS, [row.values[NAME] for row in rows])


def _purchase(row: Row, accounts: dict[str, Account], books: Books, setup: SetupColumns, actor) -> Purchase:
    values = row.values
    account = accounts[values[ACCOUNT]]
    purchase = Purchase(
        number=values[NAME],
        account=account,
        currency_id=values[CURRENCY],
        purchased_on=values[CREATED],
        starts_on=values[STARTS],
        expires_on=values[EXPIRES],
        number_of_credits=values[NUMBER],
        value_per_credit=values[VALUE],
        amount_paid_per_credit=values[PAID],
        description=values[DESCRIPTION],
        product_group_id=setup.group_of(values),
        dimensions=setup.dimensions_of(values, account.dimensions),
        draft=values[DRAFT],
        created_by=actor,
    )
    if not purchase.draft:
        _confirm(purchase, books)
    return purchase


def _confirm(purchase: Purchase, books: Books) -> None:
    """Fixes where the money waits and what it is worth in LCY."""
    purchase.confirmations = 1
    purchase.business_group = books.group_of(purchase.account.number)
    total = product(purchase.number_of_credits, purchase.amount_paid_per_credit)
    purchase.paid_total_lcy = Decimal(0)
    if total:
        purchase.exchange_rate = books.rate_on(purchase.currency_id, purchase.purchased_on)
        purchase.paid_total_lcy = to_lcy(total, purchase.exchange_rate, books.setup.lcy.decimals)
        purchase.deferral_account_id = books.accounts_of(purchase.account.number, purchase.product_group_id)["deferral"]
