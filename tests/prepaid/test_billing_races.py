"""Contracts billed, released and credited by several people at the same moment, on real connections."""

from decimal import Decimal

import pytest
import time_machine
from django.db import transaction

from ledger.models import JournalEntry
from ledger.tie_outs import check_books
from prepaid.exceptions import AlreadyUndone, BadContract, MoreThanLeftToCredit, NothingDue
from prepaid.models import (
    BilledPeriod,
    ContractDeferral,
    CreditScope,
    DeferralLine,
    PrepaidEntry,
    PrepaidSetup,
    ReleaseRun,
    SalesDocument,
)
from prepaid.services.contracts.release import release_deferrals, undo_release
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.documents import delete_document
from prepaid.services.night import bill_contracts
from prepaid.services.night import release_deferrals as release_by_night
from prepaid.services.post_document import post_document
from tests.builders import make_account, make_user, trial_balance
from tests.prepaid import selling
from tests.prepaid.contracting import ALL_ACCOUNTS, D, agree, bill_until, billed, make_budget, waiting
from tests.racing import at_once, split

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = D(2026, 11, 24)


@pytest.fixture
def finance(transactional_db):
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False):
        selling.make_company()
        yield make_user("finance")


@pytest.fixture
def account(finance):
    return make_account()


@transaction.atomic
def by_night(step):
    """As the night does it: a transaction for each chunk."""
    return step(*ALL_ACCOUNTS, TODAY)


def books_agree() -> None:
    assert [str(offender) for check in check_books() for offender in check.offenders] == []


def half_year(account, *, actor, **changes) -> SalesDocument:
    """600.00 for July to December, released up to August."""
    commitment = agree(
        account, starts_on=D(2026, 7, 1), price="600", quantity="1", base_period="6M", rhythm="6M", **changes
    )
    (invoice,) = billed(D(2026, 7, 1), commitment, posted_on=D(2026, 7, 1), actor=actor)
    release_deferrals(until=D(2026, 8, 31), actor=actor)
    return invoice


def test_two_people_bill_at_once_and_each_period_is_billed_once(account, finance):
    """Row 5. Origin: openmeter#2166, a top-up was counted twice."""
    for _ in range(3):
        agree(account, starts_on=D(2026, 9, 1))
    results = at_once([lambda: bill_until(TODAY, actor=finance)] * 4)
    assert split(results) == (1, [NothingDue])
    starts = BilledPeriod.objects.values_list("commitment", "starts_on")
    assert len(starts) == len(set(starts)) == 9


def test_the_night_and_a_person_bill_at_once(account, finance):
    PrepaidSetup.objects.update(automatic_billing="post")
    budget = make_budget(account)
    agree(account, starts_on=D(2026, 9, 1), service=budget)
    results = at_once([lambda: by_night(bill_contracts), lambda: bill_until(TODAY, post=True, actor=finance)])
    assert [type(each) for each in results if isinstance(each, Exception)] in ([], [NothingDue])
    assert budget.entries.count() == BilledPeriod.objects.count() == 3
    assert trial_balance()["2420"]["USD"] == -3000
    books_agree()


def test_a_draft_is_deleted_while_it_is_billed_again(account, finance):
    """Either the deletion comes first, and its period is billed again, or it does not and nothing is due."""
    agree(account, starts_on=D(2026, 11, 1))
    (draft,) = bill_until(TODAY, actor=finance).invoices
    results = at_once([lambda: delete_document(draft, actor=finance), lambda: bill_until(TODAY, actor=finance)])
    assert split(results) in ((2, []), (1, [NothingDue]))
    assert BilledPeriod.objects.count() == SalesDocument.objects.count() == split(results)[0] - 1


def test_a_contract_invoice_is_posted_once_and_defers_and_tops_up_once(account, finance):
    budget = make_budget(account)
    agree(account, starts_on=D(2026, 11, 1), service=budget)
    (invoice,) = bill_until(TODAY, actor=finance).invoices
    assert split(at_once([lambda: post_document(invoice, actor=finance)] * 8)) == (8, [])
    assert ContractDeferral.objects.count() == budget.entries.count() == 1
    books_agree()


