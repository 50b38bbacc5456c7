"""The trial balance."""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.views.generic import TemplateView

from ledger.dates import business_date, ledger_setup
from ledger.forms import AsOfForm
from ledger.models import Currency
from ledger.money import round_to
from ledger.reports.trial_balance import Sums, TrialBalance, trial_balance
from pages import exports
from pages.views import Page

HEADER = ["Account", "Name", "Currency", "Debit", "Credit", "Balance", "Debit (LCY)", "Credit (LCY)", "Balance (LCY)"]


class TrialBalancePage(Page, TemplateView):
    """Every account at the end of a day, debits and credits in LCY and per currency; each figure leads to its lines."""

    permission_required = "ledger.view_journalentry"
    title = "Trial balance"
    template_name = "ledger/trial_balance.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        today = business_date()
        self.form = AsOfForm(request.GET if "on" in request.GET else {"on": today})
        balance = trial_balance(self.form.cleaned_data["on"]) if self.form.is_valid() else None
        export = exports.FORMATS.get(request.GET.get("export", ""))
        if export and balance:
            return export(rows(balance, ledger_setup().lcy), f"trial-balance-{balance.on}")
        return self.render_to_response(self.get_context_data(balance=balance, today=today, month=month_end(today)))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        balance = kwargs["balance"]
        lcy = ledger_setup().lcy if balance and balance.accounts else None
        return super().get_context_data(form=self.form, lcy=lcy, **kwargs)


def month_end(today: datetime.date) -> datetime.date:
    """The last day of the month before."""
    return today.replace(day=1) - datetime.timedelta(days=1)


def rows(balance: TrialBalance, lcy: Currency) -> Iterator[list]:
    """One row per account and currency, for a file."""
    yield HEADER
    for account in balance.accounts:
        for part in account.currencies:
            names = [exports.safe(account.code), exports.safe(account.name), part.currency.code]
            yield [*names, *figures(part.own, part.currency), *figures(part.lcy, lcy)]


def figures(sums: Sums, currency: Currency) -> list[Decimal]:
    return [round_to(amount, currency.decimals) for amount in (sums.debit, sums.credit, sums.balance)]
