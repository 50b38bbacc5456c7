"""What services credits put on the page of an account: the question why credits are not available."""

from django.urls import reverse

from opportunities.models import Account
from pages.elements import Action
from pages.http import Request
from pages.sections import register


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("account.actions", why_not, order=40, permission="credits.view_purchase")


def why_not(request: Request, account: Account) -> Action:
    url = reverse("credits:account-why-not", args=[account.pk])
    return Action("Why not?", url, permission="credits.view_milestone")
