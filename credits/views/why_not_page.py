"""What the three pages of "Why not?" have in common: a business date, the reasons with their credits, and the lots."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from credits.forms.why_not import WhyNotForm
from credits.reports.availability import Reason
from credits.reports.lot_parts import LotParts, Part
from credits.reports.remedies import Why
from credits.views.lot_segments import segments
from ledger.views.reports import ReportOfOne
from pages import exports, markup
from pages.elements import Action, Crumb, Figure
from pages.views.page import allowed_actions

SHOWN, SHOWN_OF_LOT = 300, 50
HEADER = ["Purchase", "Currency", "Start date", "Expiry date", "Credits", "Reason", "Why", "What would free them"]


class WhyNotPage(ReportOfOne):
    """A report about one object. What frees credits is a link for those who may do it, and words for the others."""

    title = "Why not?"
    form_class = WhyNotForm
    file_name = "why-not"
    reasons: Sequence[Reason] = tuple(Reason)
    extra_context = {"reset": "Today, all credits"}

    def get_permission_required(self) -> tuple[str, ...]:
        return "credits.view_purchase", "credits.view_milestone"

    def get_title(self) -> str:
        return f"Why not? {self.object}"

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb(str(self.object), self.object.get_absolute_url())]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.report:
            lots = self.narrowed()
            kwargs |= {"lots": [self.lot_rows(*each) for each in lots[:SHOWN]], "left_out": max(0, len(lots) - SHOWN)}
            kwargs |= self.answer_context()
        return super().get_context_data(**kwargs)

    def answer_context(self) -> dict[str, Any]:
        totals = self.report.totals.items()
        return {"figures": [Figure(why.heading, markup.credits(credits), self.url(why)) for why, credits in totals]}

    def url(self, reason: Reason, **narrower: str) -> str:
        """This page with the lots of one reason."""
        return f"?{urlencode(self.asked('on') | {'reason': reason.value} | narrower)}"

    def narrowed(self) -> list[tuple[LotParts, list[Part]]]:
        """Of all lots, those with credits of the reason that was asked for, and these credits."""
        reason = self.form.cleaned_data["reason"]
        chosen = [Reason(reason)] if reason else self.reasons
        return [(found, parts) for found in self.report.lots if (parts := found.only(chosen))]

    def lot_rows(self, found: LotParts, parts: list[Part]) -> tuple:
        """The lot, its bar, its first parts with their ways, and how many more there are."""
        shown = [(part, self.ways(part.why)) for part in parts[:SHOWN_OF_LOT]]
        return found.lot, segments(found), shown, len(parts) - len(shown)

    def ways(self, why: Why) -> list[Action]:
        """Where the credits are freed, for a person who may do it."""
        return allowed_actions(self.request.user, why.actions)

    def lines(self) -> Iterator[list]:
        """One row per lot and reason."""
        yield HEADER
        for found, parts in self.narrowed():
            lot = found.lot
            names = [exports.safe(lot.number), lot.currency_id, lot.starts_on or "", lot.expires_on or ""]
            for part in parts:
                told = [exports.safe(text) for text in (part.reason.value, part.why.sentence, part.why.remedy)]
                yield [*names, part.credits, *told]
