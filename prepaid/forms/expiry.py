"""Up to which day residuals lapse, and of which services."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from ledger.forms.reports import DayField
from pages.forms import PageForm
from prepaid.models import DissolutionProposal, PrepaidService
from prepaid.previews.posted import counted


class ExpireForm(PageForm):
    on = DayField(label="Valid until", help_text="This day or earlier: what was valid until then lapses.")


class ServicesField(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, service: Any) -> str:
        return f"{service}, {service.account.name}"


class ExpireSelectionForm(ExpireForm):
    services = ServicesField(
        PrepaidService.objects.none(),
        label="Prepaid services",
        error_messages={"required": "Tick the services whose residuals lapse."},
    )

    layout = ("on", "services")

    def __init__(self, *args: Any, offered: QuerySet[PrepaidService], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["services"].queryset = offered  # type: ignore[attr-defined]


class ProposalsField(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, proposal: Any) -> str:
        inflow = proposal.inflow
        left = counted(inflow.service, inflow.balance.remaining, inflow.balance.remaining_quantity)
        return f"{inflow} of {inflow.service}, {inflow.service.account.name}: {left} left"


class ApproveResidualsForm(PageForm):
    proposals = ProposalsField(
        DissolutionProposal.objects.none(),
        label="Residuals",
        error_messages={"required": "Tick the residuals to approve."},
    )

    def __init__(self, *args: Any, offered: QuerySet[DissolutionProposal], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["proposals"].queryset = offered  # type: ignore[attr-defined]
