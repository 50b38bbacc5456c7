from typing import Any

from django.urls import reverse

from ledger.views.changes import change_log_action
from opportunities.filters import AccountFilter
from opportunities.forms import AccountForm
from opportunities.models import Account, Opportunity
from opportunities.services.accounts import create_account, edit_account
from opportunities.tables import AccountTable
from pages import markup
from pages.elements import Action, Crumb, Figure
from pages.views import DetailPage, FormPage, ListPage

MANAGE = "opportunities.manage_customers"
SHOWN = 10  # rows of each table on the account page


class AccountList(ListPage):
    permission_required = "opportunities.view_account"
    title = "Accounts"
    queryset = Account.objects.select_related("currency", "business_group", "bill_to").with_counts()
    filterset_class = AccountFilter
    table_class = AccountTable
    empty = "An account is a customer: what was sold to it, what it has paid for and what it has used stand together."

    def get_actions(self) -> list[Action]:
        return [Action("New account", reverse("opportunities:account-create"), primary=True, permission=MANAGE)]


class AccountDetail(DetailPage):
    permission_required = "opportunities.view_account"
    queryset = Account.objects.select_related("currency", "business_group", "bill_to", "vat_business_group")
    template_name = "opportunities/account.html"
    slot = "account"

    def get_title(self) -> str:
        return self.object.name

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("Accounts", reverse("opportunities:account-list")), Crumb(self.object.number)]

    def get_figures(self) -> list[Figure]:
        opened = self.object.opportunities.filter(stage=Opportunity.Stage.OPEN).count()
        rows = f"{reverse('opportunities:opportunity-list')}?account={self.object.number}&stage=open"
        return [Figure("Open opportunities", markup.credits(opened), rows)]

    def get_actions(self) -> list[Action]:
        here = f"?account={self.object.number}"
        return [
            Action("New opportunity", reverse("opportunities:opportunity-create") + here, permission=MANAGE),
            Action("New project", reverse("opportunities:project-create") + here, permission=MANAGE),
            Action("Edit account", reverse("opportunities:account-edit", args=[self.object.pk]), permission=MANAGE),
            change_log_action(self.object),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        opportunities = self.object.opportunities.select_related("currency").with_totals()[: SHOWN + 1]
        projects = self.object.projects.all()[: SHOWN + 1]
        rows = {"opportunities": opportunities, "projects": projects, "billed_for": self.object.billed_for.all()}
        return super().get_context_data(shown=SHOWN, **rows, **kwargs)


class AccountCreate(FormPage):
    above = ("Accounts", "opportunities:account-list")
    permission_required = MANAGE
    form_class = AccountForm
    title = "New account"
    submit_label = "Create account"
    success_message = "The account is there."

    def save(self, form: AccountForm) -> Account:
        return create_account(**form.entered(), actor=self.request.user)


class AccountEdit(FormPage):
    above = ("Accounts", "opportunities:account-list")
    permission_required = MANAGE
    form_class = AccountForm
    model = Account
    title = "Edit account"
    submit_label = "Save account"
    success_message = "The account is saved."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"instance": self.object}

    def save(self, form: AccountForm) -> Account:
        return edit_account(self.object, **form.entered(), actor=self.request.user)
