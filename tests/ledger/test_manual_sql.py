"""What the database refuses of manual entries, whoever asks: each rule broken by raw SQL."""

import contextlib

import pytest
from django.db import Error, connection, transaction

from ledger.models import ManualEntry
from ledger.services.manual import approve, post, submit
from tests.builders import make_entry, make_manual_entry, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("company")]

HEAD = """
INSERT INTO ledger_manualentry (number, state, effective_on, currency_id, description, reason, makers, created_by_id,
                                sent_back_because)
VALUES ('', {state}, '2026-11-02', 'USD', 'Raw', {reason}, {makers}, {maker}, '') RETURNING id
"""
LINE = """
INSERT INTO ledger_manualentryline (manual_entry_id, line_no, account_id, debit, credit, dimensions)
VALUES ({entry}, {no}, '6100', {debit}, {credit}, '{{}}')
"""


def run(sql: str):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone() if cursor.description else None


@contextlib.contextmanager
def refused(sentence: str):
    """What is done inside fails and says so."""
    with pytest.raises(Error, match=sentence), transaction.atomic():
        yield


@pytest.fixture
def ann(company):
    return make_user("ann")


@pytest.fixture
def bob(company):
    return make_user("bob")


@pytest.fixture
def entry(ann) -> ManualEntry:
    return make_manual_entry(ann)


@pytest.fixture
def submitted(entry, ann) -> ManualEntry:
    return submit(entry, actor=ann, reason="Statement")


@pytest.fixture
def approved(submitted, bob) -> ManualEntry:
    return approve(submitted, actor=bob)


@pytest.fixture
def posted(approved, ann) -> ManualEntry:
    post(approved, actor=ann)
    return ManualEntry.objects.get(pk=approved.pk)


@pytest.fixture
def posted_before(company):
    """An entry of the books, of another event."""
    return make_entry()


def change(entry: ManualEntry, values: str):
    return run(f"UPDATE ledger_manualentry SET {values} WHERE id = {entry.pk}")


def head(maker, state: str = "'draft'", reason: str = "''", makers: str = "") -> int:
    return run(HEAD.format(state=state, reason=reason, makers=makers or f"'{{{maker.pk}}}'", maker=maker.pk))[0]


def test_the_tries_below_fail_for_their_reason_alone(ann):
    entry = head(ann)
    run(LINE.format(entry=entry, no=1, debit=5, credit=0))
    run(
        f"UPDATE ledger_manualentry SET state = 'submitted', submitted_by_id = {ann.pk}, reason = 'R' WHERE id = {entry}"
    )
    assert ManualEntry.objects.get(pk=entry).state == "submitted"


@pytest.mark.parametrize(
    ("debit", "credit"), [("5", "5"), ("0", "0"), ("-5", "0"), ("0", "-5"), ("5", "-5")],
)  # fmt: skip
def test_a_line_is_one_debit_or_one_credit(ann, debit, credit):
    entry = head(ann)
    with refused("manual_line_on_one_side"):
        run(LINE.format(entry=entry, no=1, debit=debit, credit=credit))


def test_lines_are_numbered_within_their_entry(entry):
    with refused("manual_line_numbered_within_entry"):
        run(LINE.format(entry=entry.pk, no=1, debit=5, credit=0))


@pytest.mark.parametrize("state", ["submitted", "approved", "posted"])
def test_an_entry_begins_as_a_draft(ann, state):
    with refused("begins as a draft"):
        head(ann, state=f"'{state}'", reason="'R'")


def test_whoever_makes_an_entry_is_among_its_makers(ann, bob):
    with refused("manual_entry_makers_are_known"):
        head(ann, makers=f"'{{{bob.pk}}}'")
    entry = head(ann)
    with refused("manual_entry_makers_are_known"):
        run(
            f"UPDATE ledger_manualentry SET state = 'submitted', submitted_by_id = {bob.pk}, reason = 'R' WHERE id = {entry}"
        )


def test_a_maker_stays_known(entry, ann, bob):
    change(entry, f"makers = '{{{ann.pk}, {bob.pk}}}'")
    with refused("whoever had a hand in it stays known"):
        change(entry, f"makers = '{{{ann.pk}}}'")


def test_no_maker_approves(submitted, ann):
    with refused("manual_entry_approver_is_no_maker"):
        change(submitted, f"state = 'approved', approved_by_id = {ann.pk}")


def test_nor_does_one_who_takes_himself_out_of_the_makers_on_the_way(submitted, ann, bob):
    with refused("stays as it is"):
        change(submitted, f"state = 'approved', approved_by_id = {ann.pk}, makers = '{{{bob.pk}}}'")


@pytest.mark.parametrize(
    "values",
    [
        "state = 'submitted', reason = 'R'",  # by nobody
        "submitted_by_id = created_by_id",
        "approved_by_id = {bob}",
        "number = 'MJ-000009'",
        "sequence = 9",
    ],
)
def test_a_state_has_its_people(entry, values, bob):
    with refused("manual_entry_state_has_its_people"):
        change(entry, values.format(bob=bob.pk))


def test_without_a_reason_it_is_not_submitted(entry, ann):
    with refused("manual_entry_has_reason"):
        change(entry, f"state = 'submitted', submitted_by_id = {ann.pk}")


def test_neither_posted_without_an_entry_nor_without_a_number_and_its_place(approved, posted_before):
    given = {"number": "'MJ-000009'", "sequence": "9", "entry_id": str(posted_before.pk)}
    for missing, empty in (("number", "''"), ("sequence", "NULL"), ("sequence", "0"), ("entry_id", "NULL")):
        values = given | {missing: empty}
        with refused("manual_entry_state_has_its_people"):
            change(approved, "state = 'posted', " + ", ".join(f"{name} = {value}" for name, value in values.items()))
    change(approved, "state = 'posted', " + ", ".join(f"{name} = {value}" for name, value in given.items()))


