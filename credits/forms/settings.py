"""What is typed into the settings of services credits. The rules are the service's (`credits.services.setup`)."""

from typing import Any

from django import forms

from credits.forms.fields import WholeNumberField
from credits.models.milestones import Status
from credits.models.setup import AmountFrom, Recognition
from credits.reports.settings import effect_of, label_of
from credits.services.setup import Settings
from ledger.models import ProductPostingGroup
from pages.forms import PageForm

STATUSES = [(value, label if value else "No status") for value, label in Status.choices]


class ListField(forms.CharField):
    """Several values, with commas between them."""

    def __init__(self, each: forms.Field, **kwargs: Any) -> None:
        self.each = each
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(str(part) for part in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        parts = (part.strip() for part in super().clean(value).split(","))
        return [self.each.clean(part) for part in parts if part]


class Choices(forms.MultipleChoiceField):
    """Ticked or not, one by one."""

    widget = forms.CheckboxSelectMultiple


def labelled(name: str, field: type[forms.Field], **kwargs: Any) -> Any:
    """A field with the words of the setting."""
    return field(label=label_of(name), help_text=effect_of(name), **kwargs)


class SettingsForm(PageForm):
    product_group = labelled(
        "product_group", forms.ModelChoiceField, queryset=ProductPostingGroup.objects, empty_label=None
    )
    recognise_revenue = labelled("recognise_revenue", forms.ChoiceField, choices=Recognition.choices)
    sync_paid_with_value = labelled("sync_paid_with_value", forms.BooleanField, required=False)
    new_purchases_are_drafts = labelled("new_purchases_are_drafts", forms.BooleanField, required=False)
    manual_allocation = labelled("manual_allocation", forms.BooleanField, required=False)
    allocate_past_expiry = labelled("allocate_past_expiry", forms.BooleanField, required=False)
    statuses_without_allocation = labelled("statuses_without_allocation", Choices, choices=STATUSES, required=False)
    milestone_amount_from = labelled("milestone_amount_from", forms.ChoiceField, choices=AmountFrom.choices)
    grace_period_days = labelled("grace_period_days", WholeNumberField)
    expiring_soon_days = labelled("expiring_soon_days", WholeNumberField)
    notice_days = labelled("notice_days", ListField, each=WholeNumberField())
    low_balance_credits = labelled("low_balance_credits", WholeNumberField, required=False)
    notice_recipients = labelled("notice_recipients", ListField, each=forms.CharField())

    layout = (
        ("product_group", "recognise_revenue"),
        ("sync_paid_with_value", "new_purchases_are_drafts"),
        ("manual_allocation", "allocate_past_expiry"),
        ("milestone_amount_from", "statuses_without_allocation"),
        ("grace_period_days", "expiring_soon_days"),
        ("notice_days", "low_balance_credits"),
        "notice_recipients",
    )

    def settings(self) -> Settings:
        return Settings(**self.cleaned_data)


class AccountRulesForm(PageForm):
    unclaimed_property = forms.BooleanField(
        required=False,
        label="Unclaimed property",
        help_text="What expires is owed under unclaimed-property law: it goes to a liability and is never revenue.",
    )
    low_balance_credits = WholeNumberField(
        required=False,
        label="Low balance",
        help_text="A notice is given when fewer credits than this are available. Empty: as the setup says.",
    )

    layout = ("unclaimed_property", "low_balance_credits")
