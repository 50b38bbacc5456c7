"""The proof that the state machine sees something: each of these faults, put into the product, is found by it."""

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.db.models import Q
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from credits import drawing
from credits.models import Allocation, CreditsSetup
from credits.models.purchases import PurchaseQuerySet
from credits.reports import availability
from credits.services import (
    corrections,
    expected_breakage,
    expire,
    purchases,
    refund,
    release,
    taking_back,
)
from ledger.dates import business_date
from ledger.services import manual, periods, posting, seals
from tests.model.machine import NEEDS, Machine
from tests.model.purchase_rules import LOT
from tests.model.shared import met_soon

SEARCH = settings(
    max_examples=100,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)


class ModelAlone(Machine):
    """Without `check_books` and without the replay: that the model disagrees is to be enough."""

    check_books_is_silent = None

    def replay_agrees(self):
        pass


class Abroad(ModelAlone):
    """Companies that sell in another currency, recognise revenue on allocation and expect breakage from the start, and do
    nothing but use their lots: what goes wrong with parts of a lot is met in most of them."""

    sell_a_line = edit_or_delete = extend = close_or_open_a_period = write_by_hand = None

    @initialize(
        currency=st.sampled_from(["GBP", "KWD"]),
        lots=st.lists(st.fixed_dictionaries({**LOT, "draft": st.just(False)}), min_size=3, max_size=4),
        needs=NEEDS,
    )
    def open_for_business(self, currency, lots, needs):
        Machine.open_for_business(self, currency, 0, lots, needs, recognise="allocation", unused=25)


class AtTheDesk(ModelAlone):
    """Companies that close periods and write entries by hand, all of it on one day, and leave their lots alone."""

    buy = sell_a_line = confirm_or_return_to_draft = edit_or_delete = extend = expire_by_hand = None
    plan_and_allocate = allocate_in_full = adjust = complete = reopen = pick_by_hand = None
    reinstate = refund = unclaimed_property = days_pass = days_pass_and_the_night_runs = night = None


def rewrite(monkeypatch, module, name, right, wrong):
    """Puts another text into a statement of the product, which must still hold the right one."""
    statement = getattr(module, name)
    assert right in statement, f"{module.__name__}.{name} does not say {right!r} any more"
    monkeypatch.setattr(module, name, statement.replace(right, wrong))


def the_last_to_expire_is_drawn_first(patch):
    patch.setattr(PurchaseQuerySet, "in_drawing_order", lambda self: self.order_by("-expires_on", "number"))


def the_first_to_expire_is_given_back_first(patch):
    patch.setattr(drawing, "drawing_order", lambda lot: -lot.expires_on.toordinal())


def expired_lots_are_spendable(patch):
    patch.setattr(availability, "usable", lambda on: Q(starts_on__lte=on))


def lots_are_spendable_before_their_start(patch):
    patch.setattr(availability, "usable", lambda on: Q(expires_on__gte=on))


def drafts_are_spendable(patch):
    patch.setattr(PurchaseQuerySet, "confirmed", lambda self: self.all())


def reopening_leaves_the_released_amounts(patch):
    rewrite(patch, taking_back, "TAKE_BACK", "-units, -amount, -amount_lcy", "-units, 0, 0")


def parts_in_lcy_are_rounded_one_by_one(patch):
    cumulative = "greatest(base_lcy, ledger_cumulative(paid_total_lcy, gone, whole, lcy_decimals))"
    rewrite(patch, release, "CUT", cumulative, "base_lcy + round(paid_total_lcy * units / whole, lcy_decimals)")


def give_backs_leave_their_revenue_behind(patch):
    share = "base_lcy - held_amount_lcy + ledger_cumulative(held_amount_lcy, held + units, held, lcy_decimals)"
    rewrite(patch, release, "CUT", share, "base_lcy")


def what_is_expected_of_the_rest_is_forgotten(patch):
    rewrite(patch, release, "CUT", "breakage_rate, decimals", "0, decimals")


def use_beyond_the_estimate_does_not_catch_up(patch):
    rewrite(
        patch, expected_breakage, "CATCH_UP", "more, more_lcy, rate", "greatest(more, 0), greatest(more_lcy, 0), rate"
    )


def reinstating_leaves_what_was_recognised_ahead(patch):
    rewrite(patch, taking_back, "TAKE_BACK", "-amount_lcy, -estimated, -estimated_lcy", "-amount_lcy, 0, 0")


