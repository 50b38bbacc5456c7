"""Services credits of an account: what is left and what expires soon, how it burns down, and what was done."""

from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property

from credits.models import Purchase
from credits.reports.account import Balance, balances
from credits.reports.account_history import history
from credits.reports.burn_down import burn_down
from credits.reports.holdings import soon_days
from credits.reports.lots import bar, with_consumed
from credits.views.account_figures import COLUMNS, balance_row, chart, figures, purchases, rows_of
from ledger.dates import company_time_zone
from opportunities.models import Account
from pages.clock import business_date
from pages.elements import Action, Crumb, Figure, Tab
from pages.views import DetailPage

SHOWN, EVENTS = 50, 100


class AccountCredits(DetailPage):
    permission_required = ("credits.view_purchase", "credits.view_consumption")
    queryset = Account.objects.all()
    title = "Services credits"
    tabs = (
        Tab("overview", "Overview", "credits/account_overview.html"),
        Tab("burn_down", "Burn-down", "credits/account_burn_down.html"),
        Tab("history", "History", "credits/account_history.html"),
    )

    @cached_property
    def balances(self) -> list[Balance]:
        return balances(self.object, business_date(self.request))

    @cached_property
    def soon(self) -> int:
        return soon_days()

    def get_breadcrumb(self) -> list[Crumb]:
        above = Crumb("Accounts", reverse("opportunities:account-list"))
        return [above, Crumb(str(self.object), self.object.get_absolute_url())]

    def get_figures(self) -> list[Figure]:
        return figures(self.object, self.balances, business_date(self.request))

    def get_actions(self) -> list[Action]:
        buy = f"{reverse('credits:purchase-create')}?account={self.object.number}"
        return [
            Action("Statement", reverse("credits:statement", args=[self.object.pk]), primary=True),
            Action("Planner", reverse("credits:planner", args=[self.object.pk]), permission="credits.view_milestone"),
            Action("New purchase", buy, permission="credits.manage_purchases"),
        ]

    def tab_overview(self) -> dict[str, Any]:
        left = Purchase.objects.filter(account=self.object).with_credits_left().in_drawing_order()
        lots = list(with_consumed(left).select_related("currency").defer("description")[: SHOWN + 1])
        on, shown = business_date(self.request), [(lot, bar(lot)) for lot in lots[:SHOWN]]
        rows = [balance_row(self.object, each, on) for each in self.balances]
        more = {"more": len(lots) > SHOWN, "url": purchases(self.object), "soon": self.soon}
        return {"columns": COLUMNS, "rows": rows, "lots": shown, **more}

    def tab_burn_down(self) -> dict[str, Any]:
        found = burn_down(self.object, business_date(self.request))
        return {"burn_downs": [(each, chart(each), *rows_of(self.object, each)) for each in found]}

    def tab_history(self) -> dict[str, Any]:
        found = history(self.object, EVENTS + 1)
        return {"events": found[:EVENTS], "more": len(found) > EVENTS, "zone": company_time_zone()}