@pytest.mark.parametrize("state", ["approved", "posted"])
def test_it_goes_step_by_step_from_a_draft(entry, state, bob):
    with refused(f"cannot go from draft to {state}"):
        change(entry, f"state = '{state}', reason = 'R', submitted_by_id = {bob.pk}, approved_by_id = {bob.pk}")


def test_an_approval_is_neither_repeated_nor_taken_over(approved, ann):
    with refused("cannot go from approved to approved"):
        change(approved, f"approved_by_id = {make_user('cat').pk}")
    with refused("cannot go from approved to submitted"):
        change(approved, "state = 'submitted', approved_by_id = NULL")


@pytest.mark.parametrize(
    "values",
    [
        "effective_on = '2026-11-03'",
        "currency_id = 'EUR'",
        "description = 'Other'",
        "reason = 'Other'",
        "makers = '{1, 2}'",
    ],
)
@pytest.mark.parametrize("state", ["submitted", "approved", "posted"])
def test_only_a_draft_changes(request, state, values):
    entry = request.getfixturevalue(state)
    with refused("it stays as it is"):
        change(entry, values)


@pytest.mark.parametrize("state", ["submitted", "approved", "posted"])
def test_only_a_draft_loses_gains_or_changes_lines_or_is_deleted(request, state):
    entry = request.getfixturevalue(state)
    for statement in (
        f"UPDATE ledger_manualentryline SET debit = 99 WHERE manual_entry_id = {entry.pk} AND debit > 0",
        f"DELETE FROM ledger_manualentryline WHERE manual_entry_id = {entry.pk}",
        LINE.format(entry=entry.pk, no=3, debit=5, credit=0),
    ):
        with refused("is no draft: its lines stay"):
            run(statement)
    with refused("it stays as it is|violates foreign key"):
        run(f"DELETE FROM ledger_manualentry WHERE id = {entry.pk}")


def test_a_line_does_not_move_to_another_entry(entry, ann):
    other = make_manual_entry(ann)
    with refused("its lines stay"):
        run(
            f"UPDATE ledger_manualentryline SET manual_entry_id = {other.pk}, line_no = 9 WHERE manual_entry_id = {entry.pk}"
        )


def test_a_number_is_given_once_and_an_entry_of_the_books_asked_for_once(posted, ann, bob):
    second = approve(submit(make_manual_entry(ann), actor=ann, reason="Statement"), actor=bob)
    with refused("ledger_manualentry_entry_id_key"):
        change(second, f"state = 'posted', number = 'MJ-000002', sequence = 2, entry_id = {posted.entry_id}")
    other = post(approve(submit(make_manual_entry(ann), actor=ann, reason="Statement"), actor=bob), actor=ann)
    assert other.manual_entry.number == "MJ-000002"
    with refused("number_series_counts_up|follows"):
        run("UPDATE ledger_numberseries SET last_number = 0 WHERE code = 'MANUAL'")


def test_two_entries_never_share_a_number(posted, ann, bob):
    run("UPDATE ledger_numberseries SET prefix = 'X-' WHERE code = 'MANUAL'")
    second = approve(submit(make_manual_entry(ann), actor=ann, reason="Statement"), actor=bob)
    journal = """
        INSERT INTO ledger_journalentry (event_key, kind, posting_date, effective_on, currency_id, description, line_count,
                                         reason)
        SELECT 'raw:1', 'raw', posting_date, effective_on, currency_id, 'Raw', 2, '' FROM ledger_journalentry RETURNING id
    """
    with refused("manual_entry_numbered_once"):
        other = run(journal)[0]
        change(second, f"state = 'posted', number = '{posted.number}', sequence = 2, entry_id = {other}")
    with refused("ledger_manualentry_sequence_key"):
        other = run(journal)[0]
        change(second, f"state = 'posted', number = 'X-000001', sequence = 1, entry_id = {other}")


@pytest.mark.parametrize(
    ("account", "sentence"),
    [
        ("1000", "journal entry manual:0 by hand is not what was approved"),
        ("2400", "ledger account 2400 takes no direct posting"),
    ],
)
def test_the_books_take_by_hand_what_was_approved_on_accounts_of_direct_posting_alone(account, sentence, company):
    journal = """
        INSERT INTO ledger_journalentry (event_key, kind, posting_date, effective_on, currency_id, description, line_count,
                                         reason)
        VALUES ('manual:0', 'manual', '2026-11-02', '2026-11-02', 'USD', 'Raw', 2, '') RETURNING id
    """
    lines = """
        INSERT INTO ledger_journalline (entry_id, line_no, account_id, currency_id, debit, credit, debit_lcy, credit_lcy,
                                        party, lot)
        VALUES ({0}, 1, '6100', 'USD', 5, 0, 5, 0, '', ''), ({0}, 2, '{1}', 'USD', 0, 5, 0, 5, '', '')
    """
    with refused(sentence):
        run(lines.format(run(journal)[0], account))


def test_an_ordinary_role_approves_its_own_entry_no_more_than_anybody(submitted, ann):
    run("CREATE ROLE manual_clerk NOSUPERUSER")
    run("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO manual_clerk")
    run("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO manual_clerk")
    run("SET LOCAL ROLE manual_clerk")
    with refused("manual_entry_approver_is_no_maker"):
        change(submitted, f"state = 'approved', approved_by_id = {ann.pk}")
    for statement in (
        "ALTER TABLE ledger_manualentry DISABLE TRIGGER manualentry_guard",
        "ALTER TABLE ledger_manualentry DROP CONSTRAINT manual_entry_approver_is_no_maker",
    ):
        with refused("must be owner"):
            run(statement)
