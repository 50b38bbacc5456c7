"""Nights in the browser: what ran, and how far it is. Starting one: `config.nights.start`."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.views.generic import DetailView
from django_htmx.http import HttpResponseClientRefresh

from ledger.dates import company_time_zone
from ledger.models import BatchRun
from ledger.models.nights import State
from ledger.reports.nights import progress
from ledger.tables.journal import BooksTable, MomentColumn, PersonColumn
from pages import formats
from pages.elements import Action, Badge, Crumb
from pages.filters import DayRangeFilter, FilterSet
from pages.tables import BadgeColumn, DayColumn, LinkColumn
from pages.views import Allowed, DetailPage, ListPage

TONES = {State.RUNNING: "info", State.DONE: "good", State.FAILED: "bad"}


class NightFilter(FilterSet):
    business_date = DayRangeFilter(label="Business date")

    class Meta:
        model = BatchRun
        fields = ("business_date", "state")


class NightTable(BooksTable):
    night = LinkColumn(accessor="business_date", linkify=lambda record: reverse("night", args=[record.pk]))
    state = BadgeColumn(tones=TONES)
    started_at = MomentColumn(verbose_name="Started")
    finished_at = MomentColumn(verbose_name="Finished")
    started_by = PersonColumn(verbose_name="By", default="the schedule")
    business_date = DayColumn(visible=False)

    class Meta:
        model = BatchRun
        fields = ("night", "state", "started_at", "finished_at", "started_by")

    def render_night(self, record: BatchRun) -> str:
        return f"Night of {formats.day(record.business_date)}"


class NightList(ListPage):
    permission_required = "ledger.view_batchrun"
    title = "Nights"
    lead = (
        "Each night bills contracts, lets what has expired lapse, and posts the revenue of what was completed or is due, for "
        "one business date."
    )
    filterset_class = NightFilter
    table_class = NightTable
    currency = None
    empty = "No night has run yet. The first runs by itself after midnight, or when you start it."

    def get_queryset(self) -> QuerySet[BatchRun]:
        return BatchRun.objects.select_related("started_by")

    def get_actions(self) -> list[Action]:
        return [Action("Run a night", reverse("night-start"), primary=True, permission="ledger.run_night")]


class NightPage(DetailPage):
    permission_required = "ledger.view_batchrun"
    queryset = BatchRun.objects.select_related("started_by")
    template_name = "nights/night.html"

    def get_title(self) -> str:
        return f"Night of {formats.day(self.object.business_date)}"

    def get_badge(self) -> Badge:
        return Badge(self.object.get_state_display(), TONES[self.object.state])

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("Nights", reverse("night-list"))]

    def get_actions(self) -> list[Action]:
        label, url, state = "Run a night", reverse("night-start"), self.object.state
        if state == State.FAILED:
            label, url = "Run it again", f"{url}?until={self.object.business_date}"
        running = "A night is under way." if state == State.RUNNING else ""
        return [Action(label, url, running, permission="ledger.run_night", primary=True)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        later = BatchRun.objects.filter(pk__gt=self.object.pk, state=State.RUNNING).first()
        return super().get_context_data(later=later, **how_far(self.object), **kwargs)


class NightProgress(Allowed, DetailView):
    """The part of the page that is brought up to date. A run that ended since has the whole page loaded once more."""

    permission_required = "ledger.view_batchrun"
    queryset = BatchRun.objects.select_related("started_by")
    template_name = "nights/progress.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**how_far(self.object), **kwargs)

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        if not context["progress"].is_running and self.request.htmx:
            return HttpResponseClientRefresh()
        return super().render_to_response(context, **kwargs)


def how_far(run: BatchRun) -> dict[str, Any]:
    """What both the page and the part of it that is brought up to date show."""
    seen = progress(run)
    durations = {"duration": formats.duration(seen.duration), "rest": seen.rest and formats.duration(seen.rest)}
    return {"progress": seen, "zone": company_time_zone(), **durations}
