"""From which day on the planner looks ahead."""

from ledger.forms.reports import DayField
from pages.forms import PageForm


class PlannerForm(PageForm):
    on = DayField(label="From the business date")
