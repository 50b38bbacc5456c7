"""Taking back what was posted by hand, and starting anew from it.

Entries that a business event made are not reversed here: the page of that event corrects them, and their lots follow.
"""

import datetime

from django.db import transaction

from ledger.dates import business_date
from ledger.exceptions import AlreadyReversed, BadManualEntry, DatedAhead, NotByHand, NotReversible
from ledger.models import JournalEntry, ManualEntry
from ledger.services import posting
from ledger.services.changes import made_by
from ledger.services.manual import create_draft
from ledger.services.manual_lines import ManualLine, ManualTerms, stored_lines
from pages import formats
from pages.refusals import Refused

KIND = "manual-reversal"


@transaction.atomic
def reverse_manual(entry: JournalEntry, *, actor, reason: str, on: datetime.date | None = None) -> JournalEntry:
    """Posts the mirror of a manual entry, once.

    Books: the stored amounts with their sides exchanged, in both currencies, on the day `on` (default: today) or the first
    open day after it. Refused: no reason, a day before the entry's own (BadManualEntry) or after today (DatedAhead); an
    entry of a business event (NotByHand); AlreadyReversed; NotReversible; what `posting.post` refuses.
    """
    on = on or business_date()
    if not reason.strip():
        raise BadManualEntry("Say why it is reversed; the reason is kept with the reversal.", field="reason")
    # Its row waits for another reversal under way, so that the second sees the first.
    entry = JournalEntry.objects.select_for_update(of=["self"]).select_related("currency").get(pk=entry.pk)
    if refusal := refusal_to_reverse(entry) or _refusal_of_day(entry, on):
        raise refusal
    made_by(actor, "Reverse manual entry", reason=reason)
    return posting.reverse(
        entry,
        event_key=f"{entry.event_key}:reverse",
        kind=KIND,
        effective_on=on,
        actor=actor,
        reason=reason.strip(),
    )


@transaction.atomic
def copy_to_draft(entry: ManualEntry, *, actor) -> ManualEntry:
    """A new draft with the head and the lines of one that was reversed, to be corrected and posted anew. Whoever had a hand
    in that one has a hand in its copy, beside whoever copies: nobody approves figures of their own by way of a copy. Books:
    none. Refused: while it stands in the books (BadManualEntry)."""
    if refusal := refusal_to_copy(entry):
        raise refusal
    terms = {name: getattr(entry, name) for name in ManualTerms.__dataclass_fields__}
    lines = [
        ManualLine(**{name: getattr(line, name) for name in ManualLine.__dataclass_fields__})
        for line in stored_lines(entry)
    ]
    return create_draft(ManualTerms(**terms), lines=lines, actor=actor, makers=entry.makers)


def refusal_to_reverse(entry: JournalEntry) -> Refused | None:
    """Why the entry cannot be reversed, or not by hand."""
    if entry.reverses_id is not None:
        return NotReversible(entry)
    if hasattr(entry, "reversed_by"):
        return AlreadyReversed(entry)
    return None if ManualEntry.objects.filter(entry=entry).exists() else NotByHand(entry)


def refusal_to_copy(entry: ManualEntry) -> Refused | None:
    """Why the entry is not copied to a new draft."""
    reversed_ = entry.entry is not None and hasattr(entry.entry, "reversed_by")
    return None if reversed_ else BadManualEntry(f"{entry} is not reversed. A copy of it would be posted twice.")


def _refusal_of_day(entry: JournalEntry, on: datetime.date) -> Refused | None:
    if on < entry.effective_on:
        own = formats.day(entry.effective_on)
        return BadManualEntry(f"The entry is of {own}. It cannot be reversed before that day.", field="on")
    return DatedAhead(on, field="on") if on > business_date() else None
