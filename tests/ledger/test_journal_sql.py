"""What the database refuses, whoever asks: each rule of the books broken by raw SQL."""

import contextlib

import pytest
from django.db import Error, connection, transaction

from ledger.models import BusinessPostingGroup, ExchangeRate, JournalEntry, LedgerSetup
from tests.builders import make_entry, make_period, make_rate, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("company")]

ENTRY = """
INSERT INTO ledger_journalentry
    (event_key, kind, posting_date, effective_on, currency_id, description, line_count, reverses_id, reason)
VALUES ({key}, 'raw', {posted}, '2026-11-02', 'USD', 'Raw', {lines}, {reverses}, '') RETURNING id
"""
LINES = """
INSERT INTO ledger_journalline
    (entry_id, line_no, account_id, currency_id, debit, credit, debit_lcy, credit_lcy, party, lot)
VALUES {rows}
"""
DEBIT = "({entry}, 1, '1100', 'USD', 100, 0, 100, 0, '', '')"
CREDIT = "({entry}, 2, '2400', 'USD', 0, 100, 0, 100, '', '')"


def run(sql: str):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone() if cursor.description else None


def raw_entry(
    *rows: str, lines: int = 2, posted: str = "'2026-11-02'", key: str = "'raw:1'", reverses: str = "NULL"
) -> int:
    """An entry with these lines in one INSERT, and everything that waits for the commit."""
    entry = run(ENTRY.format(key=key, posted=posted, lines=lines, reverses=reverses))[0]
    if rows:
        run(LINES.format(rows=", ".join(row.format(entry=entry) for row in rows)))
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("SET CONSTRAINTS ALL DEFERRED")
    return entry


@contextlib.contextmanager
def refused(sentence: str):
    """What is done inside fails and says so, and leaves no entry."""
    run("SET CONSTRAINTS ALL IMMEDIATE")  # of what was posted before
    run("SET CONSTRAINTS ALL DEFERRED")
    before = JournalEntry.objects.count()
    with pytest.raises(Error, match=sentence), transaction.atomic():
        yield
    assert JournalEntry.objects.count() == before


def test_the_tries_below_fail_for_their_reason_alone():
    assert JournalEntry.objects.get(pk=raw_entry(DEBIT, CREDIT)).lines.count() == 2


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            [DEBIT, CREDIT.replace("0, 100, 0, 100", "0, 99, 0, 100")],
            "is refused: 2 of 2 lines, debit 100.000 credit 99.000",
        ),
        ([DEBIT, CREDIT.replace("0, 100, 0, 100", "0, 100, 0, 99")], "LCY debit 100.000 credit 99.000"),
        ([DEBIT], "1 of 2 lines"),
        ([DEBIT, CREDIT, "({entry}, 3, '1100', 'USD', 0, 0, 1, 0, '', '')"], "3 of 2 lines"),
        ([DEBIT, CREDIT.replace("2, '2400'", "3, '2400'")], "is refused"),
        ([DEBIT.replace("USD", "GBP"), CREDIT.replace("USD", "GBP")], "currencies GBP to GBP"),
        ([DEBIT.replace("USD", "GBP"), CREDIT], "currencies GBP to USD"),
        ([DEBIT, CREDIT.replace("2, '2400'", "1, '2400'")], "journal_line_numbered_within_entry"),
        ([DEBIT.replace("1, '1100'", "0, '1100'"), CREDIT], "journal_line_no_from_one|line_no"),
        ([DEBIT.replace("100, 0, 100, 0", "0, -100, 0, -100"), CREDIT], "journal_line_never_negative"),
        ([DEBIT.replace("100, 0, 100, 0", "100, 50, 100, 0"), CREDIT], "journal_line_on_one_side"),
        ([DEBIT.replace("100, 0, 100, 0", "100, 0, 0, 100"), CREDIT], "journal_line_on_one_side"),
        ([DEBIT.replace("100, 0, 100, 0", "0, 0, 0, 0"), CREDIT], "journal_line_not_zero"),
        ([DEBIT.replace("1100", "9999"), CREDIT], "foreign key"),
    ],
)
def test_lines_that_are_no_entry_are_refused(rows, sentence):
    with refused(sentence):
        raw_entry(*rows)


