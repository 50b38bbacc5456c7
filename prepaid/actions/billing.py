"""What can be done with billing runs, release runs and what contracts bill, and why one action cannot be used now."""

from urllib.parse import urlencode

from django.urls import reverse

from pages.elements import Action, reason
from prepaid.exceptions import NotBillable
from prepaid.models import BillingRun, ContractDeferral, CustomerContract, ReleaseRun
from prepaid.services.contracts.billing import refusal_to_post_run
from prepaid.services.contracts.billing import refusal_to_undo as refusal_to_undo_billing
from prepaid.services.contracts.release import refusal_to_undo as refusal_to_undo_release

BILL, RELEASE, POST = "prepaid.bill_contracts", "prepaid.release_deferrals", "prepaid.post_documents"


def bill(contract: CustomerContract | None = None, *, primary: bool = False) -> Action:
    """Everything that is due, or what one contract bills."""
    if contract is None:
        return Action("Bill contracts", reverse("prepaid:contract-billing"), permission=BILL, primary=primary)
    closed = f"{contract} is closed: it bills nothing. Open it again first." if contract.closed else ""
    refusal = NotBillable(closed) if closed else None
    return Action("Bill", _of("contract-billing", contract), reason(refusal), BILL, primary=primary)


def release(contract: CustomerContract | None = None, *, primary: bool = False) -> Action:
    """What is due of everything, or of one contract."""
    label = "Release deferrals" if contract else "Release"
    return Action(label, _of("release", contract), permission=RELEASE, primary=primary)


def release_runs() -> Action:
    return Action("Release runs", reverse("prepaid:release-run-list"), permission="prepaid.view_releaserun")


def actions_of_billing_run(run: BillingRun) -> list[Action]:
    post, undo = (reverse(f"prepaid:billing-run-{verb}", args=[run.pk]) for verb in ("post", "undo"))
    why = reason(refusal_to_post_run(run))
    return [
        Action("Post", post, why, POST, primary=not why),
        Action("Undo", undo, reason(refusal_to_undo_billing(run)), BILL, danger=True),
    ]


def actions_of_release_run(run: ReleaseRun) -> list[Action]:
    url = reverse("prepaid:release-run-undo", args=[run.pk])
    return [Action("Take back", url, reason(refusal_to_undo_release(run)), RELEASE, danger=True)]


def actions_of_deferral(deferral: ContractDeferral) -> list[Action]:
    return [release(deferral.contract, primary=True)]


def _of(name: str, contract: CustomerContract | None) -> str:
    asked = f"?{urlencode({'contract': contract.number})}" if contract else ""
    return f"{reverse(f'prepaid:{name}')}{asked}"
