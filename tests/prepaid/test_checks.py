"""What finance signs of prepaid services: each check is silent about good books, and names what was changed behind the
triggers, and by how much."""

import pytest
from django.db import connection, transaction

from ledger.tie_outs import check_books
from prepaid.reports.checks import CHECKS
from tests.builders import make_user
from tests.prepaid.year import a_year

pytestmark = pytest.mark.django_db

# The entry of the first top-up, its invoice and what else is changed, found by what is fixed of them.
TOP_UP = "(SELECT min(id) FROM prepaid_prepaidentry)"
INVOICE = "(SELECT document_id FROM prepaid_prepaidentry ORDER BY id LIMIT 1)"
USED = "(SELECT min(id) FROM prepaid_prepaidentry WHERE entry_type = 'consumption')"
LAPSED = "(SELECT min(id) FROM prepaid_prepaidentry WHERE entry_type = 'dissolution')"
BACK = "(SELECT min(id) FROM prepaid_prepaidentry WHERE came_from_id IS NOT NULL)"
BY_HAND = (
    "(SELECT min(id) FROM prepaid_prepaidentry WHERE document_type = 'by_hand' AND deferral_account_id IS NOT NULL)"
)
APPLIED = f"(SELECT min(id) FROM prepaid_application WHERE outflow_id = {USED})"
LINE = f"(SELECT used_line_id FROM prepaid_application WHERE id = {APPLIED})"
KEY = f"(SELECT event_key FROM prepaid_prepaidentry WHERE id = {USED})"
ENTRY = f"(SELECT id FROM ledger_journalentry WHERE event_key = {KEY})"
HOURS = "(SELECT id FROM prepaid_prepaidservice WHERE type = 'quantity')"
LOT = f"(SELECT 'prepaid:' || {TOP_UP})"


def change(table: str, what: str, row: str) -> str:
    return f"UPDATE prepaid_{table} SET {what} WHERE id = {row}"


