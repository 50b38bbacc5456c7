"""What is agreed, typed: the fields that lines of packages and service commitments have in common. The rules are the
services' (`prepaid.services.contracts`)."""

from typing import Any

from django import forms

from opportunities.models import CommitmentOption, Product
from pages import formats
from pages.forms import PageForm
from prepaid.models import TERMS, CommitmentTerms, InvoicingVia, PackageLine, Partner

LONGEST = 60  # as a term or a formula is typed, with blanks and brackets


def words_of(name: str) -> dict[str, str]:
    """The label and the help of a term."""
    field: Any = PackageLine._meta.get_field(name)
    label = str(field.verbose_name)
    return {"label": label[0].upper() + label[1:], "help_text": str(field.help_text)}


def term(name: str, *, required: bool = False) -> forms.CharField:
    return forms.CharField(max_length=LONGEST, required=required, **words_of(name))  # type: ignore[arg-type]


class ItemField(forms.ModelChoiceField):
    """Products that are invoicing items."""

    def __init__(self, **kwargs: Any) -> None:
        items = Product.objects.filter(commitment_option=CommitmentOption.INVOICING_ITEM)
        super().__init__(items, required=False, empty_label="The item that was sold", **kwargs)


class TermsForm(PageForm):
    description = forms.CharField(max_length=250)
    partner = forms.ChoiceField(choices=Partner.choices, **words_of("partner"))  # type: ignore[arg-type]
    invoicing_via = forms.ChoiceField(choices=InvoicingVia.choices, **words_of("invoicing_via"))  # type: ignore[arg-type]
    invoicing_item = ItemField(**words_of("invoicing_item"))
    base_percent = forms.DecimalField(max_digits=9, decimal_places=4, **words_of("base_percent"))  # type: ignore[arg-type]
    base_period = term("base_period", required=True)
    rhythm = term("rhythm", required=True)
    initial_term = term("initial_term")
    extension_term = term("extension_term")
    notice_period = term("notice_period")
    start_formula = term("start_formula")

    def terms(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in TERMS if name in self.fields}


def terms_as_typed(terms: CommitmentTerms) -> dict[str, Any]:
    """As the form shows them."""
    shown = {name: getattr(terms, name) for name in TERMS}
    return shown | {"base_percent": formats.exact(terms.base_percent)}
