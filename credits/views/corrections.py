"""Corrections to look at: the list, and the page of one."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from credits.actions.corrections import actions_of
from credits.filters.corrections import CorrectionFilter
from credits.models import Correction
from credits.reports.corrections import corrections
from credits.tables.corrections import TONES, CorrectionTable
from ledger.reports.company import zone_of
from ledger.reports.journal import entries_of
from ledger.views.changes import change_log_action
from ledger.views.journal import newest
from pages import markup
from pages.elements import Action, Badge, Crumb, Figure
from pages.views import DetailPage, ListPage

VIEW = "credits.view_correction"


class CorrectionList(ListPage):
    permission_required = VIEW
    title = "Corrections"
    filterset_class = CorrectionFilter
    table_class = CorrectionTable
    currency = None
    empty = (
        "A correction cancels unused credits and refunds them, or reinstates expired ones. It is asked for on the page of a "
        "purchase and takes effect when a second person approves it."
    )

    def get_queryset(self) -> QuerySet[Correction]:
        return corrections()


class CorrectionPage(DetailPage):
    permission_required = VIEW
    template_name = "credits/correction.html"

    def get_queryset(self) -> QuerySet[Correction]:
        return corrections()

    def get_badge(self) -> Badge:
        return Badge(self.object.get_state_display(), TONES[self.object.state])

    def get_breadcrumb(self) -> list[Crumb]:
        purchase = self.object.purchase
        return [
            Crumb("Corrections", reverse("credits:correction-list")),
            Crumb(str(purchase), purchase.get_absolute_url()),
        ]

    def get_actions(self) -> list[Action]:
        return [*actions_of(self.object, self.request.user), change_log_action(self.object)]

    def get_figures(self) -> list[Figure]:
        return figures(self.object)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = {"zone": zone_of(self.object), "canceled": getattr(self.object, "cancellation", None)}
        return super().get_context_data(**shown, **self.posted(), **kwargs)

    def posted(self) -> dict[str, Any]:
        """The entries that it made: one of a refund, one for each expiry that a reinstatement took back."""
        lot = self.object.purchase.lot
        if self.object.state != Correction.State.APPROVED or not self.request.user.has_perm("ledger.view_journalentry"):
            return {}
        if self.object.kind == Correction.Kind.REFUND:
            return newest(entries_of(lot=lot).filter(event_key=f"{lot}:refund:{self.object.pk}"))
        taken_back = self.object.consumptions.values_list("allocation", flat=True)
        keys = [f"{lot}:reinstate:{pk}" for pk in taken_back]
        return newest(entries_of(lot=lot).filter(event_key__in=keys))


def figures(correction: Correction) -> list[Figure]:
    """What was asked for, and what came of it."""
    purchase = correction.purchase
    left = Figure("Available now", markup.credits(purchase.credits_available), purchase.get_absolute_url())
    if correction.kind == Correction.Kind.REINSTATEMENT:
        expired = Figure("Expired now", markup.credits(purchase.credits_expired), purchase.get_absolute_url())
        return [Figure("New expiry date", markup.day(correction.new_expires_on)), expired, left]
    asked = Figure("Credits to cancel", markup.credits(correction.credits))
    canceled = getattr(correction, "cancellation", None)
    if canceled is None:
        return [asked, left]
    owed = Figure("Owed to the customer", markup.money(canceled.refunded, purchase.currency), "#posted")
    return [asked, owed, Figure("Kept", markup.money(canceled.kept, purchase.currency)), left]
