"""The page of one record: figures that lead to their rows, one primary action, a menu, tabs.

    class PurchaseDetail(DetailPage):
        permission_required = "credits.view_purchase"
        queryset = Purchase.objects.select_related("account", "currency")
        template_name = "credits/purchase_detail.html"      # {% extends "pages/detail.html" %}, fills block `body`
        slot = "purchase"                                   # where upper apps may add figures, actions, sections
        tabs = (Tab("overview", "Overview", "credits/purchase_overview.html"), Tab("journal", "Journal", "..."))

        def get_badge(self): return Badge("Draft", "warn")
        def get_breadcrumb(self): return [Crumb("Purchases", reverse("credits:purchase-list"))]
        def get_figures(self): return [Figure("Available", markup.credits(self.object.available), url, note="of 100")]
        def get_actions(self): return [Action("Expire", url, disabled_reason="Nothing is left to expire.")]
        def tab_journal(self): return {"entries": ...}      # read only when the tab is open

The title is `str(object)` unless `get_title` says otherwise. With `tabs` the template can stay `pages/detail.html`.
"""

from typing import Any

from django.views.generic import DetailView

from pages.elements import Action, Figure, Tab
from pages.sections import collect
from pages.views.page import Page


class DetailPage(Page, DetailView):
    template_name = "pages/detail.html"
    slot = ""
    tabs: tuple[Tab, ...] = ()

    def get_title(self) -> str:
        return self.title or str(self.object)

    def get_figures(self) -> list[Figure]:
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tabs = [tab for tab in self.tabs if not tab.permission or self.request.user.has_perm(tab.permission)]
        asked = self.request.GET.get("tab")
        tab = next((tab for tab in tabs if tab.key == asked), tabs[0] if tabs else None)
        read = getattr(self, f"tab_{tab.key}", dict) if tab else dict
        figures = [*self.get_figures(), *self.added("figures")]
        return super().get_context_data(tabs=tabs, tab=tab, figures=figures, slot=self.slot, **read(), **kwargs)

    def added(self, kind: str) -> list[Any]:
        """What upper apps put on this page."""
        return list(collect(f"{self.slot}.{kind}", self.request, self.object)) if self.slot else []

    def get_all_actions(self) -> list[Action]:
        return [*self.get_actions(), *self.added("actions")]
