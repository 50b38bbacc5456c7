"""What became known between two days about a day before them."""

import datetime
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from ledger.forms.reports import KnowledgeForm
from ledger.money import ZERO
from ledger.reports.knowledge import Balance, Knowledge, what_became_known
from ledger.views.journal import newest
from ledger.views.reports import ReportPage, figures
from pages import exports

COLUMNS = ("before", "after", "difference")


class KnowledgePage(ReportPage):
    """The balances of a day as known on two days, and the entries that make the difference."""

    title = "What became known"
    lead = "The balances of one day as they were known on two others, and the entries that make the difference."
    template_name = "ledger/knowledge.html"
    form_class = KnowledgeForm
    file_name = "what-became-known"
    empty = "Nothing is posted up to this day. The first posting comes with the first confirmed purchase."

    def defaults(self) -> dict[str, Any]:
        month_end = self.today.replace(day=1) - datetime.timedelta(days=1)
        return {"on": month_end, "known_first": month_end, "known_later": self.today}

    def read(self, **asked: Any) -> Knowledge:
        return what_became_known(**asked)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.report:
            asked = {
                "posting_date_before": self.report.on,
                "recorded_after": self.report.recorded_from,
                "recorded_before": self.report.known_later,
            }
            kwargs |= newest(self.report.entries, **{name: day.isoformat() for name, day in asked.items()})
            kwargs["journal"] = f"{reverse('ledger:journal')}?{urlencode(asked)}"
            kwargs["sum"] = sum((row.lcy for row in self.report.accounts), Balance(ZERO, ZERO))
        return super().get_context_data(**kwargs)

    def lines(self) -> Iterator[list]:
        first, later = self.report.known_first, self.report.known_later
        titles = [f"Known on {first}", f"Known on {later}", "Difference"]
        yield ["Account", "Name", "Currency", *titles, *(f"{title} (LCY)" for title in titles)]
        for row in self.report.accounts:
            names = [exports.safe(row.code), exports.safe(row.name), row.currency.code]
            own, lcy = figures(row.own, COLUMNS, row.currency), figures(row.lcy, COLUMNS, self.lcy)
            yield [*names, *own, *lcy]
