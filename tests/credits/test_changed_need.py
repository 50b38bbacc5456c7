"""A milestone whose need changed after its credits were allocated: rows "Gate" and "Adjusting"."""

import datetime

import pytest
from django.urls import reverse

from credits.exceptions import AlreadyCompleted, GateClosed, Shortage
from credits.models import Allocation, Milestone
from credits.reports.milestones import milestones
from credits.services.allocate import adjust, allocate
from credits.services.edit_milestone import Details, edit_milestone
from credits.services.milestones import complete, reopen
from tests.builders import make_milestone, make_purchase, trial_balance
from tests.credits.desk import Page, text
from tests.credits.nights import credits_of, night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def lots(account):
    """Four at 80.00 that expire today, four at 60.00 to the end of the year, four at 50.00 to June."""
    days = {TODAY: "80", datetime.date(2026, 12, 31): "60", datetime.date(2027, 6, 30): "50"}
    return [
        make_purchase(account, number_of_credits=4, expires_on=day, amount_paid_per_credit=paid)
        for day, paid in days.items()
    ]


@pytest.fixture
def milestone(project, lots, sam):
    """Ten allocated: four, four and two."""
    milestone = make_milestone(project, 10)
    allocate(milestone, actor=sam)
    return milestone


def change(milestone, needed, sam) -> None:
    details = Details(project=milestone.project, name=milestone.name, status="approved", credits_needed=needed)
    edit_milestone(Milestone.objects.get(pk=milestone.pk), details, actor=sam)


def net(milestone) -> list[int]:
    """What is drawn from each lot, in their order."""
    return [credits for _, credits in sorted(milestone.consumptions.net_by_lot().values_list("purchase", "net"))]


def state(milestone) -> str:
    return milestones().get(pk=milestone.pk).state


@pytest.mark.parametrize("needed", [9, 11, None])
def test_needs_adjusting_is_shown_and_closes_the_gate_until_it_is_adjusted(milestone, sam, needed):
    """Row "Gate": changing the needed number after allocation shows "needs adjusting" and closes the gate again."""
    change(milestone, needed, sam)
    assert state(milestone) == "adjusting"
    with pytest.raises(GateClosed, match="and 10 are allocated"):
        complete(milestone, actor=sam)
    adjust(milestone, total=needed or 0, actor=sam)
    assert state(milestone) == ("funded" if needed else "open")
    complete(milestone, actor=sam)


def test_changed_back_the_gate_is_open_without_adjusting(milestone, sam):
    change(milestone, 11, sam)
    change(milestone, 10, sam)
    assert state(milestone) == "funded"
    assert complete(milestone, actor=sam).sequence == 1


def test_less_goes_back_latest_to_expire_first_even_past_expiry(account, milestone, lots, sam, time_machine):
    """Row "Adjusting": less is given back latest-expiring lot first, as negative rows on the same allocation, to the lots
    they came from, even past expiry (bug 10, killbill#1464)."""
    time_machine.move_to("2027-01-15T12:00:00+00:00")
    change(milestone, 2, sam)
    adjust(milestone, total=2, actor=sam)
    written = milestone.consumptions.filter(credits__lt=0).order_by("id")
    assert list(written.values_list("purchase", "consumption_type", "credits")) == [
        (lots[2].pk, "adjustment", -2),
        (lots[1].pk, "adjustment", -4),
        (lots[0].pk, "adjustment", -2),
    ]
    assert Allocation.objects.filter(milestone=milestone).count() == 1
    assert [credits_of(lot) for lot in lots] == [(2, 2, 0), (4, 0, 0), (4, 0, 0)]
    assert complete(milestone, actor=sam)


def test_what_went_back_past_expiry_expires_in_the_next_night_and_the_rest_is_spendable(
    account, milestone, lots, sam, time_machine
):
    """Row "Expiry": credits given back to an expired lot expire in the next nightly run, as a further Expiry row."""
    time_machine.move_to("2027-01-15T12:00:00+00:00")
    adjust(milestone, total=0, actor=sam)
    night(account, datetime.date(2027, 1, 16))
    assert [credits_of(lot) for lot in lots] == [(0, 0, 4), (0, 0, 4), (4, 0, 0)]
    change(milestone, 4, sam)
    allocate(milestone, actor=sam)
    assert net(milestone) == [4]


