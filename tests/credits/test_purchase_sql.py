"""What the database refuses about purchases, whoever asks: raw SQL."""

import datetime

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from credits.models import Purchase
from credits.services.allocate import adjust, allocate
from credits.services.dates import change_dates
from credits.services.expire import expire_purchase
from credits.services.purchases import return_to_draft
from opportunities.models import Opportunity, OpportunityLine, Product
from tests.builders import make_account, make_company, make_milestone, make_project, make_purchase, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]


class World:
    """A confirmed lot, a new draft, a draft that was confirmed once, and a free lot."""

    def __init__(self):
        make_company()
        self.account, self.actor = make_account(), make_user()
        self.other = make_account("Another")
        self.lot = make_purchase(self.account)
        self.draft = make_purchase(self.account, draft=True)
        self.returned = return_to_draft(make_purchase(self.account), actor=self.actor)
        self.free = make_purchase(self.account, amount_paid_per_credit="0")


@pytest.fixture
def world():
    return World()


def run(sql: str, *params) -> int:
    connection.check_constraints()  # what is deferred would stand in the way of TRUNCATE and ALTER TABLE
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.rowcount


def refused(constraint: str, sql: str, *params) -> None:
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        run(sql, *params)
    assert error.value.__cause__.diag.constraint_name == constraint, error.value


def update(purchase: Purchase, **changes) -> tuple:
    settings = ", ".join(f"{column} = %s" for column in changes)
    return f"UPDATE credits_purchase SET {settings} WHERE id = %s", *changes.values(), purchase.pk


def test_what_is_not_refused_goes_through(world):
    assert run(*update(world.lot, description="Renamed", expires_on="2028-01-01")) == 1
    assert run(*update(world.draft, number_of_credits=7, account_id=world.other.pk, currency_id="EUR")) == 1


RELEASED = (
    "credits_released",
    "credits_consumed",
    "released",
    "released_lcy",
    "estimated",
    "estimated_lcy",
    "breakage_rate",
)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("purchase_has_number", {"number": ""}),
        ("purchase_has_one_credit_or_more", {"number_of_credits": 0}),
        ("purchase_has_one_credit_or_more", {"number_of_credits": 10**18}),
        ("purchase_prices_not_negative", {"value_per_credit": "-0.01"}),
        ("purchase_prices_not_negative", {"amount_paid_per_credit": "-0.01"}),
        ("purchase_expires_on_or_after_its_start", {"expires_on": "2026-11-01"}),
        ("purchase_draft_has_no_history", {"paid_total_lcy": 1}),
        ("purchase_confirmed_is_complete", {"draft": False}),
        ("purchase_line_has_part", {"line_part": 1}),
        ("purchase_totals_follow_consumptions", {"credits_allocated": 1}),
        ("purchase_totals_follow_consumptions", {"credits_expired": 1}),
        ("purchase_totals_follow_consumptions", {"credits_refunded": 1}),
        ("purchase_released_follows_releases", {"credits_released": 1}),
        ("purchase_released_follows_releases", {"breakage_rate": 10}),
    ],
)
def test_of_a_draft(world, constraint, changes):
    """Purchase, credits allocated, expired, refunded: totals of the consumptions."""
    refused(constraint, *update(world.draft, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "SCP-OTHER"},
        {"purchased_on": "2026-11-03"},
        {"currency_id": "EUR"},
        {"number_of_credits": 11},
        {"value_per_credit": "101.00"},
        {"amount_paid_per_credit": "81.00"},
        {"business_group_id": "EXPORT"},
        {"deferral_account_id": "2410"},
        {"exchange_rate": "2"},
        {"paid_total_lcy": "801.00"},
        {"confirmations": 2},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_of_a_confirmed_purchase_each_fixed_field(world, changes):
    """Purchase, number of credits, value, amount paid: fixed once out of draft."""
    refused("purchase_fixed_once_confirmed", *update(world.lot, **changes))


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("purchase_confirmed_is_complete", {"starts_on": None}),
        ("purchase_confirmed_is_complete", {"expires_on": None}),
        ("purchase_totals_follow_consumptions", {"credits_allocated": 1}),
        *(("purchase_released_follows_releases", {column: 1}) for column in RELEASED),
    ],
)
def test_of_a_confirmed_purchase(world, constraint, changes):
    """Purchase, credits allocated, expired, refunded: totals of the consumptions."""
    refused(constraint, *update(world.lot, **changes))


