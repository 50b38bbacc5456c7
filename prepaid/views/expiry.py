"""Expire Residuals by hand: of one service, of those that are picked, of all; each with a day, preset to the last that has
fully passed."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from pages.preview import Preview
from pages.views import ActionPage
from prepaid.forms.expiry import ExpireForm, ExpireSelectionForm
from prepaid.models import PrepaidService, PrepaidSetup
from prepaid.previews.expiry import expire_and_describe
from prepaid.reports.lapsed import lapsed_services
from prepaid.services.expire import last_passed_day
from prepaid.views.picked import picked

USABLE = "What is valid until a day can be used on it: it lapses the day after."


class Expire(ActionPage):
    permission_required = "prepaid.expire_residuals"
    above = ("Prepaid services", "prepaid:service-list")
    form_class: type[ExpireForm] = ExpireForm
    lead = USABLE

    def get_initial(self) -> dict[str, Any]:
        return {"on": last_passed_day()}

    def get_success_url(self) -> str:
        return reverse(self.above[1])

    def get_success_message(self, preview: Preview) -> str:
        setup = PrepaidSetup.objects.first()
        if setup is not None and not setup.post_manual_dissolution:
            return "What has lapsed waits for review."
        return "What was left has lapsed."


class ExpireService(Expire):
    queryset = PrepaidService.objects.select_related("account", "currency")

    def get_title(self) -> str:
        return f"Expire residuals of {self.object.number}"

    def run(self, form: ExpireForm) -> Preview:
        return expire_and_describe([self.object], on=form.cleaned_data["on"], actor=self.request.user)

    def get_success_url(self) -> str:
        return self.page_of(self.object)


class ExpireSelection(Expire):
    """Those of the address (`?service=17&service=18`), or else every service in which something has lapsed."""

    title = "Expire residuals of selected services"
    form_class = ExpireSelectionForm
    wide = True

    def offered(self) -> QuerySet[PrepaidService]:
        asked = picked(self.request, "service")
        if asked:
            return PrepaidService.objects.filter(pk__in=asked).select_related("account", "currency").order_by("number")
        return lapsed_services(last_passed_day())

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "services": list(self.offered())}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"offered": self.offered()}

    def run(self, form: ExpireSelectionForm) -> Preview:
        asked = form.cleaned_data
        return expire_and_describe(list(asked["services"]), on=asked["on"], actor=self.request.user)


class ExpireAll(Expire):
    title = "Expire all residuals"

    def run(self, form: ExpireForm) -> Preview:
        on = form.cleaned_data["on"]
        return expire_and_describe(list(lapsed_services(on)), on=on, actor=self.request.user)
