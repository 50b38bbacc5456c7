"""Cutting the customers into chunks for work by night."""

from django.db import connection

from opportunities.models import Account

RANGES = """
SELECT min(id), max(id) FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS chunk FROM opportunities_account) a
GROUP BY chunk ORDER BY chunk
"""


def account_ranges(size: int) -> list[tuple[int, int]]:
    """Ranges of account ids, `size` accounts in each but the last."""
    with connection.cursor() as cursor:
        cursor.execute(RANGES, [size])
        return cursor.fetchall()


def lock_accounts(first: int, last: int) -> int:
    """Locks the accounts of a range, by id, until the commit; gives how many."""
    accounts = Account.objects.filter(id__range=(first, last)).order_by("id")
    return len(accounts.select_for_update(no_key=True).values_list("id"))
