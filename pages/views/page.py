"""What every page has: who may see it, where it stands, what it is called, what can be done.

    class SettingsPage(Page, TemplateView):
        permission_required = "credits.change_settings"     # () for "every signed-in person"
        title = "Settings"
        template_name = "credits/settings.html"             # {% extends "pages/page.html" %}

A page without `permission_required` is an error at its first request, not an open page. Who is not signed in is sent
to the sign-in page; who is and lacks the permission gets the 403 page. What the page cannot show because the business
refuses it (`Refused`: the company has no setup yet) is said in its place, with status 409.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.generic import View
from django.views.generic.base import ContextMixin

from pages.elements import Action, Badge, Crumb
from pages.refusals import Refused


class Allowed(PermissionRequiredMixin, ContextMixin, View):
    request: Any  # a pages.http.Request; the generic views know only Django's
    permission_denied_message = (
        "Your role does not include this page. An administrator can add you to a group that does."
    )

    def has_permission(self) -> bool:
        return self.request.user.is_authenticated and super().has_permission()


class Page(Allowed):
    title = ""
    lead = ""
    menu_label = "Actions"  # on the button of the menu beside the primary action

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = super().dispatch(request, *args, **kwargs)
            # Now, as much is read only by the template.
            return response.render() if hasattr(response, "render") else response
        except Refused as refused:
            return render(request, "pages/refused.html", {"title": self.title, "refused": refused}, status=409)

    def get_title(self) -> str:
        return self.title

    def get_badge(self) -> Badge | None:
        return None

    def get_breadcrumb(self) -> list[Crumb]:
        """What stands above this page, the nearest last; the page itself is not in it."""
        return []

    def get_actions(self) -> list[Action]:
        return []

    def get_all_actions(self) -> list[Action]:
        return self.get_actions()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        actions = allowed_actions(self.request.user, self.get_all_actions())
        shell = {
            "title": self.get_title(),
            "lead": self.lead,
            "badge": self.get_badge(),
            "breadcrumb": self.get_breadcrumb(),
            "primary_action": next((action for action in actions if action.primary), None),
            "menu_actions": [action for action in actions if not action.primary],
            "menu_label": self.menu_label,
        }
        return super().get_context_data(**(shell | kwargs))


def allowed_actions(user: Any, actions: Iterable[Action]) -> list[Action]:
    return [action for action in actions if not action.permission or user.has_perm(action.permission)]
