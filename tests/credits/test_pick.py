"""Row "Manual allocation": the user picks lots and counts, their sum the milestone's number; lots that start later may be
used, drafts never."""

import datetime
import re

import pytest

from credits.exceptions import AlreadyCompleted, BadPicks, NotForCredits
from credits.models import Allocation, CreditsSetup
from credits.services.allocate import adjust, allocate
from credits.services.milestones import complete, reopen
from credits.services.pick import allocate_by_hand
from tests.builders import make_account, make_milestone, make_purchase, make_rate, trial_balance
from tests.credits.nights import credits_of, night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def enabled(company):
    CreditsSetup.objects.update(manual_allocation=True)


@pytest.fixture
def lots(account):
    """Four credits that expire first, four that expire later, four that start next year."""
    soon = make_purchase(account, number_of_credits=4, expires_on=datetime.date(2026, 12, 31))
    late = make_purchase(account, number_of_credits=4, amount_paid_per_credit="50")
    next_year = make_purchase(account, number_of_credits=4, starts_on=datetime.date(2027, 1, 1))
    return soon, late, next_year


@pytest.fixture
def milestone(project, lots):
    return make_milestone(project, 6)


def rows(milestone) -> list[tuple]:
    return list(milestone.consumptions.order_by("id").values_list("purchase", "consumption_type", "credits"))


def refused(milestone, picks, *, match, field=None, actor=None, error=BadPicks) -> None:
    """Nothing changes, and the refusal stands where it belongs."""
    before = rows(milestone)
    with pytest.raises(error, match=match) as refusal:
        allocate_by_hand(milestone, picks, actor=actor)
    assert refusal.value.field == field
    assert rows(milestone) == before


def test_what_is_picked_is_drawn_whatever_the_order_and_also_before_its_start(milestone, lots, sam):
    """Manual allocation: lots and counts picked, also of later starts."""
    _, late, next_year = lots
    allocation = allocate_by_hand(milestone, {next_year.pk: 4, late.pk: 2}, actor=sam)
    assert rows(milestone) == [(late.pk, "consumption", 2), (next_year.pk, "consumption", 4)]
    assert [credits_of(lot) for lot in lots] == [(4, 0, 0), (2, 2, 0), (0, 4, 0)]
    milestone.refresh_from_db()
    assert (allocation.allocated_on, milestone.credits_allocated, milestone.amount) == (TODAY, 6, 600)


def test_picked_again_only_the_difference_is_drawn_and_given_back_as_adjustments_of_the_same_allocation(
    milestone, lots, sam
):
    """Row "Adjusting": Consumption Adjustment rows in both directions; what is not picked any more goes back."""
    soon, late, next_year = lots
    first = allocate_by_hand(milestone, {soon.pk: 4, late.pk: 2}, actor=sam)
    before = trial_balance()
    assert allocate_by_hand(milestone, {late.pk: 3, next_year.pk: 3}, actor=sam) == first
    assert rows(milestone)[2:] == [
        (soon.pk, "adjustment", -4),
        (late.pk, "adjustment", 1),
        (next_year.pk, "adjustment", 3),
    ]
    assert [credits_of(lot) for lot in lots] == [(4, 0, 0), (1, 3, 0), (1, 3, 0)]
    assert trial_balance() == before
    milestone.refresh_from_db()
    assert milestone.amount == 600


def test_what_the_automatic_order_drew_can_be_replaced_by_picks_and_the_other_way_round(milestone, lots, sam):
    _, late, next_year = lots
    allocate(milestone, actor=sam)
    allocate_by_hand(milestone, {late.pk: 4, next_year.pk: 2}, actor=sam)
    adjust(milestone, total=5, actor=sam)
    assert dict(milestone.consumptions.net_by_lot().values_list("purchase", "net")) == {late.pk: 4, next_year.pk: 1}


def test_the_same_picks_again_change_nothing(milestone, lots, sam):
    picks = {lots[0].pk: 4, lots[1].pk: 2, lots[2].pk: 0}
    first = allocate_by_hand(milestone, picks, actor=sam)
    assert allocate_by_hand(milestone, picks, actor=sam) == first
    assert milestone.consumptions.count() == 2


@pytest.mark.parametrize(("first", "second", "said"), [(1, 0, "1 credit,"), (4, 1, "5 credits,"), (4, 3, "7 credits,")])
def test_refused_where_the_sum_is_not_the_need(milestone, lots, first, second, said):
    soon, late, _ = lots
    refused(milestone, {soon.pk: first, late.pk: second}, match=f"come to {said} and .* needs 6: pick exactly")


def test_refused_where_nothing_is_picked(milestone):
    refused(milestone, {}, match="come to 0 credits,")


def test_refused_at_the_lot_that_has_fewer_than_are_picked(milestone, lots):
    soon, _, _ = lots
    match = re.escape(f"{soon} has 4 credits available, and 6 more are picked.")
    refused(milestone, {soon.pk: 6}, match=match, field=f"lot-{soon.pk}")


def test_more_of_a_lot_is_what_it_has_besides_what_the_milestone_holds_of_it(milestone, lots, sam):
    soon, late, _ = lots
    allocate_by_hand(milestone, {soon.pk: 2, late.pk: 4}, actor=sam)
    refused(milestone, {soon.pk: 5, late.pk: 1}, match="2 credits available, and 3 more", field=f"lot-{soon.pk}")
    allocate_by_hand(milestone, {soon.pk: 4, late.pk: 2}, actor=sam)
    assert credits_of(soon) == (0, 4, 0)


