"""The forms of corrections. They convert what is typed; the rules are the services'."""

from django import forms

from credits.forms.fields import DayField, PlainDecimalField, WholeNumberField
from pages.forms import PageForm

REASON = "Whoever approves it decides on this."


class RefundForm(PageForm):
    credits = WholeNumberField(label="Credits to cancel", help_text="Of the available ones.")
    kept_percent = PlainDecimalField(
        label="Kept, in percent", help_text="Of what was paid for them, this is not refunded; 0 refunds all of it."
    )
    reason = forms.CharField(max_length=500, help_text=REASON)

    layout = (("credits", "kept_percent"), "reason")


class ReinstateForm(PageForm):
    new_expires_on = DayField(label="New expiry date", help_text="Today or later: the last usable day from then on.")
    reason = forms.CharField(max_length=500, help_text=REASON)


class DeclineForm(PageForm):
    note = forms.CharField(label="Why", max_length=500, help_text="Kept with the request.")
