"""What confirming many purchases asks of the books, each thing once: accounts, rates, days."""

import bisect
import datetime
from collections.abc import Collection, Iterable
from decimal import Decimal
from functools import cache

from django.db import connection

from ledger.dates import ledger_setup
from ledger.exceptions import BlockedAccount, MissingRate, PostingNotAllowed
from ledger.models import BusinessPostingGroup, Currency, ExchangeRate, LedgerAccount, ProductPostingGroup
from ledger.services.accounts import posting_accounts
from ledger.services.rate_lines import ImportedRate
from opportunities.models import Account

NEEDED = ("receivable", "deferral")


class Books:
    """As they are for the length of a transaction that holds the rates and periods. `groups` are the posting groups of
    accounts that are only about to be made."""

    def __init__(
        self,
        *,
        product_group: ProductPostingGroup,
        new_group: BusinessPostingGroup | None,
        new_rates: Iterable[ImportedRate],
        actor,
    ) -> None:
        self.setup = ledger_setup()
        self.product_group = product_group
        self.new_group = new_group
        self.actor = actor
        self.currencies = Currency.objects.in_bulk()
        self.accounts: dict[str, Account] = {}
        self.open_days: dict[datetime.date, datetime.date] = {}
        stored = ExchangeRate.objects.values_list("currency", "starting_on", "rate")
        rates = sorted([*stored, *((new.currency, new.starting_on, new.rate) for new in new_rates)])
        self.days: dict[str, list[datetime.date]] = {}
        self.rates: dict[str, list[Decimal]] = {}
        for currency, day, rate in rates:
            self.days.setdefault(currency, []).append(day)
            self.rates.setdefault(currency, []).append(rate)
        self._cell = cache(self._read_cell)

    def know(self, accounts: Collection[str], days: Collection[datetime.date]) -> None:
        """Reads what the accounts of these numbers, and these days, need."""
        known = Account.objects.filter(number__in=accounts).select_related("business_group", "bill_to__business_group")
        self.accounts = {account.number: account for account in known}
        with connection.cursor() as cursor:
            cursor.execute("SELECT ledger_lock_periods(false)")
            cursor.execute(
                "SELECT day, ledger_first_open_day(day, %s) FROM unnest(%s::date[]) AS day",
                [self.actor and self.actor.pk, list(days)],
            )
            self.open_days = dict(cursor.fetchall())

    def group_of(self, account: str) -> BusinessPostingGroup:
        known = self.accounts.get(account)
        group = known.posting_group(self.setup) if known else self.new_group
        assert group is not None  # new accounts are refused without one
        return group

    def accounts_of(self, account: str, product_group: str | None = None) -> dict[str, str]:
        """Receivable and deferral for a sale to the account, of that product group or the usual one. Refused:
        MissingAccount, BlockedCombination, BlockedAccount."""
        found = self._cell(self.group_of(account).pk, product_group or self.product_group.pk)
        if isinstance(found, Exception):
            raise found
        return found

    def rate_on(self, currency: str, day: datetime.date) -> Decimal:
        """As `ledger.services.rates.rate_on`, with the rates of the export. Refused: MissingRate."""
        if currency == self.setup.lcy_id:
            return Decimal(1)
        place = bisect.bisect_right(self.days.get(currency, []), day)
        if not place:
            raise MissingRate(self.currencies[currency], day)
        return self.rates[currency][place - 1]

    def check_day(self, day: datetime.date) -> None:
        """Refused (PostingNotAllowed): a day whose first open day is after the last one allowed."""
        last, open_on = self.setup.posting_to, self.open_days[day]
        if last and open_on > last:
            raise PostingNotAllowed(last, open_on)

    def _read_cell(self, group: str, product_group: str) -> dict[str, str] | Exception:
        try:
            found = posting_accounts(business_group=group, product_group=product_group, needed=NEEDED)
        except Exception as refused:
            return refused
        blocked = LedgerAccount.objects.filter(code__in=found.values(), blocked=True).first()
        return BlockedAccount(blocked) if blocked else found
