"""What the pages of a milestone are declared with: breadcrumb, figures, actions with their reasons, locked fields."""

import datetime
from urllib.parse import urlencode

from django.db.models import Sum
from django.urls import reverse

from credits.models import Milestone
from credits.services.allocate import refusal_to_adjust, refusal_to_allocate
from credits.services.milestones import refusal_to_complete, refusal_to_reopen
from opportunities.models import Project
from pages import markup
from pages.elements import Action, Crumb, Figure, reason


def breadcrumb_of(milestone: Milestone) -> list[Crumb]:
    project = milestone.project
    return [Crumb("Milestones", reverse("credits:milestone-list")), Crumb(str(project), project.get_absolute_url())]


def figures_of(milestone: Milestone, today: datetime.date) -> list[Figure]:
    rows = f"{reverse('credits:consumption-list')}?milestone={milestone.number}"
    needed, allocated = milestone.credits_needed, milestone.credits_allocated
    open_credits = (needed or 0) - allocated
    tone = "warn" if open_credits and not milestone.is_completed else ""
    target = milestone.target_on
    away = markup.days_away(target, today) if target and not milestone.is_completed else ""
    return [
        Figure("Needed", markup.credits(needed), note="credits" if needed else "not paid by credits"),
        Figure("Allocated", markup.credits(allocated), rows, note=missing(open_credits), tone=tone),
        Figure("Amount", markup.money(milestone.amount, milestone.project.currency), rows, note=amount_note(milestone)),
        Figure("Target date", markup.day(target), note=away),
    ]


def amount_note(milestone: Milestone) -> str:
    """Which of the two amounts of its credits it is: the setup may have changed since it was set."""
    if milestone.amount is None:
        return ""
    sums = milestone.consumptions.aggregate(value=Sum("value_amount"), paid=Sum("paid_amount"))
    told = {sums["paid"]: "at amount paid", sums["value"]: "at internal value"}
    return told.get(milestone.amount, "")


def missing(open_credits: int) -> str:
    if open_credits > 0:
        return f"{open_credits:,} to allocate"
    return f"{-open_credits:,} too many" if open_credits else ""


def actions_of(milestone: Milestone) -> list[Action]:
    """Manage Services Credits comes first; once the credits are there, completing does."""
    gate = reason(refusal_to_complete(milestone))
    takes_credits = refusal_to_adjust if milestone.credits_allocated else refusal_to_allocate
    manage = Action(
        "Manage Services Credits",
        reverse("credits:milestone-credits", args=[milestone.pk]),
        disabled_reason=reason(takes_credits(milestone)),
        permission="credits.allocate_credits",
        primary=bool(gate) and not milestone.is_completed,
    )
    complete = Action(
        "Complete",
        reverse("credits:milestone-complete", args=[milestone.pk]),
        disabled_reason=gate,
        permission="credits.allocate_credits",
        primary=not gate,
    )
    reopen = Action(
        "Reopen",
        reverse("credits:milestone-reopen", args=[milestone.pk]),
        disabled_reason=reason(refusal_to_reopen(milestone)),
        permission="credits.allocate_credits",
    )
    edit = Action(
        "Edit", reverse("credits:milestone-edit", args=[milestone.pk]), permission="credits.manage_milestones"
    )
    why = Action(
        "Why not?", reverse("credits:milestone-why-not", args=[milestone.pk]), permission="credits.view_purchase"
    )
    return [manage, complete, reopen, edit, why]


def held_back_url(project: Project, reason: str, on: datetime.date) -> str:
    """The list of the purchases whose credits are held back from the project for that reason."""
    narrowed: dict[str, dict] = {
        "in another currency": {},
        "in drafts": {"currency": project.currency_id, "state": "draft"},
        "not started": {"currency": project.currency_id, "starts_on_after": on + datetime.timedelta(days=1)},
        "past expiry": {"currency": project.currency_id, "state": "past"},
    }
    return f"{reverse('credits:purchase-list')}?{urlencode({'account': project.account.number, **narrowed[reason]})}"


def locked_fields(milestone: Milestone) -> dict[str, str]:
    """The fields of the edit form that stay as they are, each with the reason."""
    if milestone.is_completed:
        done = "Fixed while the milestone is completed. Reopen it to change this."
        return {"project": done, "credits_needed": done}
    if milestone.consumptions.exists():
        return {"project": "Fixed once credits were drawn for it, even when all were given back."}
    return {}
