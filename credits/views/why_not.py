"""Why not? Asked of a milestone, a purchase or an account, for a business date."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from credits.actions.milestones import breadcrumb_of
from credits.forms.why_not import WhyNotOfAccountForm
from credits.models import Milestone, Purchase
from credits.reports.availability import Reason
from credits.reports.lot_parts import LotParts, Part
from credits.reports.why_not import (
    ELSEWHERE,
    AccountAnswer,
    MilestoneAnswer,
    PurchaseAnswer,
    why_not_account,
    why_not_milestone,
    why_not_purchase,
)
from credits.views.why_not_page import SHOWN, WhyNotPage
from opportunities.models import Account
from pages import exports
from pages.elements import Crumb

USES = ["Milestone", "Name", "Project", "Currency", "Needed", "Allocated", "Could draw", "Why not"]


class WhyNotMilestone(WhyNotPage):
    queryset = Milestone.objects.select_related("project__account", "project__currency")
    template_name = "credits/why_not_milestone.html"
    empty = "The account has no purchase. A purchase of services credits gives it credits that milestones draw from."

    def get_breadcrumb(self) -> list[Crumb]:
        return [*breadcrumb_of(self.object), Crumb(self.object.number, self.object.get_absolute_url())]

    def read(self, **asked: Any) -> MilestoneAnswer:
        return why_not_milestone(self.object, asked["on"])

    def answer_context(self) -> dict[str, Any]:
        return super().answer_context() | {"standing": [(why, self.ways(why)) for why in self.report.standing]}


class WhyNotPurchase(WhyNotPage):
    queryset = Purchase.objects.select_related("account", "currency")
    template_name = "credits/why_not_purchase.html"

    def get_breadcrumb(self) -> list[Crumb]:
        account = self.object.account
        above = [Crumb("Purchases", reverse("credits:purchase-list")), Crumb(str(account), account.get_absolute_url())]
        return [*above, *super().get_breadcrumb()]

    def read(self, **asked: Any) -> PurchaseAnswer:
        return why_not_purchase(self.object, asked["on"])

    def answer_context(self) -> dict[str, Any]:
        uses = self.report.uses
        return super().answer_context() | {"uses": uses[:SHOWN], "count": len(uses)}

    def lines(self) -> Iterator[list]:
        """One row per milestone."""
        yield USES
        for use in self.report.uses:
            of, project = use.milestone, use.milestone.project
            names = [exports.safe(name) for name in (of.number, of.name, project.number)]
            why = exports.safe("; ".join(why.sentence for why in use.whys))
            yield [*names, project.currency_id, of.credits_needed or 0, of.credits_allocated, use.credits, why]


class WhyNotAccount(WhyNotPage):
    queryset: QuerySet[Account] = Account.objects.all()
    form_class = WhyNotOfAccountForm
    template_name = "credits/why_not_account.html"
    empty = WhyNotMilestone.empty
    reasons = ELSEWHERE

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("Accounts", reverse("opportunities:account-list")), *super().get_breadcrumb()]

    def read(self, **asked: Any) -> AccountAnswer:
        return why_not_account(self.object, asked["on"])

    def answer_context(self) -> dict[str, Any]:
        """A table of the reasons, with a column per currency."""
        totals = self.report.totals
        found = [reason for reason in Reason if any(reason in sums for sums in totals.values())]
        rows = [(reason, [self.cell(reason, code, sums) for code, sums in totals.items()]) for reason in found]
        return {"codes": list(totals), "rows": rows, "sums": [sum(sums.values()) for sums in totals.values()]}

    def cell(self, reason: Reason, code: str, sums: dict[Reason, int]) -> tuple[int, str]:
        """Credits, and the way to their lots; what is available has no reason to be looked at here."""
        return sums.get(reason, 0), self.url(reason, currency=code) if reason is not Reason.AVAILABLE else ""

    def narrowed(self) -> list[tuple[LotParts, list[Part]]]:
        code = self.form.cleaned_data["currency"]
        return [(found, parts) for found, parts in super().narrowed() if code in ("", found.lot.currency_id)]
