"""The journal, read from outside: the entries of a lot, of a customer, of a kind of event.

    entries_of(lot="purchase:17")
    entries_of(party="account:5", event_prefix="milestone:")

To show them: `{% include "ledger/entries_table.html" with entries=entries %}`, where `entries` is what `entries_of` gave.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import (
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    RowRange,
    Subquery,
    Sum,
    Value,
    Window,
)
from django.db.models.functions import Coalesce, Greatest

from ledger.fields import AmountField
from ledger.models import JournalEntry, JournalLine, LedgerAccount
from ledger.money import ZERO


def entries_of(*, lot: str = "", party: str = "", event_prefix: str = "") -> QuerySet[JournalEntry]:
    """The entries with a line of that lot and party, and of events whose key begins so; the newest first. `amount` and
    `amount_lcy` are those of the lines of that lot and party alone."""
    keys = {name: key for name, key in (("lot", lot), ("party", party)) if key}
    if not keys and not event_prefix:
        raise TypeError("entries_of() needs a lot, a party or the beginning of an event key.")
    found = entries(**keys)
    if keys:
        found = found.filter(Exists(JournalLine.objects.filter(entry=OuterRef("pk"), **keys)))
    return found.filter(event_key__startswith=event_prefix) if event_prefix else found


def entries(**keys: str) -> QuerySet[JournalEntry]:
    """Every entry with what a row of the journal shows of it, the newest first. `amount` is what its lines (those with
    `keys`) debit or credit, whichever is more, `amount_lcy` the same in LCY."""
    lines = JournalLine.objects.filter(entry=OuterRef("pk"), **keys).order_by().values("entry")
    return (
        JournalEntry.objects.select_related("currency", "created_by", "reverses", "reversed_by")
        .annotate(amount=_most(lines, "debit", "credit"), amount_lcy=_most(lines, "debit_lcy", "credit_lcy"))
        .order_by("-id")
    )


def _most(lines: QuerySet, debit: str, credit: str) -> Subquery:
    return Subquery(lines.annotate(most=Greatest(Sum(debit), Sum(credit))).values("most"), output_field=AmountField())


@dataclass(frozen=True)
class Statement:
    """Lines with the balance after each, the newest first (`plain`: the same without), and what they start from. All
    in LCY but the lines' own debit and credit."""

    lines: QuerySet[JournalLine]
    plain: QuerySet[JournalLine]
    opening: Decimal
    debit: Decimal
    credit: Decimal

    @property
    def closing(self) -> Decimal:
        return self.opening + self.debit - self.credit


def account_lines(account: LedgerAccount) -> QuerySet[JournalLine]:
    """The lines of one account of the books; `change_lcy` is debit less credit in LCY."""
    lines = JournalLine.objects.filter(account=account).select_related("entry", "currency")
    return lines.annotate(change_lcy=F("debit_lcy") - F("credit_lcy"))


def statement(lines: QuerySet[JournalLine], since: date | None, until: date | None) -> Statement:
    """The lines posted from `since` to `until`, either of them open; the earlier ones are the opening balance."""
    known = lines.filter(entry__posting_date__lte=until) if until else lines
    earlier = Q(entry__posting_date__lt=since) if since else Q(pk=None)
    sums = known.order_by().aggregate(
        opening=Coalesce(Sum("change_lcy", filter=earlier), ZERO, output_field=AmountField()),
        debit=Coalesce(Sum("debit_lcy", filter=~earlier), ZERO, output_field=AmountField()),
        credit=Coalesce(Sum("credit_lcy", filter=~earlier), ZERO, output_field=AmountField()),
    )
    shown = known.filter(entry__posting_date__gte=since) if since else known
    order = ("entry__posting_date", "entry_id", "line_no")
    so_far = Window(Sum("change_lcy"), order_by=[F(name).asc() for name in order], frame=RowRange(end=0))
    balance = ExpressionWrapper(Value(sums["opening"]) + so_far, output_field=AmountField())
    newest_first = shown.annotate(balance_lcy=balance).order_by(*(f"-{name}" for name in order))
    return Statement(newest_first, shown, **sums)


def search(entries: QuerySet[JournalEntry], text: str, keys: list[str]) -> QuerySet[JournalEntry]:
    """Entries that hold the text in their key, description or reason, or have a line of one of the parties or lots."""
    of_keys = Q(party__in=keys) | Q(lot__in=keys)
    named = Exists(JournalLine.objects.filter(of_keys, entry=OuterRef("pk"))) if keys else Q(pk=None)
    looked = Q(event_key__icontains=text) | Q(description__icontains=text) | Q(reason__icontains=text)
    return entries.filter(looked | named)
