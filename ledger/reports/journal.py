"""The journal, read from outside: the entries of a lot, of a customer, of a kind of event.

    entries_of(lot="purchase:17")
    entries_of(party="account:5", event_prefix="milestone:")

To show them: `{% include "ledger/entries_table.html" with entries=entries %}`, where `entries` is what `entries_of` gave.
"""

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Greatest

from ledger.models import JournalEntry, JournalLine


def entries_of(*, lot: str = "", party: str = "", event_prefix: str = "") -> QuerySet[JournalEntry]:
    """The entries with a line of that lot and party, and of events whose key begins so; the newest first. Each carries
    `amount` and `amount_lcy`: what it debits, over the lines of that lot and party alone where one is named."""
    if not (lot or party or event_prefix):
        raise TypeError("entries_of() needs a lot, a party or the beginning of an event key.")
    mine = Q(**{name: value for name, value in (("lines__lot", lot), ("lines__party", party)) if value})
    entries = JournalEntry.objects.filter(mine, event_key__startswith=event_prefix)
    return with_amounts(entries).select_related("currency", "created_by", "reversed_by").order_by("-id")


def with_amounts(entries: QuerySet[JournalEntry]) -> QuerySet[JournalEntry]:
    """Each entry with what it debits (and, being balanced, credits), in its currency and in LCY."""
    return entries.annotate(
        amount=Greatest(Sum("lines__debit"), Sum("lines__credit")),
        amount_lcy=Greatest(Sum("lines__debit_lcy"), Sum("lines__credit_lcy")),
    )


def lines() -> QuerySet[JournalLine]:
    """Every line with what a row of the journal shows of it, the newest first."""
    lines = JournalLine.objects.select_related("entry", "account", "currency")
    return lines.annotate(balance_lcy=F("debit_lcy") - F("credit_lcy")).order_by("-entry", "line_no")