def test_two_releases_at_once_release_each_part_once(account, finance):
    for number in range(3):
        half_year(make_account(f"Customer {number}"), actor=finance)
    results = at_once([lambda: release_deferrals(actor=finance)] * 3 + [lambda: by_night(release_by_night)])
    assert {type(each) for each in results if isinstance(each, Exception)} <= {NothingDue}
    assert DeferralLine.objects.released().count() == 3 * 4
    assert trial_balance()["4020"]["USD"] == -1200
    assert JournalEntry.objects.filter(kind="contract_release").count() == 3 * 4
    books_agree()


@pytest.mark.parametrize("scope", [CreditScope.FUTURE, CreditScope.EVERYTHING])
def test_a_part_is_released_or_credited_and_never_both(account, finance, scope):
    """Row 17. Origin: erpnext#40463. Whichever comes first: in the end the deferral stands at nothing."""
    budget = make_budget(account)
    invoice = half_year(account, service=budget, actor=finance)
    memo = create_credit_memo(invoice, scope=scope, reason="Cancelled", actor=finance)
    results = at_once([lambda: post_document(memo, actor=finance), lambda: release_deferrals(actor=finance)])
    assert {type(each) for each in results if isinstance(each, Exception)} <= {NothingDue}
    stands = trial_balance()
    assert waiting(ContractDeferral.objects.get()) == 0 and "2420" not in stands
    if scope == CreditScope.EVERYTHING:
        assert stands == {}
    else:
        earned = -stands["4020"]["USD"]
        assert earned in (Decimal(200), Decimal(400)) and stands["1100"]["USD"] == earned
    books_agree()


def test_two_credit_memos_at_once_credit_once(account, finance):
    invoice = half_year(account, service=make_budget(account), actor=finance)
    memos = [create_credit_memo(invoice, scope=CreditScope.EVERYTHING, reason="Wrong", actor=finance) for _ in range(2)]
    results = at_once([lambda memo=memo: post_document(memo, actor=finance) for memo in memos])
    assert split(results) == (1, [MoreThanLeftToCredit])
    assert trial_balance() == {}
    assert PrepaidEntry.objects.filter(entry_type=PrepaidEntry.Type.NEGATIVE).count() == 1
    books_agree()


def test_a_run_is_taken_back_once(account, finance):
    half_year(account, actor=finance)
    run = ReleaseRun.objects.get()
    results = at_once([lambda: undo_release(run, reason="Too early", actor=finance)] * 3)
    assert split(results) == (1, [AlreadyUndone])
    assert "4020" not in trial_balance()
    assert JournalEntry.objects.filter(kind="contract_release_undone").count() == 2
    books_agree()


def test_a_run_is_taken_back_while_its_parts_are_credited(account, finance):
    invoice = half_year(account, actor=finance)
    run = ReleaseRun.objects.get()
    memo = create_credit_memo(invoice, scope=CreditScope.EVERYTHING, reason="Wrong", actor=finance)
    at_once([lambda: undo_release(run, reason="Too early", actor=finance), lambda: post_document(memo, actor=finance)])
    assert trial_balance() == {} and waiting(ContractDeferral.objects.get()) == 0
    books_agree()


def test_a_night_is_taken_back_while_it_still_releases(account, finance):
    """Whichever comes first: what stands released is of a run that stands."""
    accounts = [account, make_account("Another")]
    for each in accounts:
        half_year(each, actor=finance)
    with transaction.atomic():
        release_by_night(account.pk, account.pk, TODAY)
    run = ReleaseRun.objects.get(by_night=True)

    @transaction.atomic
    def goes_on():
        return release_by_night(accounts[1].pk, accounts[1].pk, TODAY)

    results = at_once([lambda: undo_release(run, reason="Too early", actor=finance), goes_on])
    assert {type(each) for each in results if isinstance(each, Exception)} <= {BadContract}
    assert DeferralLine.objects.filter(run__undone_at__isnull=False).count() == 0
    assert by_night(release_by_night).errors == []
    assert trial_balance()["4020"]["USD"] == -800
    books_agree()
