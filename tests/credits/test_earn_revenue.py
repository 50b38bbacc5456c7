"""Revenue of completed milestones: to the cent, once, and mirrored when a milestone is reopened."""

import datetime

import pytest

from credits.models import Completion, Purchase
from credits.previews.completion import coming_revenue
from credits.services.allocate import adjust, allocate
from credits.services.milestones import complete, reopen
from ledger.models import AccountingPeriod, JournalEntry, PostingSetup, ProductPostingGroup
from ledger.previews.postings import posting_lines
from ledger.services.periods import close_period
from tests.builders import (
    make_milestone,
    make_project,
    make_purchase,
    make_rate,
    make_user,
    trial_balance,
)
from tests.credits.nights import night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
TONIGHT = datetime.date(2026, 11, 25)


def done(account, needed: int, *, actual_on=None, currency=None):
    """A milestone that is allocated in full and completed."""
    milestone = make_milestone(make_project(account, currency=currency), needed)
    allocate(milestone, actor=make_user())
    complete(milestone, actor=make_user(), actual_on=actual_on)
    return milestone


def lines(key: str) -> list[tuple]:
    rows = JournalEntry.objects.get(event_key=key).lines.order_by("line_no")
    return [(row.account_id, row.debit, row.credit, row.debit_lcy, row.credit_lcy) for row in rows]


def test_completing_posts_nothing_and_the_night_earns_what_was_paid(account):
    """Revenue, completion: the next night posts what was paid.
    Posting rule 6: 4 of lot A."""
    make_purchase(account)
    before = trial_balance()
    milestone = done(account, 4, actual_on=datetime.date(2026, 11, 20))
    assert trial_balance() == before
    assert night(account, TONIGHT) == []
    key = f"milestone:{milestone.pk}:complete:1"
    assert lines(key) == [("2400", 320, 0, 320, 0), ("4000", 0, 320, 0, 320)]
    entry = JournalEntry.objects.get(event_key=key)
    assert (entry.effective_on, entry.posting_date) == (datetime.date(2026, 11, 20), datetime.date(2026, 11, 20))
    night(account, TONIGHT)
    assert trial_balance()["4000"] == {"LCY": -320, "USD": -320}


def test_one_entry_with_a_pair_of_lines_per_lot(account):
    """Posting rule 6c: 8 over A with 6 left and 2 at 142.86."""
    first = make_purchase(account, number_of_credits=6)
    make_purchase(account, number_of_credits=5, amount_paid_per_credit="142.86",
                  expires_on=first.expires_on.replace(year=2028))  # fmt: skip
    milestone = done(account, 8)
    night(account, TONIGHT)
    pairs = [(row[0], row[1] + row[2]) for row in lines(f"milestone:{milestone.pk}:complete:1")]
    assert [(code, str(amount)) for code, amount in pairs] == [
        ("2400", "480.000"), ("4000", "480.000"), ("2400", "285.720"), ("4000", "285.720"),
    ]  # fmt: skip


def test_the_deferral_leaves_at_the_rate_of_the_purchase(account):
    """Posting rule 6b: 2 and 2 of C, whatever today's rate is."""
    make_rate("GBP", "1.2711")
    make_rate("GBP", "1.5", starting_on=datetime.date(2026, 11, 10))
    make_purchase(account, currency="GBP", number_of_credits=5, amount_paid_per_credit="50.00")
    for _ in range(2):
        done(account, 2, currency="GBP")
        night(account, TONIGHT)
    credited = [(str(row[2]), str(row[4])) for completion in Completion.objects.order_by("id")
                for row in lines(completion.entry.event_key) if row[0] == "4000"]  # fmt: skip
    assert credited == [("100.000", "127.110"), ("100.000", "127.110")]


def test_reopening_mirrors_what_was_posted_and_completing_again_is_a_new_event(account):
    """Revenue, reopening: reverses; completing again is a new event.
    Posting rule 7. Origin: killbill#1464, undo restores the same lots with the stored amounts (bug 10)."""
    lot = make_purchase(account)
    milestone = done(account, 4)
    night(account, TONIGHT)
    reopen(milestone, actor=make_user(), reason="Not accepted")
    assert lines(f"milestone:{milestone.pk}:reopen:1") == [("2400", 0, 320, 0, 320), ("4000", 320, 0, 320, 0)]
    assert JournalEntry.objects.get(event_key=f"milestone:{milestone.pk}:reopen:1").reason == "Not accepted"
    assert trial_balance() == {"1100": {"LCY": 800, "USD": 800}, "2400": {"LCY": -800, "USD": -800}}
    adjust(milestone, total=2, actor=make_user())
    milestone.credits_needed = 2
    milestone.save(update_fields=["credits_needed"])
    complete(milestone, actor=make_user())
    night(account, TONIGHT)
    assert lines(f"milestone:{milestone.pk}:complete:2") == [("2400", 160, 0, 160, 0), ("4000", 0, 160, 0, 160)]
    lot.refresh_from_db()
    assert (lot.credits_released, lot.released, lot.deferred) == (2, 160, 640)


