"""Where and when the books take what credits post: the group of the sale, blocked combinations, the days allowed."""

import datetime

import pytest

from config.night import run_nights
from credits.models import Purchase
from credits.services.allocate import allocate
from credits.services.expire import expire_purchase
from credits.services.milestones import complete
from credits.services.purchases import confirm_purchase, return_to_draft
from ledger.exceptions import BlockedCombination, PostingNotAllowed
from ledger.models import JournalEntry, LedgerAccount, LedgerSetup, PostingSetup
from ledger.models.nights import State
from ledger.services.periods import soft_close_period
from tests.builders import (
    make_account,
    make_company,
    make_milestone,
    make_period,
    make_project,
    make_purchase,
    make_user,
    trial_balance,
)

pytestmark = pytest.mark.django_db
D = datetime.date
TODAY = D(2026, 11, 24)
BOUGHT = {"purchased_on": D(2026, 10, 5), "starts_on": D(2026, 10, 5)}


@pytest.fixture(autouse=True)
def company(db, time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC))
    make_company()


@pytest.fixture
def account():
    return make_account()


def night(on: datetime.date = TODAY) -> list[str]:
    """The errors that the night names; it went through all the same."""
    *_, run = run_nights(on)
    assert run.state == State.DONE
    return [error for step in run.steps.all() for chunk in step.chunks.all() for error in chunk.errors]


def block(business_group: str = "DOMESTIC", blocked: bool = True) -> None:
    PostingSetup.objects.filter(business_group=business_group).update(blocked=blocked)


def allowed(**days) -> None:
    LedgerSetup.objects.update(**days)


# Whose business posting group a sale takes.


@pytest.fixture
def abroad(account):
    """A customer at home whose bills go abroad, where everything has accounts of its own."""
    names = {"receivable": "1101", "deferral": "2401", "sales": "4001", "breakage": "4091"}
    for code in names.values():
        LedgerAccount.objects.create(code=code, name="Abroad", category="asset" if code == "1101" else "liability")
    PostingSetup.objects.filter(business_group="EXPORT").update(**{f"{name}_id": code for name, code in names.items()})
    payer = make_account("Payer")
    payer.business_group_id = "EXPORT"
    payer.save()
    account.bill_to = payer
    account.save()
    return account


@pytest.mark.parametrize(
    ("groups_from", "group", "receivable", "deferral"),
    [("sell_to", "DOMESTIC", "1100", "2400"), ("bill_to", "EXPORT", "1101", "2401")],
)
def test_a_sale_takes_the_group_that_the_setup_says(abroad, groups_from, group, receivable, deferral):
    LedgerSetup.objects.update(groups_from=groups_from)
    lot = make_purchase(abroad, **BOUGHT)
    assert (lot.business_group_id, lot.deferral_account_id) == (group, deferral)
    assert trial_balance() == {receivable: {"USD": 800, "LCY": 800}, deferral: {"USD": -800, "LCY": -800}}


def test_what_was_sold_before_keeps_its_group_to_the_end(abroad):
    lot = make_purchase(abroad, expires_on=D(2026, 11, 20), **BOUGHT)
    LedgerSetup.objects.update(groups_from="bill_to")
    assert night() == []
    assert trial_balance() == {"1100": {"USD": 800, "LCY": 800}, "4090": {"USD": -800, "LCY": -800}}
    assert Purchase.objects.get(pk=lot.pk).business_group_id == "DOMESTIC"


def test_without_another_payer_the_group_is_the_customers_own(account):
    LedgerSetup.objects.update(groups_from="bill_to")
    assert make_purchase(account, **BOUGHT).business_group_id == "DOMESTIC"


def test_a_purchase_confirmed_again_takes_the_group_of_that_day(abroad):
    lot = return_to_draft(make_purchase(abroad, **BOUGHT), actor=None)
    LedgerSetup.objects.update(groups_from="bill_to")
    assert confirm_purchase(lot, actor=None).deferral_account_id == "2401"


# Blocked combinations.


def test_a_blocked_combination_refuses_to_confirm_and_writes_nothing(account):
    draft = make_purchase(account, draft=True, **BOUGHT)
    block()
    with pytest.raises(BlockedCombination, match="blocks business group DOMESTIC with product group CREDITS"):
        confirm_purchase(draft, actor=None)
    assert (Purchase.objects.get().draft, JournalEntry.objects.count()) == (True, 0)
    block(blocked=False)
    assert not confirm_purchase(draft, actor=None).draft


