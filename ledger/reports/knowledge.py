"""What became known: the balances of one day as they were known on two others, and the entries that make the difference."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from ledger.dates import start_of
from ledger.fields import AmountField
from ledger.models import Currency, JournalEntry, JournalLine
from ledger.money import ZERO
from ledger.reports import journal
from ledger.reports.known import recorded_by, recorded_from


@dataclass(frozen=True)
class Balance:
    """Debits less credits as known first, and as known later; in the transaction currency or in LCY."""

    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        return self.after - self.before

    def __add__(self, other: "Balance") -> "Balance":
        return Balance(self.before + other.before, self.after + other.after)


@dataclass(frozen=True)
class AccountKnowledge:
    """One account in one currency."""

    code: str
    name: str
    currency: Currency
    own: Balance
    lcy: Balance


@dataclass(frozen=True)
class Knowledge:
    """The balances at the end of `on` as known at the ends of two days, and what was recorded in between, the newest
    first."""

    on: datetime.date
    known_first: datetime.date
    known_later: datetime.date
    accounts: list[AccountKnowledge]
    entries: QuerySet[JournalEntry]

    def __bool__(self) -> bool:
        return bool(self.accounts)

    @property
    def recorded_from(self) -> datetime.date:
        return self.known_first + datetime.timedelta(days=1)


def what_became_known(on: datetime.date, known_first: datetime.date, known_later: datetime.date) -> Knowledge:
    """Every account that was posted on up to the end of `on`. Two queries and the time zone; the entries are one more."""
    day_after = known_first + datetime.timedelta(days=1)
    found = recorded_from(journal.entries().filter(posting_date__lte=on), day_after)
    return Knowledge(
        on, known_first, known_later, _balances(on, day_after, known_later), recorded_by(found, known_later)
    )


def _balances(on: datetime.date, day_after: datetime.date, known_later: datetime.date) -> list[AccountKnowledge]:
    currencies = Currency.objects.in_bulk()
    known_first = Q(entry__created_at__lt=start_of(day_after))
    lines = recorded_by(JournalLine.objects.filter(entry__posting_date__lte=on), known_later)
    rows = lines.order_by("account_id", "currency_id").values_list("account", "account__name", "currency")
    sums = rows.annotate(
        before=_net("", known_first), after=_net(""), before_lcy=_net("_lcy", known_first), after_lcy=_net("_lcy")
    )
    return [
        AccountKnowledge(code, name, currencies[currency], Balance(*figures[:2]), Balance(*figures[2:]))
        for code, name, currency, *figures in sums
    ]


def _net(side: str, which: Q | None = None) -> Coalesce:
    net = Sum(F(f"debit{side}") - F(f"credit{side}"), filter=which, output_field=AmountField())
    return Coalesce(net, ZERO, output_field=AmountField())
