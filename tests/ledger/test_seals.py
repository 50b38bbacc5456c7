"""Sealing: every entry once, in order, in a chain; and no posting waits for it."""

import datetime
import hashlib
import threading

import pytest
from django.db import DatabaseError, connection, transaction

from ledger.models import BatchRun, JournalEntry, JournalSeal, NumberSeries, SealedEntry
from ledger.reports.checks import CHECKS
from ledger.reports.seals import Head, count_unsealed, head
from ledger.services.nights import WHOLE, open_run, work
from ledger.services.seals import seal_journal, seal_step
from tests.builders import make_company, make_entry
from tests.racing import at_once, split

DAY = datetime.date(2026, 11, 24)
SEALS = ("sealed entries are unchanged", "sealed entries are there", "the register has no gap", "seals hold their entries",
         "the register is whole", "noted heads are in the register")  # fmt: skip


def post(*keys: str) -> list[int]:
    return [make_entry(key).pk for key in keys]


def register() -> list[tuple]:
    return list(SealedEntry.objects.order_by("position").values_list("position", "event_key", "seal"))


def found() -> list:
    return [offender for name in SEALS for offender in CHECKS[name]()]


@pytest.mark.django_db
class TestSealing:
    @pytest.fixture(autouse=True)
    def books(self, db):
        make_company()

    def test_each_night_seals_what_was_posted_since_in_the_order_of_the_entries(self):
        post("a", "b")
        assert (count_unsealed(), seal_journal(DAY), count_unsealed()) == (2, 2, 0)
        post("c")
        assert seal_journal(DAY + datetime.timedelta(days=1)) == 1
        assert register() == [(1, "a", 1), (2, "b", 1), (3, "c", 2)]
        first, second = JournalSeal.objects.order_by("number")
        assert (first.first_position, first.last_position, first.previous) == (1, 2, "")
        assert (second.first_position, second.last_position, second.previous) == (3, 3, first.hash)
        assert NumberSeries.objects.get(code="REGISTER").last_number == 3
        assert found() == []

    def test_the_hash_is_what_anybody_can_work_out(self):
        post("a", "b")
        seal_journal(DAY)
        digests = SealedEntry.objects.order_by("position").values_list("digest", flat=True)
        text = "\n".join(["1", "2026-11-24", "", *digests])
        assert head() == Head(1, hashlib.sha256(text.encode()).hexdigest())

    def test_where_nothing_was_posted_there_is_no_seal(self):
        assert (seal_journal(DAY), head()) == (0, None)
        post("a")
        seal_journal(DAY)
        before = head()
        assert (seal_journal(DAY), head()) == (0, before)

    def test_the_night_notes_the_head(self):
        post("a")
        run = work(open_run(DAY, {"Seal": WHOLE}), {"Seal": seal_step})
        assert run.steps.get().chunks.get().counts == {
            "sealed entries": 1,
            "entries": 0,
            "head of the register": str(head()),
        }
        assert Head.read(str(head())) == head()

    def test_a_failing_transaction_seals_nothing(self):
        post("a")
        with transaction.atomic():
            seal_journal(DAY)
            transaction.set_rollback(True)
        assert (count_unsealed(), head(), register()) == (1, None, [])

    @pytest.mark.parametrize("entries", [10, 5000])
    def test_ten_entries_and_five_thousand_take_the_same_statement(self, entries, django_assert_num_queries):
        with connection.cursor() as cursor:
            cursor.execute(MANY, [entries])
        with django_assert_num_queries(1 + 3):  # and the signature, and the savepoint around them
            assert seal_journal(DAY) == entries
        assert found() == []

    @pytest.mark.parametrize("table", ["ledger_journalseal", "ledger_sealedentry"])
    @pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
    def test_an_ordinary_role_changes_no_seal(self, ordinary_role, table, statement):
        post("a")
        seal_journal(DAY)
        connection.check_constraints()
        key = {"ledger_journalseal": "number", "ledger_sealedentry": "position"}[table]
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(table, key, key))
        assert len(register()) == JournalSeal.objects.count() == 1


MANY = """
WITH made AS (
    INSERT INTO ledger_journalentry
        (event_key, kind, posting_date, effective_on, currency_id, description, line_count, reason)
    SELECT 'many:' || i, 'test', '2026-11-02', '2026-11-02', 'USD', 'One of many', 2, '' FROM generate_series(1, %s) i
    RETURNING id
)
INSERT INTO ledger_journalline
    (entry_id, line_no, account_id, currency_id, debit, credit, debit_lcy, credit_lcy, party, lot)
SELECT id, side, CASE side WHEN 1 THEN '1100' ELSE '2400' END, 'USD', 2 - side, side - 1, 2 - side, side - 1, '', ''
FROM made CROSS JOIN generate_series(1, 2) side
"""


@pytest.fixture
def ordinary_role(books):
    name = "drawdown_sealing"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {name} LOGIN NOSUPERUSER")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA public TO {name}")
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}")
        cursor.execute(f"SET LOCAL ROLE {name}")
    yield name
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


@pytest.mark.django_db(transaction=True)
def test_a_posting_commits_while_a_sealing_is_open_and_goes_into_the_next_seal():
    make_company()
    post("a")
    sealed, posted = threading.Event(), threading.Event()

    def seal():
        with transaction.atomic():
            count = seal_journal(DAY)
            sealed.set()
            assert posted.wait(20)  # the posting below has committed before this transaction ends
            return count

    def write():
        assert sealed.wait(20)
        post("b")
        posted.set()

    assert at_once([seal, write]) == [1, None]
    assert register() == [(1, "a", 1)]
    assert seal_journal(DAY) == 1
    assert found() == []


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_commits_late_is_sealed_after_later_ones_and_in_order():
    make_company()
    begun, sealed = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            post("early number, late commit")
            begun.set()
            assert sealed.wait(20)

    def quick():
        assert begun.wait(20)
        post("late number, early commit")
        seal_journal(DAY)
        sealed.set()

    assert at_once([slow, quick]) == [None, None]
    seal_journal(DAY)
    assert [key for _, key, _ in register()] == ["late number, early commit", "early number, late commit"]
    assert found() == []


@pytest.mark.django_db(transaction=True)
def test_sealing_again_and_again_while_others_post_seals_every_entry_once():
    make_company()

    def posting(name):
        return lambda: [post(f"{name}:{number}") for number in range(15)] and None

    def sealing():
        return sum(seal_journal(DAY) for _ in range(15))

    results = at_once([posting("a"), posting("b"), sealing, sealing])
    assert split(results)[1] == []
    rest = seal_journal(DAY)
    assert sum(filter(None, results)) + rest == JournalEntry.objects.count() == SealedEntry.objects.count() == 30
    assert found() == []
    assert not BatchRun.objects.exists()
