"""Bugs of other systems that rewrote what was: rows 10, 18 and 19 of bugs-to-tests.md."""

import datetime
import random
from decimal import Decimal

import pytest

from config.checks import check_books
from credits.exceptions import DatesLocked, Shortage
from credits.models import Consumption, CreditsSetup, Milestone, Purchase, PurchaseDateChange
from credits.services.allocate import adjust, allocate
from credits.services.dates import change_dates
from credits.services.expire import expire_purchase
from credits.services.from_opportunity import Row, create_from_opportunity
from credits.services.milestones import complete, reopen
from ledger.models import (
    BusinessPostingGroup,
    ExchangeRate,
    JournalLine,
    LedgerAccount,
    PostingSetup,
    ProductPostingGroup,
)
from opportunities.services.accounts import edit_account
from opportunities.services.products import edit_product
from pages.refusals import Refused
from tests.builders import make_milestone, make_opportunity, make_purchase, make_rate, trial_balance
from tests.credits.correcting import reinstated
from tests.credits.nights import credits_of, night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)


def test_undoing_gives_the_same_lots_back_what_they_gave_with_the_stored_amounts(account, project, sam):
    """Row 10. Origin: killbill#1464, a voided invoice kept the credits that it had consumed."""
    soon = make_purchase(account, number_of_credits=3, amount_paid_per_credit="33.33", expires_on=TODAY)
    late = make_purchase(account, amount_paid_per_credit="12.34")
    milestone, before = make_milestone(project, 5), trial_balance()
    allocate(milestone, actor=sam)
    complete(milestone, actor=sam)
    night(account, TODAY)
    assert trial_balance()["4000"]["USD"] == Decimal("-124.67")
    reopen(milestone, actor=sam, reason="Voided")
    adjust(milestone, total=0, actor=sam)
    assert (credits_of(soon), credits_of(late), trial_balance()) == ((3, 0, 0), (10, 0, 0), before)


def test_expired_undone_and_expired_again_nothing_is_left_of_the_lot_nor_of_its_money(account, sam, time_machine):
    """Row 10. Origin: killbill#1464, credits went back to a dead lot and stayed there."""
    lot = make_purchase(account, expires_on=TODAY)
    night(account, TODAY + DAY)
    time_machine.move_to("2026-11-26T12:00:00+00:00")
    reinstated(lot, TODAY + 2 * DAY)
    assert credits_of(lot) == (10, 0, 0)
    night(account, TODAY + 3 * DAY)
    assert credits_of(lot) == (0, 0, 10)
    assert trial_balance() == {"1100": {"LCY": 800, "USD": 800}, "4090": {"LCY": -800, "USD": -800}}


def stored() -> tuple:
    """Everything that is posted, bought, drawn and held."""
    tables = (JournalLine, Purchase, Consumption, Milestone)
    return tuple(list(table.objects.order_by("pk").values()) for table in tables)


@pytest.fixture
def sold(account, project, sam):
    """Seven credits sold from a product in the catalogue, four of them consumed; gives product and lot."""
    opportunity = make_opportunity(account, total="560.00", credits=7)
    line = opportunity.lines.get()
    row = Row(line=line, credits=7, value_per_credit=Decimal(100), amount_paid_per_credit=Decimal(80), starts_on=TODAY,
              expires_on=TODAY, description="Seven")  # fmt: skip
    (lot,) = create_from_opportunity(opportunity, [row], draft=False, actor=sam)
    milestone = make_milestone(project, 4)
    allocate(milestone, actor=sam)
    complete(milestone, actor=sam)
    night(account, TODAY)
    return line.product, lot


def edit_the_catalogue(product, account) -> None:
    """Price, credits, groups, customer, posting setup and rate: all of them other than they were."""
    group, _ = ProductPostingGroup.objects.get_or_create(code="OTHER", defaults={"name": "Other"})
    business, _ = BusinessPostingGroup.objects.get_or_create(code="ELSEWHERE", defaults={"name": "Elsewhere"})
    edit_product(product, code="NEW", name="Renamed", unit_price=Decimal(9), currency=account.currency, product_group=group,
                 services_credits=1, actor=None)  # fmt: skip
    edit_account(account, name="Renamed", currency=account.currency, business_group=business, bill_to=None, actor=None)
    CreditsSetup.objects.update(product_group=group)
    other = LedgerAccount.objects.get(pk="2410")
    PostingSetup.objects.filter(product_group="CREDITS").update(deferral=other)
    ExchangeRate.objects.update(rate=Decimal(7))


