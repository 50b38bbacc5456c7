"""General ledger setup: whose books these are, and when they may be written."""

import copy
from typing import Any

from django.urls import reverse
from django.views.generic import TemplateView

from ledger.dates import business_date
from ledger.forms.setup import LedgerSetupForm
from ledger.models import LedgerSetup
from ledger.services.setup import SetupTerms, is_lcy_fixed, refusal_to_set, set_ledger_setup
from ledger.views.described import Described
from pages import formats
from pages.elements import Action, Crumb
from pages.preview import Change, Preview
from pages.refusals import Refused
from pages.views import Page

FIXED = "Amounts are posted in it: it is fixed."
NEW_DAY = (
    "With another time zone, business days begin and end at other hours: expiry, the night and the date of today follow it"
    " from now on. What is posted keeps its days."
)


class LedgerSetupPage(Page, TemplateView):
    permission_required = "ledger.view_ledgersetup"
    title = "General ledger setup"
    lead = "Whose books these are, and when they may be written."
    template_name = "ledger/setup.html"

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("General posting setup", reverse("ledger:posting-setup"))]

    def get_actions(self) -> list[Action]:
        change = Action("Change", reverse("ledger:setup-edit"), permission="ledger.change_ledgersetup", primary=True)
        series = Action("Number series", reverse("ledger:number-series"), permission="ledger.view_numberseries")
        return [change, series]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        setup = LedgerSetup.objects.select_related("lcy", "exchange_difference").first()
        return super().get_context_data(setup=setup, lcy_fixed=FIXED if is_lcy_fixed() else "", **kwargs)


class LedgerSetupEdit(Described):
    above = ("General ledger setup", "ledger:setup")
    permission_required = "ledger.change_ledgersetup"
    title = "Change the general ledger setup"
    form_class = LedgerSetupForm
    success_message = "The setup is saved. Postings follow it from now on."

    def get_object(self, queryset: Any = None) -> LedgerSetup:
        return LedgerSetup.objects.select_related("lcy", "exchange_difference").first() or LedgerSetup(pk=1)

    def get_form_kwargs(self) -> dict[str, Any]:
        """A copy, because a form writes into its instance what was typed."""
        return {"instance": copy.copy(self.object), "locked": {"lcy": FIXED} if is_lcy_fixed() else {}}

    def refusal(self, form: LedgerSetupForm) -> Refused | None:
        return refusal_to_set(self.object, form.terms())

    def act(self, form: LedgerSetupForm) -> None:
        set_ledger_setup(form.terms(), actor=self.request.user)

    def describe(self, form: LedgerSetupForm) -> Preview:
        before, after = readable(self.object), readable(LedgerSetup(**vars(form.terms())))
        changes = [Change(label, before[label], value) for label, value in after.items() if before[label] != value]
        return Preview(changes=changes, warnings=warnings(self.object, form.terms()), confirm_label="Save the setup")

    def get_success_url(self) -> str:
        return reverse("ledger:setup")

    def get_cancel_url(self) -> str:
        return reverse("ledger:setup")


def readable(setup: LedgerSetup) -> dict[str, str]:
    """Each field as it is read."""
    return {
        "Company name": setup.company_name,
        "Address": setup.address,
        "Local currency (LCY)": setup.lcy_id or "",
        "Time zone": setup.time_zone,
        "Posting allowed from": formats.day(setup.posting_from) if setup.posting_from else "",
        "Posting allowed to": formats.day(setup.posting_to) if setup.posting_to else "",
        "Business posting group from": setup.get_groups_from_display(),
        "Exchange difference account": str(setup.exchange_difference or ""),
    }


def warnings(setup: LedgerSetup, terms: SetupTerms) -> list[str]:
    texts = []
    if not setup._state.adding and terms.time_zone != setup.time_zone:
        texts.append(NEW_DAY)
    if terms.posting_to and terms.posting_to < business_date():
        texts.append(f"What happens after {formats.day(terms.posting_to)}, as everything of today, will not be posted.")
    return texts
