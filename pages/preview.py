"""What a financial action will do, found by doing it and taking it back.

A service is run by `rehearse`, which rolls it back, and the page describes its result as a `Preview`:

    def describe(allocation):
        return Preview(
            changes=[Change("SCP-000007", "120 available", "80 available", url=lot.get_absolute_url())],
            postings=[PostingLine("2400", "Deferred revenue", debit, ZERO, "USD", 2, debit_lcy, ZERO, "EUR")],
            left_out=[LeftOut("SCP-000009", "starts on 1 Jan 2027")],
            warnings=["The opportunity is not won yet."],
            confirm_label="Allocate 40 credits",
            made=[Link("Allocation AL-000003", allocation.get_absolute_url())],
        )

Everything in it must be a plain value: what is lazy would be read after the roll-back. Do not show numbers that come
from a sequence and differ at each rehearsal; what the action makes belongs in `made`, which only the receipt shows.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import TypeVar

from django.db import connection, transaction

from pages import formats

Result = TypeVar("Result")

# Rows that a person would still read: of what changes, and of what does not.
LONGEST, LONGEST_LEFT_OUT = 200, 20


@dataclass(frozen=True)
class Shown:
    """A row of the panel. Its digest covers what a person reads, not where it links to."""

    @property
    def digest(self) -> str:
        read = [str(getattr(self, field.name)) for field in fields(self) if field.name != "url"]
        return hashlib.sha256(repr((type(self).__name__, read)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Change(Shown):
    """One thing that will be different: `before` and `after` as they are read on the page."""

    label: str
    before: str = ""
    after: str = ""
    note: str = ""
    url: str = ""


@dataclass(frozen=True)
class PostingLine(Shown):
    """One line of the books, in the transaction currency and in LCY; the side that is not used is zero."""

    account_code: str
    account_name: str
    debit: Decimal
    credit: Decimal
    currency: str
    decimals: int
    debit_lcy: Decimal
    credit_lcy: Decimal
    lcy: str
    lcy_decimals: int = 2
    note: str = ""
    url: str = ""


@dataclass(frozen=True)
class LeftOut(Shown):
    """What will not happen, and why."""

    label: str
    reason: str
    url: str = ""


@dataclass(frozen=True)
class Warned(Shown):
    text: str


@dataclass(frozen=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True)
class Preview:
    changes: Sequence[Change] = ()
    postings: Sequence[PostingLine] = ()
    left_out: Sequence[LeftOut] = ()
    warnings: Sequence[str] = ()
    confirm_label: str = "Confirm"
    made: Sequence[Link] = ()
    posted_later: str = ""  # "The next night posts this": the lines are then no postings of this action
    unread: str = ""  # stands for rows that nobody reads one by one, so that the confirmation holds for them as well

    @property
    def shown(self) -> list[Shown]:
        warned = [Warned(text) for text in self.warnings]
        said = [Warned(self.posted_later), Warned(self.confirm_label), Warned(self.unread)]
        return [*self.changes, *self.postings, *self.left_out, *warned, *said]

    @property
    def fingerprint(self) -> str:
        """The digests of everything shown, in order; the page sends it back when the person confirms."""
        return "-".join(item.digest for item in self.shown)


def shortened(preview: Preview) -> Preview:
    """The first rows of a long preview, and how many more there are. The fingerprint still covers every one of them."""
    changes, left_out = preview.changes[LONGEST:], preview.left_out[LONGEST_LEFT_OUT:]
    more_changes = [Change(f"and {formats.counted(len(changes), 'more rows')}")] * bool(changes)
    more_left_out = [LeftOut(f"and {formats.counted(len(left_out), 'more rows')}", "for the same reason")] * bool(
        left_out
    )
    return replace(
        preview,
        changes=[*preview.changes[:LONGEST], *more_changes],
        left_out=[*preview.left_out[:LONGEST_LEFT_OUT], *more_left_out],
        unread=hashlib.sha256("".join(row.digest for row in (*changes, *left_out)).encode()).hexdigest(),
    )


def rehearse(action: Callable[[], Result]) -> Result:
    """Run the action, deferred constraints included, hand back its result and leave no trace of it."""
    with transaction.atomic():
        result = action()
        connection.check_constraints()
        transaction.set_rollback(True)
    return result
