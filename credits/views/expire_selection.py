"""Expiry of the purchases that were ticked in the list: one preview, one confirmation, a result for each."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from credits.forms.expiry import ExpireSelectionForm
from credits.models import Purchase
from credits.previews.expiry import GIVEN_BACK, expire_selection_and_describe
from pages.clock import business_date
from pages.preview import Preview
from pages.views import ActionPage

MOST = 200  # purchases that a person ticks


class ExpireSelection(ActionPage):
    above = ("Purchases", "credits:purchase-list")
    permission_required = "credits.expire_purchases"
    form_class = ExpireSelectionForm
    title = "Expire purchases"
    lead = GIVEN_BACK
    success_message = "What was left of the purchases is expired."
    wide = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.picked().exists():
            return super().get(request, *args, **kwargs)
        messages.warning(request, "Pick the purchases to expire, then press the button below the list.")
        return redirect(self.above[1])

    def picked(self) -> QuerySet[Purchase]:
        """Those of the address: what the list has sent."""
        ids = [int(pk) for pk in self.request.GET.getlist("purchase") if pk.isdecimal() and len(pk) < 19][:MOST]
        return Purchase.objects.filter(pk__in=ids).select_related("account", "currency").order_by("number")

    def get_initial(self) -> dict[str, Any]:
        return {"purchases": list(self.picked())}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"picked": self.picked()}

    def run(self, form: ExpireSelectionForm) -> Preview:
        who = {"actor": self.request.user, "on": business_date(self.request)}
        return expire_selection_and_describe(list(form.cleaned_data["purchases"]), **who)

    def get_success_url(self) -> str:
        return reverse("credits:purchase-list")