BROKEN = [
    (
        "prepaid balances follow their entries",
        f"UPDATE prepaid_inflowbalance SET remaining = 7 WHERE entry_id = {TOP_UP}",
        "7.000, LCY 0.000",
    ),
    (
        "prepaid balances follow their entries",
        f"UPDATE prepaid_inflowbalance SET expired_lcy = 1 WHERE entry_id = {TOP_UP}",
        "LCY 1.000 expired; its entries say",
    ),
    (
        "prepaid balances follow their entries",
        f"DELETE FROM prepaid_inflowbalance WHERE entry_id = {TOP_UP}",
        "its entries say 0.000",
    ),
    (
        "prepaid outflows are their applications",
        change("prepaidentry", "amount = -1234.57", USED),
        "-1234.570, LCY -1234.560",
    ),
    (
        "prepaid outflows are their applications",
        f"DELETE FROM prepaid_application WHERE id = {APPLIED}",
        "its applications come to 0",
    ),
    ("what comes back to a prepaid service was given back", change("prepaidentry", "amount = 1", BACK), "comes to 1234.560"),
    (
        "what comes back to a prepaid service was given back",
        change("prepaidentry", "came_from_id = NULL", BACK),
        "comes to 1234.560",
    ),
    (
        "no more of a prepaid service is given back than was used",
        "UPDATE prepaid_giveback SET amount = amount + 1 WHERE amount > 0",
        "1235.560",
    ),
    (
        "no more of a prepaid service is given back than was used",
        f"UPDATE prepaid_giveback SET inflow_id = {TOP_UP} WHERE amount > 0",
        "did not come from",
    ),
    ("what comes back is held as it was", change("prepaidentry", "valid_until = NULL", BACK), "differs from entry"),
    (
        "what is left of a prepaid inflow in LCY is its share",
        "UPDATE prepaid_inflowbalance SET remaining_lcy = 63.55 WHERE remaining = 50",
        "LCY 63.550 left of 317.780 with 200.000 of 250.000 gone; its share is 63.560",
    ),
    (
        "prepaid receipts are at the rate of their day",
        "UPDATE prepaid_prepaidentry SET exchange_rate = 1.3 WHERE amount = 250",
        "250.000 at 1.3",
    ),
    (
        "each prepaid lot's liability is in the journal",
        "UPDATE prepaid_inflowbalance SET remaining = 40 WHERE remaining = 50",
        "GBP 40.000 left, LCY 63.560; the journal says 50.000 and 63.560",
    ),
    (
        "each prepaid lot's liability is in the journal",
        f"UPDATE ledger_journalline SET lot = 'prepaid:0' WHERE lot = {LOT} AND account_id = '2410' AND debit > 3000",
        "the journal says",
    ),
    (
        "what prepaid entries move is posted",
        f"UPDATE ledger_journalline SET lot = 'prepaid:0' WHERE entry_id = {ENTRY} AND account_id = '2410'",
        "its journal entry 0 and 0",
    ),
    (
        "what prepaid entries move is posted",
        f"UPDATE ledger_journalline SET debit_lcy = 1 WHERE entry_id = {ENTRY} AND account_id = '2410'",
        "LCY -1234.560; its journal entry -1234.560 and -1.000",
    ),
    (
        "prepaid events and their journal entries agree",
        f"UPDATE ledger_journalentry SET kind = 'prepaid_expiry' WHERE id = {ENTRY}",
        "a journal entry prepaid_expiry of 2026-10-15; the event is sales_invoice of 2026-10-15",
    ),
    (
        "prepaid events and their journal entries agree",
        f"UPDATE ledger_journalentry SET effective_on = '2026-10-14' WHERE id = {ENTRY}",
        "of 2026-10-14; the event",
    ),
    (
        "prepaid events and their journal entries agree",
        f"UPDATE ledger_journalentry SET event_key = 'stray' WHERE id = {ENTRY}",
        "the event is nothing of no day",
    ),
    (
        "only what is used of deferred money is revenue",
        change("application", "revenue_account_id = NULL", APPLIED),
        "on account 2410, for revenue account none",
    ),
    (
        "only what is used of deferred money is revenue",
        f"UPDATE prepaid_application SET revenue_account_id = '4010' WHERE outflow_id = {LAPSED}",
        "a dissolution",
    ),
    (
        "what is used is revenue of its account",
        change("application", "revenue_account_id = '4000'", APPLIED),
        "used as revenue of account 4000, group PREPAID; its journal entry says 0 and 0",
    ),
    (
        "what is used is revenue of its account",
        f"UPDATE ledger_journalline SET account_id = '4000' WHERE entry_id = {ENTRY} AND account_id = '4010'",
        "0, LCY 0 used as revenue of account 4000",
    ),
    (
        "what is used is revenue of its account",
        f"UPDATE ledger_journalline SET product_group_id = 'SERVICES' WHERE entry_id = {ENTRY} AND account_id = '4010'",
        "0, LCY 0 used as revenue of account 4010, group SERVICES",
    ),
    (
        "prepaid inflows are used while they are valid",
        "UPDATE prepaid_prepaidentry SET valid_until = '2026-10-01' WHERE id = (SELECT min(a.inflow_id) FROM"
        " prepaid_application a JOIN prepaid_prepaidentry o ON o.id = a.outflow_id WHERE o.entry_type = 'negative'"
        " AND o.document_type = 'credit_memo')",
        "a negative of",
    ),
    (
        "prepaid inflows are used while they are valid",
        change("prepaidentry", "valid_until = '2026-10-14'", TOP_UP),
        "valid until 2026-10-14",
    ),
    (
        "prepaid inflows are used while they are valid",
        change("prepaidentry", "posted_on = '2026-10-20'", TOP_UP),
        "received on 2026-10-20",
    ),
    (
        "prepaid inflows are used while they are valid",
        change("prepaidentry", "posted_on = '2026-11-01'", LAPSED),
        "a dissolution of 2026-11-01",
    ),
    (
        "prepaid entries fit their service",
        change("prepaidentry", "currency_id = 'EUR'", TOP_UP),
        "in EUR, deferred on account 2410; prepaid service",
    ),
    (
        "prepaid entries fit their service",
        change("prepaidservice", "type = 'amount', unit_of_measure = ''", HOURS),
        "is periodic, amount",
    ),
    (
        "prepaid entries fit their service",
        f"UPDATE prepaid_prepaidentry SET deferral_account_id = '2410' WHERE service_id = {HOURS} AND quantity = 10",
        "deferred on account 2410",
    ),
    (
        "closed prepaid services are at zero",
        change("prepaidservice", "closed = true", HOURS),
        "with 0.000 and a quantity of 7.5000 left",
    ),
    (
        "what waits for review had lapsed",
        f"INSERT INTO prepaid_dissolutionproposal (inflow_id, proposed_on, by_night, state) VALUES"
        f" ({BY_HAND}, '2026-12-30', false, 'requested')",
        "valid until 2026-12-31",
    ),
    (
        "what waits for review had lapsed",
        f"INSERT INTO prepaid_dissolutionproposal (inflow_id, proposed_on, by_night, state, decided_at)"
        f" VALUES ({TOP_UP}, '2026-12-31', false, 'posted', now())",
        "nothing of entry",
    ),
    (
        "prepaid entries by hand were asked for",
        change("prepaidentry", "amount = 151", BY_HAND),
        "positive 150.0000 on 2026-11-10, posted; written: positive 151.0000",
    ),
    (
        "prepaid entries by hand were asked for",
        "UPDATE prepaid_entryrequest SET decided_by_id = requested_by_id WHERE needs_approval",
        "1500.000",
    ),
    (
        "prepaid entries by hand were asked for",
        "UPDATE prepaid_entryrequest SET state = 'declined' WHERE amount = 150",
        "asked for:   on , ; written",
    ),
    (
        "posted documents are numbered without a gap",
        "DELETE FROM prepaid_salesdocument WHERE type = 'invoice' AND sequence = 2",
        "8 of them, 8 numbers from place 1 to 9; 9 were drawn",
    ),
    (
        "posted documents are numbered without a gap",
        "DELETE FROM prepaid_salesdocument WHERE type = 'credit_memo' AND sequence = 3",
        "2 of them, 2 numbers from place 1 to 2; 3 were drawn",
    ),
    (
        "an invoice's VAT is the rate of its net",
        f"UPDATE prepaid_salesline SET vat = 950.01 WHERE document_id = {INVOICE}",
        "19.0000 % VAT of 5000.000 is 950.00, not 950.010",
    ),
    (
        "what an invoice owes in LCY is at its rate",
        f"UPDATE prepaid_salesline SET due_vat_lcy = 1 WHERE document_id = {INVOICE}",
        "in LCY 5000.000 and 1.000 at 1",
    ),
    (
        "what sales lines cover was applied",
        change("salesline", "covered_net = 1000", LINE),
        "line 1 covers 1000.000, quantity 0.0000; its applications come to 1234.560",
    ),
    (
        "what sales lines cover was applied",
        f"UPDATE prepaid_salesline SET covered = 3 WHERE prepaid_service_id = {HOURS} AND quantity = 4",
        "quantity 3.0000; its applications come to 0.000 and 4.0000",
    ),
    (
        "what sales lines cover was applied",
        f"UPDATE prepaid_application SET used_line_id = (SELECT max(id) FROM prepaid_salesline WHERE kind ="
        f" 'item') WHERE id = {APPLIED}",
        "line 1 covers 1234.560",
    ),
    (
        "balance lines are what is covered",
        "UPDATE prepaid_salesline SET net = -1234.57 WHERE net = -1234.56",
        "balance lines of 1234.570",
    ),
    (
        "balance lines are what is covered",
        "DELETE FROM prepaid_salesline WHERE kind = 'balance' AND net = -1234.56",
        "balance lines of 0, VAT 0",
    ),
    (
        "no more of an invoice is credited than there was",
        "UPDATE prepaid_salesline SET net = 6000 WHERE corrects_line_id IS NOT NULL AND net > 1000",
        "6000.000 net of 5000.000",
    ),
    (
        "posted lines do what they were written as",
        f"UPDATE prepaid_salesline SET role = 'usage' WHERE document_id = {INVOICE}",
        "line 1 is written as usage; its prepaid entries: 1, what it used or gave back: 0",
    ),
    (
        "posted lines do what they were written as",
        change("salesline", "role = 'sale'", LINE),
        "line 1 is written as sale; its prepaid entries: 0, what it used or gave back: 1",
    ),
    (
        "posted documents are in the journal",
        f"UPDATE prepaid_salesline SET vat = 1 WHERE document_id = {INVOICE}",
        "account 1100: its lines come to 5001.000, LCY 5950.000; its journal entry to 5950.000 and 5950.000",
    ),
    (
        "posted documents are in the journal",
        f"UPDATE prepaid_salesline SET receivable_account_id = '1000' WHERE document_id = {INVOICE}",
        "account 1000",
    ),
    (
        "posted documents are in the journal",
        "DELETE FROM prepaid_giveback WHERE amount > 0",
        "account 2410: its lines come to",
    ),
]  # fmt: skip


