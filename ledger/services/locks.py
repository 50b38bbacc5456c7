"""The lock under which periods close and the range of allowed days changes."""

from django.db import connection


def lock_periods() -> None:
    """The lock that posting takes shared, alone: waits for postings under way, and later ones wait for the commit. Taken
    before the rows that change under it: the database takes it itself at the beginning of any UPDATE of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_lock_periods(true)")