def what_customers_keep_a_claim_on_is_breakage(patch):
    rewrite(patch, release, "LINES", "WHEN rules.unclaimed_property THEN 'unclaimed'", "WHEN false THEN 'unclaimed'")


def refunds_are_owed_at_the_rate_of_the_purchase(patch):
    patch.setattr(refund, "business_date", lambda: datetime.date(2026, 1, 1))


def what_is_kept_of_a_refund_is_owed_all_the_same(patch):
    patch.setattr(refund, "round_to", lambda amount, decimals: Decimal(0))


def whoever_asks_for_a_correction_approves_it(patch):
    patch.setattr(corrections, "refusal_to_approve", lambda correction, actor: None)


def revenue_is_recognised_as_the_setup_says_by_now(patch):
    patch.setattr(
        Allocation,
        "recognise",
        property(lambda self: CreditsSetup.current().recognise_revenue, lambda self, value: None),
    )


def lots_lapse_on_their_last_day(patch):
    rewrite(patch, expire, "DUE", "p.expires_on + %(grace)s {before}", "p.expires_on + %(grace)s - 1 {before}")


def grace_is_forgotten(patch):
    rewrite(patch, expire, "DUE", "p.expires_on + %(grace)s {before}", "p.expires_on {before}")


def used_purchases_go_back_to_draft(patch):
    patch.setattr(purchases, "refusal_to_return_to_draft", lambda purchase: None)


def reopening_reverses_nothing(patch):
    patch.setattr(taking_back, "reverse", lambda entry, **event: None)


def late_events_are_posted_on_the_day_they_are_entered(patch):
    first_open_day = posting.first_open_day
    patch.setattr(posting, "first_open_day", lambda day, **by: first_open_day(max(day, business_date()), **by))


def periods_are_soft_closed_in_any_order(patch):
    patch.setattr(periods, "refusal_to_soft_close", lambda period: None)


def makers_approve_their_own(patch):
    patch.setattr(manual, "refusal_to_approve", lambda entry, actor: None)


def the_night_seals_nothing(patch):
    patch.setattr(seals, "seal_journal", lambda day: 0)


FAULTS = [
    the_last_to_expire_is_drawn_first,
    the_first_to_expire_is_given_back_first,
    expired_lots_are_spendable,
    lots_are_spendable_before_their_start,
    drafts_are_spendable,
    reopening_leaves_the_released_amounts,
    parts_in_lcy_are_rounded_one_by_one,
    what_customers_keep_a_claim_on_is_breakage,
    refunds_are_owed_at_the_rate_of_the_purchase,
    what_is_kept_of_a_refund_is_owed_all_the_same,
    whoever_asks_for_a_correction_approves_it,
    revenue_is_recognised_as_the_setup_says_by_now,
    lots_lapse_on_their_last_day,
    grace_is_forgotten,
    used_purchases_go_back_to_draft,
    reopening_reverses_nothing,
    late_events_are_posted_on_the_day_they_are_entered,
    the_night_seals_nothing,
]
FAULTS_BY_HAND = [
    periods_are_soft_closed_in_any_order,
    makers_approve_their_own,
]
FAULTS_IN_PARTS = [
    give_backs_leave_their_revenue_behind,
    what_is_expected_of_the_rest_is_forgotten,
    use_beyond_the_estimate_does_not_catch_up,
    reinstating_leaves_what_was_recognised_ahead,
]
SEEDS = {
    lots_are_spendable_before_their_start: 4,
    refunds_are_owed_at_the_rate_of_the_purchase: 2,
    what_is_kept_of_a_refund_is_owed_all_the_same: 2,
    whoever_asks_for_a_correction_approves_it: 2,
    late_events_are_posted_on_the_day_they_are_entered: 1,
    the_night_seals_nothing: 1,
    give_backs_leave_their_revenue_behind: 1,
    what_is_expected_of_the_rest_is_forgotten: 4,
    reinstating_leaves_what_was_recognised_ahead: 5,
}
CASES = [
    (machine, fault)
    for machine, faults in {
        ModelAlone: FAULTS,
        AtTheDesk: FAULTS_BY_HAND,
        Abroad: FAULTS_IN_PARTS,
    }.items()
    for fault in faults
]


@pytest.mark.django_db
@pytest.mark.parametrize(("machine", "fault"), CASES, ids=lambda case: case.__name__)
def test_the_machine_finds(machine, fault, monkeypatch):
    fault(monkeypatch)
    with pytest.raises((AssertionError, IntegrityError)):
        run_state_machine_as_test(met_soon(machine, SEEDS.get(fault)), settings=SEARCH)
