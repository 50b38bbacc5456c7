"""What can be done with a period: soft-close, close and open it, ask for its reopening, approve or decline that."""

from typing import Any

from django.utils.functional import cached_property

from ledger.forms.periods import ReasonForm
from ledger.models import AccountingPeriod, PeriodReopening
from ledger.reports.people import named
from ledger.reports.periods import PeriodFacts, facts
from ledger.services.periods import (
    approve_reopening,
    close_period,
    decline_reopening,
    open_period,
    refusal_of_books,
    refusal_to_approve,
    refusal_to_close,
    refusal_to_decline,
    refusal_to_open,
    refusal_to_reopen,
    refusal_to_soft_close,
    request_reopening,
    soft_close_period,
    who_may_approve,
)
from ledger.tie_outs import Checked, check_for_closing
from ledger.views.described import Described
from ledger.views.periods import CLOSE, span, tie_out_context
from pages import formats
from pages.preview import Change, Preview
from pages.refusals import Refused


class PeriodVerb(Described):
    """What changes the state of one period."""

    above = ("Accounting periods", "ledger:period-list")
    permission_required = CLOSE
    model = AccountingPeriod
    verb = ""

    def get_title(self) -> str:
        return f"{self.verb} {self.object}"

    def confirm_label(self) -> str:
        return f"{self.verb} {self.object}"


class PeriodClose(PeriodVerb):
    """Beside what will happen: the sub-ledgers against the books, and what the checks found. The books are looked at once
    more when it is confirmed, while every posting waits."""

    verb = "Close"
    template_name = "ledger/period_close.html"
    success_message = "The period is closed."

    @cached_property
    def checked(self) -> list[Checked]:
        return check_for_closing(self.object.ends_on)

    def panel_context(self, form: Any) -> dict[str, Any]:
        if self.object.is_closed:
            return {}
        differences = sum(len(check.offenders) for check in self.checked)
        return tie_out_context(self.object) | {"checked": self.checked, "differences": differences}

    def refusal(self, form: Any) -> Refused | None:
        return refusal_to_close(self.object) or refusal_of_books(self.object, self.checked)

    def act(self, form: Any) -> None:
        close_period(self.object, actor=self.request.user)

    def describe(self, form: Any) -> Preview:
        found = facts(self.object)
        return Preview(
            changes=[
                Change(f"Period {found.period}", found.period.state, "closed", note=span(found.period)),
                Change(
                    "Postings in it",
                    "taken" if found.period.state == AccountingPeriod.State.OPEN else "taken from a few",
                    "refused",
                    note=f"{formats.counted(found.entries, 'entries')} so far",
                ),
                Change("A late event of these days", "on its day", f"on {formats.day(found.first_open_day)}"),
            ],
            warnings=warnings(found),
            confirm_label=self.confirm_label(),
        )


class PeriodSoftClose(PeriodVerb):
    verb = "Soft-close"
    success_message = "The period is soft-closed."

    def refusal(self, form: Any) -> Refused | None:
        return refusal_to_soft_close(self.object)

    def act(self, form: Any) -> None:
        soft_close_period(self.object, actor=self.request.user)

    def describe(self, form: Any) -> Preview:
        found = facts(self.object)
        return Preview(
            changes=[
                Change(f"Period {found.period}", "open", "soft-closed", note=span(found.period)),
                Change("Postings in it", "taken", "taken from those who may post in soft-closed periods"),
                Change(
                    "A late event of these days, of anybody else and of the night",
                    "on its day",
                    f"on {formats.day(found.first_open_day)}",
                ),
            ],
            warnings=warnings(found),
            confirm_label=self.confirm_label(),
        )


class PeriodOpen(PeriodVerb):
    verb = "Open"
    success_message = "The period is open again."

    def refusal(self, form: Any) -> Refused | None:
        return refusal_to_open(self.object)

    def act(self, form: Any) -> None:
        open_period(self.object, actor=self.request.user)

    def describe(self, form: Any) -> Preview:
        return Preview(
            changes=[
                Change(f"Period {self.object}", "soft-closed", "open", note=span(self.object)),
                Change("Postings in it", "taken from a few", "taken"),
            ],
            confirm_label=self.confirm_label(),
        )


class PeriodReopen(PeriodVerb):
    verb = "Ask to reopen"
    form_class = ReasonForm
    success_message = "The request is made. Another person has to approve it."

    def refusal(self, form: ReasonForm) -> Refused | None:
        return refusal_to_reopen(self.object)

    def act(self, form: ReasonForm) -> None:
        request_reopening(self.object, actor=self.request.user, reason=form.cleaned_data["reason"])

    def describe(self, form: ReasonForm) -> Preview:
        asked = PeriodReopening(period=self.object, requested_by=self.request.user)
        return Preview(
            changes=[
                Change(f"Period {self.object}", "closed", "closed, until it is approved", note=who_may_approve(asked))
            ],
            confirm_label=self.confirm_label(),
        )


class Answer(Described):
    """What a second person says to a request."""

    above = ("Accounting periods", "ledger:period-list")
    permission_required = CLOSE
    queryset = PeriodReopening.objects.select_related("period", "requested_by")
    verb = ""

    def get_title(self) -> str:
        return f"{self.verb} the reopening of {self.object.period}"

    def note(self) -> str:
        return f"asked for by {named(self.object.requested_by)}: {self.object.reason}"


class ReopeningApprove(Answer):
    verb = "Approve"
    success_message = "The period is open again."

    def refusal(self, form: Any) -> Refused | None:
        return refusal_to_approve(self.object, actor=self.request.user)

    def act(self, form: Any) -> None:
        approve_reopening(self.object, actor=self.request.user)

    def describe(self, form: Any) -> Preview:
        period = self.object.period
        return Preview(
            changes=[
                Change(f"Period {period}", "closed", "open", note=self.note(), url=period.get_absolute_url()),
                Change("Postings in it", "refused", "taken", note=span(period)),
            ],
            confirm_label=f"Open {period} again",
        )


class ReopeningDecline(Answer):
    """Whoever asked may withdraw so."""

    success_message = "The request is ended. The period stays closed."

    @property
    def withdraws(self) -> bool:
        return self.object.requested_by_id == self.request.user.pk

    def get_title(self) -> str:
        return f"{'Withdraw' if self.withdraws else 'Decline'} the reopening of {self.object.period}"

    def refusal(self, form: Any) -> Refused | None:
        return refusal_to_decline(self.object)

    def act(self, form: Any) -> None:
        decline_reopening(self.object, actor=self.request.user)

    def describe(self, form: Any) -> Preview:
        verb, ended = ("Withdraw", "withdrawn") if self.withdraws else ("Decline", "declined")
        return Preview(
            changes=[Change(f"The request to reopen {self.object.period}", "waiting", ended, note=self.note())],
            confirm_label=f"{verb}: the period stays closed",
        )


def warnings(found: PeriodFacts) -> list[str]:
    texts = []
    if found.is_running:
        texts.append(f"The period is not over: it ends on {formats.day(found.period.ends_on)}.")
    if found.night_is_missing:
        upto = f"up to {formats.day(found.last_night)}" if found.last_night else "never"
        texts.append(f"The night was run {upto}. What later nights find for these days goes to the first open day.")
    return texts
