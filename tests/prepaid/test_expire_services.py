"""Expire Residuals: rules 22 and 32, days, the two settings, missed nights, again, what comes back past its end."""

import datetime
from decimal import Decimal

import pytest
import time_machine

from config.night import run_nights
from ledger.models import JournalEntry, LedgerAccount, PostingSetup
from ledger.tie_outs import check_books
from prepaid.exceptions import NothingToExpire
from prepaid.models import DissolutionProposal, InflowBalance, PrepaidEntry, PrepaidSetup
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.expire import expire_residuals, last_passed_day
from prepaid.services.manual import request_entry
from prepaid.services.post_document import post_document
from tests.builders import make_account, make_period, make_rate, trial_balance
from tests.prepaid.selling import TODAY, make_service, top_up, use
from tests.prepaid.test_manual_entries import PERIODIC, PLUS, only, terms

pytestmark = pytest.mark.django_db
D = datetime.date
DAY = datetime.timedelta(days=1)
LAST = D(2026, 12, 24)  # of what is topped up today for a month


@pytest.fixture
def lapsing(account, finance):
    """USD 3,765.44, usable to 24 December 2026."""
    service = make_service(account, actor=finance, valid_until_formula="1M")
    top_up(service, "3765.44", actor=finance)
    return service


def at(day: datetime.date):
    return time_machine.travel(f"{day}T12:00:00Z", tick=False)


def night(day: datetime.date) -> None:
    list(run_nights(until=day))


def lapsed() -> list[tuple]:
    """(posted on, amount, quantity) of each Dissolution."""
    rows = PrepaidEntry.objects.filter(entry_type="dissolution").order_by("pk")
    return [(row.posted_on, row.amount, row.quantity) for row in rows]


def agree() -> None:
    assert [str(offender) for check in check_books() for offender in check.offenders] == []


def test_the_last_day_is_usable_and_the_day_after_it_lapses(lapsing, finance):
    """Rule 22; origin: s2member#612, the last day was lost (bug 4)."""
    with at(LAST):
        assert last_passed_day() == LAST - DAY
        with pytest.raises(NothingToExpire, match="24 Dec 2026 has not passed"):
            expire_residuals([lapsing], on=LAST, actor=finance)
        with pytest.raises(NothingToExpire, match="Nothing that was valid until 23 Dec 2026 is left"):
            expire_residuals([lapsing], actor=finance)
        use(lapsing, "1000.00", on=LAST, actor=finance)
    with at(LAST + DAY):
        done = expire_residuals([lapsing], actor=finance)
        assert (done.residuals, len(done.entries)) == (1, 1)
        assert lapsed() == [(LAST + DAY, Decimal("-2765.44"), 0)]
        assert "2410" not in trial_balance()
        assert trial_balance()["4090"] == {"USD": Decimal("-2765.44"), "LCY": Decimal("-2765.44")}
        entry = JournalEntry.objects.get(kind="prepaid_expiry")
        assert (entry.effective_on, entry.created_by) == (LAST + DAY, finance)
        with pytest.raises(NothingToExpire):
            expire_residuals([lapsing], actor=finance)
        agree()


def test_what_was_not_used_is_not_usable_though_no_night_ever_ran(lapsing, finance):
    """Origin: vm0-ai/vm0#10299, expired, unswept credits stayed spendable (bug 2)."""
    with at(LAST + DAY):
        used = use(lapsing, "100.00", on=LAST + DAY, actor=finance)
        assert [line.kind for line in used.lines.all()] == ["item"]
        assert trial_balance()["2410"]["USD"] == Decimal("-3765.44")


def test_missed_nights_are_caught_up_on_the_day_of_each_and_again_changes_nothing(lapsing, finance):
    other = make_service(lapsing.account, actor=finance)
    request_entry(other, terms(PLUS, "10", valid_until=TODAY), actor=finance)
    with at(LAST + 10 * DAY):
        night(LAST + 10 * DAY)
        said = [(TODAY + DAY, -10, 0), (LAST + DAY, Decimal("-3765.44"), 0)]
        assert sorted(lapsed()) == said
        before = trial_balance()
        night(LAST + 10 * DAY)
        with at(LAST + 11 * DAY):
            night(LAST + 11 * DAY)
        assert (sorted(lapsed()), trial_balance()) == (said, before)
        assert "2410" not in before
        agree()


def test_in_another_currency_it_leaves_at_the_rate_at_which_it_came_in(finance, company):
    """Rules 8b and 22: what is left of 317.78 in LCY, whatever today's rate is."""
    make_rate("GBP", "1.2711")
    service = make_service(make_account(currency="GBP"), actor=finance, valid_until_formula="1M")
    top_up(service, "250.00", actor=finance)
    use(service, "100.00", actor=finance)
    make_rate("GBP", "2", starting_on=TODAY)
    use(service, "100.00", actor=finance)
    with at(LAST + DAY):
        expire_residuals([service], actor=finance)
        assert trial_balance()["4090"] == {"GBP": -50, "LCY": Decimal("-63.56")}
        assert "2410" not in trial_balance()


