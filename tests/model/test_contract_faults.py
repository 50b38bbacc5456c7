"""The proof that the state machine of contracts sees something: each of these faults is found by it."""

import pytest
from django.db import IntegrityError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from prepaid import due
from prepaid.periods import DAY, period
from prepaid.services.contracts import billing, credit, posting, release
from tests.model.contract_machine import ContractMachine

SEARCH = settings(
    max_examples=20,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
HOURS = {"pick": 1, "contract": 0, "starts": 2, "anchor": 0, "days": None, "price": 1000, "quantity": 12_500}


class Monthly(ContractMachine):
    """Hours and money from the 31st of January on, month by month; without `check_books`, the replay, and the calendar of the
    books, which has its own faults. Nothing else is agreed, and nothing used."""

    check_books_is_silent = close_or_open_a_period = agree = change_the_price = cancel = None
    use = credit_what_was_used = expire = another_validity = change_the_setup = go_on_with_a_draft = None

    def replay_agrees(self):
        """Of what is wrong already."""

    @initialize(days=st.sampled_from([2, 20]))
    def open_for_business(self, days):
        agreed = [{**HOURS, "terms": ("1M", "1M")}, {**HOURS, "terms": ("1M", "1Q"), "pick": 0}]
        ContractMachine.open_for_business(self, "GBP", 19, "", agreed)
        self.days_pass(days)
        self.bill(pick=2, ahead=0, on=0, post=True)


def periods_are_chained(patch):
    patch.setattr(due, "_end_of_rhythm", lambda rhythm, day: period(day, rhythm.term, 0).ends_on)


def a_boundary_is_counted_twice(patch):
    right = billing.price_of

    def wrong(price, anchor, base, starts_on, ends_on, *, decimals):
        return right(price, anchor, base, starts_on, ends_on + DAY if decimals == 4 else ends_on, decimals=decimals)

    patch.setattr(billing, "price_of", wrong)


def a_top_up_comes_in_on_the_posting_date(patch):
    right = posting.receive
    patch.setattr(
        posting,
        "receive",
        lambda service, **entry: right(service, **{**entry, "posted_on": entry["document"].posted_on}),
    )


def what_is_taken_back_is_released_again(patch):
    right = release._post
    patch.setattr(release, "_post", lambda lines, *, sign=1, **changes: right(lines, **changes))


def released_revenue_is_left(patch):
    right = credit._book
    patch.setattr(
        credit,
        "_book",
        lambda booking, line, waiting, keys: right(booking, line, credit.Waiting(waiting.open, []), keys),
    )


def credited_days_stay_billed(patch):
    patch.setattr(credit, "_give_back_days", lambda line, waiting, scope: None)


def all_that_is_left_goes_with_what_waits(patch):
    patch.setattr(credit, "share_of_top_up", lambda line, credited: line.net * 1000)


FAULTS = [
    periods_are_chained,
    a_boundary_is_counted_twice,
    a_top_up_comes_in_on_the_posting_date,
    what_is_taken_back_is_released_again,
    released_revenue_is_left,
    credited_days_stay_billed,
    all_that_is_left_goes_with_what_waits,
]


@pytest.mark.django_db
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_the_machine_finds(fault, monkeypatch):
    fault(monkeypatch)
    with pytest.raises((AssertionError, IntegrityError)):
        run_state_machine_as_test(Monthly, settings=SEARCH)


@pytest.mark.django_db
def test_without_a_fault_it_finds_nothing():
    run_state_machine_as_test(Monthly, settings=settings(SEARCH, max_examples=3))
