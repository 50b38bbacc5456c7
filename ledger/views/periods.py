"""Accounting periods: the list, with the requests that wait; new months; one period with its history and its tie-out."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from ledger.dates import business_date, company_time_zone, ledger_setup
from ledger.forms.periods import MonthsForm
from ledger.models import AccountingPeriod
from ledger.reports.changes import described
from ledger.reports.people import who_may
from ledger.reports.periods import facts, history, next_month, waiting
from ledger.services.periods import (
    create_months,
    refusal_to_close,
    refusal_to_open,
    refusal_to_reopen,
    refusal_to_soft_close,
)
from ledger.tables.periods import TONES, PeriodTable
from ledger.tie_outs import tie_outs
from pages import formats
from pages.elements import Action, Badge, Crumb, Figure, Tab, reason
from pages.preview import Change, LeftOut, Preview
from pages.views import ActionPage, DetailPage, ListPage

CLOSE = "ledger.close_accountingperiod"


class PeriodList(ListPage):
    permission_required = "ledger.view_accountingperiod"
    title = "Accounting periods"
    lead = "A closed period takes no posting; a late event goes to the first open day and keeps its effective date."
    template_name = "ledger/periods.html"
    table_class = PeriodTable
    currency = None
    empty = (
        "A period can be closed, so that its figures stay as they were reported. Days outside every period are open."
    )

    def get_queryset(self) -> QuerySet[AccountingPeriod]:
        return AccountingPeriod.objects.select_related("closed_by", "soft_closed_by")

    def get_actions(self) -> list[Action]:
        url = reverse("ledger:period-create")
        return [Action("New periods", url, primary=True, permission="ledger.add_accountingperiod")]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = list(waiting())
        more = {"approvers": list(who_may(CLOSE)), "zone": company_time_zone()} if asked else {}
        return super().get_context_data(waiting=asked, **more, **kwargs)


class PeriodCreate(ActionPage):
    above = ("Accounting periods", "ledger:period-list")
    permission_required = "ledger.add_accountingperiod"
    title = "New periods"
    form_class = MonthsForm
    success_message = "The periods are there."

    def get_initial(self) -> dict[str, Any]:
        return {"first": next_month(business_date()), "count": 12}

    def run(self, form: MonthsForm) -> Preview:
        asked = form.cleaned_data
        made, left_out = create_months(asked["first"], asked["count"], actor=self.request.user)
        return Preview(
            changes=[Change(f"Period {month}", "", "open", note=span(month)) for month in made],
            left_out=[
                LeftOut(f"Period {month}", "a period has days of it, or its name, already") for month in left_out
            ],
            confirm_label=f"Create {formats.counted(len(made), 'periods')}",
        )


class PeriodDetail(DetailPage):
    permission_required = "ledger.view_accountingperiod"
    model = AccountingPeriod
    queryset = AccountingPeriod.objects.select_related("closed_by", "soft_closed_by")
    tabs = (
        Tab("history", "History", "ledger/period_history.html"),
        Tab("tie_out", "Tie-out", "ledger/tie_out.html", permission="ledger.view_journalentry"),
    )

    def get_title(self) -> str:
        return f"Period {self.object}"

    def get_badge(self) -> Badge:
        return Badge(self.object.state.label, TONES[self.object.state])

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("Accounting periods", reverse("ledger:period-list"))]

    def get_figures(self) -> list[Figure]:
        found = facts(self.object)
        journal = f"{reverse('ledger:journal')}?posting_date_after={self.object.starts_on}"
        url = f"{journal}&posting_date_before={self.object.ends_on}"
        return [
            Figure("Days", span(self.object)),
            Figure("Entries", formats.number(found.entries), url),
            Figure("Late events go to", formats.day(found.first_open_day)),
        ]

    def get_actions(self) -> list[Action]:
        return [self.action(*verb) for verb in self.verbs()]

    def verbs(self) -> list[tuple]:
        """What can be done with a period in this state: its label, its page, and what stands against it."""
        period, states = self.object, AccountingPeriod.State
        if period.state == states.CLOSED:
            return [("Ask to reopen", "period-reopen", refusal_to_reopen(period))]
        close = ("Close", "period-close", refusal_to_close(period))
        if period.state == states.OPEN:
            return [close, ("Soft-close", "period-soft-close", refusal_to_soft_close(period))]
        return [close, ("Open again", "period-open", refusal_to_open(period))]

    def action(self, label: str, page: str, refusal: Any) -> Action:
        url = reverse(f"ledger:{page}", args=[self.object.pk])
        return Action(label, url, reason(refusal), permission=CLOSE, primary=label == "Close" and not refusal)

    def tab_history(self) -> dict[str, Any]:
        return {"changes": described(history(self.object)), "zone": company_time_zone()}

    def tab_tie_out(self) -> dict[str, Any]:
        return tie_out_context(self.object)


def tie_out_context(period: AccountingPeriod) -> dict[str, Any]:
    """What the table of the tie-out shows."""
    return {"tied": tie_outs(period.ends_on), "on": period.ends_on, "lcy": ledger_setup().lcy}


def span(period: AccountingPeriod) -> str:
    return f"{formats.day(period.starts_on)} to {formats.day(period.ends_on)}"
