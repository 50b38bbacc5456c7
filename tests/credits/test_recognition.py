"""When revenue is recognised: by the night (the default), at once on completion, or on allocation.
Revenue: stamped on the allocation, so that a later change of the setting touches nothing that exists; a part given back
reverses its stored share, cut cumulatively."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credits.models import Allocation, CreditsSetup, Milestone, Purchase
from credits.services.allocate import adjust, allocate
from credits.services.milestones import complete, reopen
from ledger.exceptions import BlockedAccount, MissingAccount
from ledger.models import ExchangeRate, JournalEntry, LedgerAccount, PostingSetup
from tests.builders import make_account, make_milestone, make_project, make_purchase, make_rate, trial_balance
from tests.credits.correcting import agree
from tests.credits.nights import night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
EARLIER = datetime.date(2026, 11, 20)
TONIGHT = datetime.date(2026, 11, 25)
PAST = datetime.date(2027, 11, 2)  # the day after the lots of the tests expire
MODES = ("night", "completion", "allocation")


def recognise(mode: str) -> None:
    CreditsSetup.objects.update(recognise_revenue=mode)


@pytest.fixture
def on_completion(company):
    recognise("completion")


@pytest.fixture
def on_allocation(company):
    recognise("allocation")


@pytest.fixture
def lot_c(company):
    """5 credits, paid 50.00 GBP at 1.2711: 250.00 GBP = 317.78 USD, which five does not divide."""
    make_rate("GBP", "1.2711")
    return make_purchase(make_account(currency="GBP"), number_of_credits=5, amount_paid_per_credit="50.00")


def held(account, needed: int, **changes) -> Milestone:
    milestone = make_milestone(make_project(account), needed, **changes)
    allocate(milestone, actor=None)
    return milestone


def needs(milestone: Milestone, credits: int) -> None:
    Milestone.objects.filter(pk=milestone.pk).update(credits_needed=credits)


def revenue() -> list[tuple]:
    """What was posted to services revenue, in the order of the entries: event, effective date, currency, LCY."""
    entries = JournalEntry.objects.filter(lines__account="4000").distinct().order_by("id")
    return [
        (
            entry.event_key.split(":", 2)[2],
            entry.effective_on,
            sum(line.credit - line.debit for line in lines),
            sum(line.credit_lcy - line.debit_lcy for line in lines),
        )
        for entry in entries
        for lines in [[line for line in entry.lines.all() if line.account_id == "4000"]]
    ]


def usd(amount: int) -> dict:
    return {"USD": amount, "LCY": amount}


# By the night: what the product does unless told otherwise.


def test_by_the_night_neither_allocating_nor_completing_posts(account, lot):
    """Revenue, when: by the night (default)."""
    milestone = held(account, 4)
    complete(milestone, actor=None, actual_on=EARLIER)
    assert revenue() == []
    night(account, TONIGHT)
    assert revenue() == [("complete:1", EARLIER, 320, 320)]
    agree(TONIGHT)


# At once on completion.


def test_completing_posts_at_once_and_the_night_posts_nothing_more(on_completion, account, lot):
    """Revenue, when: at once on completion."""
    milestone = held(account, 4)
    assert revenue() == []
    complete(milestone, actor=None, actual_on=EARLIER)
    assert revenue() == [("complete:1", EARLIER, 320, 320)]
    completion = milestone.completions.get()
    assert (completion.earned_on, completion.entry.event_key) == (TODAY, f"milestone:{milestone.pk}:complete:1")
    night(account, TONIGHT)
    assert len(revenue()) == 1
    agree(TONIGHT)


def test_reopening_takes_it_back_and_completing_again_is_a_new_event(on_completion, account, lot):
    """Revenue: reopening reverses; completing again is a new event."""
    milestone = held(account, 4)
    complete(milestone, actor=None, actual_on=EARLIER)
    reopen(milestone, actor=None, reason="Not accepted")
    assert trial_balance() == {"1100": usd(800), "2400": usd(-800)}
    adjust(milestone, total=2, actor=None)
    needs(milestone, 2)
    complete(milestone, actor=None)
    assert revenue() == [
        ("complete:1", EARLIER, 320, 320),
        ("reopen:1", TODAY, -320, -320),
        ("complete:2", TODAY, 160, 160),
    ]
    agree()


@pytest.mark.parametrize("what", ["missing", "blocked"])
def test_completing_is_refused_where_the_books_cannot_take_it(on_completion, account, lot, what):
    milestone = held(account, 4)
    if what == "missing":
        PostingSetup.objects.update(sales=None)
    else:
        LedgerAccount.objects.filter(code="4000").update(blocked=True)
    with pytest.raises(MissingAccount if what == "missing" else BlockedAccount):
        complete(milestone, actor=None)
    milestone.refresh_from_db()
    assert (milestone.actual_on, milestone.completions.count(), revenue()) == (None, 0, [])
    agree()


# On allocation.


def test_allocating_posts_per_lot_effective_on_its_day(on_allocation, account):
    """Revenue, when: on allocation."""
    first, second = make_purchase(account, number_of_credits=3), make_purchase(account, amount_paid_per_credit="90")
    milestone = make_milestone(make_project(account), 5)
    allocate(milestone, actor=None, on=EARLIER)
    entry = JournalEntry.objects.get(event_key=f"milestone:{milestone.pk}:allocate:1")
    lines = list(entry.lines.order_by("line_no").values_list("account", "lot", "debit", "credit"))
    assert lines == [
        ("2400", first.lot, 240, 0), ("4000", first.lot, 0, 240),
        ("2400", second.lot, 180, 0), ("4000", second.lot, 0, 180),
    ]  # fmt: skip
    assert (entry.effective_on, entry.posting_date) == (EARLIER, EARLIER)
    assert Allocation.objects.get(milestone=milestone).recognise == "allocation"
    agree()


def test_completing_reopening_and_the_night_post_nothing_more(on_allocation, account, lot):
    milestone = held(account, 4)
    complete(milestone, actor=None)
    night(account, TONIGHT)
    reopen(milestone, actor=None, reason="Not accepted")
    complete(milestone, actor=None)
    night(account, TONIGHT)
    assert revenue() == [("allocate:1", TODAY, 320, 320)]
    assert [each.earned_on for each in milestone.completions.all()] == [TODAY, TODAY]
    agree(TONIGHT)


def test_what_is_given_back_takes_its_stored_share_with_it(on_allocation, lot_c):
    """Revenue, given back: takes its stored share, cut cumulatively.
    Posting rule 6b, lot C: 5 credits are worth 317.78 USD; 2, 2 and 1 of them 127.11, 127.11 and 63.56."""
    milestone = held(lot_c.account, 5)
    for total in (3, 1, 0):
        adjust(milestone, total=total, actor=None)
        agree()
    assert [str(lcy) for _, _, _, lcy in revenue()] == ["317.780", "-127.110", "-127.110", "-63.560"]
    lot_c.refresh_from_db()
    assert (lot_c.deferred, lot_c.deferred_lcy, lot_c.credits_released) == (250, Decimal("317.78"), 0)


def test_more_and_less_of_one_milestone_are_events_of_their_own(on_allocation, account, lot):
    milestone = held(account, 4)
    adjust(milestone, total=6, actor=None)
    adjust(milestone, total=5, actor=None)
    assert revenue() == [
        ("allocate:1", TODAY, 320, 320), ("allocate:2", TODAY, 160, 160), ("allocate:3", TODAY, -80, -80),
    ]  # fmt: skip
    agree()


def test_allocating_is_refused_where_the_books_cannot_take_it(on_allocation, account, lot):
    PostingSetup.objects.update(sales=None)
    milestone = make_milestone(make_project(account), 4)
    with pytest.raises(MissingAccount):
        allocate(milestone, actor=None)
    lot.refresh_from_db()
    assert (lot.credits_available, Allocation.objects.count()) == (10, 0)
    agree()


@pytest.mark.parametrize("mode", MODES)
def test_free_credits_post_nothing_whenever_revenue_is_recognised(account, mode):
    """Revenue, free credits: post nothing."""
    recognise(mode)
    lot = make_purchase(account, amount_paid_per_credit=Decimal(0))
    milestone = held(account, 4)
    complete(milestone, actor=None)
    night(account, TONIGHT)
    assert trial_balance() == {}
    assert milestone.completions.get().earned_on is not None
    lot.refresh_from_db()
    assert lot.credits_released == 4
    agree(TONIGHT)


# Stamped on the allocation.


@pytest.mark.parametrize(("before", "after"), [(a, b) for a in MODES for b in MODES if a != b])
def test_a_change_of_the_setting_touches_nothing_that_exists(account, lot, before, after):
    """Revenue, when: stamped: a later change touches nothing that exists."""
    recognise(before)
    milestone = held(account, 2)
    posted = revenue()
    recognise(after)
    assert revenue() == posted
    adjust(milestone, total=4, actor=None)  # more of an allocation is recognised as the allocation is
    needs(milestone, 4)
    complete(milestone, actor=None)
    steps = {"night": 0, "completion": 1, "allocation": 2}
    assert len(revenue()) == steps[before]
    night(account, TONIGHT)
    assert sum(amount for _, _, amount, _ in revenue()) == 320
    assert Allocation.objects.get(milestone=milestone).recognise == before
    assert Allocation.objects.get(milestone=held(account, 1)).recognise == after
    agree(TONIGHT)


def test_deallocated_and_allocated_again_it_stays_with_its_stamp(on_allocation, account, lot):
    milestone = held(account, 4)
    adjust(milestone, total=0, actor=None)
    recognise("night")
    allocate(milestone, actor=None)
    assert [event for event, *_ in revenue()] == ["allocate:1", "allocate:2", "allocate:3"]
    agree()


# Any order.

moves = st.lists(
    st.tuples(st.sampled_from(["adjust", "complete", "reopen", "night"]), st.integers(0, 2), st.integers(0, 4)),
    max_size=8,
)


def move(kind: str, milestone: Milestone, credits: int) -> None:
    milestone.refresh_from_db()
    if kind == "night":
        night(milestone.project.account, TODAY)
    elif kind == "reopen" and milestone.is_completed:
        reopen(milestone, actor=None, reason="Again")
    elif kind == "complete" and not milestone.is_completed and milestone.credits_allocated:
        needs(milestone, milestone.credits_allocated)
        complete(milestone, actor=None)
    elif kind == "adjust" and not milestone.is_completed:
        left = Purchase.objects.get(account=milestone.project.account).credits_available
        adjust(milestone, total=min(credits, milestone.credits_allocated + left), actor=None)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(modes=st.lists(st.sampled_from(MODES), min_size=3, max_size=3), moves=moves)
def test_any_order_of_parts_ends_at_zero_in_both_currencies(company, modes, moves):
    """Origin: erpnext#55600, a foreign-currency item settled in parts left a residue in the base currency (bug 16)."""
    if not ExchangeRate.objects.exists():  # the examples share one database
        make_rate("GBP", "1.2711")
    account = make_account(currency="GBP")
    lot = make_purchase(account, number_of_credits=5, amount_paid_per_credit="50.00")
    milestones = [make_milestone(make_project(account), 1) for _ in modes]
    for mode, milestone in zip(modes, milestones, strict=True):
        recognise(mode)
        allocate(milestone, actor=None)
    for kind, at, credits in moves:
        move(kind, milestones[at], credits)
        agree()
    for milestone in milestones:
        milestone.refresh_from_db()
        move("complete", milestone, 0)
    night(account, PAST)
    lot.refresh_from_db()
    assert (lot.deferred, lot.deferred_lcy, lot.credits_available) == (0, 0, 0)
    agree(PAST)
