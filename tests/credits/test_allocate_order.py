"""Which lots an allocation draws from, and why others are held back."""

import datetime

import pytest

from credits.exceptions import NotForCredits, Shortage
from credits.models import Allocation, Consumption
from credits.reports.drawing_order import drawing_order_for
from credits.services.allocate import allocate
from tests.builders import make_account, make_company, make_milestone, make_project, make_purchase, make_rate, make_user
from tests.credits.nights import credits_of

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)


def drawn(milestone) -> list[tuple]:
    return [(row.purchase, row.credits) for row in milestone.consumptions.order_by("id").select_related("purchase")]


def test_first_to_expire_then_earlier_start_then_earlier_purchase_then_lower_number(account, project, sam):
    """Allocation, order: earliest expiry, start, purchased on, number."""
    first, later = datetime.date(2026, 12, 1), datetime.date(2027, 1, 1)
    one = {"number_of_credits": 1, "expires_on": later, "starts_on": datetime.date(2026, 11, 20)}
    by_number = [make_purchase(account, **one) for _ in range(2)]
    by_purchase = make_purchase(account, **one | {"purchased_on": datetime.date(2026, 10, 30)})
    by_start = make_purchase(account, **one | {"starts_on": datetime.date(2026, 11, 10)})
    by_expiry = make_purchase(account, **one | {"expires_on": first})
    milestone = make_milestone(project, 5)
    allocate(milestone, actor=sam)
    assert drawn(milestone) == [(lot, 1) for lot in (by_expiry, by_start, by_purchase, *by_number)]


def test_ten_from_eight_and_eight_takes_eight_and_two_and_leaves_six(account, project, sam):
    """Origin: saleor#13640, two cards on one order were both emptied (bug 11)."""
    soon = make_purchase(account, number_of_credits=8, expires_on=datetime.date(2026, 12, 31))
    late = make_purchase(account, number_of_credits=8)
    milestone = make_milestone(project, 10)
    allocate(milestone, actor=sam)
    assert drawn(milestone) == [(soon, 8), (late, 2)]
    assert (credits_of(soon), credits_of(late)) == ((0, 8, 0), (6, 2, 0))


def test_consumptions_copy_value_and_price_of_their_lot_and_the_allocation_carries_their_sums(account, project, sam):
    """Consumption, stored: value and price copied from the lot; the allocation has the totals.
    Origin: lago-api#4641, a balance rounded on its own differs from the sum of its rows (bug 8)."""
    make_purchase(account, number_of_credits=3, value_per_credit="33.33", amount_paid_per_credit="28.57",
                  expires_on=datetime.date(2026, 12, 31))  # fmt: skip
    make_purchase(account)
    milestone = make_milestone(project, 5)
    allocation = Allocation.objects.with_totals().get(pk=allocate(milestone, actor=sam).pk)
    rows = Consumption.objects.filter(allocation=allocation)
    assert {row.consumption_type for row in rows} == {"consumption"}
    assert (allocation.credits, str(allocation.value_amount), str(allocation.paid_amount)) == (5, "299.990", "245.710")
    milestone.refresh_from_db()
    assert (milestone.credits_allocated, milestone.amount) == (5, allocation.value_amount)


@pytest.mark.parametrize(
    ("starts_on", "expires_on", "usable"),
    [
        (TODAY, TODAY + DAY, True),
        (TODAY - DAY, TODAY, True),
        (TODAY, TODAY, True),
        (TODAY + DAY, TODAY + DAY, False),
        (TODAY - DAY, TODAY - DAY, False),
    ],
)
def test_start_and_expiry_date_are_both_usable_days(account, project, sam, starts_on, expires_on, usable):
    """Allocation, candidates: start <= date <= expiry, both inclusive.
    Origin: s2member#612, an expiry date read as midnight lost its last day (bug 4). vm0-ai/vm0#10299: expired credits
    stayed spendable until a job had run; no night runs here at all (bug 2)."""
    lot = make_purchase(account, starts_on=starts_on, expires_on=expires_on)
    milestone = make_milestone(project, 1)
    if usable:
        allocate(milestone, actor=sam)
    else:
        with pytest.raises(Shortage):
            allocate(milestone, actor=sam)
    assert credits_of(lot) == ((9, 1, 0) if usable else (10, 0, 0))


