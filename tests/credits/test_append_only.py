"""What is written once stays as it is, for the application's own role of the database as for everybody."""

import datetime

import pytest
from django.db import DatabaseError, connection, transaction

from credits.services.allocate import allocate
from credits.services.dates import change_dates
from tests.builders import make_milestone, make_project, make_purchase

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]


@pytest.fixture
def history(account, sam):
    """A row in each of the tables."""
    lot = make_purchase(account)
    allocate(make_milestone(make_project(account), 4), actor=sam)
    change_dates(lot, starts_on=lot.starts_on, expires_on=datetime.date(2028, 1, 1), reason="Renewed", actor=sam)
    connection.check_constraints()  # what waits for the commit would stand in the way of TRUNCATE


def run(statement: str) -> list[tuple]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


TABLES = ["ledger_journalentry", "ledger_journalline", "credits_consumption", "credits_allocation",
          "credits_purchasedatechange"]  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_an_ordinary_role_changes_nothing_that_was_written(history, ordinary_role, table, statement):
    rows = run(f"SELECT * FROM {table} ORDER BY id")
    with pytest.raises(DatabaseError, match="append-only"):
        run(statement.format(table))
    assert rows and run(f"SELECT * FROM {table} ORDER BY id") == rows


@pytest.mark.parametrize(
    "statement",
    [
        "SET LOCAL session_replication_role = replica",
        "ALTER TABLE ledger_journalline DISABLE TRIGGER ALL",
        "DROP TRIGGER journalline_append_only ON ledger_journalline",
        "CREATE OR REPLACE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    ],
)
def test_nor_does_it_get_round_the_triggers(history, ordinary_role, statement):
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"):
        run(statement)
