"""What a preview shows of a manual entry, so that a confirmation holds for all of it: its lines with their product groups and
dimensions, its day, who submitted and approved it and when."""

from collections.abc import Sequence
from dataclasses import replace

from django.utils.formats import date_format

from ledger.dates import company_time_zone, ledger_setup
from ledger.exceptions import PostingNotAllowed
from ledger.models import ManualEntry, ManualEntryLine
from ledger.reports.manual import dimension_names
from ledger.reports.people import named
from ledger.services.manual_lines import books_lines, stored_lines
from ledger.services.posting import first_open_day
from pages import formats
from pages.preview import Change, PostingLine


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


def posted(postings: Sequence[PostingLine], entry: ManualEntry) -> list[PostingLine]:
    """The lines that were posted, each with the note of the line that asked for it."""
    pairs = zip(postings, line_notes(stored_lines(entry)), strict=True)
    return [replace(posting, note="; ".join(filter(None, [posting.note, note]))) for posting, note in pairs]


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
