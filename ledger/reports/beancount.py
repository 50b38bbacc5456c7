"""The journal in Beancount's plain-text format, so that a program that shares nothing with this one can add it up.

Each entry is a transaction on its posting date. A line in another currency carries its LCY amount as a total price (`@@`),
so Beancount balances every entry in LCY; balances per account and currency are asserted at the end, so it adds up every
transaction currency as well. An exchange difference is a line in LCY alone.
"""

import datetime
from collections.abc import Iterator
from decimal import Decimal

from django.db.models import QuerySet

from ledger.dates import ledger_setup
from ledger.models import Currency, JournalEntry, JournalLine, LedgerAccount
from ledger.money import round_to
from ledger.reports.trial_balance import trial_balance

ROOTS = {"asset": "Assets", "liability": "Liabilities", "equity": "Equity", "revenue": "Income", "expense": "Expenses"}
CHUNK = 2_000


def beancount(on: datetime.date) -> Iterator[str]:
    """The text, line by line, of everything posted up to the end of the day `on`. Reads the journal in one pass."""
    lcy = ledger_setup().lcy
    yield f'option "title" "{quoted(ledger_setup().company_name)}"'
    yield f'option "operating_currency" "{lcy.code}"'
    lines = JournalLine.objects.filter(entry__posting_date__lte=on)
    yield from _opened(lines)
    yield from _transactions(lines, lcy)
    yield from _balances(on)


def name_of(account: LedgerAccount) -> str:
    """Beancount's name of an account: its root by category, then its code, in the characters that are allowed."""
    code = "".join(character if character.isalnum() else "-" for character in account.code)
    return f"{ROOTS[account.category]}:A{code}"


def quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


def _opened(lines: QuerySet[JournalLine]) -> Iterator[str]:
    first = lines.order_by("entry__posting_date").values_list("entry__posting_date", flat=True).first()
    for account in LedgerAccount.objects.filter(code__in=lines.order_by().values("account").distinct()):
        yield f"{first} open {name_of(account)}"


def _transactions(lines: QuerySet[JournalLine], lcy: Currency) -> Iterator[str]:
    entry: JournalEntry | None = None
    rows = lines.select_related("entry", "account", "currency").order_by("entry__posting_date", "entry_id", "line_no")
    for line in rows.iterator(chunk_size=CHUNK):
        if line.entry != entry:
            entry = line.entry
            yield ""
            yield f'{entry.posting_date} * "{quoted(entry.description)}"'
            yield f'  event: "{quoted(entry.event_key)}"'
        yield f"  {name_of(line.account)}  {_amount(line, lcy)}"


def _amount(line: JournalLine, lcy: Currency) -> str:
    own = round_to(line.debit - line.credit, line.currency.decimals)
    in_lcy = round_to(line.debit_lcy - line.credit_lcy, lcy.decimals)
    if line.currency_id == lcy.code or not own:
        return f"{in_lcy:f} {lcy.code}"
    return f"{own:f} {line.currency_id} @@ {abs(in_lcy):f} {lcy.code}"


def _balances(on: datetime.date) -> Iterator[str]:
    """What the product itself says stands on each account in each currency, for Beancount to refute."""
    yield ""
    morning_after = on + datetime.timedelta(days=1)
    accounts = LedgerAccount.objects.in_bulk()
    for account in trial_balance(on).accounts:
        for part in account.currencies:
            balance: Decimal = round_to(part.own.balance, part.currency.decimals)
            yield f"{morning_after} balance {name_of(accounts[account.code])}  {balance:f} {part.currency.code}"
