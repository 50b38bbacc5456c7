"""The settings of prepaid services: what they say, where they lead in the books, who changed them last; and changing them."""

from typing import Any

from django.urls import reverse
from django.views.generic import TemplateView

from ledger.dates import company_time_zone
from ledger.reports.changes import changes_of, described
from ledger.reports.posting_setup import Cell, posting_matrix
from ledger.views.changes import VIEW as VIEW_CHANGES
from ledger.views.changes import change_log_action
from pages import formats
from pages.elements import Action
from pages.preview import Preview
from pages.views import ActionPage, Page
from prepaid.forms.settings import SettingsForm
from prepaid.models import PrepaidSetup
from prepaid.previews.setup import change_and_describe
from prepaid.reports.settings import grouped
from prepaid.services.setup import Settings

SHOWN = 3
DEFERRED = ("Receivables", "Deferral")  # what a top-up needs of the deferral group
RELATED = ("deferral_group", "dimension")


class SettingsPage(Page, TemplateView):
    permission_required = "prepaid.view_prepaidsetup"
    title = "Prepaid services settings"
    lead = "What holds for every customer. What is posted already stays as it is."
    template_name = "prepaid/settings.html"

    def get_actions(self) -> list[Action]:
        change = "prepaid.change_prepaidsetup"
        edit = Action("Change settings", reverse("prepaid:settings-edit"), permission=change, primary=True)
        return [
            edit,
            Action("Posting setup", reverse("ledger:posting-setup"), permission="ledger.view_postingsetup"),
            Action("General ledger setup", reverse("ledger:setup"), permission="ledger.view_ledgersetup"),
            Action("Number series", reverse("ledger:number-series"), permission="ledger.view_numberseries"),
            change_log_action(PrepaidSetup(pk=1)),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        setup = PrepaidSetup.objects.select_related(*RELATED).first()
        return super().get_context_data(setup=setup, **(self.shown(setup) if setup else {}), **kwargs)

    def shown(self, setup: PrepaidSetup) -> dict[str, Any]:
        changes = changes_of(setup)[:SHOWN] if self.request.user.has_perm(VIEW_CHANGES) else []
        return {
            "groups": grouped(setup),
            "cells": cells_of(setup),
            "changes": described(changes),
            "zone": company_time_zone(),
        }


def cells_of(setup: PrepaidSetup) -> list[tuple[Cell, list[Any]]]:
    """Where the deferral group leads, for each business posting group: the accounts that a top-up needs."""
    matrix = posting_matrix()
    place = [group.pk for group in matrix.product_groups].index(setup.deferral_group_id)
    cells = [row.cells[place] for row in matrix.rows]
    return [(cell, [chosen for chosen in cell.accounts if chosen.label in DEFERRED]) for cell in cells]


class SettingsEdit(ActionPage):
    above = ("Prepaid services settings", "prepaid:settings")
    permission_required = "prepaid.change_prepaidsetup"
    title = "Change prepaid services settings"
    form_class = SettingsForm
    success_message = "The settings are saved. They hold from now on."
    wide = True

    def get_initial(self) -> dict[str, Any]:
        """As they are; before there is a setup the defaults, and the product posting group has to be chosen."""
        setup = PrepaidSetup.objects.select_related(*RELATED).first()
        values = vars(Settings.of(setup)) if setup else initial_of_none()
        exact = ("approve_amounts_above", "approve_quantities_above")
        return values | {name: formats.exact(values[name]) for name in exact if setup}

    def run(self, form: SettingsForm) -> Preview:
        return change_and_describe(form.settings(), actor=self.request.user)

    def get_success_url(self) -> str:
        return reverse("prepaid:settings")


def initial_of_none() -> dict[str, Any]:
    defaults = PrepaidSetup()
    names = (name for name in SettingsForm.base_fields if name not in RELATED)
    return {name: getattr(defaults, name) for name in names}
