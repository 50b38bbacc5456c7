"""What an import of a data export makes, told in a preview: how many of each object, the first of them, the postings."""

import hashlib
from collections.abc import Callable

from django.urls import reverse

from credits.certinia.imported import Imported
from credits.certinia.objects import (
    ACCOUNT,
    ACCOUNTS,
    CURRENCY,
    DRAFT,
    MILESTONES,
    NAME,
    NEEDED,
    NUMBER,
    PROJECT,
    PURCHASES,
)
from credits.certinia.reading import Part, Row, Values
from ledger.previews.postings import PostingTotals
from pages import formats
from pages.preview import Change, LeftOut, Link, Preview

FIRST = 5
LISTS = {
    ACCOUNTS: "opportunities:account-list",
    PURCHASES: "credits:purchase-list",
    MILESTONES: "credits:milestone-list",
}


def _account(values: Values) -> str:
    return f"{values[NAME]}, {values[CURRENCY]}"


def _purchase(values: Values) -> str:
    draft = ", draft" if values[DRAFT] else ""
    return f"{values[ACCOUNT]}: {formats.number(values[NUMBER])} credits, {values[CURRENCY]}{draft}"


def _milestone(values: Values) -> str:
    needed = f": {formats.number(values[NEEDED])} credits" if values[NEEDED] else ""
    return f"{values[ACCOUNT]}, {values[PROJECT]}{needed}"


def described(imported: Imported, entries: list[int]) -> Preview:
    """Every row is behind the confirmation, whether it is shown or not."""
    totals = PostingTotals()
    totals.add(entries)
    rates = len(imported.rates.new)
    changes = [_made("exchange rates", rates, len(imported.rates.unchanged))] if rates else []
    for part in imported.parts:
        changes += _changes(part)
    return Preview(
        changes=changes,
        postings=totals.lines(),
        left_out=_left_out(imported),
        warnings=_warnings(imported),
        confirm_label=f"Import {imported.counts}" if imported.counts else "Finish without a change",
        unread=_digest(imported),
        made=[Link(part.about.noun.capitalize(), reverse(LISTS[part.about])) for part in imported.parts if part.new],
    )


def _changes(part: Part) -> list[Change]:
    if not part.file:
        return []
    told: Callable[[Values], str] = (
        _account if part.about is ACCOUNTS else _milestone if part.about is MILESTONES else _purchase
    )
    first = [_row(part, row, told) for row in part.new[:FIRST]]
    more = len(part.new) - len(first)
    rest = [Change(f"and {formats.counted(more, f'more {part.about.noun}')}", "", "new")] if more else []
    return [_made(part.about.noun, len(part.new), part.unchanged), *first, *rest]


def _made(noun: str, new: int, unchanged: int) -> Change:
    note = f"{formats.number(unchanged)} stored already" if unchanged else ""
    return Change(noun.capitalize(), "", f"{formats.number(new)} new", note=note)


def _row(part: Part, row: Row, told: Callable[[Values], str]) -> Change:
    return Change(row.values[part.about.key], "", "new", note=f"{told(row.values)} (line {formats.number(row.line)})")


def _left_out(imported: Imported) -> list[LeftOut]:
    return [
        LeftOut(part.file, f"columns that are not kept here: {', '.join(part.passed_over)}.")
        for part in imported.parts
        if part.passed_over
    ]


def _warnings(imported: Imported) -> list[str]:
    warnings = []
    if any(part.about is ACCOUNTS and part.new for part in imported.parts):
        warnings.append(
            f"New accounts get the business posting group {imported.new_group}, which what is posted keeps. Where it should "
            "be another, import the accounts alone, change it there, and bring the export again."
        )
    if claims := imported.claims:
        warnings.append(
            f"{formats.counted(claims, 'milestones')} were completed according to the export: they stay open here until "
            "their credits are allocated."
        )
    return warnings


def _digest(imported: Imported) -> str:
    rows = [sorted(row.values.items(), key=lambda item: item[0]) for part in imported.parts for row in part.new]
    return hashlib.sha256(repr((rows, imported.rates.new)).encode()).hexdigest()
