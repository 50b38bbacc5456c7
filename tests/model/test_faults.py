"""The proof that the state machine sees something: each of these faults, put into the product, is found by it."""

import datetime

import pytest
from django.db import IntegrityError
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from credits import drawing
from credits.models.purchases import PurchaseQuerySet
from credits.services import earn, expire, milestones, purchases, release
from ledger.dates import business_date
from ledger.services import manual, periods, posting, seals
from tests.model.machine import Machine

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
    patch.setattr(PurchaseQuerySet, "available", lambda self, on: self.with_credits_left().filter(starts_on__lte=on))


def lots_are_spendable_before_their_start(patch):
    patch.setattr(PurchaseQuerySet, "available", lambda self, on: self.with_credits_left().filter(expires_on__gte=on))


def drafts_are_spendable(patch):
    patch.setattr(PurchaseQuerySet, "confirmed", lambda self: self.all())


def reopening_leaves_the_released_amounts(patch):
    rewrite(patch, release, "TAKE_BACK", "p.released - coalesce(l.debit, 0)", "p.released")


def parts_in_lcy_are_rounded_one_by_one(patch):
    cumulative = "greatest(released_lcy, ledger_cumulative(paid_total_lcy, k, whole, lcy_decimals))"
    alone = "released_lcy + round(paid_total_lcy * (k - credits_released) / whole, lcy_decimals)"
    rewrite(patch, release, "LINES", "p.credits_released + sum(", "p.credits_released, p.credits_released + sum(")
    rewrite(patch, release, "LINES", cumulative, alone)


def lots_lapse_on_their_last_day(patch):
    rewrite(patch, expire, "DUE", "p.expires_on + %(grace)s {before}", "p.expires_on + %(grace)s - 1 {before}")


def grace_is_forgotten(patch):
    rewrite(patch, expire, "DUE", "p.expires_on + %(grace)s {before}", "p.expires_on {before}")


def a_night_earns_what_was_completed_after_its_date(patch):
    rewrite(patch, earn, "PENDING", "c.actual_on <= %s", "c.actual_on <= %s::date + 30")


def used_purchases_go_back_to_draft(patch):
    patch.setattr(purchases, "refusal_to_return_to_draft", lambda purchase: None)


def reopening_reverses_nothing(patch):
    patch.setattr(milestones, "reverse", lambda entry, **event: None)


def late_events_are_posted_on_the_day_they_are_entered(patch):
    first_open_day = posting.first_open_day
    patch.setattr(posting, "first_open_day", lambda day, **by: first_open_day(max(day, business_date()), **by))


def periods_are_soft_closed_in_any_order(patch):
    patch.setattr(periods, "refusal_to_soft_close", lambda period: None)


def makers_approve_their_own(patch):
    patch.setattr(manual, "refusal_to_approve", lambda entry, actor: None)


def entries_by_hand_are_posted_ahead_of_their_day(patch):
    patch.setattr(manual, "business_date", lambda: datetime.date(2036, 1, 1))


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
    lots_lapse_on_their_last_day,
    grace_is_forgotten,
    a_night_earns_what_was_completed_after_its_date,
    used_purchases_go_back_to_draft,
    reopening_reverses_nothing,
    late_events_are_posted_on_the_day_they_are_entered,
    periods_are_soft_closed_in_any_order,
    makers_approve_their_own,
    entries_by_hand_are_posted_ahead_of_their_day,
    the_night_seals_nothing,
]


@pytest.mark.django_db
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_the_machine_finds(fault, monkeypatch):
    fault(monkeypatch)
    with pytest.raises((AssertionError, IntegrityError)):
        run_state_machine_as_test(ModelAlone, settings=SEARCH)
