"""What the database refuses of periods, setup, number series and lines, whoever asks: each rule broken by raw SQL."""

import datetime

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import Error, connection, transaction

from ledger.models import ChangeLogEntry, Dimension, DimensionValue, LedgerAccount, LedgerSetup, PostingSetup
from ledger.services.periods import approve_reopening, close_period, request_reopening, soft_close_period
from tests.builders import make_company, make_entry, make_period, make_user
from tests.ledger.test_journal_sql import CREDIT, DEBIT, ENTRY, LINES, raw_entry, refused, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("company")]
D = datetime.date
NOVEMBER = "'2026-11-02'"
REQUEST = """
INSERT INTO ledger_periodreopening (period_id, closed_at, reason, requested_by_id, approved_by_id, approved_at,
                                    declined_by_id, declined_at)
VALUES ({period}, (SELECT closed_at FROM ledger_accountingperiod WHERE id = {period}), {reason}, {asker}, {approver},
        {approved}, {decliner}, {declined}) RETURNING id
"""
OPEN = "UPDATE ledger_accountingperiod SET closed_at = NULL, closed_by_id = NULL WHERE id = {period}"


@pytest.fixture
def ann(company):
    return make_user("ann")


@pytest.fixture
def bob(company):
    return make_user("bob")


@pytest.fixture
def closed(ann):
    return make_period(2026, 11, closed_by=ann)


def ask(period, *, reason="'Late'", asker, approver="NULL", approved="NULL", decliner="NULL", declined="NULL"):
    return run(REQUEST.format(**locals() | {"period": period.pk, "asker": asker.pk}))[0]


# Closed periods.


def test_nothing_is_posted_into_a_closed_period(closed):
    with refused("period 2026-11 is closed: no posting on 2026-11-02"):
        raw_entry(DEBIT, CREDIT)


def test_a_closed_period_opens_only_with_an_approved_reopening_of_that_closing(closed, ann, bob):
    with refused("period 2026-11 opens only when a second person approves its reopening"):
        run(OPEN.format(period=closed.pk))
    asked = ask(closed, asker=ann)
    with refused("opens only when a second person approves"):
        run(OPEN.format(period=closed.pk))
    run(f"UPDATE ledger_periodreopening SET approved_by_id = {bob.pk}, approved_at = now() WHERE id = {asked}")
    run(OPEN.format(period=closed.pk))
    # Closed once more, the approval of the earlier closing holds no longer.
    close_period(closed, actor=ann)
    with refused("opens only when a second person approves"):
        run(OPEN.format(period=closed.pk))


def test_a_declined_request_opens_nothing(closed, ann, bob):
    ask(closed, asker=ann, decliner=bob.pk, declined="now()")
    with refused("opens only when a second person approves"):
        run(OPEN.format(period=closed.pk))


def test_a_closing_is_not_dated_anew(closed):
    with refused("opens only when a second person approves"):
        run(f"UPDATE ledger_accountingperiod SET closed_at = now() WHERE id = {closed.pk}")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_accountingperiod SET starts_on = '2026-11-02' WHERE id = {period}",
        "UPDATE ledger_accountingperiod SET ends_on = '2026-11-29' WHERE id = {period}",
        "DELETE FROM ledger_accountingperiod WHERE id = {period}",
    ],
)
def test_a_closed_period_keeps_its_days_and_stays(closed, statement):
    with refused("period 2026-11 is closed: it keeps its days"):
        run(statement.format(period=closed.pk))


def test_an_open_period_may_change_its_days_and_go(ann):
    period = make_period(2026, 11)
    run(f"UPDATE ledger_accountingperiod SET ends_on = '2026-11-29' WHERE id = {period.pk}")
    run(f"DELETE FROM ledger_accountingperiod WHERE id = {period.pk}")


@pytest.mark.parametrize("state", ["closed", "soft_closed"])
def test_a_period_is_closed_by_somebody(state):
    period = make_period(2026, 11)
    with refused(f"period_{state}_by_someone"):
        run(f"UPDATE ledger_accountingperiod SET {state}_at = now() WHERE id = {period.pk}")


# Soft-closed periods.


@pytest.fixture
def soft_closed(ann):
    return soft_close_period(make_period(2026, 11), actor=ann)


