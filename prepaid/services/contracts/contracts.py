"""Customer contracts: made, changed, closed, and which commitments they bill. Books and balances: none."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from ledger.models import Currency
from ledger.services.changes import made_by
from opportunities.models import Account
from opportunities.services.locks import lock_account
from pages.refusals import Refused
from prepaid.exceptions import BadContract
from prepaid.models import CustomerContract, SalesDocument, SalesLine, ServiceCommitment
from prepaid.services.contracts.billed import is_billed
from prepaid.services.numbers import contract_number


@dataclass(frozen=True, kw_only=True)
class ContractTerms:
    """What a contract says. Without `bill_to`, whoever pays for the account."""

    account: Account
    currency: Currency
    bill_to: Account | None = None
    description: str = ""
    external_reference: str = ""


@transaction.atomic
def create_contract(terms: ContractTerms, *, actor) -> CustomerContract:
    """Makes an open contract under the next free number, without commitments."""
    lock_account(terms.account.pk)
    made_by(actor, "Create customer contract")
    contract = CustomerContract(number=contract_number(), created_by=actor)
    _write(contract, terms)
    contract.save(force_insert=True)
    return contract


@transaction.atomic
def edit_contract(contract: CustomerContract, terms: ContractTerms, *, actor) -> CustomerContract:
    """Changes what it says, for the invoices to come. Refused (BadContract): another account or currency once it has
    commitments."""
    locked = lock_contract(contract)
    if (terms.account.pk, terms.currency.pk) != (locked.account_id, locked.currency_id) and locked.commitments.exists():
        raise BadContract(f"{locked} has commitments: its account and its currency stay.", field="account")
    made_by(actor, "Edit customer contract")
    _write(locked, terms)
    locked.save()
    return locked


@transaction.atomic
def assign(contract: CustomerContract, commitments: Iterable[ServiceCommitment], *, actor) -> CustomerContract:
    """The contract bills these commitments as well. Refused (BadContract): `refusal_to_assign`."""
    locked = lock_contract(contract)
    if locked.closed:
        raise BadContract(f"{locked} is closed: it bills nothing. Open it again first.")
    made_by(actor, "Assign commitments")
    for commitment in _lock_commitments(commitments):
        if refusal := refusal_to_assign(locked, commitment):
            raise refusal
        commitment.contract = locked
        commitment.save(update_fields=["contract"])
    return locked


def refusal_to_assign(contract: CustomerContract, commitment: ServiceCommitment) -> Refused | None:
    """Why the contract cannot bill the commitment."""
    if commitment.contract_id is not None:
        return BadContract(f"{commitment} is billed by {commitment.contract} already. Take it out there first.")
    if not commitment.is_billed_by_contract:
        return BadContract(f"{commitment} is not invoiced to the customer via a contract.")
    if commitment.object.account_id != contract.account_id:
        return BadContract(f"{commitment} belongs to another account than {contract}.")
    if commitment.currency_id != contract.currency_id:
        return BadContract(f"{commitment} is in {commitment.currency_id}, and {contract} in {contract.currency_id}.")
    return None


@transaction.atomic
def take_out(commitment: ServiceCommitment, *, actor) -> ServiceCommitment:
    """No contract bills the commitment any more. Refused (BadContract): one that is in none; one of which something is
    billed: it is cancelled."""
    lock_account(commitment.object.account_id)
    (locked,) = _lock_commitments([commitment])
    if refusal := refusal_to_take_out(locked):
        raise refusal
    made_by(actor, "Take commitment out of its contract")
    locked.contract = None
    locked.save(update_fields=["contract"])
    return locked


def refusal_to_take_out(commitment: ServiceCommitment) -> Refused | None:
    """Why it stays in its contract."""
    if commitment.contract_id is None:
        return BadContract(f"{commitment} is in no contract.")
    if is_billed(commitment):
        return BadContract(f"{commitment} is billed in part, and stays in its contract. Cancel it instead.")
    return None


@transaction.atomic
def close_contract(contract: CustomerContract, *, actor) -> CustomerContract:
    """Closes it: it bills nothing and is hidden from lists. Refused (BadContract): while a commitment of it is to be
    billed, or an invoice of it is not posted."""
    locked = lock_contract(contract)
    if refusal := refusal_to_close(locked):
        raise refusal
    made_by(actor, "Close customer contract")
    locked.closed = True
    locked.save(update_fields=["closed"])
    return locked


def refusal_to_close(contract: CustomerContract) -> Refused | None:
    """Why it stays open."""
    if contract.closed:
        return BadContract(f"{contract} is closed already.")
    running = next((each for each in contract.commitments.select_related("object") if not each.is_over), None)
    if running is not None:
        return BadContract(f"{running} is still to be billed. Cancel it first.")
    of_it = SalesLine.objects.filter(billed_period__commitment__contract=contract, role=SalesLine.Role.CONTRACT)
    waiting = of_it.exclude(document__state=SalesDocument.State.POSTED).select_related("document").first()
    if waiting is not None:
        return BadContract(f"Invoice {waiting.document} of {contract} is not posted. Post it, or delete it, first.")
    return None


@transaction.atomic
def reopen_contract(contract: CustomerContract, *, actor) -> CustomerContract:
    """Opens a closed contract again. Refused (BadContract): one that is open."""
    locked = lock_contract(contract)
    if not locked.closed:
        raise BadContract(f"{locked} is open.")
    made_by(actor, "Reopen customer contract")
    locked.closed = False
    locked.save(update_fields=["closed"])
    return locked


def lock_contract(contract: CustomerContract) -> CustomerContract:
    """The contract as it is now, locked after its account."""
    lock_account(contract.account_id)
    related = ("account", "bill_to", "currency")
    return CustomerContract.objects.select_related(*related).select_for_update(of=["self"]).get(pk=contract.pk)


def _lock_commitments(commitments: Iterable[ServiceCommitment]) -> list[ServiceCommitment]:
    keys = [commitment.pk for commitment in commitments]
    found = ServiceCommitment.objects.filter(pk__in=keys).select_related("object", "contract").order_by("id")
    return list(found.select_for_update(of=["self"]))


def _write(contract: CustomerContract, terms: ContractTerms) -> None:
    contract.account, contract.currency = terms.account, terms.currency
    contract.bill_to = terms.bill_to or terms.account.bill_to or terms.account
    contract.description, contract.external_reference = terms.description.strip(), terms.external_reference.strip()
