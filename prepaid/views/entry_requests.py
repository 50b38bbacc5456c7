"""Entries by hand to look at: the list, and the page of one."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from ledger.reports.company import zone_of
from ledger.reports.journal import entries as journal_entries
from ledger.views.changes import change_log_action
from ledger.views.journal import newest
from pages import markup
from pages.elements import Action, Badge, Crumb, Figure
from pages.views import DetailPage, ListPage
from prepaid.actions.entries import actions_of
from prepaid.filters.entry_requests import EntryRequestFilter
from prepaid.models import EntryRequest
from prepaid.reports.waiting import entry_requests, made_of
from prepaid.shown import units
from prepaid.tables.entry_requests import TONES, EntryRequestTable

VIEW = "prepaid.view_entryrequest"


class EntryRequestList(ListPage):
    permission_required = VIEW
    title = "Entries by hand"
    filterset_class = EntryRequestFilter
    table_class = EntryRequestTable
    currency = None
    empty = (
        "An entry by hand adds to a prepaid service or takes from it, with a reason. It is made on the card; above the "
        "threshold of the setup a second person approves it."
    )

    def get_queryset(self) -> QuerySet[EntryRequest]:
        return entry_requests()


class EntryRequestPage(DetailPage):
    permission_required = VIEW
    template_name = "prepaid/entry_request.html"

    def get_queryset(self) -> QuerySet[EntryRequest]:
        return entry_requests()

    def get_badge(self) -> Badge:
        return Badge(self.object.get_state_display(), TONES[self.object.state])

    def get_breadcrumb(self) -> list[Crumb]:
        service = self.object.service
        listed = Crumb("Entries by hand", reverse("prepaid:entry-request-list"))
        return [listed, Crumb(str(service), service.get_absolute_url())]

    def get_actions(self) -> list[Action]:
        return [*actions_of(self.object, self.request.user), change_log_action(self.object)]

    def get_figures(self) -> list[Figure]:
        request = self.object
        asked = units(request.service, request.amount, request.quantity)
        return [
            Figure("Amount" if request.service.is_amount else "Quantity", asked),
            Figure("Posting date", markup.day(request.posted_on)),
            *([Figure("Valid until", markup.day(request.valid_until))] if request.valid_until else []),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        made = list(made_of(self.object))
        return super().get_context_data(zone=zone_of(self.object), made=made, **self.posted(), **kwargs)

    def posted(self) -> dict[str, Any]:
        """The journal entry, for those who may see it."""
        if self.object.state != "posted" or not self.request.user.has_perm("ledger.view_journalentry"):
            return {}
        return newest(journal_entries().filter(event_key=self.object.event_key))
