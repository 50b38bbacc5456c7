"""What the monthly reports of the contract liability have in common: a chart, the months in LCY, and the months of each group
in its currency, each figure with the address of the rows behind it; and the same as a file."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from ledger.models import Currency
from ledger.sources import sources_of
from ledger.views.reports import ReportPage, figures
from pages import exports

SHOWN = 300  # rows of groups on a page; the file has all of them


class Cell(NamedTuple):
    """A figure, and where it comes from. `told` with its currency, or the column says which."""

    amount: Decimal
    currency: Currency
    url: str
    told: bool


class Line(NamedTuple):
    """A month: over all groups, or of one of them."""

    label: str
    group: str
    cells: list[Cell]


class MonthlyPage(ReportPage):
    """A report whose rows have a `key`, a `currency`, and amounts in it (`own`) and in LCY (`lcy`), with an attribute for
    each column. Subclasses say what a month is called and where its figures lead."""

    template_name = "ledger/monthly.html"
    columns: dict[str, str]
    told: tuple[str, ...] = ()  # columns that tell the currency with the figure

    def month_of(self, row: Any) -> Any:
        raise NotImplementedError

    def label(self, month: Any) -> str:
        raise NotImplementedError

    def sums(self) -> dict[Any, Any]:
        """The months over all groups, in LCY."""
        raise NotImplementedError

    def chart(self, sums: dict[Any, Any]) -> Any:
        raise NotImplementedError

    def url(self, month: Any, column: str, **group: str) -> str:
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.report:
            sums = self.sums()
            kwargs |= {"chart": self.chart(sums), "columns": self.columns.values()}
            kwargs["months"] = [Line(self.label(month), "", self.cells(month, sums[month], self.lcy)) for month in sums]
            kwargs |= {"rows": [self.line(name, row) for name, row in self.named(SHOWN)], "row_count": len(self.report)}
        return super().get_context_data(**kwargs)

    def line(self, name: str, row: Any) -> Line:
        month = self.month_of(row)
        cells = self.cells(month, row.own, row.currency, key=row.key, currency=row.currency.code)
        return Line(self.label(month), name, cells)

    def cells(self, month: Any, amounts: Any, in_currency: Currency, **group: str) -> list[Cell]:
        return [
            Cell(getattr(amounts, column), in_currency, self.url(month, column, **group), column in self.told)
            for column in self.columns
        ]

    def named(self, most: int | None = None) -> list[tuple[str, Any]]:
        """The rows with the names of their groups; customers are named by the app that knows them."""
        rows, by_customer = self.report[:most], self.form.cleaned_data["by"] == "customer"
        names = sources_of(row.key for row in rows) if by_customer else {}
        return [(names[row.key].label if row.key in names else row.key or "–", row) for row in rows]

    def lines(self) -> Iterator[list]:
        titles = list(self.columns.values())
        yield ["Month", "Group", "Currency", *titles, *(f"{title} (LCY)" for title in titles)]
        for name, row in self.named():
            names = [self.file_month(self.month_of(row)), exports.safe(name), row.currency.code]
            own, lcy = figures(row.own, self.columns, row.currency), figures(row.lcy, self.columns, self.lcy)
            yield [*names, *own, *lcy]

    def file_month(self, month: Any) -> Any:
        return self.label(month)
