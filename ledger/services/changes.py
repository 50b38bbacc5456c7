"""Who changes what follows, and why: said once by a service, written into the change log by the database with each row that
changes (`ledger/sql/changes.sql`)."""

from django.db import connection


def made_by(actor, action: str, *, reason: str = "") -> None:
    """Signs every change until the end of the transaction, or until it is called again. `action` is what the person did, as
    it is read in the change log: "Confirm purchase"."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('drawdown.actor', %s, true), set_config('drawdown.action', %s, true),"
            " set_config('drawdown.reason', %s, true)",
            [str(actor.pk) if actor else "", action[:60], reason[:500]],
        )
