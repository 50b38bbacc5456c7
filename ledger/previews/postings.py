"""What was posted, in the rows of a preview or a receipt:

    purchase, postings = recorded(lambda: confirm_purchase(...))
    Preview(postings=postings, ...)

Nothing in them comes from a sequence, so that two rehearsals of the same say the same.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db.models import F, Sum

from ledger.models import JournalEntry, JournalLine
from ledger.money import ZERO
from ledger.reports.company import with_company
from ledger.services.posting import recording
from pages import formats
from pages.preview import PostingLine

Result = TypeVar("Result")

AMOUNTS = ("debit", "credit", "debit_lcy", "credit_lcy")


def recorded(service: Callable[[], Result]) -> tuple[Result, list[PostingLine]]:
    """What the service gives back, and the lines that it posted."""
    with recording() as entries:
        result = service()
    return result, posting_lines(entries)


def posting_lines(entry_ids: Sequence[int]) -> list[PostingLine]:
    """The lines of the entries, in the order in which they were posted. One query; nothing for no entries."""
    lines = JournalLine.objects.filter(entry__in=entry_ids).select_related("account", "currency", "entry")
    return [_shown(line) for line in with_company(lines).order_by("entry_id", "line_no")] if entry_ids else []


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
        lcy=line.lcy_code,
        lcy_decimals=line.lcy_decimals,
        note=_posted_later(line.entry),
    )


def _posted_later(entry: JournalEntry) -> str:
    """Said where a closed period moves the posting to a later day than the event's."""
    if entry.posting_date == entry.effective_on:
        return ""
    return f"posted on {formats.day(entry.posting_date)}, effective {formats.day(entry.effective_on)}"


class PostingTotals:
    """What was posted, summed by account and currency: for more entries than a person would read, in as many portions as
    they come in."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str], PostingLine] = {}

    def add(self, entry_ids: Sequence[int]) -> None:
        """One query for each portion."""
        sums = {f"sum_{name}": Sum(name) for name in AMOUNTS}
        names = {"name": F("account__name"), "decimals": F("currency__decimals")}
        rows = JournalLine.objects.filter(entry__in=entry_ids).order_by().values("account", "currency", **names)
        for row in with_company(rows.annotate(**sums)) if entry_ids else ():
            self._add(row)

    def _add(self, row: dict[str, Any]) -> None:
        key = row["account"], row["currency"]
        before = self._lines.get(key)
        amounts = {name: row[f"sum_{name}"] + (getattr(before, name) if before else ZERO) for name in AMOUNTS}
        own = {"currency": row["currency"], "decimals": row["decimals"]}
        lcy = {"lcy": row["lcy_code"], "lcy_decimals": row["lcy_decimals"]}
        self._lines[key] = PostingLine(row["account"], row["name"], **amounts, **own, **lcy)

    def lines(self) -> list[PostingLine]:
        return [self._lines[key] for key in sorted(self._lines)]
