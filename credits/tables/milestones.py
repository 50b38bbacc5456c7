from typing import Any

from django.urls import reverse

from credits.models import Milestone
from credits.models.milestones import State
from credits.reports.milestones import TONES
from credits.tables.columns import AmountColumn, hidden
from pages import markup
from pages.elements import Action
from pages.tables import BadgeColumn, CreditsColumn, DayColumn, LinkColumn, MenuColumn, Table


class StateColumn(BadgeColumn):
    """Where the milestone stands with its credits; without anything to say about them, its status."""

    def render(self, value: Any, record: Any, bound_column: Any) -> str:
        return state_badge(record)

    def value(self, value: str) -> str:
        return State(value).label


def state_badge(milestone: Any) -> str:
    return markup.badge(state_label(milestone), TONES[State(milestone.state)])


def state_label(milestone: Any) -> str:
    if milestone.state == State.OPEN and milestone.status:
        return milestone.get_status_display()
    return State(milestone.state).label


def row_actions(milestone: Milestone) -> list[Action]:
    """The commonest of the milestone's actions; the page of the milestone has them all, with reasons."""
    credits = Action(
        "Manage Services Credits",
        reverse("credits:milestone-credits", args=[milestone.pk]),
        disabled_reason="Reopen it first." if milestone.is_completed else "",
        permission="credits.allocate_credits",
    )
    edit = Action(
        "Edit", reverse("credits:milestone-edit", args=[milestone.pk]), permission="credits.manage_milestones"
    )
    return [credits, edit]


class MilestoneTable(Table):
    number = LinkColumn(linkify=True, accessor="pk", verbose_name="Milestone", order_by="number")
    account = LinkColumn(
        linkify=lambda record: record.project.account.get_absolute_url(),
        accessor="project__account__name",
        verbose_name="Account",
    )
    target_on = DayColumn(away=True)
    credits_needed = CreditsColumn(verbose_name="Needed")
    credits_allocated = CreditsColumn(verbose_name="Allocated")
    state = StateColumn(orderable=True)
    actions = MenuColumn(row_actions)

    name = hidden("Name", "name")
    account_number = hidden("Account number", "project__account__number")
    project = hidden("Project", "project__number")
    project_name = hidden("Project name", "project__name")
    status = hidden("Status", "get_status_display")
    actual_on = DayColumn(visible=False)
    amount = AmountColumn(visible=False, currency="project__currency")
    currency = hidden("Currency", "project__currency_id")

    class Meta:
        model = Milestone
        fields = ("number", "account", "target_on", "credits_needed", "credits_allocated", "state", "actions")

    def render_number(self, record: Milestone) -> str:
        return str(record)

    def render_target_on(self, value: Any, record: Milestone, column: DayColumn) -> str:
        """How far away matters until the milestone is completed."""
        return markup.day(value) if record.is_completed else column.render(value, self)

    def value_target_on(self, value: Any) -> Any:
        return value

    def value_number(self, record: Milestone) -> str:
        return record.number
