"""The one door to the books: nothing else writes JournalEntry and JournalLine.

Balance, append-only, open period and one entry per event are held by the database (`ledger/sql/journal.sql`); this
module gives them their words, and makes an event that arrives twice harmless.
"""

import contextlib
import contextvars
import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.db import connection, transaction

from ledger.exceptions import AlreadyReversed, BlockedAccount, EventKeyReused, NotReversible, PostingNotAllowed
from ledger.models import Currency, JournalEntry, JournalLine, LedgerAccount
from ledger.money import ZERO

_recorded: contextvars.ContextVar[list[int] | None] = contextvars.ContextVar("recorded_entries", default=None)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One debit or credit to be posted, in the entry's currency and in LCY."""

    account: str
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    debit_lcy: Decimal = ZERO
    credit_lcy: Decimal = ZERO
    product_group: str | None = None
    party: str = ""
    lot: str = ""
    dimensions: dict[str, str] = field(default_factory=dict)

    @property
    def is_zero(self) -> bool:
        return not (self.debit or self.credit or self.debit_lcy or self.credit_lcy)


def pair(debit: str, credit: str, *, amount: Decimal, amount_lcy: Decimal, **keys) -> list[Line]:
    """A debit and a credit of the same amount; nothing at all when both amounts are zero."""
    lines = [
        Line(account=debit, debit=amount, debit_lcy=amount_lcy, **keys),
        Line(account=credit, credit=amount, credit_lcy=amount_lcy, **keys),
    ]
    return [line for line in lines if not line.is_zero]


@contextlib.contextmanager
def recording() -> Iterator[list[int]]:
    """The ids of the entries posted inside the block, for previews and receipts."""
    entries: list[int] = []
    token = _recorded.set(entries)
    try:
        yield entries
    finally:
        _recorded.reset(token)


def record(entry_ids: Sequence[int]) -> None:
    """Tells the surrounding `recording()`, if there is one, what was posted."""
    if (entries := _recorded.get()) is not None:
        entries.extend(entry_ids)


def first_open_day(day: datetime.date, *, actor=None) -> datetime.date:
    """`day`, or the first day after it on which `actor` may post: none that a closed period covers, none before postings
    are allowed. Holds periods as they are until the commit. Refused (PostingNotAllowed): a day after the last one allowed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_lock_periods(false)")
        cursor.execute(
            "SELECT ledger_first_open_day(%s, %s), (SELECT posting_to FROM ledger_ledgersetup)",
            [day, actor and actor.pk],
        )
        open_on, last = cursor.fetchone()
    if last and open_on > last:
        raise PostingNotAllowed(last, open_on)
    return open_on


@transaction.atomic
def post(
    *,
    event_key: str,
    kind: str,
    effective_on: datetime.date,
    currency: Currency,
    description: str,
    lines: Sequence[Line],
    actor=None,
    reason: str = "",
    reverses: JournalEntry | None = None,
) -> JournalEntry | None:
    """Posts one business event as a balanced entry, on its day or the first open day after it.

    The same event again gives the first entry back; with other lines it is refused (EventKeyReused). An event without
    amounts posts nothing and gives None. Refused: a blocked account (BlockedAccount), a day after the last one on which
    posting is allowed (PostingNotAllowed). Unbalanced lines, unknown dimension values and a wrong mirror are refused by the
    database (IntegrityError): they are mistakes of the caller, not of the user.
    """
    lines = [line for line in lines if not line.is_zero]
    if not lines:
        return None
    _refuse_blocked(lines)
    entry = _insert_header(
        event_key=event_key,
        kind=kind,
        posting_date=first_open_day(effective_on, actor=actor),
        effective_on=effective_on,
        currency=currency,
        description=description[:200],
        line_count=len(lines),
        reverses=reverses,
        reason=reason,
        created_by=actor,
    )
    if entry is None:
        return _same_event(event_key, currency, lines)
    _insert_lines(entry, lines)
    record([entry.pk])
    return entry


def reverse(
    entry: JournalEntry, *, event_key: str, kind: str, effective_on: datetime.date, actor=None, reason: str
) -> JournalEntry:
    """Posts the mirror of the stored amounts, once. Refused: an entry that is reversed already (AlreadyReversed), or is
    itself a reversal (NotReversible)."""
    earlier = JournalEntry.objects.filter(reverses=entry).first()
    if earlier is not None and earlier.event_key == event_key:
        return earlier
    if earlier is not None:
        raise AlreadyReversed(entry)
    if entry.reverses_id is not None:
        raise NotReversible(entry)
    reversal = post(
        event_key=event_key,
        kind=kind,
        effective_on=max(effective_on, entry.effective_on),
        currency=entry.currency,
        description=f"Reversal of {entry}: {entry.description}",
        lines=[mirror(stored_line(line)) for line in entry.lines.all()],
        actor=actor,
        reason=reason,
        reverses=entry,
    )
    assert reversal is not None  # what was posted has amounts, so its mirror has
    return reversal


def stored_line(line: JournalLine) -> Line:
    """What was posted, in the form in which it was asked for."""
    return Line(
        account=line.account_id,
        debit=line.debit,
        credit=line.credit,
        debit_lcy=line.debit_lcy,
        credit_lcy=line.credit_lcy,
        product_group=line.product_group_id,
        party=line.party,
        lot=line.lot,
        dimensions=line.dimensions,
    )


def mirror(line: Line) -> Line:
    """The line with its sides exchanged."""
    return replace(line, debit=line.credit, credit=line.debit, debit_lcy=line.credit_lcy, credit_lcy=line.debit_lcy)


def _refuse_blocked(lines: Sequence[Line]) -> None:
    blocked = LedgerAccount.objects.filter(code__in={line.account for line in lines}, blocked=True).first()
    if blocked is not None:
        raise BlockedAccount(blocked)


def _insert_header(**fields) -> JournalEntry | None:
    """The new header, or None where the event is posted already. Another transaction in the middle of posting the same
    event is waited for by the unique index."""
    columns = [JournalEntry._meta.get_field(name).get_attname() for name in fields]  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO ledger_journalentry ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"
            " ON CONFLICT (event_key) DO NOTHING RETURNING id",
            [getattr(value, "pk", value) for value in fields.values()],
        )
        row = cursor.fetchone()
    return JournalEntry(pk=row[0], **fields) if row else None


def _same_event(event_key: str, currency: Currency, lines: Sequence[Line]) -> JournalEntry:
    """The entry that the event made the first time, provided that it says the same."""
    entry = JournalEntry.objects.get(event_key=event_key)
    stored = [stored_line(line) for line in entry.lines.all()]
    if entry.currency_id != currency.pk or stored != list(lines):
        raise EventKeyReused(event_key)
    return entry


def _insert_lines(entry: JournalEntry, lines: Sequence[Line]) -> None:
    JournalLine.objects.bulk_create(
        JournalLine(
            entry=entry,
            line_no=number,
            account_id=line.account,
            product_group_id=line.product_group,
            currency=entry.currency,
            debit=line.debit,
            credit=line.credit,
            debit_lcy=line.debit_lcy,
            credit_lcy=line.credit_lcy,
            party=line.party,
            lot=line.lot,
            dimensions=line.dimensions,
        )
        for number, line in enumerate(lines, start=1)
    )