def test_an_entry_without_lines_is_refused_at_the_commit():
    with refused("raw:1 has no lines"):
        raw_entry()


def test_an_entry_of_one_line_is_refused():
    with refused("journal_entry_has_two_lines"):
        raw_entry(DEBIT, lines=1)


def test_an_entry_without_event_is_refused():
    with refused("journal_entry_has_event_key"):
        raw_entry(DEBIT, CREDIT, key="''")


def test_the_same_event_twice_is_refused():
    raw_entry(DEBIT, CREDIT)
    with refused("event_key"):
        raw_entry(DEBIT, CREDIT)


def test_posting_before_the_day_of_the_event_is_refused():
    with refused("journal_entry_posted_on_or_after_its_day"):
        raw_entry(DEBIT, CREDIT, posted="'2026-11-01'")


def test_a_balanced_pair_added_to_an_old_entry_is_refused():
    entry = make_entry()
    pair = [DEBIT.replace("1, '1100'", "3, '1100'"), CREDIT.replace("2, '2400'", "4, '2400'")]
    with refused("test:1 is refused: 2 of 2 lines"):
        run(LINES.format(rows=", ".join(row.format(entry=entry.pk) for row in pair)))


def test_lines_in_two_portions_are_refused():
    entry = run(ENTRY.format(key="'raw:1'", posted="'2026-11-02'", lines=2, reverses="NULL"))[0]
    for row in (DEBIT, CREDIT):
        with pytest.raises(Error, match="1 of 2 lines"), transaction.atomic():
            run(LINES.format(rows=row.format(entry=entry)))
    run(LINES.format(rows=f"{DEBIT}, {CREDIT}".format(entry=entry)))


@pytest.mark.parametrize("table", ["ledger_journalentry", "ledger_journalline"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET id = id",
        "UPDATE {} SET id = id WHERE false",
        "DELETE FROM {}",
        "DELETE FROM {} WHERE false",
        "TRUNCATE {} CASCADE",
    ],
)
def test_what_is_posted_is_refused_for_change_and_removal(table, statement):
    make_entry()
    with refused("is append-only"):
        run(statement.format(table))


def test_on_conflict_do_update_is_a_change_too():
    make_entry()
    columns = "event_key, kind, posting_date, effective_on, currency_id, description, line_count, reason"
    with refused("is append-only"):
        run(
            f"INSERT INTO ledger_journalentry ({columns}) SELECT {columns} FROM ledger_journalentry"
            " ON CONFLICT (event_key) DO UPDATE SET kind = 'other'"
        )


MIRROR = [
    "({entry}, 1, '1100', 'USD', 0, 100, 0, 100, '', 'lot:1')",
    "({entry}, 2, '2400', 'USD', 100, 0, 100, 0, '', 'lot:1')",
]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("100", "90"),
        ("'lot:1'", "'lot:2'"),
        ("1100", "1000"),
        ("''", "'account:1'"),
    ],
)
def test_a_reversal_that_is_not_the_mirror_is_refused(old, new):
    entry = make_entry(lot="lot:1")
    rows = [row.replace(old, new) if old else row for row in MIRROR]
    if not old:
        assert raw_entry(*rows, reverses=str(entry.pk))
        return
    with refused("not the mirror of the entry it reverses"):
        raw_entry(*rows, reverses=str(entry.pk))


def test_a_reversal_keeps_the_product_group():
    entry = make_entry(lot="lot:1", product_group="CREDITS")
    with refused("not the mirror"):
        raw_entry(*MIRROR, reverses=str(entry.pk))


def test_a_reversal_of_other_length_is_refused():
    entry = make_entry(lot="lot:1")
    more = ["({entry}, 3, '1000', 'USD', 5, 0, 5, 0, '', '')", "({entry}, 4, '1000', 'USD', 0, 5, 0, 5, '', '')"]
    with refused("not the mirror"):
        raw_entry(*MIRROR, *more, lines=4, reverses=str(entry.pk))


def test_a_second_reversal_and_the_reversal_of_a_reversal_are_refused():
    entry = make_entry(lot="lot:1")
    mirror = raw_entry(*MIRROR, reverses=str(entry.pk))
    with refused("reverses_id"):
        raw_entry(*MIRROR, key="'raw:2'", reverses=str(entry.pk))
    back = [DEBIT.replace("'', '')", "'', 'lot:1')"), CREDIT.replace("'', '')", "'', 'lot:1')")]
    with refused("not the mirror"):
        raw_entry(*back, key="'raw:3'", reverses=str(mirror))


