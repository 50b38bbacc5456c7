"""The planner of an account: what lapses unused, the choice under which the least does, and the dates worth changing."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from credits.forms.planner import PlannerForm
from credits.models import CreditsSetup
from credits.reports.planned import AccountPlan, Advice, CurrencyPlan
from credits.reports.planner import planner
from credits.views.planner_lines import HEADER, lines_of, undated_lines
from ledger.views.reports import ReportOfOne
from opportunities.models import Account
from pages import formats, markup
from pages.elements import Action, Crumb, Figure
from pages.views.page import allowed_actions

SHOWN = 100  # rows of each table on the page; the file has all of them
DATES, MILESTONES = "credits.expire_purchases", "credits.manage_milestones"
SELL = "credits.manage_purchases"


class PlannerPage(ReportOfOne):
    """Changes nothing: what it suggests is done on the pages that it leads to, by those who may."""

    queryset: QuerySet[Account] = Account.objects.all()
    template_name = "credits/planner.html"
    form_class = PlannerForm
    file_name = "planner"
    title = "Planner"
    lead = "What lapses unused if open milestones are allocated on their target dates, and what would save it."
    empty = (
        "There is nothing to plan: no purchase has credits left and no milestone waits for any. A purchase gives the account "
        "credits, a milestone of one of its projects draws them."
    )
    extra_context = {"reset": "Today", "shown": SHOWN}

    def get_permission_required(self) -> tuple[str, ...]:
        return "credits.view_purchase", "credits.view_milestone"

    def get_title(self) -> str:
        return f"Planner of {self.object.name}"

    def get_breadcrumb(self) -> list[Crumb]:
        account = self.object
        return [
            Crumb("Accounts", reverse("opportunities:account-list")),
            Crumb(str(account), account.get_absolute_url()),
        ]

    def read(self, **asked: Any) -> AccountPlan:
        return planner(self.object, asked["on"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.report:
            kwargs["currencies"] = [self.told(each) for each in self.report.currencies]
            kwargs["by_hand"] = CreditsSetup.current().manual_allocation
        return super().get_context_data(**kwargs)

    def told(self, each: CurrencyPlan) -> dict[str, Any]:
        extend = [(advice, self.change("Edit dates", "purchase-dates", advice, DATES)) for advice in each.extend]
        forward = [(advice, self.change("Edit", "milestone-edit", advice, MILESTONES)) for advice in each.bring_forward]
        new = f"{reverse('credits:purchase-create')}?account={self.object.number}"
        sell = self.allowed(Action("New purchase", new, permission=SELL))
        return {"plan": each, "figures": figures(each), "extend": extend, "bring_forward": forward, "sell": sell}

    def change(self, label: str, name: str, advice: Advice, permission: str) -> Action | None:
        return self.allowed(Action(label, reverse(f"credits:{name}", args=[advice.subject.pk]), permission=permission))

    def allowed(self, action: Action) -> Action | None:
        """For a person who may do it."""
        return next(iter(allowed_actions(self.request.user, [action])), None)

    def lines(self) -> Iterator[list]:
        yield HEADER
        for each in self.report.currencies:
            yield from lines_of(each)
        yield from undated_lines(self.report.undated)


def figures(each: CurrencyPlan) -> list[Figure]:
    """Each leads to the rows behind it on the page."""
    code, usual, least = each.currency.code, each.usual, each.best
    lapsing, rows = f"#lapses-{code}", f"#milestones-{code}"
    short = formats.number(sum(usual.unfunded.values()))
    return [
        figure("Lapses unused", usual.lapsed_credits, usual.lapsed_money, each, lapsing, "warn"),
        figure("With the best choice", least.lapsed_credits, least.lapsed_money, each, rows),
        figure("Saved by it", each.saved_credits, each.saved_money, each, rows),
        Figure("Milestones short", markup.credits(len(usual.unfunded)), rows, note=f"{short} credits missing"),
    ]


def figure(label: str, credits: int, money: Any, each: CurrencyPlan, url: str, tone: str = "") -> Figure:
    told = formats.money(money, each.currency)
    return Figure(label, markup.credits(credits), url, note=f"credits, {told}", tone=tone if credits else "")