def test_editing_the_catalogue_changes_nothing_that_is_posted_and_the_lot_ends_where_it_began(account, sold):
    """Row 18. Origin: polar#11427, editing a product rewrote balances."""
    make_rate("EUR", "1.1")
    product, lot = sold
    before, balance = stored(), trial_balance()
    edit_the_catalogue(product, account)
    assert (stored(), trial_balance()) == (before, balance)
    assert night(account, TODAY + DAY) == []
    lot.refresh_from_db()
    assert (lot.deferred, lot.credits_expired) == (0, 3)
    assert trial_balance() == {
        "1100": {"LCY": 560, "USD": 560},
        "4000": {"LCY": -320, "USD": -320},
        "4090": {"LCY": -240, "USD": -240},
    }


@pytest.mark.parametrize(("missing", "named"), [("sales", "sales account"), ("breakage", "breakage account")])
def test_a_missing_input_stops_the_night_of_that_customer_and_says_so(account, project, sam, missing, named):
    """Row 18. Origin: polar#11427, an outage was read as "nothing was used"."""
    lot, milestone = (
        make_purchase(account, expires_on=TODAY),
        make_milestone(project, 10 if missing == "sales" else 4),
    )
    allocate(milestone, actor=sam)
    complete(milestone, actor=sam)
    PostingSetup.objects.update(**{missing: None})
    before = credits_of(lot)
    (error,) = night(account, TODAY + DAY)
    assert named in error
    assert credits_of(lot) == before
    PostingSetup.objects.update(**{missing: {"sales": "4000", "breakage": "4090"}[missing]})
    assert night(account, TODAY + DAY) == []
    assert trial_balance()["4000"]["USD"] == -80 * milestone.credits_needed


MOVES = ("allocate", "give back", "adjust", "complete", "reopen", "expire", "night", "extend")


def move(name: str, chance: random.Random, account, milestone: Milestone, today: datetime.date, sam) -> None:
    lot = chance.choice(list(account.purchases.order_by("pk")))
    longer = {
        "starts_on": lot.starts_on,
        "expires_on": today + chance.randint(0, 9) * DAY,
        "reason": "Agreed",
        "actor": sam,
    }
    {
        "allocate": lambda: allocate(milestone, actor=sam),
        "give back": lambda: adjust(milestone, total=0, actor=sam),
        "adjust": lambda: adjust(milestone, total=chance.randint(1, 9), actor=sam),
        "complete": lambda: complete(milestone, actor=sam),
        "reopen": lambda: reopen(milestone, actor=sam, reason="Again"),
        "expire": lambda: expire_purchase(lot, actor=sam),
        "night": lambda: night(account, today),
        "extend": lambda: change_dates(lot, **longer),
    }[name]()


def agreed_expiry(lot: Purchase, at_first: datetime.date) -> datetime.date:
    change = PurchaseDateChange.objects.filter(purchase=lot).order_by("-pk").first()
    return change.new_expires_on if change else at_first


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_done_no_credit_lives_longer_than_was_agreed(account, project, sam, time_machine, seed):
    """Row 19. Origin: aleph#1104, moving and extending credits laundered their validity."""
    chance, at_first = random.Random(seed), {}
    for days in (1, 3, 6, 10):
        lot = make_purchase(account, number_of_credits=8, expires_on=TODAY + days * DAY)
        at_first[lot.pk] = lot.expires_on
    milestones = [make_milestone(project, chance.randint(2, 9)) for _ in range(4)]
    written = 0
    for step in range(40):
        today = TODAY + step // 3 * DAY
        time_machine.move_to(f"{today}T12:00:00+00:00")
        milestone = Milestone.objects.select_related("project").get(pk=chance.choice(milestones).pk)
        try:
            move(chance.choice(MOVES), chance, account, milestone, today, sam)
        except Refused:
            continue
        for row in Consumption.objects.filter(pk__gt=written, credits__gt=0).exclude(consumption_type="expiry"):
            assert row.purchase.starts_on <= today <= row.purchase.expires_on
        written = max(Consumption.objects.values_list("pk", flat=True), default=0)
        assert all(each.expires_on == agreed_expiry(each, at_first[each.pk]) for each in account.purchases.all())
    assert [check for check in check_books() if check.offenders] == []


def test_what_expired_is_neither_extended_nor_drawn_again_once_given_back(account, project, sam, time_machine):
    """Row 19. Origin: aleph#1104: only the approved reinstatement brings back what has expired."""
    lot, other = make_purchase(account, number_of_credits=6, expires_on=TODAY), make_purchase(account)
    milestone = make_milestone(project, 4)
    allocate(milestone, actor=sam)
    expire_purchase(lot, actor=sam)
    with pytest.raises(DatesLocked, match="2 expired credits"):
        change_dates(lot, starts_on=TODAY, expires_on=TODAY + DAY, reason="Please", actor=sam)
    adjust(milestone, total=0, actor=sam)
    time_machine.move_to("2026-11-25T12:00:00+00:00")
    with pytest.raises(Shortage, match="4 past expiry"):
        adjust(milestone, total=11, actor=sam)
    assert (credits_of(lot), credits_of(other)) == ((4, 0, 2), (10, 0, 0))
