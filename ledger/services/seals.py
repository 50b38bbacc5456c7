"""Sealing the journal: the register of what was posted, closed night after night by a hash that holds the one before.

Books: none, and no posting waits for it. What is sealed cannot be changed, taken out or put in behind the database's back
without `ledger.reports.seal_checks` seeing it; and whoever noted a head elsewhere sees even a register that was written
anew from its first entry on.
"""

import datetime

from django.db import connection, transaction

from ledger.reports.seals import head
from ledger.services.changes import made_by
from ledger.services.nights import Outcome

SEALED = "sealed entries"
HEAD = "head of the register"


@transaction.atomic
def seal_journal(day: datetime.date) -> int:
    """Seals every entry that is committed and not sealed yet, in the order of their numbers, and gives how many: none make
    no seal. One statement, whatever their number. Two at once come one after the other; an entry that is committed while
    it is under way goes into the next seal."""
    made_by(None, "Seal the journal")
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_seal_journal(%s)", [day])
        return cursor.fetchone()[0]


def seal_step(first: int, last: int, on: datetime.date) -> Outcome:
    """The night's last step. It notes the new head, to be kept where nobody who can write these books can write."""
    sealed = seal_journal(on)
    found = head()
    return Outcome({SEALED: sealed}, noted={HEAD: str(found)} if found else {})
