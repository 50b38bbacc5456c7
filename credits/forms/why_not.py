"""For which day "Why not?" is asked, and of which credits."""

from django import forms

from credits.reports.availability import Reason
from ledger.forms.reports import DayField
from pages.forms import PageForm

REASONS = [("", "All credits")] + [(reason.value, reason.heading) for reason in Reason]
ELSEWHERE = [choice for choice in REASONS if choice[0] != Reason.AVAILABLE]


class WhyNotForm(PageForm):
    on = DayField(label="On the business date")
    reason = forms.ChoiceField(label="Show", choices=REASONS, required=False)


class WhyNotOfAccountForm(WhyNotForm):
    """Of the credits that are not available, in one currency or in all."""

    reason = forms.ChoiceField(label="Show", choices=ELSEWHERE, required=False)
    currency = forms.CharField(required=False, max_length=3, widget=forms.HiddenInput)
