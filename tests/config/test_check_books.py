"""`check_books` is silent about good books and names what was broken behind the triggers' back."""

import datetime
import io
import json

import pytest
from django.core.management import call_command
from django.db import connection

from ledger.reports.checks import CHECKS
from ledger.services.posting import reverse
from tests.builders import make_account, make_company, make_entry, make_period, make_purchase, make_rate, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def books(db):
    make_company()
    make_rate("GBP", "2")
    bank = {"debit": "1000", "credit": "4095"}  # accounts that no lot stands on
    entry = make_entry("test:1", "10.10", lot="lot:1", **bank)
    make_entry("test:2", "20", currency="GBP", **bank)
    day = datetime.date(2026, 11, 5)
    reverse(entry, event_key="test:1:undo", kind="undo", effective_on=day, reason="A slip")
    make_purchase(make_account())


def check(*options):
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("check_books", *options, stdout=out, stderr=err)
    except SystemExit as stopped:
        return stopped.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def behind_the_triggers(sql: str) -> None:
    """As a superuser with a backup in hand could."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql)
        cursor.execute("SET LOCAL session_replication_role = origin")


def drop(constraint: str, table: str = "ledger_journalline") -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")


def test_good_books_agree_in_one_line():
    assert check() == (0, "The books agree.\n", "")


def test_as_json_every_check_is_listed_even_when_silent():
    code, out, _ = check("--json")
    told = json.loads(out)
    assert (code, told["ok"]) == (0, True)
    assert {entry["name"] for entry in told["checks"]} > set(CHECKS)
    assert all(entry["offenders"] == [] for entry in told["checks"])


LINE = "(SELECT min(l.id) FROM ledger_journalline l JOIN ledger_journalentry e ON e.id = l.entry_id WHERE event_key = '{}')"
FIRST, SECOND = (LINE.format(key) for key in ("test:1", "test:2"))


def line(key: str, change: str) -> str:
    return f"UPDATE ledger_journalline SET {change} WHERE id = {LINE.format(key)}"


REVERSE_THE_REVERSAL = (
    "UPDATE ledger_journalentry SET reverses_id = (SELECT id FROM ledger_journalentry WHERE event_key = 'test:1:undo')"
    " WHERE event_key = 'test:2'"
)
BROKEN = [
    ("entries balance", line("test:2", "debit = 20.01"), "test:2", "in GBP: debit 20.010, credit 20.000"),
    ("entries balance", line("test:2", "debit_lcy = 1"), "test:2", "LCY debit 1.000, credit 40.000"),
    (
        "entries are complete",
        f"DELETE FROM ledger_journalline WHERE id = {SECOND}",
        "test:2",
        "1 of 2 lines, numbered 2",
    ),
    ("entries are complete", "DELETE FROM ledger_journalline", "test:1", "0 of 2 lines, numbered not at all"),
    ("entries are complete", line("test:2", "line_no = 3"), "test:2", "numbered 2, 3"),
    ("lines have an entry", "DELETE FROM ledger_journalentry WHERE event_key = 'test:2'", "line ", "does not exist"),
    (
        "lines have their entry's currency",
        line("test:2", "currency_id = 'EUR'"),
        "test:2",
        "1 is in EUR, the entry in GBP",
    ),
    ("reversals mirror", line("test:1:undo", "party = 'account:9'"), "test:1:undo", "differs from test:1 at line 1"),
    ("reversals mirror", line("test:1", "product_group_id = 'CREDITS'"), "test:1:undo", "at line 1"),
    ("reversals mirror", REVERSE_THE_REVERSAL, "test:2", "itself a reversal"),
    ("decimals of the currency", line("test:2", "debit = 20.001"), "test:2", "line 1: 20.001 GBP"),
    ("LCY equals itself", line("test:1", "debit_lcy = 10.11"), "test:1", "line 1: 10.100 USD, LCY 10.110"),
]


@pytest.mark.parametrize(("name", "sql", "subject", "detail"), BROKEN)
def test_what_was_changed_behind_the_triggers_is_named(name, sql, subject, detail):
    assert CHECKS[name]() == []
    behind_the_triggers(sql)
    found = CHECKS[name]()
    assert found[0].subject.startswith(subject)
    assert detail in found[0].detail
    code, _, err = check()
    assert code == 1
    assert "in all; with --json they are listed." in err


def test_the_first_offender_is_named_and_all_are_in_the_json():
    behind_the_triggers(f"UPDATE ledger_journalline SET debit = 20.01 WHERE id = {SECOND}")
    _, _, err = check()
    assert err.startswith("test:2 breaks the rule “an entry balances”: in GBP: debit 20.010, credit 20.000")
    code, out, _ = check("--json")
    told = json.loads(out)
    assert (code, told["ok"]) == (1, False)
    (broken,) = (entry["offenders"] for entry in told["checks"] if entry["name"] == "entries balance")
    assert [offender["subject"] for offender in broken] == ["test:2"]


def test_a_line_on_both_sides_and_an_empty_one_are_named():
    drop("journal_line_on_one_side")
    drop("journal_line_not_zero")
    behind_the_triggers(f"UPDATE ledger_journalline SET credit = 1 WHERE id = {FIRST}")
    behind_the_triggers(f"UPDATE ledger_journalline SET debit = 0, debit_lcy = 0 WHERE id = {SECOND}")
    assert [offender.subject for offender in CHECKS["lines use one side"]()] == ["test:1", "test:2"]


def test_a_negative_amount_is_named():
    drop("journal_line_never_negative")
    behind_the_triggers(f"UPDATE ledger_journalline SET debit = -debit WHERE id = {FIRST}")
    assert [offender.subject for offender in CHECKS["lines use one side"]()] == ["test:1"]


def test_a_second_reversal_is_named():
    drop("ledger_journalentry_reverses_id_key", "ledger_journalentry")
    behind_the_triggers(
        "UPDATE ledger_journalentry SET reverses_id = (SELECT id FROM ledger_journalentry WHERE event_key = 'test:1')"
        " WHERE event_key = 'test:2'"
    )
    (found,) = CHECKS["reversed once"]()
    assert (found.subject, found.detail) == ("test:1", "is reversed by test:2, test:1:undo")


def test_an_event_posted_twice_is_named():
    drop("ledger_journalentry_event_key_key", "ledger_journalentry")
    behind_the_triggers("UPDATE ledger_journalentry SET event_key = 'test:2' WHERE event_key = 'test:1'")
    assert [offender.subject for offender in CHECKS["events posted once"]()] == ["test:2"]


def test_a_posting_that_slipped_into_a_closed_period_is_named_and_one_from_before_is_not():
    make_entry("test:october", on=datetime.date(2026, 10, 5), debit="1000", credit="4095")
    make_period(2026, 10, closed_by=make_user("controller"))
    assert CHECKS["posting dates are open"]() == []
    behind_the_triggers(
        "UPDATE ledger_journalentry SET posting_date = '2026-10-20', effective_on = '2026-10-20',"
        " created_at = clock_timestamp() WHERE event_key = 'test:2'"
    )
    (found,) = CHECKS["posting dates are open"]()
    assert found.subject == "test:2"
    assert "into 2026-10, which was closed before" in found.detail


def test_the_checks_ask_a_constant_number_of_questions(django_assert_num_queries):
    for number in range(20):
        make_entry(f"more:{number}")
    for name in CHECKS:
        with django_assert_num_queries(1):
            assert CHECKS[name]() == []
