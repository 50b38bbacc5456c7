"""The rows of the window *Create Services Credits Customer Purchase*: one per line that can be bought, each named by its
line, so that a row still means its line when another person bought one meanwhile."""

from decimal import Decimal
from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet, ManagementForm, formset_factory
from django.utils.functional import cached_property

from credits.forms.fields import DayField, PlainDecimalField, WholeNumberField
from credits.models.purchases import MAX_CREDITS
from credits.reports.proposal import price_per_credit
from credits.reports.window import Working, work_out
from credits.services.from_opportunity import Row
from opportunities.models import Opportunity, OpportunityLine
from pages.forms import PageForm

PRICES = ("value_per_credit", "amount_paid_per_credit")


class LineChoice(PageForm):
    """A line's purchase. What is not ticked is not read."""

    tick = forms.BooleanField(required=False, label="Create")
    line = forms.IntegerField(widget=forms.HiddenInput)
    description = forms.CharField(required=False)
    credits = WholeNumberField(label="Credits")
    value_per_credit = PlainDecimalField(label="Value per credit")
    amount_paid_per_credit = PlainDecimalField(label="Amount paid per credit")
    exact = forms.BooleanField(required=False, label="Exact split")
    starts_on = DayField(label="Start date", required=False)
    expires_on = DayField(label="Expiry date", required=False)

    def __init__(
        self, *args: Any, lines: dict[int, OpportunityLine], sync_paid_with_value: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        if sync_paid_with_value:
            del self.fields["amount_paid_per_credit"]
        for field in self.fields.values():
            look = "form-check-input" if isinstance(field, forms.BooleanField) else "form-control form-control-sm"
            field.widget.attrs["class"] = f"{look} {field.widget.attrs.get('class', '')}".strip()

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and not self.cleaned_data.get("tick"):
            self.errors.clear()

    def clean_line(self) -> OpportunityLine:
        line = self.lines.get(self.cleaned_data["line"])
        if line is None:
            raise forms.ValidationError("This line is not on the opportunity any more. Open the window again.")
        return line

    def clean(self) -> None:
        """The exact split asks for no price, so a price that somebody typed is not passed over in silence."""
        cleaned = self.cleaned_data
        line, credits = cleaned.get("line"), cleaned.get("credits")
        if not (cleaned.get("exact") and line and credits and 0 < credits <= MAX_CREDITS):
            return
        offered = {price_per_credit(line, credits), price_per_credit(line, line.services_credits or credits)}
        for name in PRICES:
            if cleaned.get(name) is not None and cleaned[name] not in offered:
                self.add_error(
                    name, f"{cleaned[name]:f} is not a price of the exact split. Untick it to use this price."
                )

    @cached_property
    def about(self) -> OpportunityLine | None:
        """The line of the row, of a form that is shown for the first time as well."""
        value = self["line"].value()
        return self.lines.get(int(value)) if str(value).isdecimal() else None

    @property
    def working(self) -> Working | None:
        """What the row makes as it stands; None while it cannot be worked out."""
        values = self.cleaned_data if self.is_bound else self.initial
        if not self.about or (self.is_bound and not self.is_valid()) or not values.get("tick"):
            return None
        paid = values.get("amount_paid_per_credit", values["value_per_credit"])
        return work_out(self.about, int(values["credits"]), Decimal(paid), exact=bool(values["exact"]))

    def as_row(self) -> Row:
        values = {name: value for name, value in self.cleaned_data.items() if name != "tick"}
        return Row(**values, key=self.prefix or "")


class Together(ManagementForm):
    """What is asked once for all rows."""

    draft = forms.BooleanField(required=False, label="Create as drafts")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["draft"].widget.attrs["class"] = "form-check-input"


class LineChoices(BaseFormSet):
    def __init__(
        self, *args: Any, opportunity: Opportunity, draft: bool, sync_paid_with_value: bool = False, **kwargs: Any
    ) -> None:
        lines = opportunity.lines.select_related("opportunity__currency", "product")
        by_key = {line.pk: line for line in lines}
        kwargs["form_kwargs"] = {"lines": by_key, "sync_paid_with_value": sync_paid_with_value}
        super().__init__(*args, **kwargs)
        self.draft = draft

    @cached_property
    def management_form(self) -> ManagementForm:
        if self.is_bound:
            return Together(self.data, auto_id=self.auto_id, prefix=self.prefix)
        initial = {**super().management_form.initial, "draft": self.draft}
        return Together(auto_id=self.auto_id, prefix=self.prefix, initial=initial)

    @property
    def as_drafts(self) -> bool:
        return bool(self.management_form.cleaned_data.get("draft"))

    @property
    def ticked(self) -> list[LineChoice]:
        return [form for form in self.forms if form.cleaned_data.get("tick")]

    @property
    def workings(self) -> list[Working]:
        return [working for form in self.forms if (working := form.working)]

    def problems(self) -> list[tuple[str, str, str]]:
        return [problem for form in self.forms for problem in form.problems()]


LineChoiceFormSet = formset_factory(LineChoice, formset=LineChoices, extra=0, absolute_max=1000, max_num=1000)