def test_refused_at_the_lot_below_zero(milestone, lots):
    refused(milestone, {lots[0].pk: 8, lots[1].pk: -2}, match="zero or more", field=f"lot-{lots[1].pk}")


def test_refused_for_a_lot_that_is_not_there(milestone, lots):
    refused(milestone, {lots[0].pk: 2, 10**17: 4}, match="not there any more", field=f"lot-{10**17}")


def test_never_a_draft_nor_another_customers_nor_another_currencys_lot(milestone, account):
    """Manual allocation: never drafts."""
    make_rate("EUR", "1.1")
    draft = make_purchase(account, draft=True)
    foreign = make_purchase(make_account("Quay Foods"))
    euro = make_purchase(account, currency="EUR")
    for lot, why in ((draft, "it is a draft"), (foreign, "bought by .*Quay Foods"), (euro, "in EUR, and .* in USD")):
        refused(milestone, {lot.pk: 6}, match=f"{lot} cannot be picked: .*{why}", field=f"lot-{lot.pk}")


def test_past_expiry_only_under_the_setting(milestone, account, sam):
    """Row "Setting: allocate credits with past expiry date": expired but unswept lots may be used."""
    past = make_purchase(account, expires_on=TODAY - DAY)
    refused(milestone, {past.pk: 6}, match="last usable day was 23 Nov 2026", field=f"lot-{past.pk}")
    CreditsSetup.objects.update(allocate_past_expiry=True)
    allocate_by_hand(milestone, {past.pk: 6}, actor=sam)
    assert credits_of(past) == (4, 6, 0)


def test_a_lot_that_another_emptied_meanwhile_is_refused_at_its_field(milestone, project, lots, sam):
    soon, late, _ = lots
    allocate(make_milestone(project, 4), actor=sam)
    refused(milestone, {soon.pk: 4, late.pk: 2}, match="none of its credits is left", field=f"lot-{soon.pk}")


def test_what_is_held_of_a_lot_past_its_expiry_may_stay_and_go_but_not_grow(milestone, lots, sam, time_machine):
    """Origin: aleph#1104, moving credits laundered their validity (bug 19)."""
    soon, late, _ = lots
    allocate_by_hand(milestone, {soon.pk: 3, late.pk: 3}, actor=sam)
    time_machine.move_to("2027-01-10T12:00:00+00:00")
    allocate_by_hand(milestone, {soon.pk: 2, late.pk: 4}, actor=sam)
    refused(milestone, {soon.pk: 3, late.pk: 3}, match="last usable day was 31 Dec 2026", field=f"lot-{soon.pk}")
    assert credits_of(soon) == (2, 2, 0)


def test_refused_while_the_setting_is_off(milestone, lots):
    """Manual allocation: only where the setting enables it."""
    CreditsSetup.objects.update(manual_allocation=False)
    refused(milestone, {lots[0].pk: 4, lots[1].pk: 2}, match="not enabled in the services credits setup")


def test_refused_for_a_milestone_without_a_number_a_canceled_and_a_completed_one(project, milestone, lots, sam):
    picks = {lots[0].pk: 4, lots[1].pk: 2}
    refused(make_milestone(project, None), picks, match="needs no services credits", error=NotForCredits)
    refused(make_milestone(project, 6, status="canceled"), picks, match="is canceled", error=NotForCredits)
    allocate_by_hand(milestone, picks, actor=sam)
    complete(milestone, actor=sam)
    other = {lots[1].pk: 2, lots[2].pk: 4}
    refused(milestone, other, match="completed since", error=AlreadyCompleted)


def test_completed_earns_what_was_paid_for_the_lots_picked_and_reopened_picks_anew(account, milestone, lots, sam):
    """Row "A completed milestone is adjusted only by reopening it"."""
    _, late, next_year = lots
    allocate_by_hand(milestone, {late.pk: 2, next_year.pk: 4}, actor=sam)
    complete(milestone, actor=sam)
    night(account, TODAY + DAY)
    assert trial_balance()["4000"] == {"LCY": -420, "USD": -420}
    reopen(milestone, actor=sam, reason="Other lots were agreed")
    assert "4000" not in trial_balance()
    allocate_by_hand(milestone, {late.pk: 4, next_year.pk: 2}, actor=sam)
    complete(milestone, actor=sam)
    night(account, TODAY + 2 * DAY)
    assert trial_balance()["4000"] == {"LCY": -360, "USD": -360}
    assert Allocation.objects.filter(milestone=milestone).count() == 1


def test_recognised_on_allocation_what_goes_back_takes_its_revenue_along(milestone, lots, sam):
    """Row "Revenue": stamped on the allocation; a part given back reverses its stored share."""
    CreditsSetup.objects.update(recognise_revenue="allocation")
    soon, late, _ = lots
    allocate_by_hand(milestone, {soon.pk: 4, late.pk: 2}, actor=sam)
    assert trial_balance()["4000"] == {"LCY": -420, "USD": -420}
    allocate_by_hand(milestone, {soon.pk: 2, late.pk: 4}, actor=sam)
    assert trial_balance()["4000"] == {"LCY": -360, "USD": -360}
