"""The lines of an opportunity. Choosing a product proposes what the line says; the page asks for it as soon as it is
chosen, and what was never asked for is filled in when the form is sent. `filled` remembers what was proposed."""

from decimal import Decimal
from functools import partial
from typing import Any

from django import forms

from ledger.models import Currency
from ledger.money import round_to
from opportunities.exceptions import BadLine, BadPrice
from opportunities.models import OpportunityLine, Product
from opportunities.reports.line_proposal import propose_line
from opportunities.services.lines import COPIED, LineTerms, check_line
from pages.forms import PageForm


class LineForm(PageForm):
    line = forms.IntegerField(required=False, widget=forms.HiddenInput)
    filled = forms.CharField(required=False, widget=forms.HiddenInput)
    product = forms.TypedChoiceField()
    description = forms.CharField(max_length=250, required=False)
    quantity = forms.DecimalField(initial=1)
    unit_price = forms.DecimalField(label="Unit price", required=False)
    discount_percent = forms.DecimalField(label="Discount %", initial=0, required=False)
    services_credits = forms.IntegerField(label="Credits", required=False)

    def __init__(self, *args: Any, products: dict[str, Product], currency: Currency | None, **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(*args, **kwargs)
        field: Any = self.fields["product"]
        field.choices = [("", "Choose a product"), *((key, str(product)) for key, product in products.items())]
        field.coerce = partial(known, products)

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        if {"product", "quantity"} <= cleaned.keys() and cleaned["product"]:
            if cleaned["filled"].split(":")[0] != str(cleaned["product"].pk):
                self._fill(cleaned)
            self._check(cleaned)
        return cleaned

    def _fill(self, cleaned: dict[str, Any]) -> None:
        proposal = propose_line(cleaned["product"], quantity=cleaned["quantity"], currency=self.currency)
        for name, value in vars(proposal).items():
            if cleaned.get(name) in (None, "") and name not in self.errors:
                cleaned[name] = value

    def _check(self, cleaned: dict[str, Any]) -> None:
        cleaned["discount_percent"] = cleaned.get("discount_percent") or Decimal(0)
        if not cleaned.get("description") and "description" not in self.errors:
            self.add_error("description", "Say what the customer gets on this line.")
        if cleaned.get("unit_price") is None and "unit_price" not in self.errors:
            self.add_error("unit_price", self._priced_elsewhere(cleaned["product"]))
        if not self.errors and self.currency:
            try:
                check_line(self.terms(), self.currency)
            except (BadLine, BadPrice) as refused:
                self.add_error(refused.field, refused.message)

    def _priced_elsewhere(self, product: Product) -> str:
        if self.currency and product.currency_id != self.currency.pk:
            return f"{product.code} is priced in {product.currency_id}. Enter its price in {self.currency}."
        return "Enter the price of one unit."

    def terms(self) -> LineTerms:
        cleaned = self.cleaned_data
        return LineTerms(line=cleaned["line"], **{name: cleaned[name] for name in COPIED})


def known(products: dict[str, Product], key: str) -> Product:
    if key not in products:
        raise ValueError(key)
    return products[key]


class LineFormSet(forms.BaseFormSet):
    """The lines that can still be changed. `currency` is the opportunity's, to be set before the lines are read."""

    currency: Currency | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.products = {str(product.pk): product for product in Product.objects.select_related("currency")}
        super().__init__(*args, **kwargs | {"prefix": "lines"})

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {"products": self.products, "currency": self.currency}

    def add_fields(self, form: LineForm, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["DELETE"].label = "Remove this line"

    def terms(self) -> list[LineTerms]:
        """The lines that are filled in, without those to be removed."""
        kept = [form for form in self.forms if form not in self.deleted_forms]
        return [form.terms() for form in kept if form.cleaned_data.get("product")]

    def removed(self) -> list[int]:
        """The keys of the lines to be removed; an empty row that is ticked has none."""
        return [key for form in self.deleted_forms if (key := form.cleaned_data.get("line"))]


def line_values(line: OpportunityLine) -> dict[str, Any]:
    """A stored line as the form shows it."""
    proposed = line.proposed_credits() or ""
    values = {name: getattr(line, name) for name in COPIED} | {"product": str(line.product_id)}
    values |= {name: f"{values[name].normalize():f}" for name in ("quantity", "discount_percent")}
    values["unit_price"] = round_to(line.unit_price, line.opportunity.currency.decimals)
    return values | {"line": line.pk, "filled": f"{line.product_id}:{proposed}"}


LineForms: Any = forms.formset_factory(LineForm, formset=LineFormSet, extra=2, can_delete=True)
