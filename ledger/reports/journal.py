"""The journal, read from outside: the entries of a lot, of a customer, of a kind of event.

    entries_of(lot="purchase:17")
    entries_of(party="account:5", event_prefix="milestone:")

To show them: `{% include "ledger/entries_table.html" with entries=entries %}`, where `entries` is what `entries_of` gave.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import (
    Count,
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
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Greatest

from ledger.fields import AmountField
from ledger.models import Currency, JournalEntry, JournalLine, LedgerAccount
from ledger.money import ZERO
from ledger.reports.company import with_company


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


def entries(**keys: Any) -> QuerySet[JournalEntry]:
    """Every entry with what a row of the journal shows of it, the newest first. `amount` is what its lines (those with
    `keys`) debit or credit, whichever is more, `amount_lcy` the same in LCY."""
    lines = JournalLine.objects.filter(entry=OuterRef("pk"), **keys).order_by().values("entry")
    entries = JournalEntry.objects.select_related("currency", "created_by", "reverses", "reversed_by").order_by("-id")
    amounts = {"amount": _most(lines, "debit", "credit"), "amount_lcy": _most(lines, "debit_lcy", "credit_lcy")}
    return with_company(entries).annotate(**amounts)


def _most(lines: QuerySet, debit: str, credit: str) -> Subquery:
    return Subquery(lines.annotate(most=Greatest(Sum(debit), Sum(credit))).values("most"), output_field=AmountField())


def choices() -> dict[str, list[tuple[str, str]]]:
    """What the journal can be filtered by: kinds that occur, accounts, currencies. One query."""
    kinds = JournalEntry.objects.order_by().values_list(Value("kind"), "kind", Value("")).distinct()
    accounts = LedgerAccount.objects.order_by().values_list(Value("account"), "code", "name")
    currencies = Currency.objects.order_by().values_list(Value("currency"), "code", Value(""))
    found: dict[str, list[tuple[str, str]]] = {"kind": [], "account": [], "currency": []}
    for what, code, name in sorted(kinds.union(accounts, currencies, all=True)):
        found[what].append((code, f"{code} {name}".strip()))
    return found


@dataclass(frozen=True)
class AccountEntries:
    """Lines with the balance after each, the newest first; per currency what is shown of them; what they start from."""

    lines: QuerySet[JournalLine]
    currencies: list[dict]
    opening: Decimal
    debit: Decimal
    credit: Decimal

    @property
    def closing(self) -> Decimal:
        """In LCY, as are the opening balance and the sums."""
        return self.opening + self.debit - self.credit


def account_lines(account: LedgerAccount) -> QuerySet[JournalLine]:
    """The lines of one account of the books; `change_lcy` is debit less credit in LCY."""
    return _with_change(JournalLine.objects.filter(account=account))


def deferral_lines() -> QuerySet[JournalLine]:
    """The lines of the deferral accounts, those that the general posting setup names or named before; the newest first."""
    deferrals = RawSQL("SELECT code FROM ledger_setup_account WHERE purpose = 'deferral'", ())
    newest_first = ("-entry__posting_date", "-entry_id", "-line_no")
    return _with_change(JournalLine.objects.filter(account__in=deferrals)).order_by(*newest_first)


def _with_change(lines: QuerySet[JournalLine]) -> QuerySet[JournalLine]:
    found = with_company(lines.select_related("entry", "currency"))
    return found.annotate(change_lcy=F("debit_lcy") - F("credit_lcy"))


def account_entries(lines: QuerySet[JournalLine], since: date | None, until: date | None) -> AccountEntries:
    """The lines posted from `since` to `until`, either of them open; the earlier ones are the opening balance."""
    known = lines.filter(entry__posting_date__lte=until) if until else lines
    earlier = Q(entry__posting_date__lt=since) if since else Q(pk=None)
    parts = _per_currency(known, earlier)
    opening, debit, credit = (
        sum((part[name] for part in parts), ZERO) for name in ("opening", "debit_lcy", "credit_lcy")
    )
    order = ("entry__posting_date", "entry_id", "line_no")
    so_far = Window(Sum("change_lcy"), order_by=[F(name).asc() for name in order], frame=RowRange(end=0))
    balance = ExpressionWrapper(Value(opening) + so_far, output_field=AmountField())
    shown = known.filter(entry__posting_date__gte=since) if since else known
    newest_first = shown.annotate(balance_lcy=balance).order_by(*(f"-{name}" for name in order))
    return AccountEntries(newest_first, [part for part in parts if part["count"]], opening, debit, credit)


def _per_currency(lines: QuerySet[JournalLine], earlier: Q) -> list[dict]:
    """Count and sums of the lines that are not `earlier`, and in `opening` what those come to."""

    def total(name: str, which: Q) -> Coalesce:
        return Coalesce(Sum(name, filter=which), ZERO, output_field=AmountField())

    grouped = lines.order_by().values("currency__code", "currency__decimals")
    sums = {f"{name}_sum": total(name, ~earlier) for name in ("debit", "credit", "debit_lcy", "credit_lcy")}
    rows = grouped.annotate(opening=total("change_lcy", earlier), count=Count("pk", filter=~earlier), **sums)
    return [
        {name.removesuffix("_sum"): value for name, value in row.items()} for row in rows.order_by("currency__code")
    ]


def search(entries: QuerySet[JournalEntry], text: str, keys: list[str]) -> QuerySet[JournalEntry]:
    """Entries that hold the text in their key, description or reason, or have a line of one of the parties or lots."""
    of_keys = Q(party__in=keys) | Q(lot__in=keys)
    named = Exists(JournalLine.objects.filter(of_keys, entry=OuterRef("pk"))) if keys else Q(pk=None)
    looked = Q(event_key__icontains=text) | Q(description__icontains=text) | Q(reason__icontains=text)
    return entries.filter(looked | named)
