"""Which of the purchases that were picked in the list are expired."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from credits.models import Purchase
from pages import formats
from pages.forms import PageForm


class PurchasesField(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, purchase: Any) -> str:
        left = "draft" if purchase.draft else f"{formats.counted(purchase.credits_available, 'credits')} left"
        ends = f", expires {formats.day(purchase.expires_on)}" if purchase.expires_on else ""
        return f"{purchase.number} {purchase.account.name}: {left}{ends}"


class ExpireSelectionForm(PageForm):
    purchases = PurchasesField(Purchase.objects.none(), error_messages={"required": "Tick the purchases to expire."})

    def __init__(self, *args: Any, picked: QuerySet[Purchase], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purchases"].queryset = picked  # type: ignore[attr-defined]
