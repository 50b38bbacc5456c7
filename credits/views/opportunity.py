"""The window of the opportunity page: Create Services Credits Customer Purchase."""

from typing import Any

from django.http import HttpResponse
from django.utils.functional import cached_property

from credits.forms.opportunity import RowFormSet, Rows
from credits.models import Purchase
from credits.previews.entry import later, warnings
from credits.previews.lots import confirm_label, new_lot, now
from credits.reports.proposal import Proposal, ProposedLine, propose
from credits.services.from_opportunity import create_from_opportunity
from ledger.money import ZERO
from ledger.previews import posting_lines
from ledger.services.posting import recording
from opportunities.models import Opportunity
from pages import formats
from pages.clock import business_date
from pages.elements import Crumb
from pages.preview import LeftOut, Link, Preview
from pages.views import ActionPage


class OpportunityPurchases(ActionPage):
    """One row per line that can be bought; all of them are made, or none. Books: as for each purchase that is confirmed."""

    permission_required = "credits.manage_purchases"
    queryset = Opportunity.objects.select_related("account", "currency")
    template_name = "credits/opportunity_purchases.html"
    form_class = RowFormSet
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
        return {"opportunity": self.object, "draft": self.proposal.draft, "prefix": "row"}

    def run(self, form: Rows) -> Preview:
        rows, draft = [each.as_row() for each in form.ticked], form.as_drafts
        with recording() as entries:
            made = create_from_opportunity(self.object, rows, draft=draft, actor=self.request.user)
        lots, postings = [now(purchase) for purchase in made], posting_lines(entries)
        noun = f"{len(lots)} {'draft' if draft else 'purchase'}{'s' if len(lots) > 1 else ''}"
        return Preview(
            changes=[new_lot(lot) for lot in lots],
            postings=postings,
            left_out=self.not_done(lots),
            warnings=self.worth_a_look(lots, draft),
            confirm_label=confirm_label(f"Create {noun}", postings),
            made=[Link(f"Purchase {lot.number}", lot.get_absolute_url()) for lot in lots],
        )

    def not_done(self, lots: list[Purchase]) -> list[LeftOut]:
        """What is true of several lots is said once, the postings first."""
        found = dict.fromkeys(left for lot in lots for left in later(lot, self.request.user))
        return sorted(found, key=lambda left: left.label, reverse=True)

    def worth_a_look(self, lots: list[Purchase], draft: bool) -> list[str]:
        """Each once, however many lots it is true of."""
        own = [self.proposal.warning] if self.proposal.warning and not draft else []
        return list(
            dict.fromkeys([*own, *(text for lot in lots for text in warnings(lot, business_date(self.request)))])
        )

    def get_success_message(self, preview: Preview) -> str:
        return f"{len(preview.made)} made: {', '.join(link.label for link in preview.made)}."

    def show(self, form: Rows, template: str = "", **panel: Any) -> HttpResponse:
        """A change in the form brings the totals up to date with the panel."""
        panel |= {"proposal": self.proposal, "sums": sums(form, self.object), "oob": bool(template)}
        return super().show(form, template and "credits/opportunity_panel.html", **panel)


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


def sums(form: Rows, opportunity: Opportunity) -> dict[str, Any]:
    """The footer: how many purchases with how many credits, for how much."""
    workings = form.workings
    return {
        "purchases": sum(len(working.parts) for working in workings),
        "credits": sum(working.credits for working in workings),
        "total": formats.money(sum((working.total for working in workings), ZERO), opportunity.currency),
    }