def test_what_has_no_money_behind_it_lapses_without_a_posting(account, finance):
    """Rule 32."""
    budget = make_service(account, actor=finance, accrual=PERIODIC)
    hours = make_service(account, actor=finance, accrual=PERIODIC, type="quantity")
    given = make_service(account, actor=finance)
    before = TODAY - DAY
    for service, said in [(budget, {"amount": "5"}), (hours, {"quantity": Decimal("1.5")}), (given, {"amount": "7"})]:
        request_entry(service, only(on=before, valid_until=before, **said), actor=finance)
    done = expire_residuals([budget, hours, given], actor=finance)
    assert (done.residuals, done.entries, JournalEntry.objects.count()) == (3, [], 0)
    assert lapsed() == [(TODAY, -5, 0), (TODAY, 0, Decimal("-1.5")), (TODAY, -7, 0)]


def test_what_the_books_cannot_take_stays_and_is_named_and_does_not_keep_the_rest(lapsing, account, finance):
    other = make_service(account, actor=finance, valid_until_formula="1M")
    request_entry(other, terms(PLUS, "10", group="CREDITS"), actor=finance)
    PostingSetup.objects.filter(product_group="PREPAID").update(breakage=None)
    with at(LAST + DAY):
        with pytest.raises(
            Exception, match="no breakage account for business group DOMESTIC and product group PREPAID"
        ):
            expire_residuals([lapsing], actor=finance)
        done = expire_residuals([lapsing, other], actor=finance)
        assert (done.residuals, [count for count, _ in done.refusals]) == (1, 1 and [1])
        PostingSetup.objects.filter(product_group="PREPAID").update(breakage="4010")
        LedgerAccount.objects.filter(pk="4010").update(blocked=True)
        with pytest.raises(Exception, match="Ledger account 4010 is blocked"):
            expire_residuals([lapsing], actor=finance)
        LedgerAccount.objects.filter(pk="4010").update(blocked=False)
        expire_residuals([lapsing], actor=finance)
        assert trial_balance()["4010"]["USD"] == Decimal("-3765.44")  # it may be the revenue account


def test_a_closed_month_takes_it_on_the_first_open_day(account, finance):
    service = make_service(account, actor=finance)
    before = D(2026, 10, 20)
    request_entry(service, terms(PLUS, "10", on=before, valid_until=before), actor=finance)
    make_period(2026, 10, closed_by=finance)
    expire_residuals([service], actor=finance)
    entry = JournalEntry.objects.get(kind="prepaid_expiry")
    assert (entry.effective_on, entry.posting_date) == (D(2026, 10, 21), D(2026, 11, 1))
    assert lapsed() == [(D(2026, 10, 21), -10, 0)]


def test_what_comes_back_past_its_end_lapses_in_the_next_night(lapsing, finance):
    """Rule 23b; origin: killbill#1464, a voided invoice gave credits back to a dead lot (bug 10)."""
    used = use(lapsing, "765.44", actor=finance)
    with at(LAST + DAY):
        night(LAST + DAY)
    with at(LAST + 5 * DAY):
        memo = create_credit_memo(used, reason="Not done", actor=finance)
        memo.posted_on = LAST + 5 * DAY
        memo.save()
        post_document(memo, actor=finance)
        assert trial_balance()["2410"]["USD"] == Decimal("-765.44")
        assert not InflowBalance.objects.usable(LAST + 5 * DAY).exists()
        night(LAST + 5 * DAY)
        assert lapsed() == [(LAST + DAY, -3000, 0), (LAST + 5 * DAY, Decimal("-765.44"), 0)]
        assert "2410" not in trial_balance()
        agree()


@pytest.mark.parametrize("by_hand", [True, False])
@pytest.mark.parametrize("by_night", [True, False])
def test_each_setting_says_for_its_own_way_whether_it_is_posted_at_once(lapsing, finance, by_hand, by_night):
    PrepaidSetup.objects.update(post_manual_dissolution=by_hand, post_automatic_dissolution=by_night)
    nightly = make_service(make_account(), actor=finance, valid_until_formula="1M")
    top_up(nightly, "10.00", actor=finance)
    with at(LAST + DAY):
        done = expire_residuals([lapsing], actor=finance)
        assert (done.residuals, done.proposed) == ((1, 0) if by_hand else (0, 1))
        night(LAST + DAY)
        posted = {row.service_id for row in PrepaidEntry.objects.filter(entry_type="dissolution")}
        assert posted == ({lapsing.pk} if by_hand else set()) | ({nightly.pk} if by_night else set())
        waiting = {(row.inflow.service_id, row.by_night, row.requested_by) for row in DissolutionProposal.objects.all()}
        assert waiting == (set() if by_hand else {(lapsing.pk, False, finance)}) | (
            set() if by_night else {(nightly.pk, True, None)}
        )
        night(LAST + DAY)
        assert DissolutionProposal.objects.count() == len(waiting)
        agree()
