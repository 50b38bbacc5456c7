from typing import Any

from django.urls import reverse

from opportunities.models import ProjectEntry
from pages import formats
from pages.elements import Action
from pages.tables import BadgeColumn, DayColumn, LinkColumn, MenuColumn, MoneyColumn, NumberColumn, Table

RECORD = "opportunities.record_work"


def entry_actions(entry: Any) -> list[Action]:
    """Of a row that says whether it is `billed`."""
    fixed = "It is on a sales document and stays as it was billed." if entry.billed else ""
    edit = reverse("opportunities:project-entry-edit", args=[entry.pk])
    delete = reverse("opportunities:project-entry-delete", args=[entry.pk])
    return [Action("Edit", edit, fixed, RECORD), Action("Delete", delete, fixed, RECORD, danger=True)]


class QuantityColumn(NumberColumn):
    def render(self, value: Any, record: Any) -> str:
        return f"{formats.exact(value)} {record.product.unit_of_measure}".strip()


class ProjectEntryTable(Table):
    description = LinkColumn(linkify=lambda record: record.project.get_absolute_url())
    project = LinkColumn(
        linkify=lambda record: record.project.get_absolute_url(), accessor="project__number", verbose_name="Project"
    )
    worked_on = DayColumn(verbose_name="Date")
    quantity = QuantityColumn()
    amount = MoneyColumn(currency="project__currency", verbose_name="Amount")
    billed = BadgeColumn(tones={True: "good", False: "warn"}, verbose_name="Billed")
    actions = MenuColumn(entry_actions)

    class Meta:
        model = ProjectEntry
        fields = ("description", "project", "worked_on", "quantity", "amount", "billed", "actions")

    def value_billed(self, record: Any) -> str:
        return "yes" if record.billed else "no"

    def render_billed(self, record: Any, bound_column: Any) -> str:
        return bound_column.column.render("Billed" if record.billed else "To be billed", record, bound_column)
