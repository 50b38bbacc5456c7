"""What finance signs of contracts: each check is silent about good books, and names what was changed behind the triggers."""

import pytest
from django.db import connection

from ledger.tie_outs import check_books
from prepaid.reports import checks, contract_checks
from tests.prepaid.contract_events import contracts
from tests.prepaid.test_checks import tampered, without_constraints

pytestmark = pytest.mark.django_db

YEAR, QUARTER, HALF = (f"(SELECT id FROM prepaid_contractdeferral WHERE amount = {net})" for net in (1000, 250, 600))
LINE = f"(SELECT line_id FROM prepaid_contractdeferral WHERE id = {YEAR})"
YEARLY = f"(SELECT commitment_id FROM prepaid_contractdeferral WHERE id = {YEAR})"
CAME = f"(SELECT id FROM prepaid_prepaidentry WHERE line_id = {LINE})"
TAKEN = "(SELECT id FROM prepaid_prepaidentry WHERE entry_type = 'negative' AND amount = -300)"
FUTURE = "(SELECT id FROM prepaid_salesdocument WHERE credit_scope = 'future')"
RUN = "(SELECT min(id) FROM prepaid_releaserun)"
UNDONE = "(SELECT id FROM prepaid_releaserun WHERE undone_at IS NOT NULL)"
TAKEN_BACK = "event_key || ':undone' IN (SELECT event_key FROM ledger_journalentry)"


def part(number: int, of: str = YEAR) -> str:
    return f"(SELECT id FROM prepaid_deferralline WHERE deferral_id = {of} AND line_no = {number})"


def released(number: int, of: str = YEAR) -> str:
    """The journal entry of the release of a part."""
    return (
        "(SELECT e.id FROM ledger_journalentry e JOIN prepaid_deferralline p"
        f" ON e.event_key = 'contract-release:' || p.id || ':' || p.run_id WHERE p.id = {part(number, of)})"
    )


def change(table: str, what: str, row: str) -> str:
    return f"UPDATE prepaid_{table} SET {what} WHERE id = {row}"


def entry(what: str, row: str) -> str:
    return f"UPDATE ledger_journalentry SET {what} WHERE id = {row}"


def posted(what: str, row: str) -> str:
    return f"UPDATE ledger_journalline SET {what} WHERE entry_id = {row} AND account_id = '2420'"


WAIT, RATE = "posted contract lines wait as they were posted", "contract deferrals are at the rate of their invoice"
WHOLE, SHARE = "the parts of a contract deferral are all of it", "the parts of a contract deferral are their share"
DUE, WAITS = (
    "the parts of a contract deferral are due in their time",
    "what waits of each contract deferral is in the journal",
)
RELEASED, AS_CUT = "what is released of contract deferrals is posted", "releases are posted as the parts were cut"
KINDS, RUNS = (
    "releases and their journal entries agree",
    "a release run releases what is due and lets go what it took back",
)
CLOSED, CREDITED = "credit memos close what they credit", "what credit memos close is in the journal"
BILLED, TOP_UP = "no day of a commitment is billed twice or left out", "billed periods top up their prepaid service"
GIVEN = "days are billed again only as credit memos gave them back"
BACK, EVENTS = "credit memos take back of the top-up of their line", "prepaid events and their journal entries agree"
ROLES, JOURNAL = "posted lines do what they were written as", "posted documents are in the journal"

