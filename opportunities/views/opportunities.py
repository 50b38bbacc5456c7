from typing import Any

from django.urls import reverse

from ledger.dates import business_date
from ledger.views.changes import change_log_action
from opportunities.filters import OpportunityFilter
from opportunities.forms import OpportunityForm
from opportunities.models import Account, Opportunity
from opportunities.reports.usage import buyers_of
from opportunities.services.opportunities import create_opportunity, edit_opportunity
from opportunities.tables import OpportunityTable
from opportunities.tables.opportunities import STAGE_TONES
from opportunities.views.named import asked
from pages import markup
from pages.elements import Action, Badge, Crumb, Figure, Total
from pages.views import DetailPage, FormPage, ListPage

MANAGE = "opportunities.manage_customers"


class OpportunityList(ListPage):
    permission_required = "opportunities.view_opportunity"
    title = "Opportunities"
    queryset = Opportunity.objects.select_related("account", "currency").with_totals()
    filterset_class = OpportunityFilter
    table_class = OpportunityTable
    empty = "An opportunity is a sale with its lines. Lines with services credits become purchases from its page."
    totals = (Total("Amount", "amount"), Total("Credits", "credits", kind="credits"))

    def get_actions(self) -> list[Action]:
        return [Action("New opportunity", reverse("opportunities:opportunity-create"), primary=True, permission=MANAGE)]


class OpportunityDetail(DetailPage):
    permission_required = "opportunities.view_opportunity"
    queryset = Opportunity.objects.select_related("account", "currency").with_totals()
    template_name = "opportunities/opportunity.html"
    slot = "opportunity"

    def get_title(self) -> str:
        return self.object.name

    def get_badge(self) -> Badge:
        return Badge(self.object.get_stage_display(), STAGE_TONES[self.object.stage])

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("Opportunities", reverse("opportunities:opportunity-list")), Crumb(self.object.number)]

    def get_figures(self) -> list[Figure]:
        return [Figure("Amount", markup.money(self.object.amount, self.object.currency), "#lines")]

    def get_actions(self) -> list[Action]:
        edit = reverse("opportunities:opportunity-edit", args=[self.object.pk])
        return [Action("Edit opportunity", edit, permission=MANAGE), change_log_action(self.object)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        bought = buyers_of(self.object)
        lines = self.object.lines.select_related("product", "opportunity")
        rows = [(line, ", ".join(bought.get(line.pk, []))) for line in lines]
        return super().get_context_data(lines=rows, **kwargs)


class OpportunityCreate(FormPage):
    above = ("Opportunities", "opportunities:opportunity-list")
    permission_required = MANAGE
    form_class = OpportunityForm
    template_name = "opportunities/opportunity_form.html"
    title = "New opportunity"
    submit_label = "Create opportunity"
    success_message = "The opportunity is there."

    def get_initial(self) -> dict[str, Any]:
        return {"account": asked(Account, self.request.GET.get("account")), "closes_on": business_date()}

    def save(self, form: OpportunityForm) -> Opportunity:
        return create_opportunity(form.terms(), lines=form.lines.terms(), actor=self.request.user)


class OpportunityEdit(FormPage):
    above = ("Opportunities", "opportunities:opportunity-list")
    permission_required = MANAGE
    form_class = OpportunityForm
    model = Opportunity
    template_name = "opportunities/opportunity_form.html"
    title = "Edit opportunity"
    submit_label = "Save opportunity"
    success_message = "The opportunity is saved."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"instance": self.object}

    def save(self, form: OpportunityForm) -> Opportunity:
        lines, removed = form.lines.terms(), form.lines.removed()
        return edit_opportunity(self.object, form.terms(), lines=lines, removed=removed, actor=self.request.user)