def test_a_blocked_combination_is_named_by_the_night_stops_nobody_else_and_is_found_again(account):
    lot = make_purchase(account, expires_on=D(2026, 11, 20), **BOUGHT)
    other = make_account("Abroad")
    other.business_group_id = "EXPORT"
    other.save()
    theirs = make_purchase(other, expires_on=D(2026, 11, 20), **BOUGHT)
    block()
    (said,) = night()
    assert said.startswith("1 purchase: The general posting setup blocks business group DOMESTIC")
    assert available(lot, theirs) == [10, 0]
    block(blocked=False)
    assert night() == []
    assert available(lot, theirs) == [0, 0]


def available(*lots: Purchase) -> list[int]:
    return [Purchase.objects.values_list("credits_available", flat=True).get(pk=lot.pk) for lot in lots]


def test_a_blocked_combination_keeps_what_is_completed_waiting(account):
    make_purchase(account, **BOUGHT)
    finish(account, D(2026, 11, 20))
    block()
    (said,) = night()
    assert said.startswith("1 milestone: The general posting setup blocks")
    assert "4000" not in trial_balance()
    block(blocked=False)
    assert night() == []
    assert trial_balance()["4000"] == {"USD": -320, "LCY": -320}


def finish(account, on: datetime.date) -> None:
    """Four credits of 80.00 are used on that day."""
    milestone = make_milestone(make_project(account), 4)
    allocate(milestone, actor=None, on=D(2026, 11, 2))
    complete(milestone, actor=None, actual_on=on)


def test_a_blocked_combination_refuses_to_expire_by_hand(account):
    lot = make_purchase(account, expires_on=D(2026, 11, 23), **BOUGHT)
    block()
    with pytest.raises(BlockedCombination):
        expire_purchase(lot, actor=None)
    assert available(lot) == [10]


# The days on which posting is allowed.


def test_after_the_last_day_allowed_nothing_is_confirmed(account):
    allowed(posting_to=D(2026, 10, 4))
    draft = make_purchase(account, draft=True, **BOUGHT)
    with pytest.raises(PostingNotAllowed, match=r"Posting is allowed to 4 Oct 2026, not on 5 Oct 2026\."):
        confirm_purchase(draft, actor=None)
    assert (Purchase.objects.get().draft, JournalEntry.objects.count()) == (True, 0)
    allowed(posting_to=D(2026, 10, 5))
    assert not confirm_purchase(draft, actor=None).draft


def test_after_the_last_day_allowed_the_night_names_what_waits_and_does_the_rest(account):
    late = make_purchase(account, expires_on=D(2026, 11, 21), **BOUGHT)
    early = make_purchase(account, expires_on=D(2026, 11, 10), **BOUGHT)
    finish(account, D(2026, 11, 21))
    allowed(posting_to=D(2026, 11, 20))
    said = night()
    assert [error.split(":")[0] for error in said] == ["1 purchase", "1 milestone"]
    assert all("Posting is allowed to 20 Nov 2026, not later." in error for error in said)
    assert available(late, early) == [10, 0]
    allowed(posting_to=None)
    assert night() == []
    assert available(late, early) == [0, 0]


def test_after_the_last_day_allowed_nothing_expires_by_hand(account):
    lot = make_purchase(account, expires_on=D(2026, 11, 21), **BOUGHT)
    allowed(posting_to=D(2026, 11, 20))
    with pytest.raises(PostingNotAllowed):
        expire_purchase(lot, actor=None)
    assert available(lot) == [10]


def test_before_the_first_day_allowed_an_event_goes_to_that_day_and_keeps_its_effective_date(account):
    allowed(posting_from=D(2026, 11, 15))
    make_purchase(account, expires_on=D(2026, 11, 10), **BOUGHT)
    assert night() == []
    days = JournalEntry.objects.order_by("pk").values_list("kind", "effective_on", "posting_date")
    assert list(days) == [
        ("purchase", D(2026, 10, 5), D(2026, 11, 15)),
        ("expiry", D(2026, 11, 11), D(2026, 11, 15)),
    ]


def test_a_lot_whose_first_open_day_comes_too_late_waits_and_stops_nobody(account):
    late = make_purchase(account, expires_on=D(2026, 10, 10), **BOUGHT)
    free = make_purchase(account, expires_on=D(2026, 10, 10), amount_paid_per_credit="0", **BOUGHT)
    soft_close_period(make_period(2026, 10), actor=make_user("controller"))
    allowed(posting_to=D(2026, 10, 31))
    (said,) = night()
    assert "Posting is allowed to 31 Oct 2026, not later." in said
    assert available(late, free) == [10, 0]
    allowed(posting_to=None)
    assert night() == []
    assert available(late) == [0]
