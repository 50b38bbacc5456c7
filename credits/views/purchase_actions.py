"""The verbs of one purchase, each with its preview: confirm, back to draft, other dates, expire, delete."""

from typing import Any

from django.urls import reverse

from credits.forms.purchases import EXPIRED, DatesForm, ReturnForm
from credits.models import Purchase
from credits.previews import expiry, verbs
from pages.clock import business_date
from pages.forms import PageForm
from pages.preview import Preview
from pages.views import ActionPage


class PurchaseAction(ActionPage):
    above = ("Purchases", "credits:purchase-list")
    permission_required = "credits.manage_purchases"
    queryset = Purchase.objects.select_related("account", "currency", "product_group")
    verb = ""

    def get_title(self) -> str:
        return f"{self.verb} {self.object.number}"


class ConfirmPurchase(PurchaseAction):
    """The credits become available, the deferral is posted."""

    verb = "Confirm"
    success_message = "The purchase is confirmed: its credits can be allocated."

    def run(self, form: PageForm) -> Preview:
        return verbs.confirm_and_describe(self.object, actor=self.request.user, on=business_date(self.request))


class ReturnPurchase(PurchaseAction):
    """The confirmation is reversed; the fields, but for the account, can be edited again."""

    verb = "Back to draft:"
    form_class = ReturnForm
    success_message = "The purchase is a draft again."

    def run(self, form: ReturnForm) -> Preview:
        return verbs.return_and_describe(self.object, actor=self.request.user, **form.cleaned_data)


class PurchaseDates(PurchaseAction):
    """A renegotiation: nothing is posted, old and new dates are kept with the reason."""

    permission_required = "credits.expire_purchases"
    verb = "Edit dates of"
    form_class = DatesForm
    success_message = "The dates are changed."

    def get_initial(self) -> dict[str, Any]:
        return {"starts_on": self.object.starts_on, "expires_on": self.object.expires_on}

    def get_form_kwargs(self) -> dict[str, Any]:
        locked = ("starts_on", "expires_on") if self.object.credits_expired else ()
        return {"locked": dict.fromkeys(locked, EXPIRED)}

    def run(self, form: DatesForm) -> Preview:
        who = {"actor": self.request.user, "on": business_date(self.request)}
        return verbs.change_dates_and_describe(self.object, **form.cleaned_data, **who)


class ExpirePurchase(PurchaseAction):
    """What is available lapses, allocated credits stay; its deferral goes to breakage."""

    permission_required = "credits.expire_purchases"
    verb = "Expire"
    lead = expiry.GIVEN_BACK
    success_message = "The credits that were left are expired."

    def run(self, form: PageForm) -> Preview:
        return expiry.expire_and_describe(self.object, actor=self.request.user, on=business_date(self.request))


class DeletePurchase(PurchaseAction):
    """Of a draft that was never confirmed; the line of the opportunity can be bought again."""

    verb = "Delete"
    success_message = "The draft is deleted."

    def run(self, form: PageForm) -> Preview:
        return verbs.delete_and_describe(self.object, actor=self.request.user)

    def get_success_url(self) -> str:
        return reverse("credits:purchase-list")