def test_more_is_drawn_first_to_expire_first_from_the_lots_of_that_day(milestone, lots, sam, time_machine):
    """Row "Adjusting": more is first in, first out over today's candidates, in positive rows."""
    time_machine.move_to("2026-11-25T12:00:00+00:00")
    adjust(milestone, total=7, actor=sam)
    change(milestone, 9, sam)
    adjust(milestone, total=9, actor=sam)
    assert list(milestone.consumptions.order_by("id").values_list("purchase", "credits"))[3:] == [
        (lots[2].pk, -2),
        (lots[1].pk, -1),
        (lots[1].pk, 1),
        (lots[2].pk, 1),
    ]


def test_more_than_there_is_changes_nothing_and_the_gate_stays_closed(milestone, lots, sam):
    """Row "Enough or nothing"."""
    change(milestone, 13, sam)
    with pytest.raises(Shortage, match="3 credits in USD are needed and 2 are available: 1 short"):
        allocate(milestone, actor=sam)
    assert net(milestone) == [4, 4, 2]
    with pytest.raises(GateClosed):
        complete(milestone, actor=sam)


def test_to_zero_is_deallocated_the_rows_stay_and_the_milestone_waits_again(milestone, lots, sam):
    """Row "Adjusting": to zero: deallocated; the rows stay."""
    adjust(milestone, total=0, actor=sam)
    assert (state(milestone), milestone.consumptions.count(), net(milestone)) == ("waiting", 6, [])
    assert [credits_of(lot) for lot in lots] == [(4, 0, 0)] * 3


def test_a_completed_one_is_adjusted_only_by_reopening_it(account, milestone, lots, sam):
    """Row "Gate": 4 x 80 + 4 x 60 + 2 x 50 are earned and taken back by reopening; after adjusting it is 4 x 80 + 60."""
    complete(milestone, actor=sam)
    night(account, TODAY + DAY)
    assert trial_balance()["4000"] == {"LCY": -660, "USD": -660}
    with pytest.raises(AlreadyCompleted, match="Reopen it before you change its credits"):
        adjust(milestone, total=5, actor=sam)
    with pytest.raises(AlreadyCompleted):
        allocate(milestone, actor=sam)
    assert net(milestone) == [4, 4, 2]
    reopen(milestone, actor=sam, reason="Half of it was not accepted")
    change(milestone, 5, sam)
    adjust(milestone, total=5, actor=sam)
    complete(milestone, actor=sam)
    night(account, TODAY + 2 * DAY)
    assert net(milestone) == [4, 1]
    assert trial_balance()["4000"] == {"LCY": -380, "USD": -380}


def test_the_window_proposes_what_it_needs_by_now_and_says_what_goes_back(client, dana, milestone, lots, sam):
    """Row "One button": first time it allocates, later it adjusts."""
    change(milestone, 5, sam)
    assert "Needs adjusting" in text(client.get(milestone.get_absolute_url()))
    page = Page(client, reverse("credits:milestone-credits", args=[milestone.pk]))
    assert page.data["total"] == "5"
    shown = text(page.shown)
    assert "Lots that get credits back, latest to expire first" in shown
    assert f"{lots[2].number} 2 given back" in shown
    assert "Give back 5 credits" in shown
    page.confirm()
    assert net(milestone) == [4, 1]
    assert "Needs adjusting" not in text(client.get(milestone.get_absolute_url()))


def test_the_window_adjusts_as_of_the_day_that_is_typed_and_of_no_later_one(client, dana, milestone, lots, sam):
    """Row "A lot is a candidate when": date is the business date of the action. The ten were allocated today, so an earlier
    day is refused."""
    page = Page(client, reverse("credits:milestone-credits", args=[milestone.pk]))
    for day, said in (("2026-11-25", "is in the future"), ("2026-11-20", "were last changed on 24 Nov 2026")):
        answer = page.fill(total="8", on=day).confirm()
        assert said in answer.context["form"].errors["on"][0]
    assert net(milestone) == [4, 4, 2]
