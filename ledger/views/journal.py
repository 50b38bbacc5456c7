"""The journal, one entry of it, and the lines of one account."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, QuerySet, Sum
from django.shortcuts import get_object_or_404
from django.urls import reverse

from ledger.exceptions import NotByHand
from ledger.filters.journal import AccountEntriesFilter, DeferralEntriesFilter, JournalFilter, kind_label
from ledger.models import JournalEntry, JournalLine, LedgerAccount
from ledger.reports import journal
from ledger.reports.company import lcy_of, with_company, zone_of
from ledger.services.reversal import refusal_to_reverse
from ledger.sources import source_of, sources_of
from ledger.tables.journal import AccountEntriesTable, DeferralEntriesTable, JournalTable
from pages import markup
from pages.elements import Action, Badge, Crumb, Figure, Total, reason
from pages.views import DetailPage, ListPage

LINES_SHOWN = 200
TAB_SHOWN = 100


class JournalList(ListPage):
    permission_required = "ledger.view_journalentry"
    title = "Journal"
    filterset_class = JournalFilter
    table_class = JournalTable
    totals = (Total("Debits = credits", "debit"),)
    empty = "Every posting of the books will be listed here. The first comes with the first confirmed purchase."

    def get_queryset(self) -> QuerySet[JournalEntry]:
        return journal.entries()

    def get_actions(self) -> list[Action]:
        return [Action("Register", reverse("ledger:register"))]

    def sums(self, queryset: QuerySet) -> list[dict[str, Any]]:
        """Summed over the lines, which is much quicker than entry by entry."""
        lines = JournalLine.objects.filter(entry__in=queryset.order_by().values("pk"))
        grouped = lines.order_by().values("currency__code", "currency__decimals")
        rows = grouped.annotate(count=Count("entry", distinct=True), total_0=Sum("debit")).order_by("currency__code")
        return [dict(row) for row in rows]


class EntryPage(DetailPage):
    permission_required = "ledger.view_journalentry"
    template_name = "ledger/entry.html"
    slot = "journal-entry"

    def get_queryset(self) -> QuerySet[JournalEntry]:
        return journal.entries().select_related("sealed__seal")

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("Journal", reverse("ledger:journal"))]

    def get_badge(self) -> Badge | None:
        if self.object.reverses_id:
            return Badge("Reversal", "info")
        return Badge("Reversed", "warn") if hasattr(self.object, "reversed_by") else None

    def get_figures(self) -> list[Figure]:
        entry, lcy = self.object, lcy_of(self.object)
        return [
            Figure("Debits = credits", markup.money(entry.amount, entry.currency)),
            Figure(f"In {lcy.code}", markup.money(entry.amount_lcy, lcy)),
            Figure("Posted", markup.day(entry.posting_date), note=kind_label(entry.kind)),
            Figure("Effective", markup.day(entry.effective_on), note=self.why_later()),
        ]

    def get_actions(self) -> list[Action]:
        """Reversing what was posted by hand. What an upper app's event posted is corrected where that app says
        (journal-entry.actions)."""
        refusal = refusal_to_reverse(self.object)
        if isinstance(refusal, NotByHand):
            return []
        url = reverse("ledger:entry-reverse", args=[self.object.pk])
        return [Action("Reverse", url, reason(refusal), permission="ledger.write_manualentry")]

    def why_later(self) -> str:
        late = self.object.posting_date != self.object.effective_on
        return "its period was closed, so it was posted on the first open day" if late else ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lines = list(self.object.lines.select_related("account", "currency", "product_group")[: LINES_SHOWN + 1])
        keys = sources_of(key for line in lines for key in (line.party, line.lot))
        for line in lines:
            line.sources = [keys[key] for key in (line.party, line.lot) if key in keys]
        return super().get_context_data(
            lines=lines[:LINES_SHOWN],
            shown=LINES_SHOWN if len(lines) > LINES_SHOWN else 0,
            lcy=lcy_of(self.object),
            source=source_of(self.object.event_key),
            zone=zone_of(self.object),
            **kwargs,
        )


class AccountEntriesPage(ListPage):
    """One account's lines with the balance after each: of the current month, or of the days asked for."""

    permission_required = "ledger.view_journalentry"
    template_name = "ledger/account_entries.html"
    filterset_class = AccountEntriesFilter
    table_class = AccountEntriesTable
    filterset: AccountEntriesFilter
    totals = (Total("Debit", "debit"), Total("Credit", "credit"))
    empty = "Nothing is posted on this account."

    def get_queryset(self) -> QuerySet[JournalLine]:
        self.account = get_object_or_404(with_company(LedgerAccount.objects.all()), pk=self.kwargs["pk"])
        return journal.account_lines(self.account)

    def get_title(self) -> str:
        return f"Account entries: {self.account}"

    def get_badge(self) -> Badge | None:
        return Badge("Blocked", "bad") if self.account.blocked else None

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("Trial balance", reverse("ledger:trial-balance"))]

    def sums(self, queryset: QuerySet) -> list[dict[str, Any]]:
        """What was counted with the balances already."""
        names = {f"total_{at}": total.expression for at, total in enumerate(self.totals)}
        return [
            row | {key: row[name] for key, name in names.items()} for row in self.filterset.account_entries.currencies
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown, lcy = self.filterset.account_entries, lcy_of(self.account)
        if self.filterset.month:
            self.empty = "Nothing is posted on this account this month."
        figures = [
            Figure("Opening balance", markup.money(shown.opening, lcy), note="before the days shown"),
            Figure("Debit", markup.money(shown.debit, lcy)),
            Figure("Credit", markup.money(shown.credit, lcy)),
            Figure("Closing balance", markup.money(shown.closing, lcy), note=self.account.get_category_display()),
        ]
        return super().get_context_data(figures=figures, opening=shown.opening, lcy=lcy, **kwargs)


class DeferralEntries(ListPage):
    """The lines of the deferral accounts: what is behind a figure of the roll-forward."""

    permission_required = "ledger.view_journalentry"
    title = "Entries of the deferral accounts"
    filterset_class = DeferralEntriesFilter
    table_class = DeferralEntriesTable
    totals = (Total("Debit", "debit"), Total("Credit", "credit"), Total("Credit − debit", F("credit") - F("debit")))
    empty = "Nothing was deferred yet. The first line comes with the first confirmed purchase."

    def get_queryset(self) -> QuerySet[JournalLine]:
        return journal.deferral_lines()

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("Roll-forward", reverse("ledger:roll-forward"))]


def newest(entries: QuerySet[JournalEntry], **asked: str) -> dict[str, Any]:
    """For a tab of a page: the newest entries, and where all of them are when there are more."""
    shown = list(entries[: TAB_SHOWN + 1])
    more = f"{reverse('ledger:journal')}?{urlencode(asked)}" if len(shown) > TAB_SHOWN else ""
    return {"entries": shown[:TAB_SHOWN], "all_url": more}