@pytest.fixture
def year(company):
    return a_year(actor=make_user("finance"), second=make_user("controller"))


def without_constraints() -> None:
    """What a restored backup may hold that no CHECK let in."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint"
            " WHERE contype = 'c' AND conrelid::regclass::text LIKE 'prepaid%'"
        )
        for (sql,) in cursor.fetchall():
            cursor.execute(sql)


def tampered(check: str, sql: str, checks=CHECKS) -> list[str]:
    """What the check finds where somebody with a backup in hand did that."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(sql)
            assert cursor.rowcount > 0, sql
            found = [f"{offender.rule}: {offender.subject} {offender.detail}" for offender in checks[check]()]
            raise Undo
    except Undo:
        return found


class Undo(Exception):
    """Nothing of it stays."""


def test_each_check_is_silent_about_good_books_and_names_what_was_changed(year, django_assert_num_queries):
    without_constraints()
    assert {check.name: check.offenders for check in check_books() if check.offenders} == {}
    with django_assert_num_queries(len(CHECKS)):
        assert [check() for check in CHECKS.values()] == [[]] * len(CHECKS)
    missed = []
    for check, sql, detail in BROKEN:
        found = tampered(check, sql)
        if not any(line.startswith(f"{check}: ") and detail in line for line in found):
            missed.append((check, sql, detail, found))
    assert missed == [], "\n".join(map(str, missed))
    assert {check for check, _, _ in BROKEN} == set(CHECKS)
