"""What the database refuses about milestones, allocations, consumptions and completions, whoever asks: raw SQL."""

import datetime

import pytest
from django.db import IntegrityError, connection, transaction

from credits.services.allocate import allocate
from credits.services.milestones import complete
from tests.builders import make_account, make_company, make_milestone, make_project, make_purchase, make_rate, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]


class World:
    """A lot of ten, four of them allocated to a milestone; two more milestones, the last without credits."""

    def __init__(self):
        make_company()
        make_rate("EUR", "1.1")
        self.account, self.actor = make_account(), make_user()
        self.lot = make_purchase(self.account)
        self.draft = make_purchase(self.account, draft=True)
        self.euro = make_purchase(self.account, currency="EUR")
        self.other = make_account("Another")
        self.project = make_project(self.account)
        self.milestone = make_milestone(self.project, 4)
        self.empty = make_milestone(self.project, 4)
        self.allocation = allocate(self.milestone, actor=self.actor)
        connection.check_constraints()  # what waits for the commit would hide the refusals of TRUNCATE


@pytest.fixture
def world():
    return World()


def refused(constraint: str, sql: str, *params) -> None:
    with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)
    assert error.value.__cause__.diag.constraint_name == constraint, error.value


def consume(world: World, **changes) -> tuple:
    """An INSERT of a consumption that would be accepted but for the changes."""
    row = {
        "allocation_id": world.allocation.pk, "consumption_type": "adjustment", "account_id": world.account.pk,
        "milestone_id": world.milestone.pk, "purchase_id": world.lot.pk, "currency_id": "USD", "credits": 1,
        "value_per_credit": 100, "amount_paid_per_credit": 80, "consumed_on": "2026-11-24",
    } | changes  # fmt: skip
    marks = ", ".join(["%s"] * len(row))
    return f"INSERT INTO credits_consumption ({', '.join(row)}) VALUES ({marks})", *row.values()


def test_the_row_that_the_others_are_varied_from_is_accepted(world):
    sql, *params = consume(world)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
    world.milestone.refresh_from_db()
    assert world.milestone.credits_allocated == 5


@pytest.mark.parametrize("table", ["credits_consumption", "credits_allocation"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET created_by_id = NULL",
        "DELETE FROM {}",
        "TRUNCATE {} CASCADE",
        "UPDATE {} SET id = id WHERE false",
    ],
)
def test_append_only(world, table, statement):
    """Allocation and consumption, made by processes alone: append-only."""
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


@pytest.mark.parametrize("table", ["credits_milestone", "opportunities_project", "opportunities_account"])
def test_nothing_is_emptied_by_way_of_what_it_refers_to(world, table):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize(
    "change",
    [
        {"value_per_credit": 99},
        {"amount_paid_per_credit": 79},
        {"currency_id": "EUR"},
        {"account_id": "other"},
        {"purchase_id": "draft"},
        {"purchase_id": "euro"},
        {"milestone_id": "empty"},
    ],
)
def test_a_consumption_agrees_with_its_lot_its_milestone_and_its_allocation(world, change):
    change = {name: getattr(world, value).pk if name != "currency_id" and isinstance(value, str) else value
              for name, value in change.items()}  # fmt: skip
    refused("consumption_agrees_with_lot_and_milestone", *consume(world, **change))


def test_a_completed_milestone_takes_no_consumption(world):
    complete(world.milestone, actor=world.actor)
    refused("consumption_agrees_with_lot_and_milestone", *consume(world))


@pytest.mark.parametrize(
    "change",
    [
        {"credits": 0},
        {"consumption_type": "consumption", "credits": -1},
        {"consumption_type": "expiry"},
        {"consumption_type": "gift"},
        {"consumption_type": "consumption", "milestone_id": None},
    ],
)
def test_sign_and_milestone_fit_the_type(world, change):
    """Consumption, types: sign and milestone fit the type."""
    refused("consumption_sign_and_milestone_fit_its_type", *consume(world, **change))


def test_a_lot_is_never_overdrawn(world):
    refused("purchase_never_overdrawn", *consume(world, credits=7))


def test_no_more_is_given_back_than_was_drawn(world):
    refused("consumption_gives_back_what_was_drawn", *consume(world, credits=-5))


