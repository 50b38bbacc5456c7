from typing import Any

from django import forms

from ledger.dates import business_date
from opportunities.models import CommitmentOption, Product, Project, ProjectEntry
from opportunities.services.project_entries import Work
from pages.forms import PageForm


class ProjectEntryForm(PageForm):
    """Without a description or a price, those of the product are taken."""

    worked_on = forms.DateField(label="Date", initial=business_date)
    kind = forms.ChoiceField(label="Kind", choices=ProjectEntry.Kind.choices)
    product = forms.ModelChoiceField(label="Product", queryset=Product.objects.none(), empty_label="Choose")
    description = forms.CharField(
        max_length=250, required=False, help_text="Printed on the invoice. Empty: the product's name."
    )
    quantity = forms.DecimalField(help_text="Hours, days or pieces.")
    unit_price = forms.DecimalField(label="Unit price", required=False)

    layout = (("worked_on", "kind"), ("product", "description"), ("quantity", "unit_price"))

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        product: Any = self.fields["product"]
        work = Product.objects.filter(prepaid_service=False)
        product.queryset = work.exclude(commitment_option=CommitmentOption.COMMITMENT_ITEM)
        self.fields["unit_price"].help_text = f"In {project.currency_id}. Empty: the product's."

    @property
    def work(self) -> Work:
        return Work(**self.cleaned_data)
