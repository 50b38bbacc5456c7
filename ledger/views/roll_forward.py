"""The roll-forward of the contract liability, with its chart."""

import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from ledger.filters.journal import NONE
from ledger.forms.reports import RollForwardForm
from ledger.reports.groups import last_day
from ledger.reports.roll_forward import Movements, Row, roll_forward
from ledger.views.monthly import MonthlyPage
from pages import formats
from pages.charts import Column

# How the list of the lines behind a figure is narrowed to its group.
NARROWED = {"account": "account", "product_group": "product_group", "customer": "party"}
DAY = datetime.timedelta(days=1)


class RollForwardPage(MonthlyPage):
    """Month by month what was deferred, what came, what was earned or lapsed, and what is left; the last thirteen months
    unless asked for others."""

    title = "Roll-forward"
    lead = "Deferred revenue month by month: opening + additions − revenue − breakage − refunds ± changes = closing."
    empty = "Nothing was deferred in these months. The first row comes with the first confirmed purchase."
    form_class = RollForwardForm
    file_name = "roll-forward"
    columns = {
        name: name.capitalize()
        for name in ("opening", "additions", "revenue", "breakage", "refunds", "changes", "closing")
    }
    told = ("opening", "closing")
    extra_context = {"chart_title": "Deferred at the end of each month", "reset": "Last thirteen months"}

    def defaults(self) -> dict[str, Any]:
        year_ago = self.today.replace(year=self.today.year - 1, day=1)
        return {"first": year_ago, "last": self.today, "by": "account"}

    def read(self, **asked: Any) -> list[Row]:
        return roll_forward(**asked)

    def month_of(self, row: Row) -> datetime.date:
        return row.month

    def label(self, month: datetime.date) -> str:
        return f"{month:%b %Y}"

    def file_month(self, month: datetime.date) -> datetime.date:
        return month

    def sums(self) -> dict[datetime.date, Movements]:
        sums: dict[datetime.date, Movements] = {}
        for row in self.report:
            sums[row.month] = sums.get(row.month, Movements()) + row.lcy
        return sums

    def chart(self, sums: dict[datetime.date, Movements]) -> list[Column]:
        closings = [(self.label(month), movements.closing) for month, movements in sums.items()]
        return [Column(label, amount, formats.money(amount, self.lcy)) for label, amount in closings]

    def url(self, month: datetime.date, column: str, **group: str) -> str:
        last = min(last_day(month), self.form.cleaned_data["last"])
        days = {"posting_date_after": month, "posting_date_before": last}
        if column in self.told:
            days = {"posting_date_before": month - DAY if column == "opening" else last}
        if "key" in group:
            group[NARROWED[self.form.cleaned_data["by"]]] = group.pop("key") or NONE
        return f"{reverse('ledger:deferral-entries')}?{urlencode({**days, **group, **self.asked('known_on')})}"
