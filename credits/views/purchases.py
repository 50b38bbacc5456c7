"""Purchases to look at: the list, and the page of one with its figures, consumptions, journal and history."""

from datetime import date
from typing import Any

from django.db.models import BigIntegerField, Case, F, QuerySet, Value, When
from django.urls import reverse

from credits.actions.purchases import actions
from credits.filters.purchases import PurchaseFilter
from credits.models import Consumption, CreditsSetup, Purchase
from credits.reports.history import history
from credits.reports.holdings import soon_days
from credits.reports.lots import STATES, TONES, bar, past_expiry, with_consumed, with_state
from credits.services.expire import grace_days
from credits.tables.consumptions import ConsumptionTable
from credits.tables.purchases import PurchaseTable
from ledger.dates import company_time_zone
from ledger.fields import AmountField
from ledger.reports.journal import entries_of
from ledger.views.journal import newest
from pages import markup
from pages.clock import business_date
from pages.elements import Action, Badge, Crumb, Figure, Tab, Total
from pages.tables import Table
from pages.views import DetailPage, ListPage


def confirmed(field: str, kind: Any) -> Case:
    """Of confirmed purchases alone: a draft may never be one."""
    return Case(When(draft=False, then=F(field)), default=Value(0), output_field=kind)


class PurchaseList(ListPage):
    permission_required = "credits.view_purchase"
    template_name = "credits/purchase_list.html"
    title = "Purchases"
    filterset_class = PurchaseFilter
    table_class = PurchaseTable
    empty = "A purchase is a lot of services credits that a customer has bought, with one price and one expiry date."
    totals = (
        Total("Credits", confirmed("number_of_credits", BigIntegerField()), kind="credits"),
        Total("Available", confirmed("credits_available", BigIntegerField()), kind="credits"),
        Total("Deferred", "deferred"),
        Total("Paid", confirmed("paid_total", AmountField())),
    )

    def get_queryset(self) -> QuerySet[Purchase]:
        shown = Purchase.objects.select_related("account", "currency", "opportunity_line__opportunity")
        return with_state(shown, business_date(self.request))

    def get_table(self) -> Table:
        """With a tick for each row for whoever may expire what is ticked."""
        table = super().get_table()
        if not self.request.user.has_perm("credits.expire_purchases"):
            table.columns.hide("pick")
        return table

    def get_actions(self) -> list[Action]:
        new, brought = reverse("credits:purchase-create"), reverse("credits:certinia-import")
        return [
            Action("New purchase", new, primary=True, permission="credits.manage_purchases"),
            Action("Import from Certinia", brought, permission="credits.import_certinia"),
            Action("Export as for Certinia", reverse("credits:certinia-export"), permission="credits.view_milestone"),
        ]


class PurchaseDetail(DetailPage):
    permission_required = "credits.view_purchase"
    slot = "purchase"
    menu_label = "Manage"
    tabs = (
        Tab("overview", "Overview", "credits/purchase_overview.html"),
        Tab("consumptions", "Consumptions", "credits/purchase_consumptions.html", "credits.view_consumption"),
        Tab("journal", "Journal", "credits/purchase_journal.html", "ledger.view_journalentry"),
        Tab("history", "History", "credits/purchase_history.html"),
    )

    def get_queryset(self) -> QuerySet[Purchase]:
        named = ("account", "currency", "created_by", "product_group", "opportunity_line__opportunity")
        return with_consumed(with_state(Purchase.objects.select_related(*named), business_date(self.request)))

    def get_badge(self) -> Badge:
        return Badge(STATES[self.object.state], TONES[self.object.state])

    def get_breadcrumb(self) -> list[Crumb]:
        account = self.object.account
        return [Crumb("Purchases", reverse("credits:purchase-list")), Crumb(str(account), account.get_absolute_url())]

    def get_figures(self) -> list[Figure]:
        return figures(self.object, business_date(self.request), self.past_expiry(), soon_days())

    def past_expiry(self) -> str:
        return past_expiry(self.object, business_date(self.request), grace_days())

    def get_actions(self) -> list[Action]:
        return actions(self.object, business_date(self.request))

    def tab_overview(self) -> dict[str, Any]:
        return {
            "bar": bar(self.object),
            "past_expiry": self.past_expiry(),
            "spendable": CreditsSetup.current().allocate_past_expiry,
            "zone": company_time_zone(),
            "soon": soon_days(),
            "waiting": self.object.corrections.waiting().first(),
        }

    def tab_consumptions(self) -> dict[str, Any]:
        rows = Consumption.objects.filter(purchase=self.object)
        rows = rows.select_related("allocation", "purchase", "milestone", "account", "currency")
        return {"table": ConsumptionTable(rows.order_by("-id")[:200], orderable=False, exclude=("purchase",))}

    def tab_journal(self) -> dict[str, Any]:
        return newest(entries_of(lot=self.object.lot), lot=self.object.lot)

    def tab_history(self) -> dict[str, Any]:
        return {"events": history(self.object), "zone": company_time_zone()}


def figures(lot: Any, on: date, past: str, days: int) -> list[Figure]:
    """Each leads to the rows behind it."""
    left = "–" if lot.draft else markup.credits(lot.credits_available)
    rows, refunded = "?tab=consumptions", lot.credits_refunded
    return [
        Figure("Available", left, "?tab=overview", note=f"of {lot.number_of_credits:,}"),
        Figure("Allocated", markup.credits(lot.credits_allocated), rows, note=f"{lot.consumed:,} consumed"),
        Figure("Expired", markup.credits(lot.credits_expired), rows, note=f"{refunded:,} refunded" if refunded else ""),
        expiry_figure(lot, on, past, days),
        Figure("Deferred", markup.money(lot.deferred, lot.currency), "?tab=journal"),
    ]


def expiry_figure(lot: Purchase, on: date, past: str, days: int) -> Figure:
    at_risk = not lot.draft and lot.credits_available > 0
    soon = at_risk and lot.expires_on is not None and (lot.expires_on - on).days <= days
    note = past.capitalize() or markup.days_away(lot.expires_on, on, days)
    return Figure(
        "Expires", markup.day(lot.expires_on), "?tab=history", note, "bad" if past else "warn" if soon else ""
    )
