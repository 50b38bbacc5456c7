"""The trial balance."""

import datetime
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from ledger.forms.reports import AsOfForm
from ledger.reports.trial_balance import TrialBalance, trial_balance
from ledger.views.reports import ReportPage, figures
from pages import exports

HEADER = ["Account", "Name", "Currency", "Debit", "Credit", "Balance", "Debit (LCY)", "Credit (LCY)", "Balance (LCY)"]
COLUMNS = ("debit", "credit", "balance")


class TrialBalancePage(ReportPage):
    """Every account at the end of a day, debits and credits in LCY and per currency, as known today or on a day before; each
    figure leads to its lines."""

    title = "Trial balance"
    template_name = "ledger/trial_balance.html"
    form_class = AsOfForm
    file_name = "trial-balance"
    empty = "Nothing is posted up to this day. The first posting comes with the first confirmed purchase."

    def read(self, **asked: Any) -> TrialBalance:
        return trial_balance(asked["on"], known_on=asked["known_on"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.report:
            on, known_on = self.report.on, self.report.known_on
            days = {"posting_date_before": on} | ({"known_on": known_on} if known_on else {})
            kwargs |= {"balance": self.report, "days": urlencode(days)}
        return super().get_context_data(month=month_end(self.today), **kwargs)

    def lines(self) -> Iterator[list]:
        """One row per account and currency."""
        yield HEADER
        for account in self.report.accounts:
            for part in account.currencies:
                names = [exports.safe(account.code), exports.safe(account.name), part.currency.code]
                own, lcy = figures(part.own, COLUMNS, part.currency), figures(part.lcy, COLUMNS, self.lcy)
                yield [*names, *own, *lcy]


def month_end(today: datetime.date) -> datetime.date:
    """The last day of the month before."""
    return today.replace(day=1) - datetime.timedelta(days=1)
