"""A credit memo of what waits gives the days back from the first part that waits on: none of them may be earned already, or
they would be billed and earned twice. And it leaves the books where its invoice entered them."""

from decimal import Decimal

import pytest

from config.replay.compare import Replayed, replay
from ledger.models import Dimension, DimensionValue, JournalLine
from ledger.tie_outs import check_books
from opportunities.models import Account
from prepaid.exceptions import MoreThanLeftToCredit
from prepaid.models import BilledPeriod, CreditScope
from prepaid.services.contracts.release import release_deferrals, undo_release
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.post_document import post_document
from tests.builders import trial_balance
from tests.prepaid.contracting import D, agree, at, billed

pytestmark = pytest.mark.django_db
QUARTER = {"price": "900.00", "quantity": "1", "base_period": "1Q", "rhythm": "1Q"}


@pytest.fixture
def invoice(account, finance):
    """900.00 for January to March: January and February are released, and January is taken back."""
    commitment = agree(account, starts_on=D(2026, 1, 1), actor=finance, **QUARTER)
    with at(D(2026, 1, 1)):
        (invoice,) = billed(D(2026, 1, 1), commitment, actor=finance)
    with at(D(2026, 1, 31)):
        january = release_deferrals(actor=finance).run
    with at(D(2026, 2, 28)):
        release_deferrals(actor=finance)
    assert january
    with at(D(2026, 3, 1)):
        undo_release(january, reason="Too early", actor=finance)
    return invoice


def test_a_month_that_waits_again_before_a_released_one_is_released_first(invoice, finance):
    with at(D(2026, 3, 1)):
        with pytest.raises(MoreThanLeftToCredit, match="January 2026 waits again, and February 2026 is released"):
            create_credit_memo(invoice, scope=CreditScope.FUTURE, reason="Cancelled", actor=finance)
        release_deferrals(actor=finance)
        memo = create_credit_memo(invoice, scope=CreditScope.FUTURE, reason="Cancelled", actor=finance)
        post_document(memo, actor=finance)
    assert BilledPeriod.objects.get().kept_until == D(2026, 2, 28)
    assert {code: by["LCY"] for code, by in trial_balance().items()} == {"1100": 600, "4020": -600}
    assert [str(offender) for check in check_books() for offender in check.offenders] == []


def test_as_well_where_the_release_was_taken_back_after_the_memo_was_made(invoice, finance):
    with at(D(2026, 3, 1)):
        again = release_deferrals(actor=finance).run
        memo = create_credit_memo(invoice, scope=CreditScope.FUTURE, reason="Cancelled", actor=finance)
        assert again
        undo_release(again, reason="Too early", actor=finance)
        with pytest.raises(MoreThanLeftToCredit, match="Release what is due first"):
            post_document(memo, actor=finance)


def test_everything_is_credited_whatever_waits(invoice, finance):
    with at(D(2026, 3, 1)):
        memo = create_credit_memo(invoice, scope=CreditScope.EVERYTHING, reason="Cancelled", actor=finance)
        post_document(memo, actor=finance)
    assert trial_balance() == {}
    assert BilledPeriod.objects.get().kept_until == D(2025, 12, 31)
    assert [str(offender) for check in check_books() for offender in check.offenders] == []


@pytest.mark.parametrize("scope", [CreditScope.FUTURE, CreditScope.EVERYTHING])
def test_it_leaves_the_dimensions_under_which_it_was_posted(account, finance, scope):
    """The customer belongs to another department by then: what was deferred, owed and earned in the first one ends there."""
    Dimension.objects.create(code="DEPT", name="Department")
    DimensionValue.objects.bulk_create(DimensionValue(dimension_id="DEPT", code=code, name=code) for code in "AB")
    Account.objects.update(dimensions={"DEPT": "A"})
    agree(account, starts_on=D(2026, 10, 1), price="300", quantity="1", base_period="1Q", rhythm="1Q")
    (invoice,) = billed(D(2026, 10, 1), posted_on=D(2026, 10, 1), actor=finance)
    release_deferrals(until=D(2026, 10, 31), actor=finance)
    Account.objects.update(dimensions={"DEPT": "B"})
    post_document(create_credit_memo(invoice, scope=scope, reason="Cancelled", actor=finance), actor=finance)
    left: dict[tuple, Decimal] = {}
    for line in JournalLine.objects.all():
        key = line.account_id, line.dimensions["DEPT"]
        left[key] = left.get(key, Decimal(0)) + line.debit - line.credit
    earned = 100 if scope == CreditScope.FUTURE else 0
    assert left == {("1100", "A"): earned, ("2420", "A"): 0, ("4020", "A"): -earned}
    assert [str(each) for each in replay(Replayed(), day_of=lambda at: D(2026, 11, 24))] == []
    assert [str(offender) for check in check_books() for offender in check.offenders] == []
