"""Number series: how the records of each kind are numbered, and how far it has counted."""

from typing import Any

from django.db.models import QuerySet

from ledger.forms.setup import NumberSeriesForm
from ledger.models import NumberSeries
from ledger.services.setup import refusal_to_change_series, set_number_series
from ledger.tables.setup import NumberSeriesTable
from ledger.views.setup import SetupList
from pages.views import FormPage


class NumberSeriesList(SetupList):
    permission_required = "ledger.view_numberseries"
    title = "Number series"
    lead = "How the records of each kind are numbered. A series begins with its first number."
    table_class = NumberSeriesTable
    empty = "A series begins with the first record that is numbered, such as the first purchase."

    def get_queryset(self) -> QuerySet[NumberSeries]:
        return NumberSeries.objects.all()


class NumberSeriesEdit(FormPage):
    """One that belongs to the register of the journal is only looked at, in the list."""

    above = ("Number series", "ledger:number-series")
    permission_required = "ledger.change_numberseries"
    model = NumberSeries
    form_class = NumberSeriesForm
    submit_label = "Save series"
    success_message = "The series is saved. The next number follows it."

    def get_object(self, queryset: Any = None) -> NumberSeries:
        series = super().get_object(queryset)
        if refusal := refusal_to_change_series(series):
            raise refusal
        return series

    def get_title(self) -> str:
        return f"Number series {self.kwargs['pk']}"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"instance": self.object}

    def save(self, form: NumberSeriesForm) -> NumberSeries:
        return set_number_series(self.object, actor=self.request.user, **form.cleaned_data)