def test_reopened_before_the_night_nothing_is_posted_at_all(account):
    make_purchase(account)
    milestone = done(account, 4)
    reopen(milestone, actor=make_user(), reason="By mistake")
    night(account, TONIGHT)
    assert not JournalEntry.objects.filter(event_key__startswith="milestone:").exists()


def test_a_completion_of_a_later_day_waits_for_its_night(account):
    make_purchase(account)
    milestone = done(account, 4)
    night(account, datetime.date(2026, 11, 23))
    assert milestone.completions.get().earned_on is None
    night(account, TODAY)
    assert milestone.completions.get().earned_on == TODAY


def test_free_credits_earn_nothing_and_are_marked_all_the_same(account):
    """Posting rule 4."""
    lot = make_purchase(account, amount_paid_per_credit="0")
    milestone = done(account, 4)
    night(account, TONIGHT)
    completion = milestone.completions.get()
    assert (completion.earned_on, completion.entry) == (TONIGHT, None)
    assert Purchase.objects.get(pk=lot.pk).credits_released == 4
    assert trial_balance() == {}


def test_a_closed_period_moves_the_posting_to_the_first_open_day_and_keeps_the_effective_date(account):
    make_purchase(account)
    milestone = done(account, 4, actual_on=datetime.date(2026, 11, 10))
    period = AccountingPeriod.objects.create(
        name="Early November", starts_on=datetime.date(2026, 11, 1), ends_on=datetime.date(2026, 11, 15)
    )
    close_period(period, actor=make_user())
    night(account, TONIGHT)
    entry = milestone.completions.get().entry
    assert (entry.effective_on, entry.posting_date) == (datetime.date(2026, 11, 10), datetime.date(2026, 11, 16))


@pytest.fixture
def without_sales():
    """A product group whose cell of the posting setup lacks the sales account."""
    group = ProductPostingGroup.objects.create(code="WORKSHOPS", name="Workshops")
    return PostingSetup.objects.create(business_group_id="DOMESTIC", product_group=group,
                                        receivable_id="1100", deferral_id="2400")  # fmt: skip


def test_a_completion_without_a_sales_account_waits_and_is_named_while_others_post(account, without_sales):
    make_purchase(account, number_of_credits=4, product_group=without_sales.product_group)
    waits = done(account, 4)
    make_purchase(account)
    posts = done(account, 4)
    (error,) = night(account, TONIGHT)
    assert error.startswith("1 milestone: The general posting setup has no sales account for business group DOMESTIC")
    assert "WORKSHOPS" in error
    assert (waits.completions.get().earned_on, posts.completions.get().earned_on) == (None, TONIGHT)
    without_sales.sales_id = "4000"
    without_sales.save()
    assert night(account, TONIGHT) == []
    assert waits.completions.get().earned_on == TONIGHT


def test_a_lot_that_was_given_back_entirely_holds_up_no_revenue(account, without_sales):
    make_purchase(account, number_of_credits=2, product_group=without_sales.product_group)
    milestone = make_milestone(make_project(account), 2)
    allocate(milestone, actor=make_user())
    adjust(milestone, total=0, actor=make_user())
    make_purchase(account, number_of_credits=2, expires_on=datetime.date(2026, 12, 1))
    allocate(milestone, actor=make_user())
    complete(milestone, actor=make_user())
    assert night(account, TONIGHT) == []
    assert milestone.completions.get().entry is not None


def test_what_is_shown_before_the_night_is_what_the_night_posts(account):
    make_purchase(account, amount_paid_per_credit="33.33")
    milestone = done(account, 4)
    shown = coming_revenue(milestone).lines
    assert not JournalEntry.objects.filter(event_key__startswith="milestone:").exists()
    night(account, TONIGHT)
    posted = posting_lines([milestone.completions.get().entry_id])
    assert [(row.account_code, row.debit, row.credit_lcy) for row in shown] == [
        (row.account_code, row.debit, row.credit_lcy) for row in posted
    ]
    assert {row.note for row in shown} == {"by the next night, effective 24 Nov 2026"}
