"""The rules that hold for the services credits of one customer alone."""

from typing import Any

from django.urls import reverse

from credits.forms.settings import AccountRulesForm
from credits.models import CreditsSetup
from credits.previews.account_rules import change_and_describe
from credits.reports.settings import readable
from credits.services.account_rules import rules_of
from ledger.views.changes import change_log_action
from opportunities.models import Account
from pages.elements import Action
from pages.preview import Preview
from pages.views import ActionPage

LEAD = (
    "What expires is breakage revenue, unless the law of unclaimed property applies to this customer: then it stays owed, on"
    " a liability account, and is never revenue. It holds for what expires from now on; nothing that is posted changes. "
)


class AccountRulesEdit(ActionPage):
    permission_required = "credits.change_creditssetup"
    queryset = Account.objects.all()
    form_class = AccountRulesForm
    title = "Services credits rules"
    success_message = "The rules are saved. They hold from now on."

    @property
    def lead(self) -> str:  # type: ignore[override]
        low = readable("low_balance_credits", CreditsSetup.current().low_balance_credits)
        return f"{LEAD}Low balance in the setup: {low}."

    def get_initial(self) -> dict[str, Any]:
        rules = rules_of(self.object)
        return {"unclaimed_property": rules.unclaimed_property, "low_balance_credits": rules.low_balance_credits}

    def get_actions(self) -> list[Action]:
        return [
            Action("Settings", reverse("credits:settings"), permission="credits.view_creditssetup"),
            change_log_action(rules_of(self.object)),
        ]

    def run(self, form: AccountRulesForm) -> Preview:
        return change_and_describe(self.object, **form.cleaned_data, actor=self.request.user)
