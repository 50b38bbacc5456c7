"""Customer contracts: made, changed, closed, and which commitments they bill."""

import datetime

import pytest

from ledger.models import ChangeLogEntry, Currency
from prepaid.exceptions import BadContract
from prepaid.models import CustomerContract, ServiceCommitment, terms_of
from prepaid.reports.commitments import invoices_of
from prepaid.services.contracts.cancelling import cancel, withdraw_cancellation
from prepaid.services.contracts.commitments import CommitmentCard, create_commitment, edit_commitment
from prepaid.services.contracts.contracts import (
    ContractTerms,
    assign,
    close_contract,
    create_contract,
    edit_contract,
    reopen_contract,
    take_out,
)
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.post_document import post_document
from tests.builders import make_account
from tests.prepaid.contracting import agree, bill_until, billed, make_contract, make_object
from tests.prepaid.selling import TODAY

pytestmark = pytest.mark.django_db
day = datetime.date


def loose(account, *, currency="USD", **terms) -> ServiceCommitment:
    """A commitment that no contract bills."""
    card = CommitmentCard(
        currency=Currency.objects.get(pk=currency),
        starts_on=day(2026, 11, 1),
        terms={"description": "Support", **terms},
    )
    return create_commitment(make_object(account), card, actor=None)


def test_a_contract_bills_whoever_pays_for_its_account(account, finance):
    payer = make_account("Head office")
    account.bill_to = payer
    account.save()
    contract = create_contract(
        ContractTerms(account=account, currency=account.currency, description=" Support ", external_reference=" PO 7 "),
        actor=finance,
    )
    said = (contract.number, contract.bill_to, contract.description, contract.external_reference, contract.created_by)
    assert said == ("CC-000001", payer, "Support", "PO 7", finance)
    other = make_account("Another")
    changed = ContractTerms(account=other, currency=Currency.objects.get(pk="EUR"), bill_to=payer)
    contract = edit_contract(contract, changed, actor=finance)
    assert (contract.account, contract.currency_id, contract.description) == (other, "EUR", "")
    logged = ChangeLogEntry.objects.filter(table="prepaid_customercontract").order_by("pk").last()
    assert (logged.actor, logged.action) == (finance, "Edit customer contract")


def test_account_and_currency_stay_once_it_has_commitments(account):
    contract = agree(account, starts_on=TODAY).contract
    euro = Currency.objects.get(pk="EUR")
    for terms in (
        {"account": make_account("X"), "currency": contract.currency},
        {"account": account, "currency": euro},
    ):
        with pytest.raises(BadContract, match="has commitments: its account and its currency stay"):
            edit_contract(contract, ContractTerms(**terms), actor=None)
    kept = ContractTerms(account=account, currency=contract.currency, description="Support")
    assert edit_contract(contract, kept, actor=None).description == "Support"


def test_a_contract_takes_what_fits_it(account, finance):
    contract = make_contract(account)
    fits, other = loose(account), loose(make_account("Another"))
    assign(contract, [fits], actor=finance)
    assert ServiceCommitment.objects.get(pk=fits.pk).contract == contract
    for commitment, sentence in (
        (fits, f"is billed by {contract.number} already. Take it out there first".replace("(", r"\(")),
        (other, "belongs to another account than"),
        (loose(account, currency="EUR"), "is in EUR, and CC-000001 in USD"),
        (loose(account, partner="vendor"), "is not invoiced to the customer via a contract"),
        (loose(account, invoicing_via="sales"), "is not invoiced to the customer via a contract"),
    ):
        with pytest.raises(BadContract, match=sentence):
            assign(contract, [loose(account), commitment], actor=None)
    assert contract.commitments.count() == 1  # all of them or none
    assert {each.pk for each in ServiceCommitment.objects.unassigned()} >= {other.pk}


def test_what_nothing_is_billed_of_can_be_taken_out(account, finance):
    commitment = agree(account, starts_on=day(2026, 11, 1))
    taken = take_out(commitment, actor=finance)
    assert taken.contract is None
    with pytest.raises(BadContract, match="is in no contract"):
        take_out(taken, actor=finance)
    billed_one = agree(account, starts_on=day(2026, 11, 1))
    bill_until(TODAY, billed_one)
    with pytest.raises(BadContract, match=r"is billed in part, and stays in its contract. Cancel it instead"):
        take_out(billed_one, actor=finance)


def test_a_contract_is_closed_when_nothing_of_it_is_to_be_billed(account, finance):
    commitment = agree(account, starts_on=day(2026, 11, 1))
    contract = commitment.contract
    with pytest.raises(BadContract, match=r"is still to be billed. Cancel it first"):
        close_contract(contract, actor=finance)
    with pytest.raises(BadContract, match="is open"):
        reopen_contract(contract, actor=finance)
    cancel(commitment, ends_on=day(2026, 11, 30), reason="Agreed", actor=finance)
    (invoice,) = bill_until(TODAY).invoices
    with pytest.raises(BadContract, match=rf"Invoice {invoice.number} of CC-.* is not posted. Post it, or delete it"):
        close_contract(contract, actor=finance)
    post_document(invoice, actor=finance)
    assert close_contract(contract, actor=finance).closed
    with pytest.raises(BadContract, match="is closed already"):
        close_contract(contract, actor=finance)
    with pytest.raises(BadContract, match=r"is closed: it bills nothing. Open it again first"):
        assign(contract, [loose(account)], actor=finance)
    assert not reopen_contract(contract, actor=finance).closed


def test_days_of_a_closed_contract_are_not_agreed_any_more(account, finance):
    """Nothing would bill them, and nobody would look for them."""
    commitment = agree(account, starts_on=day(2026, 10, 1), initial_term="1M", extension_term="1M")
    cancel(commitment, ends_on=day(2026, 10, 31), reason="Agreed", actor=finance)
    billed(TODAY, actor=finance)
    close_contract(commitment.contract, actor=finance)
    commitment.refresh_from_db()
    card = CommitmentCard(currency=commitment.currency, starts_on=commitment.starts_on, terms=terms_of(commitment))
    for change in (lambda: withdraw_cancellation(commitment, actor=finance),
                   lambda: edit_commitment(commitment, card, actor=finance)):  # fmt: skip
        with pytest.raises(BadContract, match=r"is closed: it bills nothing more of .*Open it again first"):
            change()
    reopen_contract(commitment.contract, actor=finance)
    assert withdraw_cancellation(commitment, actor=finance).ends_on is None


def test_an_empty_contract_can_be_closed(account):
    assert close_contract(make_contract(account), actor=None).closed


def test_its_invoices_are_those_that_bill_it_and_what_corrects_them(account, finance):
    first = agree(account, starts_on=day(2026, 11, 1))
    second = agree(account, starts_on=day(2026, 11, 1))
    (invoice,) = billed(TODAY, first, actor=finance)
    bill_until(TODAY, second, actor=finance)
    memo = create_credit_memo(invoice, reason="Too early", actor=finance)
    assert set(invoices_of(first.contract)) == {invoice, memo}
    assert CustomerContract.objects.count() == 2
