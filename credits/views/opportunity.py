"""The window of the opportunity page: Create Services Credits Customer Purchase."""

from typing import Any

from django.utils.functional import cached_property

from credits.forms.opportunity import LineChoiceFormSet, LineChoices
from credits.models import CreditsSetup
from credits.previews.made import buy_and_describe
from credits.reports.proposal import Proposal, ProposedLine, propose
from ledger.money import ZERO
from opportunities.models import Opportunity
from pages import formats
from pages.clock import business_date
from pages.elements import Crumb
from pages.preview import Preview
from pages.views import ActionPage


class OpportunityPurchases(ActionPage):
    """One row per line that can be bought; all of them are made, or none. Books: as for each purchase that is confirmed."""

    permission_required = "credits.manage_purchases"
    queryset = Opportunity.objects.select_related("account", "currency")
    template_name = "credits/opportunity_purchases.html"
    panel_template_name = "credits/opportunity_panel.html"
    form_class = LineChoiceFormSet
    title = "Create Services Credits Customer Purchase"
    wide = True

    @cached_property
    def proposal(self) -> Proposal:
        return propose(self.object, on=business_date(self.request))

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb(str(self.object), self.object.get_absolute_url())]

    def get_initial(self) -> Any:
        return [initial_row(line) for line in self.proposal.lines]

    def get_form_kwargs(self) -> dict[str, Any]:
        setup = CreditsSetup.current()
        return {
            "opportunity": self.object,
            "draft": self.proposal.draft or setup.new_purchases_are_drafts,
            "sync_paid_with_value": setup.sync_paid_with_value,
            "prefix": "row",
        }

    def run(self, form: LineChoices) -> Preview:
        return buy_and_describe(
            self.object,
            [row.as_row() for row in form.ticked],
            draft=form.as_drafts,
            remarks=self.remarks(form),
            actor=self.request.user,
            on=business_date(self.request),
        )

    def get_success_message(self, preview: Preview) -> str:
        return f"{len(preview.made)} made: {', '.join(link.label for link in preview.made)}."

    def remarks(self, form: LineChoices) -> list[str]:
        """On the opportunity as a whole, and where a row comes to another sum than its line has now."""
        own = [] if form.as_drafts else [self.proposal.warning]
        return [*own, *(f"{each.line.description}: {each.apart}." for each in form.workings if each.apart)]

    def panel_context(self, form: LineChoices) -> dict[str, Any]:
        return {"proposal": self.proposal, "sums": sums(form, self.object)}


def initial_row(line: ProposedLine) -> dict[str, Any]:
    price = format(line.price, f".{line.line.opportunity.currency.decimals}f")
    return {
        "tick": True,
        "line": line.line.pk,
        "description": line.line.description,
        "credits": line.credits,
        "value_per_credit": price,
        "amount_paid_per_credit": price,
        "exact": not line.divides,
        "starts_on": line.starts_on,
        "expires_on": line.expires_on,
    }


def sums(form: LineChoices, opportunity: Opportunity) -> dict[str, Any]:
    """The footer: how many purchases with how many credits, for how much."""
    workings = form.workings
    return {
        "purchases": sum(len(working.parts) for working in workings),
        "credits": sum(working.credits for working in workings),
        "total": formats.money(sum((working.total for working in workings), ZERO), opportunity.currency),
    }