def by(user) -> None:
    """An entry of that person, or of the night, on a day of November 2026."""
    entry = ENTRY.replace("reason)", "reason, created_by_id)").replace("'')", f"'', {user.pk if user else 'NULL'})")
    made = run(entry.format(key="'raw:1'", posted=NOVEMBER, lines=2, reverses="NULL"))[0]
    run(LINES.format(rows=f"{DEBIT}, {CREDIT}".format(entry=made)))


def permit(user) -> None:
    user.user_permissions.add(Permission.objects.get(codename="post_in_soft_closed_period"))


def test_the_night_posts_nothing_into_a_soft_closed_period(soft_closed):
    with refused("period 2026-11 is soft-closed: no posting on 2026-11-02"):
        by(None)


def test_a_person_without_the_right_posts_nothing_into_a_soft_closed_period(soft_closed, bob):
    with refused("period 2026-11 is soft-closed: no posting on 2026-11-02"):
        by(bob)


def test_who_may_posts_into_a_soft_closed_period_until_it_is_closed(soft_closed, ann, bob):
    permit(bob)
    with transaction.atomic():
        by(bob)
        transaction.set_rollback(True)
    close_period(soft_closed, actor=ann)
    with refused("period 2026-11 is closed: no posting on 2026-11-02"):
        by(bob)


def test_who_has_left_posts_nothing_into_a_soft_closed_period(soft_closed, bob):
    permit(bob)
    bob.is_active = False
    bob.save()
    with refused("soft-closed"):
        by(bob)


# Requests to reopen.


def test_nobody_approves_their_own_request(closed, ann):
    asked = ask(closed, asker=ann)
    with refused("reopening_by_a_second_person"):
        run(f"UPDATE ledger_periodreopening SET approved_by_id = {ann.pk}, approved_at = now() WHERE id = {asked}")
    with refused("reopening_by_a_second_person"):
        ask(closed, asker=ann, approver=ann.pk, approved="now()")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"reason": "''"}, "reopening_has_reason"),
        ({"approved": "now()"}, "reopening_approved_by_someone"),
        ({"approver": "{bob}"}, "reopening_approved_by_someone"),
        ({"approver": "{bob}", "approved": "now()", "decliner": "{bob}", "declined": "now()"}, "approved_by_someone"),
        ({"declined": "now()"}, "reopening_declined_by_someone"),
        ({"decliner": "{bob}"}, "reopening_declined_by_someone"),
    ],
)
def test_half_an_answer_and_no_reason_are_refused(closed, ann, bob, change, rule):
    with refused(rule):
        ask(closed, asker=ann, **{name: value.format(bob=bob.pk) for name, value in change.items()})


def test_a_period_is_asked_for_once_at_a_time(closed, ann, bob):
    ask(closed, asker=ann)
    with refused("reopening_asked_for_once"):
        ask(closed, asker=bob)


@pytest.mark.parametrize(
    "change",
    [
        "reason = 'Other'",
        "requested_by_id = {bob}",
        "closed_at = closed_at + interval '1 second'",
        "requested_at = requested_at - interval '1 day'",
    ],
)
def test_a_request_stays_as_it_was_made(closed, ann, bob, change):
    asked = ask(closed, asker=ann)
    with refused("a request to reopen a period stays as it was made"):
        run(f"UPDATE ledger_periodreopening SET {change.format(bob=bob.pk)} WHERE id = {asked}")


def test_a_request_is_not_deleted_and_an_answer_not_taken_back(closed, ann, bob):
    asked = request_reopening(closed, actor=ann, reason="Late")
    with refused("stays as it was made"):
        run(f"DELETE FROM ledger_periodreopening WHERE id = {asked.pk}")
    approve_reopening(asked, actor=bob)
    with refused("stays as it was made"):
        run(f"UPDATE ledger_periodreopening SET approved_by_id = NULL, approved_at = NULL WHERE id = {asked.pk}")


# General ledger setup.


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ("posting_from = '2026-11-03'", "posting is allowed from 2026-11-03 to any day: not on 2026-11-02"),
        ("posting_to = '2026-11-01'", "posting is allowed from any day to 2026-11-01: not on 2026-11-02"),
    ],
)
def test_nothing_is_posted_outside_the_days_allowed(days, sentence):
    run(f"UPDATE ledger_ledgersetup SET {days}")
    with refused(sentence):
        raw_entry(DEBIT, CREDIT)


