"""The steps of a manual entry, run and described: submit, approve, send back, post, delete; reversal and copy."""

import datetime
from collections.abc import Sequence

from django.urls import reverse

from ledger.models import JournalEntry, ManualEntry
from ledger.money import ZERO
from ledger.previews.manual_shown import effective, planned, posted, signed
from ledger.previews.postings import recorded
from ledger.services import manual, reversal
from ledger.services.manual_lines import stored_lines
from pages import formats
from pages.preview import Change, Link, PostingLine, Preview

POSTED_LATER = "Posted once it is approved, by whoever may post manual entries."
COPIED_MAKERS = (
    "Whoever drafted, edited or submitted the entry that is copied has a hand in the copy as well, and so have you: "
    "somebody else has to approve it."
)


def submit_and_describe(before: ManualEntry, *, actor, reason: str) -> Preview:
    after = manual.submit(before, actor=actor, reason=reason)
    return Preview(
        changes=[_step(before, after), effective(after, actor)],
        postings=planned(after),
        posted_later=POSTED_LATER,
        confirm_label="Submit for approval",
    )


def approve_and_describe(before: ManualEntry, *, actor) -> Preview:
    after = manual.approve(before, actor=actor)
    return Preview(
        changes=[_step(before, after, note=_said(after)), effective(after, actor), *signed(after, "submitted")],
        postings=(postings := planned(after)),
        posted_later="Posted afterwards, by whoever may post manual entries.",
        confirm_label=f"Approve {_sum(postings)}",
    )


def send_back_and_describe(before: ManualEntry, *, actor, reason: str) -> Preview:
    after = manual.send_back(before, actor=actor, reason=reason)
    note = "the approval is void" if before.approved_by_id else ""
    return Preview(changes=[_step(before, after, note=note)], confirm_label="Send back")


def post_and_describe(before: ManualEntry, *, actor) -> Preview:
    entry, postings = recorded(lambda: manual.post(before, actor=actor))
    after = entry.manual_entry
    step = Change(str(before), "Approved", "Posted", note=f"with the next number. {_said(after)}")
    return Preview(
        changes=[step, effective(after, actor), *signed(after, "submitted", "approved")],
        postings=posted(postings, after),
        confirm_label=f"Post {_sum(postings)}",
        made=[entry_link(entry)],
    )


def delete_and_describe(before: ManualEntry, *, actor) -> Preview:
    change = Change(str(before), before.description, "deleted")
    manual.delete_draft(before, actor=actor)
    return Preview(changes=[change], confirm_label="Delete draft")


def reverse_and_describe(
    before: JournalEntry, *, actor, reason: str, on: datetime.date
) -> tuple[JournalEntry, Preview]:
    entry, postings = recorded(lambda: reversal.reverse_manual(before, actor=actor, reason=reason, on=on))
    return entry, Preview(
        changes=[Change(f"{before} {before.description}", "in the books", "reversed")],
        postings=postings,
        confirm_label=f"Reverse {_sum(postings)}",
        made=[entry_link(before)],
    )


def copy_and_describe(before: ManualEntry, *, actor) -> tuple[ManualEntry, Preview]:
    copy = reversal.copy_to_draft(before, actor=actor)
    lines = [Change(str(line.account), "", _side(line, copy)) for line in stored_lines(copy)]
    head = Change("New draft", "", copy.description, note=f"effective {formats.day(copy.effective_on)}")
    return copy, Preview(changes=[head, *lines], warnings=[COPIED_MAKERS], confirm_label="Make the draft")


def entry_link(entry: JournalEntry) -> Link:
    return Link(f"Journal entry {entry}", reverse("ledger:entry", args=[entry.pk]))


def _step(before: ManualEntry, after: ManualEntry, note: str = "") -> Change:
    return Change(str(before), before.get_state_display(), after.get_state_display(), note=note)


def _said(entry: ManualEntry) -> str:
    return f"{entry.description}. {entry.reason}"


def _side(line, entry: ManualEntry) -> str:
    side = "debit" if line.debit else "credit"
    return f"{side} {formats.money(getattr(line, side), entry.currency)}"


def _sum(postings: Sequence[PostingLine]) -> str:
    """USD 12.50: what is debited, in the entry's currency."""
    total = sum((line.debit for line in postings), ZERO)
    return formats.money(total, formats.Cur(postings[0].currency, postings[0].decimals))
