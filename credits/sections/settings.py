"""What services credits put on the page of an account: the rules that hold for it alone."""

from django.urls import reverse

from opportunities.models import Account
from pages.elements import Action
from pages.http import Request
from pages.sections import register


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("account.actions", rules, order=50, permission="credits.change_creditssetup")


def rules(request: Request, account: Account) -> Action:
    return Action("Services credits rules", reverse("credits:account-rules", args=[account.pk]))