def test_an_allocation_has_a_milestone_an_expiry_has_none(world):
    """Allocation, types: a milestone for an allocation, none for an expiry."""
    sql = """INSERT INTO credits_allocation (event_key, allocation_type, account_id, currency_id, milestone_id, allocated_on)
             VALUES ('key', %s, %s, 'USD', %s, '2026-11-24')"""
    refused("allocation_has_milestone_unless_expiry", sql, "expiry", world.account.pk, world.empty.pk)
    refused("allocation_has_milestone_unless_expiry", sql, "allocation", world.account.pk, None)


def test_one_allocation_per_milestone_and_per_event(world):
    sql = """INSERT INTO credits_allocation (event_key, allocation_type, account_id, currency_id, milestone_id, allocated_on)
             VALUES (%s, 'allocation', %s, 'USD', %s, '2026-11-24')"""
    refused("credits_allocation_milestone_id_key", sql, "new", world.account.pk, world.milestone.pk)
    refused("credits_allocation_event_key_key", sql, world.allocation.event_key, world.account.pk, world.empty.pk)


@pytest.mark.parametrize("needed", ["0", "-1", "1000000000000000000"])
def test_a_milestone_needs_one_credit_or_more(world, needed):
    refused("milestone_needs_one_credit_or_more", f"UPDATE credits_milestone SET credits_needed = {needed} WHERE id = %s",
            world.empty.pk)  # fmt: skip


def test_the_gate_no_actual_date_before_the_credits(world):
    """Gate: no actual date before the credits, in the database."""
    gate = "milestone_allocated_in_full_before_it_is_done"
    refused(gate, "UPDATE credits_milestone SET actual_on = '2026-11-24' WHERE id = %s", world.empty.pk)
    refused(gate, "UPDATE credits_milestone SET actual_on = '2026-11-24', credits_needed = 3 WHERE id = %s",
            world.milestone.pk)  # fmt: skip


@pytest.mark.parametrize("needed", ["3", "NULL"])
def test_a_completed_milestone_keeps_its_number_also_from_being_emptied(world, needed):
    complete(world.milestone, actor=world.actor)
    refused("milestone_allocated_in_full_before_it_is_done",
            f"UPDATE credits_milestone SET credits_needed = {needed} WHERE id = %s", world.milestone.pk)  # fmt: skip


def test_the_total_of_a_milestone_follows_its_consumptions(world):
    total = "milestone_total_follows_consumptions"
    refused(total, "UPDATE credits_milestone SET credits_allocated = 3 WHERE id = %s", world.milestone.pk)
    refused(total, """INSERT INTO credits_milestone (project_id, number, name, status, credits_needed, credits_allocated)
                      VALUES (%s, 'MS-X', 'X', '', 4, 4)""", world.project.pk)  # fmt: skip


def test_project_account_and_currency_stay_where_credits_were_drawn(world):
    elsewhere = make_project(world.other)
    refused("milestone_project_fixed", "UPDATE credits_milestone SET project_id = %s WHERE id = %s",
            elsewhere.pk, world.milestone.pk)  # fmt: skip
    fixed = "project_account_and_currency_fixed"
    refused(fixed, "UPDATE opportunities_project SET account_id = %s WHERE id = %s", world.other.pk, world.project.pk)
    refused(fixed, "UPDATE opportunities_project SET currency_id = 'EUR' WHERE id = %s", world.project.pk)


def test_one_completion_stands_per_milestone_numbered_once_and_earned_when_it_has_an_entry(world):
    complete(world.milestone, actor=world.actor)
    sql = "INSERT INTO credits_completion (milestone_id, sequence, actual_on, reopen_reason) VALUES (%s, %s, %s, '')"
    day = datetime.date(2026, 11, 24)
    refused("completion_one_stands_per_milestone", sql, world.milestone.pk, 2, day)
    refused("completion_numbered", f"{sql[:-1]}), (%s, %s, %s, '')", world.empty.pk, 1, day, world.empty.pk, 1, day)
    refused("completion_with_entry_is_earned",
            "UPDATE credits_completion SET entry_id = (SELECT min(id) FROM ledger_journalentry)")  # fmt: skip
