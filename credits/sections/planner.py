"""What services credits put on the page of an account: the way to its planner."""

from django.urls import reverse

from opportunities.models import Account
from pages.elements import Action
from pages.http import Request
from pages.sections import register


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("account.actions", planner, order=30, permission="credits.view_purchase")


def planner(request: Request, account: Account) -> Action:
    return Action("Planner", reverse("credits:planner", args=[account.pk]), permission="credits.view_milestone")