def test_the_first_and_the_last_day_allowed_are_allowed():
    run(f"UPDATE ledger_ledgersetup SET posting_from = {NOVEMBER}, posting_to = {NOVEMBER}")
    raw_entry(DEBIT, CREDIT)


def test_the_last_day_allowed_is_not_before_the_first():
    with refused("ledger_setup_posting_range"):
        run("UPDATE ledger_ledgersetup SET posting_from = '2026-11-02', posting_to = '2026-11-01'")


def test_there_is_one_setup():
    with refused("ledger_setup_is_one_row"):
        run(
            "INSERT INTO ledger_ledgersetup (id, company_name, lcy_id, time_zone, groups_from)"
            " VALUES (2, 'Second', 'USD', 'UTC', 'sell_to')"
        )


def test_the_lcy_is_fixed_once_anything_is_posted():
    run("UPDATE ledger_ledgersetup SET lcy_id = 'EUR'")
    make_entry(currency="EUR")
    with refused("the local currency is fixed once anything is posted"):
        run("UPDATE ledger_ledgersetup SET lcy_id = 'USD'")
    assert LedgerSetup.objects.get().lcy_id == "EUR"


@pytest.mark.django_db(transaction=True)
def test_the_days_allowed_change_while_nothing_is_posted():
    """Under the lock that every posting takes shared: while one is under way, they cannot."""
    make_company()
    holder = connection.copy()
    try:
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            cursor.execute("SELECT ledger_lock_periods(false)")
        with pytest.raises(Error, match="lock timeout"), transaction.atomic():
            run("SET LOCAL lock_timeout = '100ms'")
            run("UPDATE ledger_ledgersetup SET posting_to = '2026-12-31'")
        run("UPDATE ledger_ledgersetup SET company_name = 'Goes on'")
    finally:
        holder.rollback()
        holder.close()


# Number series.


def test_a_number_that_was_given_is_not_given_again():
    run(
        "INSERT INTO ledger_numberseries (code, description, prefix, digits, last_number) VALUES ('X', 'X', 'X-', 6, 7)"
    )
    with refused("number series X: 6 follows 7"):
        run("UPDATE ledger_numberseries SET last_number = 6 WHERE code = 'X'")
    run("UPDATE ledger_numberseries SET last_number = 8, prefix = 'Y-' WHERE code = 'X'")


# Lines: direct posting and dimensions.


def by_hand(*rows: str) -> int:
    entry = run(
        ENTRY.replace("'raw', ", "'manual', ").format(key="'manual:1'", posted=NOVEMBER, lines=2, reverses="NULL")
    )[0]
    run(LINES.format(rows=", ".join(row.format(entry=entry) for row in rows)))
    return entry


def test_an_entry_by_hand_uses_no_account_that_another_list_explains():
    with refused("journal entry manual:1 by hand: ledger account 1100 takes no direct posting"):
        by_hand(DEBIT, CREDIT)
    raw_entry(DEBIT, CREDIT)  # the services may


def test_an_account_that_the_posting_setup_names_takes_no_direct_posting_from_then_on():
    with refused("ledger account 2400 is a receivables or deferral account of the posting setup"):
        LedgerAccount.objects.filter(code="2400").update(direct_posting=True)
    PostingSetup.objects.update(deferral="2410")
    assert not LedgerAccount.objects.get(code="2410").direct_posting
    LedgerAccount.objects.filter(code="2400").update(direct_posting=True)


def test_nothing_is_posted_by_hand_that_was_not_approved():
    with refused("journal entry manual:1 by hand is not what was approved"):
        by_hand(DEBIT.replace("1100", "1000"), CREDIT.replace("2400", "6100"))


def test_the_database_says_when_an_entry_was_recorded():
    wanted = ENTRY.format(key="'raw:2'", posted=NOVEMBER, lines=2, reverses="NULL")
    dated = wanted.replace("reason", "reason, created_at", 1).replace(") RETURNING", ", '2020-01-01') RETURNING", 1)
    entry = run(dated)[0]
    run(LINES.replace("{rows}", ", ".join(row.replace("{entry}", str(entry)) for row in (DEBIT, CREDIT))))
    assert "2020-01-01" in dated
    assert run(f"SELECT created_at > now() - interval '1 day' FROM ledger_journalentry WHERE id = {entry} LIMIT 1")[0]


# Days behind a closed period.


