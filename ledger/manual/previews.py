"""The steps of a manual entry, run and described: submit, approve, send back, post, delete; reversal and copy."""

import datetime
from collections.abc import Sequence
from dataclasses import replace

from django.urls import reverse
from django.utils.formats import date_format

from ledger.dates import company_time_zone, ledger_setup
from ledger.exceptions import PostingNotAllowed
from ledger.models import JournalEntry, ManualEntry, ManualEntryLine
from ledger.money import ZERO
from ledger.previews import recorded
from ledger.reports.manual import dimension_names
from ledger.reports.people import named
from ledger.services import manual, reversal
from ledger.services.manual_lines import books_lines, stored_lines
from ledger.services.posting import first_open_day
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
        postings=[_with_note(*pair) for pair in zip(postings, line_notes(stored_lines(after)), strict=True)],
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


def planned(entry: ManualEntry) -> list[PostingLine]:
    """The lines as they would be posted now."""
    lcy, lines = ledger_setup().lcy, stored_lines(entry)
    names = {line.account_id: line.account.name for line in lines}
    return [
        PostingLine(
            account_code=line.account,
            account_name=names[line.account],
            debit=line.debit,
            credit=line.credit,
            currency=entry.currency_id,
            decimals=entry.currency.decimals,
            debit_lcy=line.debit_lcy,
            credit_lcy=line.credit_lcy,
            lcy=lcy.code,
            lcy_decimals=lcy.decimals,
            note=note,
        )
        for line, note in zip(books_lines(entry, lines), line_notes(lines), strict=True)
    ]


def effective(entry: ManualEntry, actor) -> Change:
    """The day of the entry, beside it the day on which the books would take it now from this person."""
    try:
        note = f"as things stand, posted on {formats.day(first_open_day(entry.effective_on, actor=actor))}"
    except PostingNotAllowed as refused:
        note = refused.message
    return Change("Effective on", "", formats.day(entry.effective_on), note=note)


def signed(entry: ManualEntry, *steps: str) -> list[Change]:
    """Who took these steps and when, to the second: what was sent back and came again is not what somebody looked at."""
    zone = company_time_zone()
    return [
        Change(
            step.capitalize(),
            "",
            f"by {named(getattr(entry, f'{step}_by'))}",
            note=date_format(getattr(entry, f"{step}_at").astimezone(zone), "j M Y, H:i:s"),
        )
        for step in steps
    ]


def line_notes(lines: Sequence[ManualEntryLine]) -> list[str]:
    """By what else each line is posted: its product group and its dimensions."""
    names = dimension_names(lines)
    return ["; ".join([*_group(line), *(names[pair] for pair in sorted(line.dimensions.items()))]) for line in lines]


def _group(line: ManualEntryLine) -> list[str]:
    return [f"Product group: {line.product_group}"] if line.product_group else []


def _with_note(posting: PostingLine, note: str) -> PostingLine:
    return replace(posting, note="; ".join(filter(None, [posting.note, note])))


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
