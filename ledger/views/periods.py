"""Accounting periods: the list, new months, closing and reopening."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from ledger.dates import business_date
from ledger.forms import MonthsForm, ReasonForm
from ledger.models import AccountingPeriod
from ledger.reports.periods import PeriodFacts, facts, next_month
from ledger.services.periods import close_period, create_months, request_reopening
from ledger.tables import PeriodTable
from pages import formats
from pages.elements import Action
from pages.preview import Change, LeftOut, Preview
from pages.views import ActionPage, ListPage


class PeriodList(ListPage):
    permission_required = "ledger.view_accountingperiod"
    title = "Accounting periods"
    lead = "A closed period takes no posting; a late event goes to the first open day and keeps its effective date."
    table_class = PeriodTable
    currency = None
    empty = (
        "A period can be closed, so that its figures stay as they were reported. Days outside every period are open."
    )

    def get_queryset(self) -> QuerySet[AccountingPeriod]:
        return AccountingPeriod.objects.select_related("closed_by")

    def get_actions(self) -> list[Action]:
        url = reverse("ledger:period-create")
        return [Action("New periods", url, primary=True, permission="ledger.add_accountingperiod")]


class PeriodPage(ActionPage):
    """What creating, closing and reopening have in common."""

    above = ("Accounting periods", "ledger:period-list")


class PeriodCreate(PeriodPage):
    permission_required = "ledger.add_accountingperiod"
    title = "New periods"
    form_class = MonthsForm
    success_message = "The periods are there."

    def get_initial(self) -> dict[str, Any]:
        return {"first": next_month(business_date()), "count": 12}

    def run(self, form: MonthsForm) -> Preview:
        made, left_out = create_months(form.cleaned_data["first"], form.cleaned_data["count"])
        return Preview(
            changes=[Change(f"Period {month}", "", "open", note=span(month)) for month in made],
            left_out=[
                LeftOut(f"Period {month}", "a period has days of it, or its name, already") for month in left_out
            ],
            confirm_label=f"Create {counted(len(made), 'period', 'periods')}",
        )


class PeriodClose(PeriodPage):
    permission_required = "ledger.close_accountingperiod"
    model = AccountingPeriod
    success_message = "The period is closed."

    def get_title(self) -> str:
        return f"Close {self.object}"

    def run(self, form: Any) -> Preview:
        found = facts(close_period(self.object, actor=self.request.user))
        return Preview(
            changes=[
                Change(f"Period {found.period}", "open", "closed", note=span(found.period)),
                Change(
                    "Postings in it",
                    "taken",
                    "refused",
                    note=f"{counted(found.entries, 'entry', 'entries')} so far",
                ),
                Change("A late event of these days", "on its day", f"on {formats.day(found.first_open_day)}"),
            ],
            warnings=warnings(found),
            confirm_label=f"Close {found.period}",
        )


class PeriodReopen(PeriodPage):
    permission_required = "ledger.close_accountingperiod"
    model = AccountingPeriod
    form_class = ReasonForm
    success_message = "The request is made. Another person has to approve it."

    def get_title(self) -> str:
        return f"Ask to reopen {self.object}"

    def run(self, form: ReasonForm) -> Preview:
        reason = form.cleaned_data["reason"]
        asked = request_reopening(self.object, actor=self.request.user, reason=reason)
        return Preview(
            changes=[Change(f"Period {asked.period}", "closed", "closed, until another person approves")],
            confirm_label="Ask to reopen",
        )


def span(period: AccountingPeriod) -> str:
    return f"{formats.day(period.starts_on)} to {formats.day(period.ends_on)}"


def warnings(found: PeriodFacts) -> list[str]:
    texts = []
    if found.is_running:
        texts.append(f"The period is not over: it ends on {formats.day(found.period.ends_on)}.")
    if found.night_is_missing:
        upto = f"up to {formats.day(found.last_night)}" if found.last_night else "never"
        texts.append(f"The night was run {upto}. What later nights find for these days goes to the first open day.")
    return texts


def counted(number: int, one: str, many: str) -> str:
    return f"{formats.number(number)} {one if number == 1 else many}"
