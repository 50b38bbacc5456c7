"""What is typed into the pages of the setup."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.db.models import Q, QuerySet

from ledger.exceptions import PostingRangeReversed
from ledger.models import ExchangeRate, LedgerAccount, LedgerSetup, NumberSeries, PostingSetup
from ledger.services.setup import MOST_DIGITS, SetupTerms
from pages.forms import PageModelForm


class RateForm(PageModelForm):
    layout = ("currency", ("starting_on", "rate"))

    class Meta:
        model = ExchangeRate
        fields = ("currency", "starting_on", "rate")
        help_texts = {
            "starting_on": "Holds from this day until the next rate.",
            "rate": "What one unit is worth in the company's own currency.",
        }


def accounts_and(chosen: Iterable[str | None]) -> QuerySet[LedgerAccount]:
    """The accounts to choose from; a blocked one that is chosen already stays to be seen."""
    return LedgerAccount.objects.filter(Q(blocked=False) | Q(pk__in=[code for code in chosen if code]))


class PostingSetupForm(PageModelForm):
    layout = (("receivable", "deferral"), ("sales", "breakage"), ("refund", "unclaimed"), "blocked")

    class Meta:
        model = PostingSetup
        fields = (*PostingSetup.ACCOUNTS, "blocked")
        help_texts = {
            "receivable": "Takes what the customer is billed.",
            "deferral": "Holds what is paid and not yet used.",
            "sales": "Takes the revenue of what is used.",
            "breakage": "Takes the revenue of what lapses unused.",
            "refund": "Owes what is refunded for unused credits.",
            "unclaimed": "Owes what lapses where unclaimed property is never revenue.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = accounts_and(self.in_use())
        for name in PostingSetup.ACCOUNTS:
            choice = cast(forms.ModelChoiceField, self.fields[name])
            choice.queryset, choice.empty_label = offered, "– not set –"

    def in_use(self) -> list[str]:
        return [code for name in PostingSetup.ACCOUNTS if (code := getattr(self.instance, f"{name}_id"))]


class LedgerSetupForm(PageModelForm):
    layout = (
        ("company_name", "time_zone"),
        ("lcy", "groups_from"),
        ("posting_from", "posting_to"),
        ("exchange_difference", "address"),
    )

    class Meta:
        model = LedgerSetup
        fields = (
            "company_name",
            "time_zone",
            "lcy",
            "groups_from",
            "posting_from",
            "posting_to",
            "exchange_difference",
            "address",
        )
        widgets = {"address": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = cast(forms.ModelChoiceField, self.fields["exchange_difference"])
        choice.queryset, choice.empty_label = accounts_and([self.instance.exchange_difference_id]), "– not set –"

    def clean(self) -> dict[str, Any]:
        """In the words of the service, rather than of the database's constraint."""
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("posting_from"), cleaned.get("posting_to")
        if first and last and last < first:
            self.add_error("posting_to", str(PostingRangeReversed(first, last)))
        return cleaned

    def terms(self) -> SetupTerms:
        return SetupTerms(**self.cleaned_data)


class NumberSeriesForm(PageModelForm):
    layout = ("description", ("prefix", "digits"))

    class Meta:
        model = NumberSeries
        fields = ("description", "prefix", "digits")
        help_texts = {
            "prefix": "Stands before every number from the next one on; numbers that were given stay. Two records never get"
            " the same number: the database refuses the second.",
            "digits": f"1 to {MOST_DIGITS}; a longer number takes the room it needs.",
        }
