from django import forms

from credits.forms.fields import DayField, PlainDecimalField
from ledger.models import ProductPostingGroup
from pages.forms import PageForm


class EstimateForm(PageForm):
    product_group = forms.ModelChoiceField(ProductPostingGroup.objects, label="Product posting group")
    expected_unused = PlainDecimalField(
        label="Expected to stay unused, in percent", help_text="0 to 99. 0: breakage is recognised when credits expire."
    )
    effective_on = DayField(label="Effective date", help_text="From the night of this day on.")
    reason = forms.CharField(
        label="Reason",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What the estimate rests on.",
    )
