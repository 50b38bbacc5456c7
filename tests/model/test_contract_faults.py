"""The proof that the state machine of contracts sees something: over the same few commands each of these faults is seen by
what it compares, and without a fault nothing is."""

import pytest

from prepaid import due
from prepaid.periods import DAY, period
from prepaid.services.contracts import billing, credit, posting, release
from tests.model.contract_machine import ContractMachine

FIRST = {"contract": 0, "starts": 2, "anchor": 0, "days": None, "price": 1000, "quantity": 12_500}
AGREED = [{**FIRST, "terms": ("1M", "1M"), "pick": 1}, {**FIRST, "terms": ("1M", "1Q"), "pick": 0}]  # hours, and money


def play():
    """Periods from the 31st of January are billed, released, taken back, released again and credited; after each command both
    sides say the same."""
    machine = ContractMachine()
    machine.replay_agrees = lambda: None
    try:
        machine.open_for_business(currency="GBP", vat=19, formula="", agreed=AGREED)
        for name, terms in (
            ("bill", {"pick": 2, "days": 2, "ahead": 0, "on": 0, "post": True}),
            ("bill", {"pick": 2, "days": 30, "ahead": 0, "on": 0, "post": True}),
            ("release", {"pick": 2, "days": 0, "back": 0}),
            ("undo_a_release", {"pick": 1}),
            ("release", {"pick": 2, "days": 0, "back": 0}),
            ("credit_a_contract_invoice", {"pick": 2, "everything": False}),
            ("credit_a_contract_invoice", {"pick": 2, "everything": True}),
        ):
            getattr(machine, name)(**terms)
            machine.the_balances_agree()
            machine.the_deferrals_agree()
            machine.what_is_billed_next_agrees()
            machine.the_books_agree()
    finally:
        machine.teardown()


def periods_are_chained(patch):
    patch.setattr(due, "_end_of_rhythm", lambda rhythm, day: period(day, rhythm.term, 0).ends_on)


def a_boundary_is_counted_twice(patch):
    right = billing.price_of

    def wrong(price, anchor, base, rhythm, starts_on, ends_on, *, decimals):
        end = ends_on + DAY if decimals == 4 else ends_on
        return right(price, anchor, base, rhythm, starts_on, end, decimals=decimals)

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

    def wrong(booking, parts, keys):
        if still := [part for part in parts if part.run_id is None]:
            right(booking, still, keys)

    patch.setattr(credit, "_book", wrong)


def credited_days_stay_billed(patch):
    patch.setattr(credit, "_give_back_days", lambda line, first: None)


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
def test_it_is_seen(fault, monkeypatch):
    fault(monkeypatch)
    with pytest.raises(AssertionError):
        play()


@pytest.mark.django_db
def test_without_a_fault_both_sides_say_the_same():
    play()
