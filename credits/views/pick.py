"""Manual allocation: the lots of a milestone are picked by hand, where the setup allows it."""

from typing import Any

from django.urls import reverse

from credits.forms.milestones import DatedForm
from credits.forms.picks import PicksForm, picked_in
from credits.models import Milestone
from credits.previews.allocation import pick_and_describe
from credits.reports.holdings import soon_days
from credits.reports.picks import offer
from credits.services.pick import field_of, refusal_to_pick
from credits.views.milestone_actions import MilestoneAction
from pages.elements import Crumb
from pages.preview import Preview


class PickLots(MilestoneAction):
    """One row for each lot that can be picked; together they are what the milestone needs. Books: as for every allocation."""

    title = "Pick lots"
    form_class = PicksForm
    template_name = "credits/pick_lots.html"
    panel_template_name = "credits/pick_panel.html"
    wide = True

    def get_title(self) -> str:
        return self.title

    def get_object(self, queryset: Any = None) -> Milestone:
        if refusal := refusal_to_pick():
            raise refusal
        return super().get_object(queryset)

    def get_breadcrumb(self) -> list[Crumb]:
        manage = reverse("credits:milestone-credits", args=[self.object.pk])
        return [*super().get_breadcrumb(), Crumb("Manage Services Credits", manage)]

    def get_form(self, data: Any = None) -> PicksForm:
        """The lots are those of the day that was typed, and those that were picked before another took the last of them."""
        asked = DatedForm(data=data)
        asked.is_valid()
        self.offer = offer(self.object, asked.day, also=picked_in(data))
        return PicksForm(data=data, initial=self.offer.initial, lots=[each.lot for each in self.offer.lots])

    def run(self, form: PicksForm) -> Preview:
        return pick_and_describe(self.object, form.picks, actor=self.request.user, on=form.day)

    def panel_context(self, form: PicksForm) -> dict[str, Any]:
        picked = sum(form.picks.values())
        rows = [
            {"offered": each, "field": form[field_of(each.lot.pk)], "after": each.most - form.picks.get(each.lot.pk, 0)}
            for each in self.offer.lots
        ]
        missing = (self.object.credits_needed or 0) - picked
        sums = {"picked": picked, "missing": max(missing, 0), "over": max(-missing, 0)}
        return {"rows": rows, "more": self.offer.more, "short": self.offer.short, "soon": soon_days(), **sums}

    def get_success_message(self, preview: Preview) -> str:
        return f"{preview.confirm_label}: done."
