"""What is asked when something is made of a quote, an order or a project."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django import forms

from ledger.dates import business_date
from opportunities.models import Project
from pages import formats
from pages.forms import PageForm
from prepaid.models import PrepaidService, SalesDocument, SalesLine
from prepaid.services.order_state import left_to_deliver, left_to_invoice
from prepaid.services.project_usage import assigned_services

Type = SalesDocument.Type


class ConvertForm(PageForm):
    into = forms.ChoiceField(
        label="Make",
        choices=[(Type.ORDER.value, "An order"), (Type.INVOICE.value, "An invoice at once")],
        initial=Type.ORDER.value,
        help_text="An order is invoiced and delivered in one or more parts.",
    )
    document_on = forms.DateField(label="Document date", initial=business_date)


class QuantitiesForm(PageForm):
    """How much of which line of an order, a field for each. Preset: everything that is left."""

    left: Callable[[SalesLine], Decimal]
    verb = ""

    def __init__(self, *args: Any, lines: Sequence[SalesLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_lines = lines
        for line in lines:
            if left := type(self).left(line):
                name = f"quantity_{line.pk}"
                self.fields[name] = field = forms.DecimalField(
                    label=f"{self.verb} of line {line.line_no}", required=False, max_digits=15, decimal_places=4
                )
                field.widget = forms.TextInput(
                    attrs={"inputmode": "decimal", "autocomplete": "off", "class": "num", "size": 8}
                )
                self.initial.setdefault(name, formats.exact(left))

    @property
    def rows(self) -> list[tuple[SalesLine, Decimal, forms.BoundField | None]]:
        """Each line, what is left of it, and its field; none where nothing is left."""
        return [
            (line, type(self).left(line), self[name] if (name := f"quantity_{line.pk}") in self.fields else None)
            for line in self.order_lines
        ]

    def default_layout(self) -> list[Any]:
        return [tuple(name for name in self.fields if not name.startswith("quantity_"))]

    @property
    def quantities(self) -> dict[int, Decimal]:
        typed = {line.pk: self.cleaned_data.get(f"quantity_{line.pk}") for line in self.order_lines}
        return {pk: amount for pk, amount in typed.items() if amount}


class InvoiceOrderForm(QuantitiesForm):
    left, verb = staticmethod(left_to_invoice), "Invoice"

    document_on = forms.DateField(label="Document date", initial=business_date)


class DeliverForm(QuantitiesForm):
    left, verb = staticmethod(left_to_deliver), "Deliver"

    delivered_on = forms.DateField(label="Delivery date", initial=business_date)


class ProjectInvoiceForm(PageForm):
    """Where one prepaid service pays for the project, it is preset."""

    until = forms.DateField(
        label="Up to", initial=business_date, help_text="Work of later days stays for a later invoice."
    )
    prepaid_service = forms.ModelChoiceField(
        label="Prepaid service",
        queryset=PrepaidService.objects.none(),
        required=False,
        empty_label="None: the customer is billed",
        help_text="One that is assigned to the project. It pays as far as it goes; the rest is billed.",
    )
    document_on = forms.DateField(label="Document date", initial=business_date)

    layout = (("until", "document_on"), "prepaid_service")

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        service: Any = self.fields["prepaid_service"]
        service.queryset = assigned_services(project)
        assigned = list(service.queryset[:2])
        if len(assigned) == 1:
            self.initial.setdefault("prepaid_service", assigned[0].pk)
