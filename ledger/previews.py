"""What was posted, in the rows of a preview or a receipt:

    with recording() as entries:
        confirm_purchase(...)
    Preview(postings=posting_lines(entries), ...)

Nothing in them comes from a sequence, so that two rehearsals of the same say the same.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import Subquery

from ledger.models import JournalEntry, JournalLine, LedgerSetup
from pages import formats
from pages.preview import PostingLine


def posting_lines(entry_ids: Sequence[int]) -> list[PostingLine]:
    """The lines of the entries, in the order in which they were posted. One query; nothing for no entries."""
    setup = LedgerSetup.objects.all()[:1]
    lines = JournalLine.objects.filter(entry__in=entry_ids).select_related("account", "currency", "entry")
    lines = lines.annotate(lcy=Subquery(setup.values("lcy")), lcy_decimals=Subquery(setup.values("lcy__decimals")))
    return [_shown(line) for line in lines.order_by("entry", "line_no")] if entry_ids else []


def _shown(line: Any) -> PostingLine:
    return PostingLine(
        account_code=line.account_id,
        account_name=line.account.name,
        debit=line.debit,
        credit=line.credit,
        currency=line.currency_id,
        decimals=line.currency.decimals,
        debit_lcy=line.debit_lcy,
        credit_lcy=line.credit_lcy,
        lcy=line.lcy,
        lcy_decimals=line.lcy_decimals,
        note=_moved(line.entry),
    )


def _moved(entry: JournalEntry) -> str:
    """Said where a closed period moves the posting to a later day than the event's."""
    if entry.posting_date == entry.effective_on:
        return ""
    return f"posted on {formats.day(entry.posting_date)}, effective {formats.day(entry.effective_on)}"
