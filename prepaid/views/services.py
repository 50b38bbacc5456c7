"""Prepaid services to look at: the list, and the card with its figures, ledger entries, projects, journal and history."""

import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from ledger.dates import company_time_zone
from ledger.reports.company import lcy_of, with_company
from ledger.reports.journal import entries as journal_entries
from ledger.views.journal import newest
from pages import formats, markup
from pages.clock import business_date
from pages.elements import Action, Badge, Crumb, Figure, Tab, Total
from pages.formats import NOTHING, Cur
from pages.tables import Table
from pages.views import DetailPage, ListPage
from prepaid.actions.services import actions_of, entries_url, new_service
from prepaid.filters.services import ServiceFilter
from prepaid.forms.fields import told
from prepaid.models import PrepaidService, PrepaidSetup
from prepaid.reports.commitments import RELATED, with_price
from prepaid.reports.entries import with_journal
from prepaid.reports.history import history
from prepaid.reports.services import lots_of, with_standing
from prepaid.shown import units
from prepaid.tables.entries import EntryTable
from prepaid.tables.services import ServiceTable

ENTRIES_SHOWN, COMMITMENTS_SHOWN = 200, 20
EXPIRE, REVIEW = "prepaid.expire_residuals", "prepaid.view_dissolutionproposal"


class ServiceList(ListPage):
    permission_required = "prepaid.view_prepaidservice"
    template_name = "prepaid/service_list.html"
    title = "Prepaid services"
    filterset_class = ServiceFilter
    table_class = ServiceTable
    empty = (
        "A prepaid service is a customer's budget: topped up by an invoice or a contract, used up by what is delivered."
    )
    totals = (Total("Outstanding", "outstanding"), Total("Posted usage", "used"), Total("Deferred", "deferred"))

    def get_queryset(self) -> QuerySet[PrepaidService]:
        services = PrepaidService.objects.select_related("account", "currency")
        return with_standing(services, business_date(self.request))

    def get_actions(self) -> list[Action]:
        return [
            new_service(primary=True),
            Action("Expire all residuals", reverse("prepaid:expire-all"), permission=EXPIRE),
            Action("Residuals for review", reverse("prepaid:dissolution-list"), permission=REVIEW),
            Action("Import", reverse("prepaid:service-import"), permission="prepaid.manage_services"),
            Action("Import opening balances", reverse("prepaid:balance-import"), permission="prepaid.create_entries"),
            Action("Export for import", reverse("prepaid:service-export"), permission="prepaid.view_entryrequest"),
        ]

    def get_table(self) -> Table:
        """With a tick for each row for whoever may expire what is ticked."""
        table = super().get_table()
        if not self.request.user.has_perm(EXPIRE):
            table.columns.hide("pick")
        return table

    def summed(self, row: dict[str, Any]) -> dict[str, Any]:
        """Services that no entry has given a currency yet have nothing to sum."""
        if row["currency__code"] is None:
            return {"code": "No currency yet", "count": row["count"], "totals": []}
        return super().summed(row)


class ServiceDetail(DetailPage):
    permission_required = "prepaid.view_prepaidservice"
    slot = "prepaid-service"
    tabs = (
        Tab("overview", "Overview", "prepaid/service_overview.html"),
        Tab("entries", "Ledger entries", "prepaid/service_entries.html", "prepaid.view_prepaidentry"),
        Tab("projects", "Projects", "prepaid/service_projects.html", "opportunities.view_project"),
        Tab("journal", "Journal", "prepaid/service_journal.html", "ledger.view_journalentry"),
        Tab("history", "History", "prepaid/service_history.html"),
    )

    def get_queryset(self) -> QuerySet[PrepaidService]:
        services = with_company(PrepaidService.objects.select_related("account", "currency"))
        return with_standing(services, business_date(self.request))

    def get_badge(self) -> Badge:
        return Badge("Closed") if self.object.closed else Badge("Open", "good")

    def get_breadcrumb(self) -> list[Crumb]:
        account = self.object.account
        return [
            Crumb("Prepaid services", reverse("prepaid:service-list")),
            Crumb(str(account), account.get_absolute_url()),
        ]

    def get_figures(self) -> list[Figure]:
        return figures(self.object, business_date(self.request), lcy_of(self.object))

    def get_actions(self) -> list[Action]:
        return actions_of(self.object)

    def tab_overview(self) -> dict[str, Any]:
        service = self.object
        setup = PrepaidSetup.objects.select_related("dimension").first()
        priced = with_price(service.commitments.select_related(*RELATED), business_date(self.request)).order_by("-pk")
        commitments = list(priced[: COMMITMENTS_SHOWN + 1]) if service.is_periodic else []
        return {
            "commitments": commitments[:COMMITMENTS_SHOWN],
            "more": len(commitments) > COMMITMENTS_SHOWN,
            "lcy": lcy_of(service),
            "project_count": service.assignments.count(),
            "dimension": setup.dimension if setup else None,
            "told": told(service.valid_until_formula, business_date(self.request)),
            "left_url": entries_url(service, left="yes"),
            "used_url": entries_url(service, usage="yes"),
        }

    def tab_entries(self) -> dict[str, Any]:
        rows = with_journal(self.object.entries.all()).order_by("-pk")
        table = EntryTable(rows[:ENTRIES_SHOWN], orderable=False, exclude=("service",))
        table.columns.show("valid_until")
        table.request = self.request
        return {"table": table, "all_url": entries_url(self.object)}

    def tab_projects(self) -> dict[str, Any]:
        return {"projects": self.object.projects.select_related("currency")}

    def tab_journal(self) -> dict[str, Any]:
        return newest(journal_entries(lot__in=lots_of(self.object)), search=self.object.number)

    def tab_history(self) -> dict[str, Any]:
        return {"events": history(self.object), "zone": company_time_zone()}


def figures(service: Any, on: datetime.date, lcy: Cur) -> list[Figure]:
    """Each leads to the entries behind it."""
    currency, until = service.currency, service.next_valid_until
    left = units(service, service.outstanding, service.outstanding_quantity)
    used = units(service, service.used, service.used_quantity)
    deferred = markup.money(service.deferred, currency) if currency and not service.is_periodic else NOTHING
    return [
        Figure("Outstanding", left, entries_url(service, left="yes"), in_lcy(service, service.outstanding_lcy, lcy)),
        Figure("Posted usage", used, entries_url(service, usage="yes"), in_lcy(service, service.used_lcy, lcy)),
        Figure(
            "Next valid until",
            markup.day(until) if until else no_end(service),
            entries_url(service, left="yes", sort="valid_until"),
            markup.days_away(until, on),
            "bad" if until and until < on else "warn" if until and (until - on).days <= markup.SOON else "",
        ),
        Figure(
            "Deferred",
            deferred,
            entries_url(service, left="yes", deferred="yes"),
            "waits with its contracts" if service.is_periodic else in_lcy(service, service.deferred_lcy, lcy),
        ),
    ]


def no_end(service: Any) -> str:
    return "Unlimited" if service.outstanding or service.outstanding_quantity else NOTHING


def in_lcy(service: PrepaidService, amount: Decimal, lcy: Cur) -> str:
    """An amount in another currency, in the company's own."""
    abroad = service.currency_id is not None and service.currency_id != lcy.code
    return formats.money(amount, lcy) if abroad and service.is_amount else ""
