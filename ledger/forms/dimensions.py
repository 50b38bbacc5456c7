"""The forms of dimensions and their values."""

from django import forms
from django.core.validators import RegexValidator

from ledger.models import Dimension, DimensionValue
from pages.forms import PageForm, PageModelForm

CODE = RegexValidator(r"^[A-Z0-9][A-Z0-9_-]*\Z", "Capital letters, digits, - and _, as in NORTH-1.")


class Code(forms.CharField):
    """A code, in capitals however it is typed."""

    def __init__(self) -> None:
        super().__init__(max_length=20, validators=[CODE], help_text="Stands in the books and stays.")

    def to_python(self, value: str | None) -> str:
        return (super().to_python(value) or "").upper()


class DimensionForm(PageForm):
    code = Code()
    name = forms.CharField(max_length=60)

    layout = (("code", "name"),)


class ValueForm(PageForm):
    dimension = forms.ModelChoiceField(Dimension.objects)
    code = Code()
    name = forms.CharField(max_length=60)

    layout = ("dimension", ("code", "name"))


class ValueEditForm(PageModelForm):
    layout = ("name", "blocked")

    class Meta:
        model = DimensionValue
        fields = ("name", "blocked")