@pytest.mark.parametrize(
    ("constraint", "units", "amount", "amount_lcy", "estimated"),
    [
        ("purchase_releases_no_more_than_paid", 1, "800.01", "800", 0),
        ("purchase_releases_no_more_than_paid", 1, "800", "800.01", 0),
        ("purchase_releases_no_more_than_paid", 1, "800", "800", "0.01"),
        ("purchase_releases_no_more_than_paid", 11, "800", "800", 0),
        ("purchase_releases_no_more_than_paid", 1, "-0.01", "0", 0),
        ("purchase_liability_ends_at_zero", 10, "799.99", "800", 0),
        ("purchase_liability_ends_at_zero", 10, "800", "799.99", 0),
        ("purchase_nothing_expected_of_a_spent_lot", 10, "799.99", "799.99", "0.01"),
    ],
)
def test_of_what_a_purchase_releases(world, constraint, units, amount, amount_lcy, estimated):
    sql = (
        "INSERT INTO credits_release (purchase_id, event_key, cause, units, amount, amount_lcy, estimated, estimated_lcy,"
        " effective_on) VALUES (%s, 'by hand', 'expired', %s, %s, %s, %s, %s, '2026-11-24')"
    )
    refused(constraint, sql, world.lot.pk, units, amount, amount_lcy, estimated, estimated)


def test_nothing_is_released_of_a_draft(world):
    sql = (
        "INSERT INTO credits_release (purchase_id, event_key, cause, units, amount, amount_lcy, effective_on)"
        " VALUES (%s, 'by hand', 'expired', 1, 0, 0, '2026-11-24')"
    )
    refused("purchase_draft_has_no_history", sql, world.draft.pk)


def test_paid_credits_are_not_confirmed_without_rate_and_deferral(world):
    confirmed = {"draft": False, "confirmations": 1, "business_group_id": "DOMESTIC", "paid_total_lcy": "800"}
    refused("purchase_paid_has_rate_and_deferral", *update(world.draft, **confirmed))
    assert world.free.exchange_rate is None and not world.free.draft


def test_credits_never_move_between_accounts_once_confirmed_not_even_back_in_draft(world):
    """Purchase, account: credits cannot move between accounts."""
    refused("purchase_account_fixed", *update(world.lot, account_id=world.other.pk))
    refused("purchase_account_fixed", *update(world.returned, account_id=world.other.pk))


def test_dates_are_locked_once_credits_have_expired(world):
    """Purchase, start and expiry date: locked once credits have expired."""
    change_dates(world.lot, starts_on=world.lot.starts_on, expires_on=datetime.date(2026, 11, 24), reason="Ended",
                 actor=world.actor)  # fmt: skip
    expire_purchase(world.lot, actor=world.actor)
    refused("purchase_dates_locked_once_expired", *update(world.lot, expires_on="2027-01-01"))
    refused("purchase_dates_locked_once_expired", *update(world.lot, starts_on="2026-11-01"))


def test_back_to_draft_only_without_any_consumption(world):
    """What was drawn and given back entirely still leaves its trail."""
    milestone = make_milestone(make_project(world.account), 4)
    allocate(milestone, actor=world.actor)
    adjust(milestone, total=0, actor=world.actor)
    assert Purchase.objects.get(pk=world.lot.pk).credits_allocated == 0
    draft = {"draft": True, "paid_total_lcy": None}
    refused("purchase_back_to_draft_only_unused", *update(world.lot, **draft))


