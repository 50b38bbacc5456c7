"""Finding an account or a project by what is typed, and the one that a link names."""

from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from opportunities.models import Account, Project
from pages.views import Allowed

NAME_FROM = 3  # letters from which names are searched: fewer find half of all customers, slowly
SUGGESTED = 20

Named = TypeVar("Named", bound=Model)


class Options(Allowed, View):
    """Suggestions for what is being typed into the field `from`: at most twenty."""

    model: Any

    def get(self, request: HttpRequest) -> HttpResponse:
        typed = request.GET.get(request.GET.get("from", ""), "").replace("\0", "").strip()[:60]
        found = suggested(self.model.objects.all(), typed) if typed else self.model.objects.none()
        return render(request, "opportunities/options.html", {"options": found.order_by("number")[:SUGGESTED]})


class AccountOptions(Options):
    permission_required = "opportunities.view_account"
    model = Account


class ProjectOptions(Options):
    permission_required = "opportunities.view_project"
    model = Project


def suggested(rows: QuerySet, typed: str) -> QuerySet:
    """Those whose number begins so; from three letters on also those with them in their name."""
    by_number = Q(number__startswith=typed.upper())
    return rows.filter(by_number | Q(name__icontains=typed) if len(typed) >= NAME_FROM else by_number)


def asked(model: type[Named], number: str | None) -> Named | None:
    """The one that a link to a form of new work names by its number."""
    manager: Any = model._default_manager
    return manager.filter(number=(number or "").replace("\0", "")).first()
