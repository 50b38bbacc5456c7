"""What is typed into the pages of the periods."""

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from pages.forms import PageForm

MONTHS = 36


class ReasonForm(PageForm):
    reason = forms.CharField(max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class MonthsForm(PageForm):
    first = forms.DateField(label="First month", help_text="Any day of it.")
    count = forms.IntegerField(
        label="Months",
        help_text="12 for a year.",
        validators=[
            MinValueValidator(1, "At least one month."),
            MaxValueValidator(MONTHS, f"At most {MONTHS} months."),
        ],
    )

    layout = (("first", "count"),)