def test_more_than_there_is_cannot_be_drawn(world):
    """Not even by the rows that move the totals."""
    milestone = make_milestone(make_project(world.account), 4)
    allocation = allocate(milestone, actor=world.actor)
    run("UPDATE credits_milestone SET credits_needed = NULL WHERE id = %s", milestone.pk)
    insert = """INSERT INTO credits_consumption (allocation_id, consumption_type, account_id, milestone_id, purchase_id,
        currency_id, credits, value_per_credit, amount_paid_per_credit, consumed_on)
        VALUES (%s, 'adjustment', %s, %s, %s, 'USD', %s, 100, 80, '2026-11-24')"""
    keys = (allocation.pk, world.account.pk, milestone.pk, world.lot.pk)
    refused("purchase_never_overdrawn", insert, *keys, 7)
    assert run(insert, *keys, 6) == 1


def test_totals_are_not_negative(world):
    """A fourth door, past the guard: the CHECK stands by itself."""
    run("ALTER TABLE credits_purchase DISABLE TRIGGER purchase_guard")
    refused("purchase_totals_not_negative", *update(world.lot, credits_expired=-1))
    refused("purchase_totals_not_negative", *update(world.lot, credits_refunded=-1))


def test_deleted_only_as_a_draft_that_was_never_confirmed(world):
    delete = "DELETE FROM credits_purchase WHERE id = %s"
    refused("purchase_deleted_only_as_new_draft", delete, world.lot.pk)
    refused("purchase_deleted_only_as_new_draft", delete, world.returned.pk)
    assert run(delete, world.draft.pk) == 1


def test_the_number_is_unique(world):
    """Purchase, number: unique."""
    with pytest.raises(IntegrityError, match="number"), transaction.atomic():
        run(*update(world.draft, number=world.lot.number))


def test_a_line_is_bought_once_per_part(world):
    """Purchase, opportunity line, part: unique together."""
    product = Product.objects.create(code="P", name="Pack", unit_price=1, currency_id="USD", product_group_id="CREDITS")
    opportunity = Opportunity.objects.create(
        number="OPP-1", name="Sale", account=world.account, currency_id="USD", closes_on=datetime.date(2026, 11, 24)
    )
    line = OpportunityLine.objects.create(
        opportunity=opportunity, line_no=1, product=product, description="Pack", unit_price=1, total=1
    )
    assert run(*update(world.draft, opportunity_line_id=line.pk, line_part=1)) == 1
    refused("purchase_once_per_line_part", *update(world.lot, opportunity_line_id=line.pk, line_part=1))


def test_purchases_are_not_truncated(world):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        run("TRUNCATE credits_purchase CASCADE")


@pytest.mark.parametrize("sql", ["UPDATE credits_purchasedatechange SET reason = 'x'",
                                 "DELETE FROM credits_purchasedatechange",
                                 "TRUNCATE credits_purchasedatechange"])  # fmt: skip
def test_changes_of_dates_are_append_only(world, sql):
    change_dates(world.lot, starts_on=world.lot.starts_on, expires_on=datetime.date(2028, 1, 1), reason="Renewed",
                 actor=world.actor)  # fmt: skip
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        run(sql)


def test_a_change_of_dates_has_a_reason(world):
    insert = """INSERT INTO credits_purchasedatechange (purchase_id, old_starts_on, new_starts_on, old_expires_on,
        new_expires_on, reason, changed_by_id) VALUES (%s, now(), now(), now(), now(), %s, %s)"""
    refused("date_change_has_reason", insert, world.lot.pk, "", world.actor.pk)
    assert run(insert, world.lot.pk, "Renewed", world.actor.pk) == 1


def test_what_is_available_is_computed_by_the_database(world):
    """Purchase, credits available: number - allocated - expired - refunded, computed by the database."""
    with pytest.raises(DatabaseError, match="credits_available"), transaction.atomic():
        run(*update(world.lot, credits_available=11))
    allocate(make_milestone(make_project(world.account), 4), actor=world.actor)
    assert Purchase.objects.get(pk=world.lot.pk).credits_available == 6
