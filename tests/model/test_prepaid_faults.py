"""The proof that the state machine of prepaid services sees something: each of these faults is found by it."""

from types import SimpleNamespace

import pytest
from django.db import IntegrityError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from prepaid import drawing
from prepaid.models.entries import InflowBalanceQuerySet
from prepaid.services import credit_memos, credit_posting, expire, invoices
from tests.model.prepaid_machine import PrepaidMachine
from tests.model.shared import met_soon

SEARCH = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)


class ModelAlone(PrepaidMachine):
    """Without `check_books`, and without the calendar of the books, which has its own faults."""

    check_books_is_silent = close_or_open_a_period = write_by_hand = None


class Lapsing(ModelAlone):
    """Companies whose top-ups are valid for days and are only waited for."""

    use = credit = enter_by_hand = another_validity = change_the_setup = expire_by_hand = approve_residuals = None

    @initialize(amounts=st.lists(st.integers(1, 99_999), min_size=3, max_size=4))
    def open_for_business(self, amounts):
        PrepaidMachine.open_for_business(self, "USD", 0, ["5D", "10D"], amounts)


def rewrite(monkeypatch, module, name, right, wrong):
    """Puts another text into a statement of the product, which must still hold the right one."""
    statement = getattr(module, name)
    assert right in statement, f"{module.__name__}.{name} does not say {right!r} any more"
    monkeypatch.setattr(module, name, statement.replace(right, wrong))


def the_last_to_lapse_is_drawn_first(patch):
    patch.setattr(InflowBalanceQuerySet, "in_drawing_order", lambda self: self.order_by("-entry_id"))


def lapsed_inflows_are_usable(patch):
    patch.setattr(InflowBalanceQuerySet, "usable", lambda self, on: self.left().filter(entry__posted_on__lte=on))


def inflows_are_usable_before_they_came_in(patch):
    patch.setattr(InflowBalanceQuerySet, "usable", lambda self, on: self.left())


def parts_in_lcy_are_rounded_one_by_one(patch):
    def by_itself(self, left, units, line):
        left.units -= units
        lcy = (
            drawing.share(left.entry.amount_lcy, units, left.entry.amount, self.lcy_decimals)
            if left.units
            else left.lcy
        )
        left.lcy -= lcy
        return drawing.Draw(left.entry, amount=units, amount_lcy=lcy, line=line)

    patch.setattr(drawing.Shelf, "_take", by_itself)


def what_lapses_belongs_to_its_last_day(patch):
    patch.setattr(expire, "EFFECTIVE", "greatest(e.valid_until, e.posted_on)")


def revenue_goes_to_the_item_used(patch):
    patch.setattr(invoices, "RevenueFrom", SimpleNamespace(CONSUMED=invoices.RevenueFrom.RECEIPT))


def a_top_up_is_credited_whatever_is_left(patch):
    patch.setattr(credit_memos, "_check_units", lambda left, units: None)
    patch.setattr(credit_posting, "_check_left", lambda line, left: None)


FAULTS = [
    the_last_to_lapse_is_drawn_first,
    lapsed_inflows_are_usable,
    inflows_are_usable_before_they_came_in,
    parts_in_lcy_are_rounded_one_by_one,
    revenue_goes_to_the_item_used,
    a_top_up_is_credited_whatever_is_left,
]
FAULTS_BY_NIGHT = [what_lapses_belongs_to_its_last_day]
SEEDS = {
    inflows_are_usable_before_they_came_in: 6,
    parts_in_lcy_are_rounded_one_by_one: 4,
    revenue_goes_to_the_item_used: 1,
    a_top_up_is_credited_whatever_is_left: 11,
}
CASES = [*((ModelAlone, fault) for fault in FAULTS), *((Lapsing, fault) for fault in FAULTS_BY_NIGHT)]


@pytest.mark.django_db
@pytest.mark.parametrize(("machine", "fault"), CASES, ids=lambda case: case.__name__)
def test_the_machine_finds(machine, fault, monkeypatch):
    fault(monkeypatch)
    with pytest.raises((AssertionError, IntegrityError)):
        run_state_machine_as_test(met_soon(machine, SEEDS.get(fault)), settings=SEARCH)
