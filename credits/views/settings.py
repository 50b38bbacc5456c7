"""The settings of services credits: what they say, where they lead in the books, who changed them last; and changing them."""

from typing import Any

from django.urls import reverse
from django.views.generic import TemplateView

from credits.forms.settings import SettingsForm
from credits.models import CreditsSetup
from credits.previews.setup import change_and_describe
from credits.reports.settings import grouped
from credits.services.setup import Settings
from ledger.dates import company_time_zone
from ledger.reports.changes import changes_of, described
from ledger.reports.posting_setup import Cell, posting_matrix
from ledger.views.changes import VIEW as VIEW_CHANGES
from ledger.views.changes import change_log_action
from pages.clock import business_date
from pages.elements import Action
from pages.preview import Preview
from pages.views import ActionPage, Page

SHOWN = 3


class SettingsPage(Page, TemplateView):
    permission_required = "credits.view_creditssetup"
    title = "Services credits settings"
    lead = "What holds for every customer. What is bought, allocated and posted already stays as it is."
    template_name = "credits/settings.html"

    def get_actions(self) -> list[Action]:
        change = "credits.change_creditssetup"
        edit = Action("Change settings", reverse("credits:settings-edit"), permission=change, primary=True)
        posting = Action("Posting setup", reverse("ledger:posting-setup"), permission="ledger.view_postingsetup")
        return [edit, posting, change_log_action(CreditsSetup(pk=1))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        setup = CreditsSetup.objects.select_related("product_group").first()
        return super().get_context_data(setup=setup, **(self.shown(setup) if setup else {}), **kwargs)

    def shown(self, setup: CreditsSetup) -> dict[str, Any]:
        changes = changes_of(setup)[:SHOWN] if self.request.user.has_perm(VIEW_CHANGES) else []
        return {
            "groups": grouped(setup),
            "cells": cells_of(setup),
            "changes": described(changes),
            "zone": company_time_zone(),
        }


def cells_of(setup: CreditsSetup) -> list[Cell]:
    """The accounts that the product posting group leads to, one cell for each business posting group."""
    matrix = posting_matrix()
    place = [group.pk for group in matrix.product_groups].index(setup.product_group_id)
    return [row.cells[place] for row in matrix.rows]


class SettingsEdit(ActionPage):
    above = ("Services credits settings", "credits:settings")
    permission_required = "credits.change_creditssetup"
    title = "Change services credits settings"
    form_class = SettingsForm
    success_message = "The settings are saved. They hold from now on."
    wide = True

    def get_initial(self) -> dict[str, Any]:
        setup = CreditsSetup.objects.select_related("product_group").first()
        return vars(Settings.of(setup)) if setup else initial_of_none()

    def run(self, form: SettingsForm) -> Preview:
        on = business_date(self.request)
        return change_and_describe(form.settings(), actor=self.request.user, on=on)

    def get_success_url(self) -> str:
        return reverse("credits:settings")


def initial_of_none() -> dict[str, Any]:
    """The defaults, before there is a setup; the product posting group has to be chosen."""
    defaults = CreditsSetup()
    names = (name for name in SettingsForm.base_fields if name != "product_group")
    return {name: getattr(defaults, name) for name in names}
