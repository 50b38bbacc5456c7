"""Service objects: the list, the page of one with its commitments, new and edited. Nothing is posted."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from opportunities.models import Account
from opportunities.views.named import asked
from pages.clock import business_date
from pages.elements import Action, Crumb
from pages.views import DetailPage, FormPage, ListPage
from prepaid.actions.contracts import MANAGE, actions_of_object, new_object
from prepaid.filters.contracts import ObjectFilter
from prepaid.forms.contracts import ObjectForm, object_as_typed
from prepaid.models import ServiceObject
from prepaid.reports.commitments import RELATED, with_price
from prepaid.services.contracts.objects import create_object, edit_object
from prepaid.tables.contracts import ObjectTable

ABOVE = ("Service objects", "prepaid:service-object-list")
VIEW = "prepaid.view_serviceobject"


class ObjectList(ListPage):
    permission_required = VIEW
    title = "Service objects"
    queryset = ServiceObject.objects.select_related("account", "product")
    filterset_class = ObjectFilter
    table_class = ObjectTable
    empty = "A service object is what a customer has: the delivery of a service commitment item makes it."

    def get_actions(self) -> list[Action]:
        commitments = reverse("prepaid:commitment-list")
        return [
            new_object(primary=True),
            Action("Service commitments", commitments, permission="prepaid.view_servicecommitment"),
        ]


class ObjectDetail(DetailPage):
    permission_required = VIEW
    queryset = ServiceObject.objects.select_related("account", "product", "delivery_line__delivery__order")
    template_name = "prepaid/service_object.html"
    slot = "service-object"

    def get_breadcrumb(self) -> list[Crumb]:
        account = self.object.account
        return [Crumb(ABOVE[0], reverse(ABOVE[1])), Crumb(str(account), account.get_absolute_url())]

    def get_actions(self) -> list[Action]:
        return actions_of_object(self.object)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found: QuerySet = with_price(self.object.commitments.select_related(*RELATED), business_date(self.request))
        return super().get_context_data(commitments=found.order_by("pk"), **kwargs)


class ObjectNew(FormPage):
    above = ABOVE
    permission_required = MANAGE
    form_class = ObjectForm
    title = "New service object"
    submit_label = "Create service object"
    success_message = "The service object is there. Add what is agreed for it."

    def get_initial(self) -> dict[str, Any]:
        account = asked(Account, self.request.GET.get("account"))
        return {"account": account, "quantity": 1, "provided_on": business_date(self.request)}

    def save(self, form: ObjectForm) -> ServiceObject:
        return create_object(form.terms(), actor=self.request.user)


class ObjectEdit(FormPage):
    above = ABOVE
    permission_required = MANAGE
    queryset = ServiceObject.objects.select_related("account", "product")
    form_class = ObjectForm
    submit_label = "Save service object"
    success_message = "The service object is saved."

    def get_title(self) -> str:
        return f"Edit {self.object.number}"

    def get_initial(self) -> dict[str, Any]:
        return object_as_typed(self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"service_object": self.object}

    def save(self, form: ObjectForm) -> ServiceObject:
        return edit_object(self.object, form.terms(), actor=self.request.user)
