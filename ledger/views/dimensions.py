"""Dimensions and their values: by what the lines of the books can be cut beside the accounts."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from ledger.forms.dimensions import DimensionForm, ValueEditForm, ValueForm
from ledger.models import Dimension, DimensionValue
from ledger.services.dimensions import create_dimension, create_value, edit_value
from ledger.tables.dimensions import ValueTable
from ledger.views.setup import SetupList
from pages.elements import Action
from pages.views import FormPage

ABOVE = ("Dimensions", "ledger:dimension-list")


class DimensionList(SetupList):
    permission_required = "ledger.view_dimension"
    title = "Dimensions"
    lead = "By what the books can be cut beside the accounts. Customers propose values, purchases carry them to every line."
    table_class = ValueTable
    empty = "A dimension is a way to cut the books, such as region or department. Make one, then its values."

    def get_queryset(self) -> QuerySet[DimensionValue]:
        return DimensionValue.objects.select_related("dimension")

    def get_actions(self) -> list[Action]:
        first = not Dimension.objects.exists()
        value = Action(
            "New value", reverse("ledger:value-create"), primary=True, permission="ledger.add_dimensionvalue"
        )
        dimension = reverse("ledger:dimension-create")
        return [
            Action("New dimension", dimension, primary=first, permission="ledger.add_dimension"),
            *([] if first else [value]),
        ]


class DimensionCreate(FormPage):
    above = ABOVE
    permission_required = "ledger.add_dimension"
    form_class = DimensionForm
    title = "New dimension"
    submit_label = "Create dimension"
    success_message = "The dimension is there. Give it values."

    def save(self, form: DimensionForm) -> Dimension:
        return create_dimension(**form.cleaned_data, actor=self.request.user)


class ValueCreate(FormPage):
    above = ABOVE
    permission_required = "ledger.add_dimensionvalue"
    form_class = ValueForm
    title = "New dimension value"
    submit_label = "Create value"
    success_message = "The value is there."

    def save(self, form: ValueForm) -> DimensionValue:
        return create_value(**form.cleaned_data, actor=self.request.user)


class ValueEdit(FormPage):
    above = ABOVE
    permission_required = "ledger.change_dimensionvalue"
    form_class = ValueEditForm
    model = DimensionValue
    submit_label = "Save value"
    success_message = "The value is saved."

    def get_title(self) -> str:
        return f"Dimension value {self.object}"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"instance": self.object}

    def save(self, form: ValueEditForm) -> DimensionValue:
        return edit_value(self.object, **form.cleaned_data, actor=self.request.user)
