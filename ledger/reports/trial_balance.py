"""What stands on the accounts of the books at the end of a day, by posting date."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Sum

from ledger.models import Currency, JournalLine
from ledger.money import ZERO
from ledger.reports.known import recorded_by


@dataclass(frozen=True)
class Sums:
    """Debits and credits, in one currency or in LCY."""

    debit: Decimal = ZERO
    credit: Decimal = ZERO

    @property
    def balance(self) -> Decimal:
        return self.debit - self.credit

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.debit + other.debit, self.credit + other.credit)


@dataclass(frozen=True)
class InCurrency:
    """The lines in one transaction currency, and what they come to in LCY."""

    currency: Currency
    own: Sums
    lcy: Sums


@dataclass(frozen=True)
class AccountBalance:
    code: str
    name: str
    currencies: list[InCurrency]

    @property
    def lcy(self) -> Sums:
        return add(part.lcy for part in self.currencies)


@dataclass(frozen=True)
class TrialBalance:
    """Every account that was posted on up to the end of the day."""

    on: datetime.date
    accounts: list[AccountBalance]
    known_on: datetime.date | None = None

    def __bool__(self) -> bool:
        return bool(self.accounts)

    @property
    def lcy(self) -> Sums:
        return add(account.lcy for account in self.accounts)

    @property
    def currencies(self) -> list[InCurrency]:
        """The sums over all accounts, per transaction currency: debits equal credits in each of them."""
        parts: dict[Currency, list[InCurrency]] = {}
        for account in self.accounts:
            for part in account.currencies:
                parts.setdefault(part.currency, []).append(part)
        return [
            InCurrency(currency, add(part.own for part in same), add(part.lcy for part in same))
            for currency, same in sorted(parts.items(), key=lambda item: item[0].code)
        ]


def trial_balance(on: datetime.date, *, known_on: datetime.date | None = None) -> TrialBalance:
    """The trial balance at the end of `on`: everything posted on or before it. `known_on` leaves out what was recorded
    after the end of that day: what would have been reported then. Two queries, and one for the time zone."""
    known = {currency.code: currency for currency in Currency.objects.all()}
    rows = (
        recorded_by(JournalLine.objects.filter(entry__posting_date__lte=on), known_on)
        .order_by("account_id", "currency_id")
        .values("account", "currency", name=F("account__name"))
        .annotate(dr=Sum("debit"), cr=Sum("credit"), dr_lcy=Sum("debit_lcy"), cr_lcy=Sum("credit_lcy"))
    )
    accounts: dict[str, AccountBalance] = {}
    for row in rows:
        account = accounts.setdefault(row["account"], AccountBalance(row["account"], row["name"], []))
        own, lcy = Sums(row["dr"], row["cr"]), Sums(row["dr_lcy"], row["cr_lcy"])
        account.currencies.append(InCurrency(known[row["currency"]], own, lcy))
    return TrialBalance(on, list(accounts.values()), known_on)


def add(parts: Iterable[Sums]) -> Sums:
    return sum(parts, Sums())
