"""Why not? Each reason with its credits, its sentence, what would free them and where.

"Why is this credit not available?" answered on the spot, lot by lot.
"""

import datetime

import pytest

from credits.models import CreditsSetup
from credits.reports.availability import Reason
from credits.reports.why_not import why_not_account, why_not_milestone, why_not_purchase
from credits.services.allocate import adjust, allocate
from credits.services.corrections import approve_correction, request_refund
from credits.services.expire import expire_purchase
from credits.services.milestones import complete
from tests.builders import make_account, make_milestone, make_project, make_purchase, make_rate, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)


def told(found) -> list[tuple]:
    """Of one lot: (reason, credits, sentence, what would free them, labels of the pages)."""
    return [
        (part.reason, part.credits, part.why.sentence, part.why.remedy, *(action.label for action in part.why.actions))
        for part in found.parts
    ]


def test_a_lot_that_is_usable(account, project):
    make_purchase(account)
    (found,) = why_not_milestone(make_milestone(project), TODAY).lots
    assert told(found) == [("available", 10, "Available to 1 Nov 2027", "")]


def test_a_draft_a_later_start_and_another_currency(account, project):
    make_rate("EUR", "1.1")
    make_purchase(account, draft=True)
    make_purchase(account, starts_on=TODAY + DAY, expires_on=TODAY + 2 * DAY)
    make_purchase(account, currency="EUR", expires_on=TODAY)
    euro, later, draft = why_not_milestone(make_milestone(project), TODAY).lots
    assert told(draft) == [("in drafts", 10, "In a draft", "Confirm the purchase", "Confirm")]
    earlier = "Wait until 25 Nov 2026, or agree on an earlier start"
    assert told(later) == [("not started", 10, "Starts on 25 Nov 2026", earlier, "Edit dates")]
    use = "Use them for a project in EUR"
    assert told(euro) == [("in another currency", 10, "In EUR", use, "Milestones in EUR")]


def test_a_draft_without_dates_comes_last_and_asks_for_them(account, project):
    make_purchase(account, draft=True, starts_on=None, expires_on=None)
    make_purchase(account)
    *_, found = why_not_milestone(make_milestone(project), TODAY).lots
    assert told(found) == [("in drafts", 10, "In a draft without its dates", "Enter its dates and confirm it", "Edit")]


def test_a_later_start_can_be_picked_by_hand_where_the_setup_allows_it(account, project):
    CreditsSetup.objects.update(manual_allocation=True)
    make_purchase(account, starts_on=TODAY + DAY)
    (found,) = why_not_milestone(make_milestone(project), TODAY).lots
    by_hand = "Wait until 25 Nov 2026 or allocate by hand, or agree on an earlier start"
    assert told(found) == [("not started", 10, "Starts on 25 Nov 2026", by_hand, "Pick lots", "Edit dates")]


@pytest.mark.parametrize(
    ("grace", "sentence"), [(0, "Past expiry, expires tonight"), (5, "Past expiry, in grace to 28 Nov 2026")]
)
def test_past_expiry_with_and_without_grace(account, project, grace, sentence):
    """Bugs-to-tests row 2. Origin: vm0-ai/vm0#10299, expired credits stayed spendable until a job had run (bug 2)."""
    CreditsSetup.objects.update(grace_period_days=grace)
    make_purchase(account, expires_on=TODAY - DAY)
    (found,) = why_not_milestone(make_milestone(project), TODAY).lots
    remedy = "Extend the expiry date before they expire"
    assert told(found) == [("past expiry", 10, sentence, remedy, "Edit dates")]


def test_what_is_past_expiry_is_available_where_the_setup_says_so(account, project, sam):
    """Setting *allocate credits with past expiry date*: report, candidates and shortage follow it."""
    CreditsSetup.objects.update(allocate_past_expiry=True)
    make_purchase(account, expires_on=TODAY - DAY)
    milestone = make_milestone(project)
    (found,) = why_not_milestone(milestone, TODAY).lots
    assert told(found) == [("available", 10, "Available though past expiry, expires tonight", "")]
    assert allocate(milestone, actor=sam)


def test_credits_that_milestones_hold_are_named_with_the_way_back(account, project, sam):
    make_purchase(account)
    mine, open_one, done = (make_milestone(project, credits, name=name) for credits, name in
                            ((1, "Mine"), (2, "Design"), (3, "Build")))  # fmt: skip
    for each in (mine, open_one, done):
        allocate(each, actor=sam)
    complete(done, actor=sam)
    (found,) = why_not_milestone(mine, TODAY).lots
    give_back, reopen = f"Give credits back from {open_one.number}", f"Reopen {done.number}, then give its credits back"
    assert told(found) == [
        ("available", 4, "Available to 1 Nov 2027", ""),
        ("allocated", 1, "Allocated to this milestone", ""),
        ("allocated", 2, f"Allocated to {open_one.number} Design", give_back, "Manage credits"),
        ("consumed", 3, f"Consumed by {done.number} Build, completed on 24 Nov 2026", reopen, "Reopen"),
    ]


