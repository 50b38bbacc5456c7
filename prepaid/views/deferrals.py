"""Contract deferrals to look at: what waits on deferral accounts for contracts, and the parts of one."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from ledger.reports.company import lcy_of, with_company
from ledger.reports.journal import entries_of
from ledger.views.journal import newest
from pages import formats, markup
from pages.elements import Action, Badge, Crumb, Figure, Total
from pages.views import DetailPage, ListPage
from prepaid.actions.billing import actions_of_deferral, release, release_runs
from prepaid.filters.deferrals import DeferralFilter
from prepaid.models import ContractDeferral
from prepaid.reports.deferrals import deferrals, parts_of
from prepaid.tables.deferrals import DeferralTable

ABOVE = ("Contract deferrals", "prepaid:deferral-list")
VIEW = "prepaid.view_contractdeferral"


class DeferralList(ListPage):
    permission_required = VIEW
    title = "Contract deferrals"
    lead = "With a month chosen, what is released and what waits are the parts of that month."
    filterset_class = DeferralFilter
    table_class = DeferralTable
    empty = (
        "The net amount of each posted contract line waits on a deferral account and becomes revenue month by month of "
        "its period."
    )
    totals = (
        Total("Amount", "amount"),
        Total("Released", "released"),
        Total("Waits", "waits"),
        Total("Credited", "credited"),
    )

    def get_queryset(self) -> QuerySet[ContractDeferral]:
        return deferrals()

    def get_actions(self) -> list[Action]:
        return [release(primary=True), release_runs()]


class DeferralPage(DetailPage):
    permission_required = VIEW
    template_name = "prepaid/deferral.html"

    def get_queryset(self) -> QuerySet[ContractDeferral]:
        named = ("business_group", "product_group", "deferral_account", "revenue_account", "line__prepaid_service")
        return with_company(deferrals().select_related(*named))

    def get_title(self) -> str:
        return f"Contract deferral {self.object}"

    def get_badge(self) -> Badge:
        found: Any = self.object
        if found.waits:
            return Badge("Waits", "info")
        return Badge("Credited", "warn") if found.credited else Badge("Released", "good")

    def get_breadcrumb(self) -> list[Crumb]:
        contract = self.object.contract
        return [Crumb(ABOVE[0], reverse(ABOVE[1])), Crumb(contract.number, contract.get_absolute_url())]

    def get_actions(self) -> list[Action]:
        return actions_of_deferral(self.object)

    def get_figures(self) -> list[Figure]:
        found: Any = self.object
        lcy = lcy_of(found)
        abroad = formats.money(found.amount_lcy, lcy) if found.currency_id != lcy.code else ""
        return [
            Figure("Amount", markup.money(found.amount, found.currency), "#parts", note=abroad),
            Figure("Released", markup.money(found.released, found.currency), "#parts"),
            Figure("Waits", markup.money(found.waits, found.currency), "#parts"),
            *(
                [Figure("Closed by credit memos", markup.money(found.credited, found.currency), "#parts")]
                if found.credited
                else []
            ),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(parts=parts_of(self.object), lcy=lcy_of(self.object), **self.posted(), **kwargs)

    def posted(self) -> dict[str, Any]:
        """What the books have of it, for those who may see it."""
        if not self.request.user.has_perm("ledger.view_journalentry"):
            return {}
        return newest(entries_of(lot=self.object.lot), lot=self.object.lot)
