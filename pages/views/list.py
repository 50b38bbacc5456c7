"""A list page is a few declared things:

    class PurchaseList(ListPage):
        permission_required = "credits.view_purchase"
        title = "Purchases"
        queryset = Purchase.objects.select_related("account", "currency")
        filterset_class = PurchaseFilter
        table_class = PurchaseTable
        empty = "A purchase is a lot of credits that a customer has paid for."
        totals = (Total("Available", "available", kind="credits"), Total("Paid", F("number") * F("paid")))
        currency = "currency"                    # path to the currency object; None for one total without currency

        def get_actions(self):
            return [Action("New purchase", reverse("credits:purchase-create"), primary=True, permission="...")]

Count, totals, sort, pages, CSV and XLSX come with it; who may see the list may export it. `select_related` what the
table shows: the number of queries must not grow with the rows.
"""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest
from django.utils.text import slugify
from django.views.generic import ListView
from django_tables2 import RequestConfig

from pages import exports, markup
from pages.elements import Total
from pages.formats import Cur
from pages.tables import Table
from pages.views.page import Page


class ListPage(Page, ListView):
    template_name = "pages/list.html"
    filterset_class: type | None = None
    table_class: type[Table]
    empty = ""
    totals: tuple[Total, ...] = ()
    currency: str | None = "currency"
    per_page = 50

    object_list: QuerySet

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.filterset = self.filterset_class and self.filterset_class(
            request.GET, queryset=self.get_queryset(), request=request
        )
        self.object_list = self.filterset.qs if self.filterset else self.get_queryset()
        self.table = self.get_table()
        if export := exports.FORMATS.get(request.GET.get("export", "")):
            return export(exports.rows(self.table, self.table.data.data), slugify(self.get_title()))
        return self.render_to_response(self.get_context_data())

    def get_table(self) -> Table:
        table = self.table_class(self.object_list, order_by_field="sort")
        return RequestConfig(self.request, paginate=False).configure(table)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        summary = self.get_summary()
        count = sum(row["count"] for row in summary) if summary is not None else self.object_list.count()
        self.table.paginate(counted(count), per_page=self.per_page, page=self.page_number(count))
        chips = self.filterset.chips() if self.filterset else []
        found = {"summary": summary, "count": count, "chips": chips, "empty": self.empty}
        return super().get_context_data(filterset=self.filterset, table=self.table, **found, **kwargs)

    def page_number(self, count: int) -> int:
        """A page that does not exist leads to the nearest that does."""
        asked = self.request.GET.get("page", "1")
        last = max(1, -(-count // self.per_page))
        return min(max(1, int(asked)), last) if asked.isdecimal() and len(asked) < 10 else 1

    def get_summary(self) -> list[dict[str, Any]] | None:
        """Per currency: how many rows, and each total as it is read. One query, which counts the rows as well."""
        if not self.totals:
            return None
        return [self.summed(row) for row in self.sums(self.object_list)]

    def sums(self, queryset: QuerySet) -> list[dict[str, Any]]:
        wanted = {f"total_{at}": Sum(total.expression) for at, total in enumerate(self.totals)}
        if self.currency is None:
            return [queryset.order_by().aggregate(count=Count("pk"), **wanted)]
        grouped = queryset.order_by().values(f"{self.currency}__code", f"{self.currency}__decimals")
        return list(grouped.annotate(count=Count("pk"), **wanted).order_by(f"{self.currency}__code"))

    def summed(self, row: dict[str, Any]) -> dict[str, Any]:
        cur = Cur(row.get(f"{self.currency}__code", ""), row.get(f"{self.currency}__decimals", 0))
        totals = [
            (total.label, markup.money(amount, cur) if total.kind == "money" else markup.credits(amount))
            for at, total in enumerate(self.totals)
            for amount in [row[f"total_{at}"]]
        ]
        return {"code": cur.code, "count": row["count"], "totals": totals}


def counted(count: int) -> type[Paginator]:
    """A paginator that was told the number of rows and need not ask."""
    return type("CountedPaginator", (Paginator,), {"count": count})