@pytest.mark.parametrize("day", ["2026-09-30", "2020-01-01"])
def test_days_that_lie_in_no_period_are_closed_behind_a_closed_one(ann, day):
    make_period(2026, 10, closed_by=ann)
    with refused(f"period 2026-10 is closed: no posting on {day}"):
        run(
            ENTRY.replace("'2026-11-02'", f"'{day}'").format(key="'raw:1'", posted=f"'{day}'", lines=2, reverses="NULL")
        )
    assert make_entry(on=D.fromisoformat(day)).posting_date == D(2026, 11, 1)


def test_no_period_is_made_behind_a_closed_one(ann):
    make_period(2026, 10, closed_by=ann)
    with refused("period 2026-09 begins before the end of 2026-10, which is closed"):
        run(
            "INSERT INTO ledger_accountingperiod (name, starts_on, ends_on) VALUES ('2026-09', '2026-09-01', '2026-09-30')"
        )


# What would pass the change log by.

LOGGED = (
    "ledger_accountingperiod", "ledger_periodreopening", "ledger_manualentry", "ledger_manualentryline",
    "ledger_numberseries", "ledger_ledgersetup", "ledger_postingsetup", "ledger_exchangerate", "ledger_ledgeraccount",
    "ledger_dimensionvalue", "opportunities_account", "credits_purchase", "credits_milestone", "auth_user_groups",
)  # fmt: skip


@pytest.mark.parametrize("table", LOGGED)
def test_no_logged_table_is_emptied(table):
    connection.check_constraints()  # what waits for the commit would stand in the way of TRUNCATE
    with refused("TRUNCATE refused"):
        run(f"TRUNCATE {table} CASCADE")


def test_a_number_series_that_gave_numbers_stays():
    run(
        "INSERT INTO ledger_numberseries (code, description, prefix, digits, last_number) VALUES ('X', 'X', 'X-', 6, 3)"
    )
    with refused("number series X gave 3 numbers and stays"):
        run("DELETE FROM ledger_numberseries WHERE code = 'X'")


def test_who_may_do_what_is_logged_and_never_a_password(ann):
    ann.groups.add(Group.objects.get_or_create(name="controller")[0])
    ann.set_password("secret words")
    ann.is_staff = True
    ann.save()
    changed = ChangeLogEntry.objects.filter(row=str(ann.pk), table__in=["auth_user", "auth_user_groups"])
    assert [(row.table, row.kind) for row in changed.order_by("id")] == [
        ("auth_user", "insert"),
        ("auth_user_groups", "insert"),
        ("auth_user", "update"),
    ]
    assert changed.first().changes == {"is_staff": [False, True]}
    assert not any("password" in row.changes for row in changed)


def with_dimensions(value: str) -> tuple[str, str]:
    """The two lines with this in the column `dimensions`."""
    return tuple(row.replace("'', '')", f"'', '', {value})") for row in (DEBIT, CREDIT))


def raw_entry_with(value: str) -> None:
    entry = run(ENTRY.format(key="'raw:1'", posted=NOVEMBER, lines=2, reverses="NULL"))[0]
    lines = LINES.replace("party, lot)", "party, lot, dimensions)")
    rows = (row.replace("{entry}", str(entry)) for row in with_dimensions(value))
    run(lines.replace("{rows}", ", ".join(rows)))


@pytest.fixture
def region(company):
    dimension = Dimension.objects.create(code="REGION", name="Region")
    return DimensionValue.objects.create(dimension=dimension, code="NORTH", name="North")


def test_a_line_carries_values_that_exist(region):
    raw_entry_with("""'{"REGION": "NORTH"}'""")


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("""'{"REGION": "SOUTH"}'""", "journal entry raw:1: dimension REGION has no value SOUTH"),
        ("""'{"PLANET": "NORTH"}'""", "journal entry raw:1: dimension PLANET has no value NORTH"),
        ("""'["REGION"]'""", "journal_line_dimensions_are_pairs"),
    ],
)
def test_a_line_with_other_dimensions_is_refused(region, value, sentence):
    with refused(sentence):
        raw_entry_with(value)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_dimension SET code = 'AREA'",
        "DELETE FROM ledger_dimension",
        "UPDATE ledger_dimensionvalue SET code = 'SOUTH'",
        "DELETE FROM ledger_dimensionvalue",
    ],
)
def test_dimensions_and_values_keep_their_codes(region, statement):
    with refused("dimensions and their values are neither deleted nor given another code"):
        run(statement)