def test_credits_given_back_to_a_lot_past_its_expiry_are_not_free_and_it_says_so(account, project, sam):
    """Origin: killbill#1464, credits were given back to a dead lot (bug 10)."""
    make_purchase(account, expires_on=TODAY, number_of_credits=4)
    holder = make_milestone(project, 4)
    allocate(holder, actor=sam)
    (found,) = why_not_milestone(make_milestone(project), TODAY + DAY).lots
    assert found.parts[0].why.remedy == f"Give credits back from {holder.number}; then they are past expiry"


def test_expired_and_refunded_credits(account, project, sam):
    lot = make_purchase(account, expires_on=TODAY)
    approve_correction(request_refund(lot, credits=3, reason="Canceled", actor=sam), actor=make_user("second"))
    expire_purchase(lot, actor=sam, on=TODAY)
    (found,) = why_not_milestone(make_milestone(project), TODAY + DAY).lots
    again = f"Extending {lot.number} is not possible any more: ask for a reinstatement"
    assert [row[:4] for row in told(found)] == [
        ("expired", 7, "Expired on 24 Nov 2026", again),
        ("refunded", 3, "Canceled and refunded", "Sell new credits"),
    ]


def test_credits_given_back_after_the_lot_expired_cannot_be_extended(account, project, sam):
    """Origin: aleph#1104, extending credits laundered their validity (bug 19)."""
    lot = make_purchase(account, expires_on=TODAY)
    holder = make_milestone(project, 4)
    allocate(holder, actor=sam)
    expire_purchase(lot, actor=sam, on=TODAY)
    adjust(holder, total=0, actor=sam)
    (found,) = why_not_milestone(make_milestone(project), TODAY + DAY).lots
    locked = f"Extending {lot.number} is not possible any more"
    assert [row[1:] for row in told(found)] == [
        (4, "Past expiry, expires tonight", f"{locked}: once they have expired, ask for a reinstatement"),
        (6, "Expired on 24 Nov 2026", f"{locked}: ask for a reinstatement", "Reinstate"),
    ]


def test_a_purchase_and_the_milestones_of_its_account(account, project, sam):
    make_rate("EUR", "1.1")
    lot = make_purchase(account)
    full = make_milestone(project, 4, name="Full")
    allocate(full, actor=sam)
    wanting, foreign = make_milestone(project, 9), make_milestone(make_project(account, currency="EUR"), 2)
    make_milestone(make_project(make_account("Another")), 3)
    answer = why_not_purchase(lot, TODAY)
    uses = {use.milestone.number: (use.credits, [why.sentence for why in use.whys]) for use in answer.uses}
    assert uses == {
        wanting.number: (6, []),
        full.number: (0, ["It has all 4 credits that it needs"]),
        foreign.number: (0, ["In EUR; the purchase is in USD"]),
    }
    assert answer.uses[0].milestone == wanting
    assert answer.totals == {Reason.AVAILABLE: 6, Reason.ALLOCATED: 4}


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"draft": True}, "In a draft"),
        ({"starts_on": TODAY + DAY}, "Starts on 25 Nov 2026"),
        ({"expires_on": TODAY - DAY}, "Past expiry, expires tonight"),
    ],
)
def test_a_purchase_that_no_milestone_can_draw_from_says_why(account, project, terms, sentence):
    """Bugs-to-tests row 6. Origin: openmeter#4649, credits granted later were used by an earlier period (bug 6)."""
    lot, milestone = make_purchase(account, **terms), make_milestone(project)
    (use,) = why_not_purchase(lot, TODAY).uses
    assert (use.milestone, use.credits, [why.sentence for why in use.whys]) == (milestone, 0, [sentence])


def test_a_purchase_of_which_nothing_is_left_says_where_it_went(account, project, sam):
    lot = make_purchase(account, number_of_credits=4, expires_on=TODAY)
    allocate(make_milestone(project, 3), actor=sam)
    expire_purchase(lot, actor=sam, on=TODAY)
    wanting = make_milestone(project, 5)
    whys = {use.milestone: [why.sentence for why in use.whys] for use in why_not_purchase(lot, TODAY).uses}
    assert whys[wanting] == ["Nothing is left of the purchase: 3 allocated, 1 expired"]


def test_an_account_shows_each_currency_by_reason_and_leaves_out_lots_that_are_all_available(account, project, sam):
    make_rate("EUR", "1.1")
    usable, euro = make_purchase(account), make_purchase(account, currency="EUR", starts_on=TODAY + DAY)
    partly = make_purchase(account, number_of_credits=5, expires_on=TODAY)
    allocate(make_milestone(project, 2), actor=sam)
    answer = why_not_account(account, TODAY)
    assert answer.totals == {
        "EUR": {Reason.NOT_STARTED: 10},
        "USD": {Reason.AVAILABLE: 13, Reason.ALLOCATED: 2},
    }
    assert [found.lot for found in answer.lots] == [euro, partly]
    assert usable not in [found.lot for found in answer.lots]
