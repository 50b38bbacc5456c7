"""Sales documents to look at: the list of all of them, and the page of one with its lines, entries and history."""

from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.urls import reverse
from django.utils.functional import cached_property

from ledger.dates import company_time_zone
from ledger.reports.journal import entries as journal_entries
from pages import markup
from pages.elements import Action, Badge, Crumb, Figure, Tab, Total
from pages.views import DetailPage, ListPage
from prepaid.actions.documents import WRITE, actions_of, line_actions, new_documents
from prepaid.filters.documents import DocumentFilter
from prepaid.models import PrepaidEntry, SalesDocument
from prepaid.reports.contract_lines import closed_by, contract_lines
from prepaid.reports.documents import Standing, changes_of_document, standing
from prepaid.reports.entries import with_journal
from prepaid.services.document_state import refusal_to_change
from prepaid.tables.documents import TONES, DocumentTable
from prepaid.tables.entries import EntryTable

Type = SalesDocument.Type
CHANGES_SHOWN = 100


class DocumentList(ListPage):
    permission_required = "prepaid.view_salesdocument"
    title = "Sales documents"
    filterset_class = DocumentFilter
    table_class = DocumentTable
    lead = "Until an invoice is posted it is listed without what prepaid services will cover."
    empty = "Quotes, orders, invoices and credit memos. An invoice with a prepaid item tops up a prepaid service."
    totals = (Total("Net", "net"), Total("VAT", "vat"), Total("Gross", "gross"))

    def get_queryset(self) -> QuerySet[SalesDocument]:
        related = ("account", "bill_to", "currency", "corrects")
        return SalesDocument.objects.select_related(*related).with_totals()

    def get_actions(self) -> list[Action]:
        return new_documents(self.request.GET.get("account", ""))

    def sums(self, queryset: QuerySet) -> list[dict[str, Any]]:
        """By type as well: what was offered, ordered, invoiced and credited is no sum together."""
        wanted = {f"total_{at}": Sum(total.expression) for at, total in enumerate(self.totals)}
        grouped = queryset.order_by().values("type", "currency__code", "currency__decimals")
        found = grouped.annotate(count=Count("pk"), **wanted)
        return sorted(found, key=lambda row: (Type.values.index(row["type"]), row["currency__code"]))

    def summed(self, row: dict[str, Any]) -> dict[str, Any]:
        found = super().summed(row)
        return found | {"code": f"{Type(row['type']).label}s {found['code']}"}


class DocumentDetail(DetailPage):
    permission_required = "prepaid.view_salesdocument"
    slot = "sales-document"
    tabs = (
        Tab("lines", "Lines", "prepaid/document_lines.html"),
        Tab("entries", "Entries", "prepaid/document_entries.html", "prepaid.view_prepaidentry"),
        Tab("history", "History", "prepaid/document_history.html"),
    )

    def get_queryset(self) -> QuerySet[SalesDocument]:
        people = ("created_by", "posted_by")
        related = ("account__business_group", "bill_to__business_group", "currency", "project", "made_from", "corrects",
                   "billing_run")  # fmt: skip
        return SalesDocument.objects.select_related(*related, *people)

    @cached_property
    def standing(self) -> Standing:
        return standing(self.object)

    def get_title(self) -> str:
        return f"{self.object.get_type_display()} {self.object}"

    def get_badge(self) -> Badge:
        return Badge(self.object.get_state_display(), TONES[self.object.state])

    def get_breadcrumb(self) -> list[Crumb]:
        account, listed = self.object.account, reverse("prepaid:document-list")
        return [
            Crumb("Sales documents", listed),
            Crumb(f"{self.object.get_type_display()}s", f"{listed}?type={self.object.type}"),
            Crumb(str(account), account.get_absolute_url()),
        ]

    def get_figures(self) -> list[Figure]:
        return figures(self.object, self.standing)

    def get_actions(self) -> list[Action]:
        return actions_of(self.object, self.standing.lines)

    def tab_lines(self) -> dict[str, Any]:
        may = self.request.user.has_perm(WRITE) and refusal_to_change(self.object) is None
        rows = [(line, line_actions(line) if may else []) for line in self.standing.lines]
        shown = {"rows": rows, "editable": may, "is_order": self.object.type == Type.ORDER}
        return {"standing": self.standing, **shown, **contracts(self.object, self.standing), **links(self.object)}

    def tab_entries(self) -> dict[str, Any]:
        entries = with_journal(PrepaidEntry.objects.filter(document=self.object)).order_by("pk")
        posted = journal_entries().filter(event_key=self.object.event_key)
        return {"table": EntryTable(entries, orderable=False, request=self.request), "journal": posted}

    def tab_history(self) -> dict[str, Any]:
        may = self.request.user.has_perm("ledger.view_changelogentry")
        changes = changes_of_document(self.object, CHANGES_SHOWN) if may else []
        return {"changes": changes, "zone": company_time_zone(), **links(self.object)}


def links(document: SalesDocument) -> dict[str, Any]:
    """What it was made into, what corrects it, what was delivered of it."""
    return {
        "made_into": list(document.made_into.order_by("pk")),
        "corrected_by": list(document.corrected_by.order_by("pk")),
        "deliveries": list(document.deliveries.order_by("pk")),
    }


def contracts(document: SalesDocument, found: Standing) -> dict[str, Any]:
    """What its lines bill of contracts, or what a posted credit memo closed of their deferrals."""
    if not any(line.is_contract for line in found.lines):
        return {}
    if document.type == Type.CREDIT_MEMO:
        return {"scope": document.get_credit_scope_display(), "closed": closed_by(document)}
    found_lines = contract_lines(document)
    return {"contract": found_lines, "credited": any(month.credited for month in found_lines.months)}


def figures(document: SalesDocument, found: Standing) -> list[Figure]:
    """Each leads to the rows behind it."""
    currency, rows = document.currency, "?tab=lines#lines"
    entries = "?tab=entries" if document.is_posted else rows
    strip = [
        Figure("Net", markup.money(found.net, currency), rows),
        Figure("VAT", markup.money(found.vat, currency), rows),
        Figure("Gross", markup.money(found.gross, currency), rows),
    ]
    if document.type not in (Type.INVOICE, Type.CREDIT_MEMO):
        return strip
    is_memo = document.type == Type.CREDIT_MEMO
    note = "" if document.is_posted or is_memo else "as things stand"
    return [
        *strip,
        Figure(
            "Goes back to prepaid" if is_memo else "Prepaid covers",
            markup.money(found.covered, currency),
            entries,
            note,
        ),
        Figure("Credited" if is_memo else "To pay", markup.money(found.to_pay, currency), entries),
    ]
