"""What can be done with service objects, service commitments and customer contracts, and why one action cannot be used
now."""

from urllib.parse import urlencode

from django.urls import reverse

from ledger.views.changes import change_log_action
from pages.elements import Action, reason
from pages.refusals import Refused
from prepaid.exceptions import BadContract
from prepaid.models import CustomerContract, ServiceCommitment, ServiceObject
from prepaid.services.contracts.cancelling import refusal_to_cancel, refusal_to_withdraw
from prepaid.services.contracts.contracts import refusal_to_close, refusal_to_take_out

MANAGE = "prepaid.manage_contracts"


def new_contract(account: str = "", *, primary: bool = False) -> Action:
    """`account`: the number of the one it is for."""
    return Action("New customer contract", _asked("contract-new", account), permission=MANAGE, primary=primary)


def new_object(account: str = "", *, primary: bool = False) -> Action:
    return Action("New service object", _asked("service-object-new", account), permission=MANAGE, primary=primary)


def _asked(name: str, account: str) -> str:
    asked = f"?{urlencode({'account': account})}" if account else ""
    return f"{reverse(f'prepaid:{name}')}{asked}"


def actions_of_object(service_object: ServiceObject) -> list[Action]:
    new, edit = (
        reverse(f"prepaid:{name}", args=[service_object.pk]) for name in ("commitment-new", "service-object-edit")
    )
    return [
        Action("New service commitment", new, permission=MANAGE, primary=True),
        Action("Edit", edit, permission=MANAGE),
        new_contract(service_object.account.number),
        change_log_action(service_object),
    ]


def actions_of_commitment(commitment: ServiceCommitment) -> list[Action]:
    def action(label: str, name: str, refusal: Refused | None = None, **look: bool) -> Action:
        url = reverse(f"prepaid:commitment-{name}", args=[commitment.pk])
        return Action(label, url, reason(refusal), MANAGE, **look)

    loose = commitment.contract_id is None
    cancelled = commitment.cancelled_on is not None
    return [
        action("Assign to contract", "assign", refusal_to_be_assigned(commitment), primary=True)
        if loose
        else action("Take out of contract", "take-out", refusal_to_take_out(commitment)),
        action("Change price", "price", primary=not loose),
        action("Withdraw cancellation", "withdraw", refusal_to_withdraw(commitment))
        if cancelled
        else action("Cancel", "cancel", refusal_to_cancel(commitment)),
        action("Edit", "edit"),
        change_log_action(commitment),
    ]


def refusal_to_be_assigned(commitment: ServiceCommitment) -> Refused | None:
    """Why no contract can bill it."""
    if not commitment.is_billed_by_contract:
        return BadContract("It is not invoiced to the customer via a contract.")
    return None


def actions_of_contract(contract: CustomerContract) -> list[Action]:
    def action(label: str, name: str, refusal: Refused | None = None, **look: bool) -> Action:
        url = reverse(f"prepaid:contract-{name}", args=[contract.pk])
        return Action(label, url, reason(refusal), MANAGE, **look)

    closed = BadContract(f"{contract} is closed: it bills nothing. Open it again first.") if contract.closed else None
    return [
        action("Assign commitments", "assign", closed, primary=True),
        action("Edit", "edit"),
        action("Reopen", "reopen") if contract.closed else action("Close", "close", refusal_to_close(contract)),
        new_object(contract.account.number),
        *reports_of_contract(contract),
        change_log_action(contract),
    ]


def reports_of_contract(contract: CustomerContract) -> list[Action]:
    """What it invoiced, released and still defers: by its events of a year, and by month."""
    year = reverse("prepaid:contract-year", args=[contract.pk])
    analysis = f"{reverse('prepaid:contract-analysis')}?{urlencode({'contract': contract.number})}"
    return [
        Action("Contract year", year, permission="prepaid.view_customercontract"),
        Action("Contract analysis", analysis, permission="prepaid.view_contractdeferral"),
    ]
