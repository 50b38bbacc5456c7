from typing import Any

from django import forms

from credits.forms.milestones import DatedForm
from credits.models import Milestone
from opportunities.models import Project

MOST_AT_ONCE = 50  # milestones that somebody can wait for


class AllocateManyForm(DatedForm):
    """Which milestones of a project, as of which day, and what happens where credits are too few."""

    milestones = forms.ModelMultipleChoiceField(
        queryset=Milestone.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Tick at least one milestone.",
            "invalid_choice": "A milestone that was ticked is not in the project any more. Look at them again.",
        },
    )
    fitting = forms.BooleanField(
        required=False,
        label="Allocate what fits",
        help_text="Each gets all its credits or none, in the order shown. Otherwise all of them get theirs, or none does.",
    )

    layout = (("on", "fitting"),)

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        ticks: Any = self.fields["milestones"]
        ticks.queryset = project.milestones.all()

    @property
    def chosen(self) -> list[int]:
        """The ids of those that are ticked: as the form is shown for the first time, or as far as what was sent can be
        read."""
        if not self.is_bound:
            return list(self.initial["milestones"])
        return sorted(each.pk for each in getattr(self, "cleaned_data", {}).get("milestones", ()))

    @property
    def takes_long(self) -> bool:
        return len(self.chosen) > MOST_AT_ONCE

    @property
    def asked(self) -> dict:
        """What the previews and the job take."""
        return {"chosen": self.chosen, "fitting": self.cleaned_data["fitting"], "on": self.day}
