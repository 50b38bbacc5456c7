"""What is typed of the catalogue of service commitments: templates, packages, their lines, the products they are sold with.
The rules are the service's (`prepaid.services.contracts.packages`)."""

from typing import Any

from django import forms

from opportunities.models import Product
from pages import formats
from pages.forms import PageForm
from prepaid.forms.terms import ItemField, TermsForm, term, terms_as_typed, words_of
from prepaid.models import CommitmentPackage, CommitmentTemplate, InvoicingVia, PackageLine, SalesLine
from prepaid.services.contracts.line_packages import packages_to_add
from prepaid.services.contracts.packages import LineOfPackage, TemplateTerms, values_of

CODE = "The code stays: lines and products name it."


class TemplateForm(PageForm):
    code = forms.CharField(max_length=20, help_text="Letters and digits, as in MONTHLY.")
    description = forms.CharField(max_length=250)
    invoicing_via = forms.ChoiceField(choices=InvoicingVia.choices, **words_of("invoicing_via"))  # type: ignore[arg-type]
    invoicing_item = ItemField(**words_of("invoicing_item"))
    base_percent = forms.DecimalField(max_digits=9, decimal_places=4, **words_of("base_percent"))  # type: ignore[arg-type]
    base_period = term("base_period", required=True)

    layout = (("code", "description"), ("invoicing_via", "invoicing_item"), ("base_percent", "base_period"))

    def __init__(self, *args: Any, template: CommitmentTemplate | None = None, **kwargs: Any) -> None:
        super().__init__(*args, locked={"code": CODE} if template else {}, **kwargs)

    def terms(self) -> TemplateTerms:
        return TemplateTerms(**self.cleaned_data)


def template_as_typed(template: CommitmentTemplate) -> dict[str, Any]:
    shown = {name: getattr(template, name) for name in TemplateForm.base_fields}
    return shown | {"base_percent": formats.exact(template.base_percent)}


class PackageForm(PageForm):
    code = forms.CharField(max_length=20, help_text="Letters and digits, as in SUPPORT.")
    description = forms.CharField(max_length=250, help_text="What is agreed together when a product is sold.")

    def __init__(self, *args: Any, package: CommitmentPackage | None = None, **kwargs: Any) -> None:
        super().__init__(*args, locked={"code": CODE} if package else {}, **kwargs)


class PackageLineForm(TermsForm):
    """`filled` remembers the template whose values stand in it."""

    filled = forms.CharField(required=False, widget=forms.HiddenInput)
    template = forms.ModelChoiceField(
        CommitmentTemplate.objects.all(), required=False, help_text="The values that the line begins with."
    )

    layout = (
        "filled",
        ("template", "description"),
        ("partner", "invoicing_via"),
        ("invoicing_item", "base_percent"),
        ("base_period", "rhythm"),
        ("initial_term", "extension_term"),
        ("notice_period", "start_formula"),
    )

    @property
    def chosen(self) -> CommitmentTemplate | None:
        field: Any = self.fields["template"]
        try:
            return field.clean(self["template"].value())
        except forms.ValidationError:
            return None

    def line(self) -> LineOfPackage:
        return LineOfPackage(template=self.cleaned_data["template"], terms=self.terms())


def package_line_as_typed(line: PackageLine) -> dict[str, Any]:
    return terms_as_typed(line) | {"template": line.template_id, "filled": line.template_id or ""}


def proposed(template: CommitmentTemplate) -> dict[str, Any]:
    """What choosing a template puts into the line."""
    values = values_of(template)
    return values | {
        "template": template.pk,
        "filled": template.pk,
        "base_percent": formats.exact(values["base_percent"]),
    }


STANDARD = "It is added to the lines of the product by itself."


class AssignForm(PageForm):
    package = forms.ModelChoiceField(CommitmentPackage.objects.none())
    standard = forms.BooleanField(required=False, initial=True, help_text=STANDARD)

    def __init__(self, *args: Any, product: Product, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["package"]
        field.queryset = CommitmentPackage.objects.exclude(products__product=product)


class StandardForm(PageForm):
    standard = forms.BooleanField(required=False, help_text=STANDARD)


class LinePackageForm(PageForm):
    """A package that the product of the line is sold with."""

    package = forms.ModelChoiceField(
        CommitmentPackage.objects.none(), help_text="What it says now is agreed with the line."
    )

    def __init__(self, *args: Any, line: SalesLine, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["package"]
        field.queryset = packages_to_add(line)