BROKEN = [
    (WAIT, f"DELETE FROM prepaid_billedperiod WHERE line_id = {LINE}", "billed period none, deferral contract:"),
    (WAIT, f"DELETE FROM prepaid_contractdeferral WHERE id = {YEAR}", "deferral none"),
    (WAIT, change("contractdeferral", "amount = 999", YEAR), "1000.000 net: billed period"),
    (WAIT, change("contractdeferral", "product_group_id = 'SERVICES'", YEAR), "1000.000 net: billed period"),
    (WAIT, change("contractdeferral", "ends_on = '2026-12-30'", YEAR), "1000.000 net: billed period"),
    (WAIT, f"UPDATE prepaid_salesline SET role = 'sale' WHERE id = {LINE}", "deferral contract:"),
    (RATE, change("contractdeferral", "exchange_rate = 1.3", QUARTER), "250.000 at 1.3"),
    (WHOLE, change("deferralline", "amount = 83.34", part(1)), "its parts come to 1000.010 and 1000.000 over 365 days"),
    (WHOLE, change("deferralline", "amount_lcy = 83.34", part(1)), "its parts come to 1000.000 and 1000.010"),
    (WHOLE, f"DELETE FROM prepaid_deferralline WHERE id = {part(12)}", "come to 916.670 and 916.670 over 334 days"),
    (WHOLE, change("deferralline", "ends_on = '2026-02-27'", part(2)), "over 364 days"),
    (WHOLE, change("deferralline", "starts_on = '2026-01-31'", part(2)), "over 337 days"),
    (
        SHARE,
        f"UPDATE prepaid_deferralline SET amount = amount + CASE line_no WHEN 1 THEN 0.02 ELSE -0.02 END"
        f" WHERE deferral_id = {QUARTER} AND line_no < 3",
        "part 1, 2026-01-15 to 2026-01-31, is 47.240 of 250.000",
    ),
    (
        SHARE,
        f"UPDATE prepaid_deferralline SET amount_lcy = amount_lcy + CASE line_no WHEN 3 THEN 0.02 ELSE -0.02 END"
        f" WHERE deferral_id = {QUARTER} AND line_no IN (3, 4)",
        "part 3, 2026-03-01 to 2026-03-31, is 81.940 of 250.000 and LCY 104.1",
    ),
    (SHARE, change("contractdeferral", "by_equal_months = false", "(SELECT id FROM prepaid_contractdeferral WHERE"
     " by_equal_months)"), "part 4, 2026-04-01 to 2026-04-30, is -0.010 of 0.020"),
    (DUE, change("deferralline", "due_on = '2026-12-30'", part(12)), "2026-12-01 to 2026-12-31, of an invoice of 2026-01-02"),
    (DUE, change("deferralline", "due_on = '2026-01-01'", part(1)), "is due on 2026-01-01"),
    (WAITS, change("deferralline", f"run_id = {RUN}", part(12)), "666.670 waits, LCY 666.670; the journal says 750.000"),
    (WAITS, posted("lot = 'contract:0'", released(1)), "0 waits, LCY 0; the journal says -83.330"),
    (WAITS, posted("product_group_id = 'SERVICES'", released(1)), "the journal says 833.330"),
    (RELEASED, change("deferralline", f"run_id = {RUN}", part(12)), "is released, but not posted"),
    (RELEASED, change("deferralline", "run_id = NULL", part(1)), "is posted, but not released"),
    (RELEASED, change("deferralline", f"run_id = {UNDONE}", part(1)), "is released, but not posted"),
    (RELEASED, f"DELETE FROM ledger_journalentry WHERE {TAKEN_BACK}", "is taken back, but was not posted"),
    (AS_CUT, posted("debit = 83.34", released(1)), "the part is 83.330, LCY 83.330; its journal entry 83.340 and 83.330"),
    (AS_CUT, posted("account_id = '2410'", released(1)), "account 2410"),
    (AS_CUT, posted("lot = 'contract:0'", released(1)), "account 2420, contract:0: the part is 0"),
    (
        AS_CUT,
        "UPDATE ledger_journalline SET credit_lcy = 1 WHERE account_id = '2420' AND credit > 0 AND entry_id IN"
        " (SELECT id FROM ledger_journalentry WHERE kind = 'contract_release_undone')",
        "; its journal entry -",
    ),
    (KINDS, entry("kind = 'contract_release_undone'", released(1)), "a journal entry contract_release_undone of 2026-01-31"),
    (KINDS, entry("effective_on = '2026-01-30'", released(1)), "of 2026-01-30; the event is contract_release of 2026-01-31"),
    (KINDS, entry("event_key = 'contract-release:0:0'", released(1)), "the event is nothing of no day"),
    (KINDS, entry("event_key = 'stray'", released(1)), "the event is nothing of no day"),
    (RUNS, change("releaserun", "released_until = '2026-01-30'", RUN), "released up to 2026-01-30: part 1 of contract:"),
    (RUNS, change("releaserun", "undone_at = now()", RUN), "was taken back, and part 1 of contract:"),
    (RUNS, change("releaserun", "undone_at = NULL", UNDONE), "was not taken back, but 4 of its entries were"),
    (CLOSED, change("deferralline", "closed_by_id = NULL", part(4, QUARTER)), "120.830 net, LCY 153.590, closes 81.940"),
    (CLOSED, change("deferralline", "closed_by_id = NULL", part(4, QUARTER)), "of which part 4 is left"),
    (CLOSED, change("deferralline", f"run_id = {RUN}", part(4, QUARTER)), ", 1 of its parts released"),
    (CLOSED, change("deferralline", "closed_by_id = NULL", part(1, HALF)), "takes back everything of contract:"),
    (CLOSED, f"UPDATE prepaid_salesline SET due_lcy = 1 WHERE document_id = {FUTURE}", "LCY 1.000, closes 120.830"),
    (CLOSED, change("salesdocument", "state = 'open'", FUTURE), "120.830 net, LCY 153.590, closes 120.830"),
    (CLOSED, change("deferralline", f"closed_by_id = {LINE}", part(12)), "closes 83.330 and 83.330"),
    (
        CREDITED,
        f"UPDATE ledger_journalline SET account_id = '2410' WHERE account_id = '2420' AND debit = 120.83"
        f" AND lot = 'contract:' || {QUARTER}",
        "120.830, LCY 153.590 is closed on account 2420; its journal entry says 0 and 0",
    ),
    (
        CREDITED,
        f"UPDATE ledger_journalline SET debit_lcy = 1 WHERE account_id = '4020' AND debit = 200"
        f" AND lot = 'contract:' || {HALF}",
        "200.000, LCY 200.000 is closed on account 4020; its journal entry says 200.000 and 1.000",
    ),
    (BILLED, change("servicecommitment", "next_billing_on = '2027-01-02'", YEARLY), "that is not billed is 2027-01-01"),
    (BILLED, f"DELETE FROM prepaid_billedperiod WHERE commitment_id = {YEARLY}", "day that is not billed is 2026-01-01"),
    (
        BILLED,
        f"UPDATE prepaid_billedperiod SET commitment_id = {YEARLY} WHERE line_id = (SELECT line_id FROM"
        f" prepaid_contractdeferral WHERE starts_on = '2026-04-01' ORDER BY id LIMIT 1)",
        "is billed from 2026-04-01 to 2026-04-30, and up to 2026-12-31 before",
    ),
    (
        BILLED,
        f"UPDATE prepaid_billedperiod SET starts_on = '2026-01-03' WHERE commitment_id = {YEARLY}",
        "the first day that is not billed is 2026-01-01",
    ),
    (
        BILLED,
        f"UPDATE prepaid_billedperiod SET starts_on = '2025-12-31' WHERE commitment_id = {YEARLY}",
        "from 2026-01-01: period 2025-12-31 to 2026-12-31",
    ),
    (BILLED, f"UPDATE prepaid_salesline SET role = 'sale' WHERE id = {LINE}", "is billed by a line sale of invoice"),
    (
        GIVEN,
        f"UPDATE prepaid_billedperiod SET kept_until = starts_on - 1 WHERE line_id = {LINE}",
        "bills 2026-01-01 to 2026-12-31, of which nothing stays billed; by its credit memos it is up to 2026-12-31",
    ),
    (GIVEN, change("deferralline", "closed_by_id = NULL", part(3, QUARTER)), "; by its credit memos it is up to 2026-03-31"),
    (
        GIVEN,
        "UPDATE prepaid_billedperiod SET kept_until = starts_on - 1 WHERE line_id = (SELECT id FROM prepaid_salesline WHERE"
        " net = 0 AND role = 'contract')",
        "bills 2026-04-01 to 2026-04-30, of which nothing stays billed",
    ),
    (RELEASED, change("deferralline", "run_id = NULL", part(2)), "is posted, but not released"),
    (TOP_UP, change("prepaidentry", "amount = 999", CAME), "is 999.000, quantity 0.0000 of 2026-01-01"),
    (TOP_UP, change("prepaidentry", "posted_on = '2026-01-02'", CAME), "quantity 0.0000 of 2026-01-02"),
    (TOP_UP, change("prepaidentry", "deferral_account_id = '2410'", CAME), "on account 2410"),
    (TOP_UP, change("prepaidentry", "valid_until = NULL", CAME), "1000.000 and a quantity of 0"),
    (TOP_UP, f"DELETE FROM prepaid_prepaidentry WHERE id = {CAME}", "entry none is 0"),
    (TOP_UP, "UPDATE prepaid_prepaidentry SET quantity = 11 WHERE quantity = 10", "a quantity of 10.0000 from 2026-01-15"),
    (
        TOP_UP,
        f"UPDATE prepaid_prepaidentry SET line_id = {LINE} WHERE quantity = 10",
        "brought in 2 entries",
    ),
    (BACK, f"UPDATE prepaid_application SET inflow_id = {CAME} WHERE outflow_id = {TAKEN}", "took 300.000, quantity 0.0000"),
    (
        BACK,
        "UPDATE prepaid_prepaidentry SET quantity = -9 WHERE quantity < 0 AND entry_type = 'negative'",
        "120.830 of 250.000 net, took",
    ),
    (
        BACK,
        f"UPDATE prepaid_inflowbalance SET remaining = 1 WHERE entry_id = (SELECT inflow_id FROM prepaid_application WHERE"
        f" outflow_id = {TAKEN})",
        "takes back everything, but 1.000",
    ),
    (EVENTS, change("prepaidentry", "posted_on = '2026-01-03'", CAME), "the event is sales_invoice of 2026-01-03"),
    (EVENTS, change("prepaidentry", "posted_on = '2026-03-31'", TAKEN), "the event is sales_credit_memo of 2026-03-31"),
    (
        ROLES,
        f"UPDATE prepaid_prepaidentry SET line_id = {LINE} WHERE quantity = 10",
        "is written as contract; its prepaid entries: 2",
    ),
    (JOURNAL, change("deferralline", "run_id = NULL", part(1, HALF)), "account 4020: its lines come to 100.000"),
]  # fmt: skip


@pytest.fixture
def made(company, finance):
    return contracts(actor=finance)


def test_each_check_is_silent_about_good_books_and_names_what_was_changed(made, django_assert_num_queries):
    without_constraints()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE prepaid_billedperiod DROP CONSTRAINT billed_period_no_day_twice")
    assert {check.name: check.offenders for check in check_books() if check.offenders} == {}
    own = contract_checks.CHECKS
    with django_assert_num_queries(len(own)):
        assert [check() for check in own.values()] == [[]] * len(own)
    missed = []
    for check, sql, detail in BROKEN:
        found = tampered(check, sql, checks.CHECKS | own)
        if not any(line.startswith(f"{check}: ") and detail in line for line in found):
            missed.append((check, sql, detail, found))
    assert missed == [], "\n".join(map(str, missed))
    assert set(own) <= {check for check, _, _ in BROKEN}
