"""What is typed into the settings of prepaid services. The rules are the service's (`prepaid.services.setup`)."""

from typing import Any

from django import forms

from ledger.models import Dimension, ProductPostingGroup
from pages.forms import PageForm
from prepaid.models import AutomaticBilling, ReleaseDay, RevenueFrom
from prepaid.reports.settings import effect_of, label_of
from prepaid.services.setup import Settings


def labelled(name: str, field: type[forms.Field], **kwargs: Any) -> Any:
    """A field with the words of the setting."""
    return field(label=label_of(name), help_text=effect_of(name), **kwargs)


DIGITS = {"max_digits": 20, "decimal_places": 4}


class SettingsForm(PageForm):
    deferral_group = labelled(
        "deferral_group", forms.ModelChoiceField, queryset=ProductPostingGroup.objects, empty_label=None
    )
    revenue_from = labelled("revenue_from", forms.ChoiceField, choices=RevenueFrom.choices)
    insert_dimension_value = labelled("insert_dimension_value", forms.BooleanField, required=False)
    dimension = labelled("dimension", forms.ModelChoiceField, queryset=Dimension.objects, required=False)
    post_manual_dissolution = labelled("post_manual_dissolution", forms.BooleanField, required=False)
    post_automatic_dissolution = labelled("post_automatic_dissolution", forms.BooleanField, required=False)
    approve_amounts_above = labelled("approve_amounts_above", forms.DecimalField, **DIGITS)
    approve_quantities_above = labelled("approve_quantities_above", forms.DecimalField, **DIGITS)
    automatic_billing = labelled("automatic_billing", forms.ChoiceField, choices=AutomaticBilling.choices)
    release_day = labelled("release_day", forms.ChoiceField, choices=ReleaseDay.choices)
    by_equal_months = labelled("by_equal_months", forms.BooleanField, required=False)

    layout = (
        ("deferral_group", "revenue_from"),
        ("insert_dimension_value", "dimension"),
        ("post_manual_dissolution", "post_automatic_dissolution"),
        ("approve_amounts_above", "approve_quantities_above"),
        ("automatic_billing", "release_day"),
        "by_equal_months",
    )

    def settings(self) -> Settings:
        return Settings(**self.cleaned_data)
