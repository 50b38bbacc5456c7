from datetime import date
from typing import Any

from django import forms

from credits.forms.fields import DayField, WholeNumberField
from credits.models.milestones import Status
from credits.services.edit_milestone import Details
from ledger.dates import business_date
from opportunities.forms.fields import ProjectField
from opportunities.models import Account, Project
from pages.forms import PageForm


class MilestoneForm(PageForm):
    project = ProjectField(help_text="Its number or name. Only credits of its account and currency can pay.")
    name = forms.CharField(max_length=120)
    status = forms.ChoiceField(choices=Status.choices, required=False)
    target_on = DayField(label="Target date", required=False, help_text="Sorts the list; it reserves nothing.")
    credits_needed = WholeNumberField(
        label="Services credits", required=False, help_text="How many credits it needs. Empty: not paid by credits."
    )

    layout = ("project", ("name", "status"), ("target_on", "credits_needed"))

    def __init__(self, *args: Any, account: Account | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account

    def clean_project(self) -> Project:
        """A milestone stays with its account."""
        project = self.cleaned_data["project"]
        if self.account and project.account_id != self.account.pk:
            raise forms.ValidationError(f"{project} is a project of {project.account}. Choose one of {self.account}.")
        return project

    @property
    def details(self) -> Details:
        return Details(**self.cleaned_data)


class DatedForm(PageForm):
    """What allocates credits asks for the day as of which they are allocated."""

    on = DayField(
        label="Business date",
        required=False,
        initial=business_date,
        help_text="Today, or an earlier day for what is entered late: the lots of that day are drawn from.",
    )

    def clean_on(self) -> date:
        return self.cleaned_data["on"] or business_date()

    @property
    def day(self) -> date:
        """The day asked for, as far as it can be read, also while the rest of the form is not complete."""
        return getattr(self, "cleaned_data", {}).get("on") or business_date()


class TotalForm(DatedForm):
    total = WholeNumberField(
        label="Services credits to allocate", help_text="The new total for this milestone; 0 gives all back."
    )

    layout = (("total", "on"),)


class CompleteForm(PageForm):
    actual_on = DayField(label="Actual date", initial=business_date, help_text="Revenue belongs to this day.")


class ReopenForm(PageForm):
    reason = forms.CharField(
        max_length=500, widget=forms.Textarea(attrs={"rows": 3}), help_text="Kept with the completion."
    )
