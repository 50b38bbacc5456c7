"""Releasing contract deferrals: what is due up to a day, the runs and what each released, and taking one back."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from ledger.dates import business_date
from ledger.reports.company import lcy_of, with_company, zone_of
from ledger.reports.journal import entries as journal_entries
from pages import formats, markup
from pages.elements import Action, Badge, Crumb, Figure
from pages.preview import Preview
from pages.views import ActionPage, DetailPage, ListPage
from prepaid.actions.billing import RELEASE, actions_of_release_run, release
from prepaid.filters.billing import ReleaseRunFilter
from prepaid.forms.billing import ReleaseForm, UndoReleaseForm
from prepaid.models import ReleaseRun
from prepaid.previews import release as previews
from prepaid.reports.deferrals import entries_of_run, release_runs, released_by, with_entries
from prepaid.tables.billing import ReleaseRunTable
from prepaid.views.billing import contract_asked

ABOVE = ("Release runs", "prepaid:release-run-list")
VIEW = "prepaid.view_releaserun"
SHOWN = 100  # parts on the page of a run


class ReleaseDeferrals(ActionPage):
    above = ABOVE
    permission_required = RELEASE
    form_class = ReleaseForm
    title = "Release deferrals"
    success_message = "What was due is released, and is revenue."
    wide = True
    made: ReleaseRun | None = None

    def get_initial(self) -> dict[str, Any]:
        return {"until": business_date(), "contract": contract_asked(self.request.GET.get("contract"))}

    def run(self, form: ReleaseForm) -> Preview:
        self.made, preview = previews.release_and_describe(
            until=form.cleaned_data["until"], contract=form.cleaned_data["contract"], actor=self.request.user
        )
        return preview

    def get_success_url(self) -> str:
        return self.page_of(self.made)


class ReleaseRunList(ListPage):
    permission_required = VIEW
    title = "Release runs"
    filterset_class = ReleaseRunFilter
    table_class = ReleaseRunTable
    currency = None
    empty = "A release makes revenue of every part of a contract deferral that is due by a day."

    def get_queryset(self) -> QuerySet[ReleaseRun]:
        return with_company(release_runs())

    def get_actions(self) -> list[Action]:
        return [release(primary=True)]


class ReleaseRunPage(DetailPage):
    permission_required = VIEW
    template_name = "prepaid/release_run.html"

    def get_queryset(self) -> QuerySet[ReleaseRun]:
        return with_company(release_runs())

    def get_title(self) -> str:
        return f"Release run {self.object}"

    def get_badge(self) -> Badge:
        return Badge("Taken back", "warn") if self.object.undone_at else Badge("Stands", "good")

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb(ABOVE[0], reverse(ABOVE[1]))]

    def get_actions(self) -> list[Action]:
        return actions_of_release_run(self.object)

    def get_figures(self) -> list[Figure]:
        run: Any = self.object
        return [
            Figure("Parts", formats.number(run.parts), "#parts"),
            Figure("Amount (LCY)", markup.money(run.amount_lcy, lcy_of(run)), "#parts"),
            Figure("Released up to", markup.day(run.released_until)),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run: Any = self.object
        parts = with_entries(released_by(run)[:SHOWN])
        return super().get_context_data(
            parts=parts, more=run.parts - len(parts), zone=zone_of(run), **self.posted(), **kwargs
        )

    def posted(self) -> dict[str, Any]:
        """Of one that was taken back: what it posted, and the mirrors; for those who may see it."""
        if self.object.undone_at is None or not self.request.user.has_perm("ledger.view_journalentry"):
            return {}
        keys = entries_of_run(self.object).values("pk")
        shown = list(journal_entries().filter(pk__in=keys)[: SHOWN + 1])
        return {"entries": shown[:SHOWN], "more_entries": len(shown) > SHOWN}


class UndoRelease(ActionPage):
    """Each of its entries is mirrored, and its parts wait again."""

    above = ABOVE
    permission_required = RELEASE
    queryset = ReleaseRun.objects.all()
    form_class = UndoReleaseForm
    success_message = "The release is taken back: its parts wait again."

    def get_title(self) -> str:
        return f"Take back release run {self.object}"

    def run(self, form: UndoReleaseForm) -> Preview:
        return previews.undo_release_and_describe(
            self.object, reason=form.cleaned_data["reason"], actor=self.request.user
        )