def test_a_posting_into_a_closed_period_is_refused():
    make_period(2026, 11, closed_by=make_user("controller"))
    with refused("period 2026-11 is closed: no posting on 2026-11-30"):
        raw_entry(DEBIT, CREDIT, posted="'2026-11-30'")
    assert raw_entry(DEBIT, CREDIT, posted="'2026-12-01'")


PERIOD = "INSERT INTO ledger_accountingperiod (name, starts_on, ends_on, closed_at) VALUES ('{}', '{}', '{}', {})"


@pytest.mark.parametrize(
    ("period", "sentence"),
    [
        (("Overlap", "2026-10-31", "2026-11-29", "NULL"), "period_overlaps_no_other"),
        (("Inside", "2026-10-05", "2026-10-05", "NULL"), "period_overlaps_no_other"),
        (("Backwards", "2026-12-31", "2026-12-01", "NULL"), "period_ends_after_it_starts|lower bound"),
        (("2026-10", "2027-01-01", "2027-01-31", "NULL"), "name"),
        (("Nobody", "2027-01-01", "2027-01-31", "now()"), "period_closed_by_someone"),
    ],
)
def test_periods_that_cannot_be_are_refused(period, sentence):
    make_period(2026, 10)
    with refused(sentence):
        run(PERIOD.format(*period))


def test_the_local_currency_is_fixed_once_anything_is_posted():
    LedgerSetup.objects.update(lcy="EUR")
    LedgerSetup.objects.update(lcy="USD")
    make_entry()
    with refused("the local currency is fixed"):
        LedgerSetup.objects.update(lcy="EUR")
    LedgerSetup.objects.update(company_name="Lot & Daughters")


@pytest.mark.parametrize("code", ["GBP", "USD"])
def test_the_decimals_of_a_posted_currency_and_of_the_lcy_are_fixed(code):
    run("UPDATE ledger_currency SET decimals = 3 WHERE code = 'GBP'")
    make_entry(currency="GBP")
    with refused(f"the decimals of {code} are fixed"):
        run(f"UPDATE ledger_currency SET decimals = 1 WHERE code = '{code}'")
    run("UPDATE ledger_currency SET decimals = 1 WHERE code = 'EUR'")


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        (
            "INSERT INTO ledger_ledgersetup (id, company_name, lcy_id, time_zone) VALUES (2, 'B', 'USD', 'UTC')",
            "one_row",
        ),
        ("INSERT INTO ledger_currency (code, name, decimals) VALUES ('usd', 'x', 2)", "currency_code_is_three_letters"),
        (
            "INSERT INTO ledger_currency (code, name, decimals) VALUES ('XXX', 'x', 4)",
            "currency_decimals_at_most_three",
        ),
        (
            "INSERT INTO ledger_exchangerate (currency_id, starting_on, rate) VALUES ('GBP', '2026-01-01', 0)",
            "above_zero",
        ),
        (
            "INSERT INTO ledger_exchangerate (currency_id, starting_on, rate) VALUES ('GBP', '2020-01-01', 2)",
            "once_a_day",
        ),
        (
            "INSERT INTO ledger_postingsetup (business_group_id, product_group_id) VALUES ('DOMESTIC', 'CREDITS')",
            "posting_setup_one_cell_per_pair",
        ),
        ("DELETE FROM ledger_ledgeraccount WHERE code = '1100'", "foreign key"),
        (
            "INSERT INTO ledger_batchrun (business_date, state) VALUES ('2026-11-02', 'running'), ('2026-11-03', 'running')",
            "one_night_runs_at_a_time",
        ),
        (
            "INSERT INTO ledger_batchrun (business_date, state) VALUES ('2026-11-02', 'done')",
            "night_finished_unless_running",
        ),
    ],
)
def test_what_is_set_up_wrongly_is_refused(sql, sentence):
    make_rate("GBP", "1.5")
    with refused(sentence):
        run(sql)
        run("SET CONSTRAINTS ALL IMMEDIATE")
    assert ExchangeRate.objects.count() == 1
    assert BusinessPostingGroup.objects.count() == 2
