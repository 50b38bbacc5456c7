"""The verbs of one purchase, each with its preview: confirm, back to draft, other dates, expire, delete."""

from typing import Any

from django.urls import reverse

from credits.forms.purchases import EXPIRED, DatesForm, ReturnForm
from credits.models import Purchase
from credits.previews.entry import difference, warnings
from credits.previews.lots import available, confirm_label, lot_change, now
from credits.services.dates import change_dates
from credits.services.expire import expire_purchase
from credits.services.purchases import confirm_purchase, delete_draft, return_to_draft
from ledger.previews import posting_lines
from ledger.services.posting import recording
from pages import formats
from pages.clock import business_date
from pages.elements import Crumb
from pages.forms import PageForm
from pages.preview import Change, LeftOut, Preview
from pages.views import ActionPage


class PurchaseAction(ActionPage):
    permission_required = "credits.manage_purchases"
    queryset = Purchase.objects.select_related("account", "currency", "product_group")
    verb = ""

    def get_title(self) -> str:
        return f"{self.verb} {self.object.number}"

    def get_breadcrumb(self) -> list[Crumb]:
        purchase = self.object
        return [Crumb("Purchases", reverse("credits:purchase-list")), Crumb(str(purchase), purchase.get_absolute_url())]


class ConfirmPurchase(PurchaseAction):
    """The credits become available, the deferral is posted."""

    verb = "Confirm"
    success_message = "The purchase is confirmed: its credits can be allocated."

    def run(self, form: PageForm) -> Preview:
        before = self.object
        with recording() as entries:
            confirm_purchase(before, actor=self.request.user)
        after, postings = now(before), posting_lines(entries)
        return Preview(
            changes=[lot_change(before, after)],
            postings=postings,
            warnings=warnings(after, business_date(self.request)),
            confirm_label=confirm_label("Confirm", postings),
        )


class ReturnPurchase(PurchaseAction):
    """The confirmation is reversed; the fields, but for the account, can be edited again."""

    verb = "Back to draft:"
    form_class = ReturnForm
    success_message = "The purchase is a draft again."

    def run(self, form: ReturnForm) -> Preview:
        before = self.object
        with recording() as entries:
            return_to_draft(before, actor=self.request.user, reason=form.cleaned_data["reason"])
        postings = posting_lines(entries)
        return Preview(
            changes=[lot_change(before, now(before))],
            postings=postings,
            confirm_label=confirm_label("Set back to draft", postings),
        )


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
        before = self.object
        after = change_dates(before, actor=self.request.user, **form.cleaned_data)
        changes = [change for change in difference(before, now(after)) if change.before != change.after]
        return Preview(changes=changes, warnings=self.shortened(), confirm_label="Change the dates")

    def shortened(self) -> list[str]:
        """Said where it is past expiry, so that nobody thinks the credits were safe."""
        gone = self.object.expires_on and self.object.expires_on < business_date(self.request)
        return ["It is past its expiry date now; with the new one its credits can be used again."] if gone else []


class ExpirePurchase(PurchaseAction):
    """What is available lapses, allocated credits stay; its deferral goes to breakage."""

    permission_required = "credits.expire_purchases"
    verb = "Expire"
    success_message = "The credits that were left are expired."

    def run(self, form: PageForm) -> Preview:
        before = self.object
        with recording() as entries:
            expired = expire_purchase(before, actor=self.request.user)
        postings = posting_lines(entries)
        return Preview(
            changes=[lot_change(before, now(before), note=f"{formats.number(expired.credits)} credits expire")],
            postings=postings,
            left_out=self.stays(),
            warnings=self.still_usable(),
            confirm_label=confirm_label(f"Expire {formats.number(expired.credits)} credits", postings),
        )

    def stays(self) -> list[LeftOut]:
        allocated = self.object.credits_allocated
        return [LeftOut(f"{formats.number(allocated)} credits", "they are allocated and stay so")] if allocated else []

    def still_usable(self) -> list[str]:
        today = self.object.expires_on == business_date(self.request)
        return ["Today is the last usable day: without this, the credits could still be used today."] if today else []


class DeletePurchase(PurchaseAction):
    """Of a draft that was never confirmed; the line of the opportunity can be bought again."""

    verb = "Delete"
    success_message = "The draft is deleted."

    def run(self, form: PageForm) -> Preview:
        before = Change(self.object.number, available(self.object), "deleted")
        delete_draft(self.object, actor=self.request.user)
        return Preview(changes=[before], confirm_label="Delete the draft")

    def get_success_url(self) -> str:
        return reverse("credits:purchase-list")