@pytest.mark.parametrize(
    ("time_zone", "now", "usable"),
    [
        ("Pacific/Kiritimati", "2026-11-24T09:59:00+00:00", True),
        ("Pacific/Kiritimati", "2026-11-24T10:01:00+00:00", False),
        ("America/Los_Angeles", "2026-11-25T07:59:00+00:00", True),
        ("America/Los_Angeles", "2026-11-25T08:01:00+00:00", False),
    ],
)
def test_the_last_usable_day_ends_at_midnight_of_the_company(time_machine, time_zone, now, usable):
    """Origin: s2member#612 and flexprice#2671, days that ended in another place's time zone (bugs 3 and 4)."""
    make_company(time_zone=time_zone)
    account = make_account()
    make_purchase(account, expires_on=TODAY)
    milestone = make_milestone(make_project(account), 1)
    time_machine.move_to(now)
    if usable:
        assert allocate(milestone, actor=make_user()).allocated_on == TODAY
    else:
        with pytest.raises(Shortage, match="10 past expiry"):
            allocate(milestone, actor=make_user())


def test_no_lot_that_starts_after_the_date_of_the_action_is_used(account, project, sam, time_machine):
    """Allocation, candidates: none that starts after the date of the action.
    Origin: openmeter#4649, credits granted later were used by an earlier period (bug 6)."""
    make_purchase(account, starts_on=TODAY + DAY)
    with pytest.raises(Shortage, match="10 not started"):
        allocate(make_milestone(project, 1), actor=sam)
    time_machine.move_to("2026-11-25T12:00:00+00:00")
    with pytest.raises(Shortage, match="10 not started"):
        allocate(make_milestone(project, 1), actor=sam, on=TODAY)
    assert allocate(make_milestone(project, 1), actor=sam)


def test_enough_or_nothing_with_every_reason_and_figure(account, project, sam):
    """Allocation, enough or nothing: needed, available, short, and what each reason holds back."""
    make_rate("EUR", "1.1")
    usable = make_purchase(account, number_of_credits=3)
    make_purchase(account, number_of_credits=1, draft=True)
    make_purchase(account, number_of_credits=20, starts_on=TODAY + DAY)
    make_purchase(account, number_of_credits=300, expires_on=TODAY - DAY)
    make_purchase(account, number_of_credits=4000, currency="EUR")
    make_purchase(make_account("Another"), number_of_credits=50_000)
    milestone = make_milestone(project, 10)
    with pytest.raises(Shortage) as refused:
        allocate(milestone, actor=sam)
    shortage = refused.value
    assert (shortage.needed, shortage.available, shortage.short) == (10, 3, 7)
    assert {held.reason: held.credits for held in shortage.held_back} == {
        "in drafts": 1,
        "not started": 20,
        "past expiry": 300,
        "in another currency": 4000,
    }
    assert "10 credits in USD are needed and 3 are available: 7 short." in str(shortage)
    assert "4,000 in another currency" in str(shortage)
    assert credits_of(usable) == (3, 0, 0)
    assert not Allocation.objects.exists()


def test_pressed_twice_it_allocates_once(account, project, sam):
    make_purchase(account)
    milestone = make_milestone(project)
    assert allocate(milestone, actor=sam) == allocate(milestone, actor=sam)
    assert milestone.consumptions.count() == 1


def test_a_milestone_without_a_number_and_a_canceled_one_take_no_credits(account, project, sam):
    make_purchase(account)
    with pytest.raises(NotForCredits, match="needs no services credits"):
        allocate(make_milestone(project, None), actor=sam)
    with pytest.raises(NotForCredits, match="is canceled"):
        allocate(make_milestone(project, 4, status="canceled"), actor=sam)


def test_the_window_shows_what_is_then_written(account, project, sam):
    """Allocation, window: shows which lots are drawn, in order, before."""
    for number, expires_on in ((4, "2026-12-31"), (4, "2026-12-01"), (4, "2027-06-30")):
        make_purchase(account, number_of_credits=number, expires_on=datetime.date.fromisoformat(expires_on))
    milestone = make_milestone(project, 6)
    shown = drawing_order_for(milestone, 6, TODAY)
    allocate(milestone, actor=sam)
    assert [(row.lot, row.draw) for row in shown.rows if row.draw] == drawn(milestone)
    assert [(row.lot.credits_available, row.after) for row in shown.rows] == [(4, 0), (4, 2), (4, 4)]
    assert (shown.available, shown.short, shown.credits) == (12, 0, 6)
