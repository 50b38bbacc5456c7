"""`check_books` is silent about manual entries as they are posted, and names what was broken behind the triggers' back."""

import pytest
from django.db import connection

from ledger.models import ManualEntry, NumberSeries
from ledger.reports import manual_checks
from ledger.services.manual import approve, post, submit
from ledger.services.reversal import reverse_manual
from tests.builders import make_entry, make_manual_entry, make_user

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("company"),
    pytest.mark.time_machine("2026-11-24T12:00:00+00:00"),
]


@pytest.fixture(autouse=True)
def three(company) -> list[ManualEntry]:
    """Three posted, the second reversed, and a draft."""
    ann, bob = make_user("ann"), make_user("bob")
    made = [submit(make_manual_entry(ann), actor=ann, reason="Statement") for _ in range(3)]
    posted = [post(approve(entry, actor=bob), actor=ann) for entry in made]
    reverse_manual(posted[1], actor=ann, reason="Wrong")
    make_manual_entry(ann)
    return [entry.manual_entry for entry in posted]


def behind_the_triggers(sql: str) -> None:
    """As a superuser with a backup in hand could."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql)
        cursor.execute("SET LOCAL session_replication_role = origin")


def found(name: str) -> list[tuple[str, str]]:
    return [(offender.subject, offender.detail) for offender in manual_checks.CHECKS[name]()]


def test_what_was_posted_as_it_was_approved_is_not_mentioned():
    assert {name: found(name) for name in manual_checks.CHECKS} == {name: [] for name in manual_checks.CHECKS}


@pytest.mark.parametrize(
    ("sql", "line"),
    [
        ("UPDATE ledger_manualentryline SET credit = 13 WHERE manual_entry_id = {0} AND line_no = 2", 2),
        ("UPDATE ledger_manualentryline SET account_id = '4095' WHERE manual_entry_id = {0} AND line_no = 1", 1),
        (
            'UPDATE ledger_manualentryline SET dimensions = \'{{"A": "B"}}\' WHERE manual_entry_id = {0} AND line_no = 1',
            1,
        ),
        ("DELETE FROM ledger_manualentryline WHERE manual_entry_id = {0} AND line_no = 2", 2),
        ("UPDATE ledger_manualentry SET reason = 'Another' WHERE id = {0}", 1),
        ("UPDATE ledger_manualentry SET effective_on = '2026-11-03' WHERE id = {0}", 1),
        ("UPDATE ledger_journalline SET debit = 13 WHERE entry_id = {1} AND line_no = 1", 1),
        ("DELETE FROM ledger_journalline WHERE entry_id = {1} AND line_no = 2", 2),
    ],
)
def test_what_differs_from_what_was_approved_is_named_with_its_line(three, sql, line):
    behind_the_triggers(sql.format(three[2].pk, three[2].entry_id))
    assert found("manual entries agree") == [(f"manual:{three[2].pk}", f"differs from MJ-000003 at line {line}")]


def test_an_entry_of_the_books_that_nobody_asked_for_is_named():
    entry = make_entry("raw:999", debit="6100", credit="1000")
    behind_the_triggers(
        f"UPDATE ledger_journalentry SET kind = 'manual', event_key = 'manual:999' WHERE id = {entry.pk}"
    )
    assert found("manual entries agree") == [("manual:999", "has no manual entry")]


def test_an_approval_by_a_maker_is_named(three):
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_manualentry DROP CONSTRAINT manual_entry_approver_is_no_maker")
    behind_the_triggers(f"UPDATE ledger_manualentry SET approved_by_id = submitted_by_id WHERE id = {three[0].pk}")
    maker = three[0].submitted_by_id
    assert found("manual entries approved by another") == [
        ("MJ-000001", f"is approved by one of its makers, user {maker}")
    ]


def test_a_missing_number_is_named(three):
    behind_the_triggers(f"UPDATE ledger_manualentry SET number = 'MJ-000007', sequence = 7 WHERE id = {three[2].pk}")
    assert found("manual entries numbered") == [
        ("MJ-000007", "follows number 2"),
        ("MANUAL", "has given 3 numbers, the last entry has number 7"),
    ]


def test_a_number_that_was_written_over_is_named(three):
    behind_the_triggers(f"UPDATE ledger_manualentry SET number = 'MJ-000007' WHERE id = {three[2].pk}")
    assert found("manual entries numbered") == [("MJ-000007", "is number 3 of its series")]


@pytest.mark.parametrize("prefix", ["MJ26", "", "2026/"])
def test_numbers_without_a_gap_are_so_whatever_stands_before_them(prefix):
    NumberSeries.objects.filter(code="MANUAL").update(prefix=prefix)
    ann, bob = make_user("ann"), make_user("bob")
    last = post(approve(submit(make_manual_entry(ann), actor=ann, reason="Statement"), actor=bob), actor=ann)
    assert (last.manual_entry.number, last.manual_entry.sequence) == (f"{prefix}000004", 4)
    assert found("manual entries numbered") == []


def test_a_number_lost_at_the_end_is_named():
    behind_the_triggers("UPDATE ledger_numberseries SET last_number = 4 WHERE code = 'MANUAL'")
    assert found("manual entries numbered") == [("MANUAL", "has given 4 numbers, the last entry has number 3")]
