"""Prepaid ledger entries: rows that the processes made and no form edits; and one of them with what it used, or was used
for."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from ledger.dates import company_time_zone
from ledger.reports.company import lcy_of, with_company
from pages import markup
from pages.clock import business_date
from pages.elements import Action, Badge, Crumb, Figure, Total
from pages.formats import NOTHING
from pages.views import DetailPage, ListPage
from prepaid.actions.services import entries_url
from prepaid.filters.entries import EntryFilter
from prepaid.models import PrepaidEntry
from prepaid.reports.entries import given_back, used_for, used_of, with_journal
from prepaid.shown import units
from prepaid.tables.entries import TONES, EntryTable, balance_of


class EntryList(ListPage):
    permission_required = "prepaid.view_prepaidentry"
    title = "Prepaid ledger entries"
    filterset_class = EntryFilter
    table_class = EntryTable
    empty = "Each row is what came in for a prepaid service, or went out: by a document, by hand, or because it lapsed."
    totals = (Total("Amount", "amount"), Total("Remaining", "balance__remaining"))

    def get_queryset(self) -> QuerySet[PrepaidEntry]:
        return with_journal(PrepaidEntry.objects.all())


class EntryPage(DetailPage):
    permission_required = "prepaid.view_prepaidentry"
    template_name = "prepaid/entry.html"
    slot = "prepaid-entry"

    def get_queryset(self) -> QuerySet[PrepaidEntry]:
        named = ("product_group", "business_group", "deferral_account", "came_from")
        period = "line__billed_period__commitment__object"
        return with_journal(with_company(PrepaidEntry.objects.select_related(*named, period)))

    def get_badge(self) -> Badge:
        return Badge(self.object.get_entry_type_display(), TONES[self.object.entry_type])

    def get_breadcrumb(self) -> list[Crumb]:
        service = self.object.service
        return [
            Crumb("Prepaid ledger entries", reverse("prepaid:entry-list")),
            Crumb(str(service), service.get_absolute_url()),
        ]

    def get_actions(self) -> list[Action]:
        return [Action("Ledger entries of the service", entries_url(self.object.service))]

    def get_figures(self) -> list[Figure]:
        entry, balance, service = self.object, balance_of(self.object), self.object.service
        moved = "Amount" if service.is_amount else "Quantity"
        abroad = service.is_amount and entry.currency_id != lcy_of(entry).code
        lcy = markup.money(entry.amount_lcy, lcy_of(entry)) if abroad else ""
        shown = [
            Figure(moved, units(service, entry.amount, entry.quantity, entry.currency), "#applications", note=lcy),
            Figure("Posting date", markup.day(entry.posted_on)),
        ]
        if balance is None:
            return shown
        left = units(service, balance.remaining, balance.remaining_quantity, entry.currency)
        gone = units(service, balance.expired, balance.expired_quantity, entry.currency)
        until = entry.valid_until
        return [
            *shown,
            Figure("Remaining", left, "#applications"),
            Figure("Expired", gone, "#applications"),
            Figure(
                "Valid until",
                markup.day(until) if until else "Unlimited",
                note=markup.days_away(until, business_date(self.request)),
            ),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        entry = self.object
        inflow = entry.entry_type == PrepaidEntry.Type.POSITIVE
        return super().get_context_data(
            inflow=inflow,
            applications=used_for(entry) if inflow else used_of(entry),
            given_back=given_back(entry) if inflow else (),
            is_amount=entry.service.is_amount,
            lcy=lcy_of(entry),
            zone=company_time_zone(),
            nothing=NOTHING,
            **kwargs,
        )
