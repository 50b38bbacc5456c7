"""Entering a purchase: new, as a copy, and while it is a draft. The panel says what confirming posts."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property

from credits.forms.purchases import PurchaseForm, initial_of, locked_of
from credits.models import CreditsSetup, Purchase
from credits.previews.made import create_and_describe, edit_and_describe
from credits.reports.proposal import year_after
from ledger.dates import ledger_setup
from opportunities.models import Account
from opportunities.views.named import asked
from pages.clock import business_date
from pages.preview import Preview
from pages.views import ActionPage


class PurchaseEntry(ActionPage):
    above = ("Purchases", "credits:purchase-list")
    permission_required = "credits.manage_purchases"
    form_class = PurchaseForm

    @cached_property
    def settings(self) -> CreditsSetup:
        return CreditsSetup.current()

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"sync_paid_with_value": self.settings.sync_paid_with_value}


class PurchaseCreate(PurchaseEntry):
    """Confirmed at once unless it is a draft: credits become available, the deferral is posted."""

    title = "New purchase"
    success_message = "The purchase is there."

    def get_initial(self) -> dict[str, Any]:
        today = business_date(self.request)
        account = asked(Account, self.request.GET.get("account"))
        return {
            "account": account,
            "currency": account.currency_id if account else ledger_setup().lcy_id,
            "purchased_on": today,
            "starts_on": today,
            "expires_on": year_after(today),
            "product_group": self.settings.product_group_id,
            "dimensions": account and account.dimensions,
            "draft": self.settings.new_purchases_are_drafts,
        }

    def run(self, form: PurchaseForm) -> Preview:
        who = {"actor": self.request.user, "on": business_date(self.request)}
        self.object, preview = create_and_describe(form.terms(), draft=form.cleaned_data["draft"], **who)
        return preview


class PurchaseClone(PurchaseCreate):
    """A new purchase that begins with the terms of another, bought today."""

    @cached_property
    def source(self) -> Purchase:
        return get_object_or_404(Purchase.objects.select_related("account", "currency"), pk=self.kwargs["pk"])

    def get_title(self) -> str:
        return f"Copy of {self.source.number}"

    def get_initial(self) -> dict[str, Any]:
        draft = self.source.draft or self.settings.new_purchases_are_drafts
        return initial_of(self.source) | {"purchased_on": business_date(self.request), "draft": draft}


class PurchaseEdit(PurchaseEntry):
    """A draft's fields; without the tick at Draft it is confirmed as well."""

    queryset = Purchase.objects.select_related("account", "currency", "product_group")
    success_message = "The purchase is saved."

    def get_title(self) -> str:
        return f"Edit {self.object.number}"

    def get_initial(self) -> dict[str, Any]:
        return initial_of(self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "locked": locked_of(self.object)}

    def run(self, form: PurchaseForm) -> Preview:
        confirm = not form.cleaned_data.get("draft", True)
        who = {"actor": self.request.user, "on": business_date(self.request)}
        return edit_and_describe(self.object, form.terms(), confirm=confirm, **who)
