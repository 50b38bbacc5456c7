"""A worker that dies in the middle of a night, anywhere, leaves nothing half done: run again, the books are the same."""

import os
import signal
import subprocess
import sys

import psycopg
import pytest
from django.conf import settings

from config.scale.databases import database, run

BOOKS = [
    "SELECT event_key, posting_date, effective_on, account_id, debit, credit, debit_lcy, credit_lcy, lot"
    " FROM ledger_journalline l JOIN ledger_journalentry e ON e.id = l.entry_id ORDER BY event_key, line_no",
    "SELECT number, credits_allocated, credits_expired, credits_released, released, released_lcy"
    " FROM credits_purchase ORDER BY id",
    "SELECT event_key, c.purchase_id, c.credits FROM credits_consumption c"
    " JOIN credits_allocation a ON a.id = c.allocation_id ORDER BY event_key, c.purchase_id",
    "SELECT position, seal_id FROM ledger_sealedentry ORDER BY position",
    "SELECT milestone_id, sequence, earned_on IS NULL, entry_id IS NULL FROM credits_completion ORDER BY id",
]


def books(url: str) -> list:
    with psycopg.connect(url) as connection:
        return [connection.execute(query).fetchall() for query in BOOKS]


def night_killed_before(url: str, statement: int) -> int:
    """The exit code: minus SIGKILL where it died, 0 where the night was over before."""
    return subprocess.run(
        [sys.executable, "-m", "tests.config.killed_night", str(statement)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        check=False,
    ).returncode


@pytest.fixture(scope="module")
def company():
    """A generated company of five chunks, its night still to come."""
    name = f"crash_company_{os.getpid()}"
    with database(name) as url:
        run(url, "migrate")
        run(url, "seed_scale", "--accounts", "20", "--purchases", "400")
        yield name


def test_killed_again_and_again_and_run_to_the_end_gives_the_books_of_one_night(company):
    """Each attempt gets further than the one before and dies at another statement, in every step, before and after each
    chunk's commit."""
    with database(f"crash_one_{os.getpid()}", template=company) as once:
        run(once, "nightly")
        expected = books(once)
    with database(f"crash_many_{os.getpid()}", template=company) as url:
        deaths = 0
        for statement in range(3, 300, 4):
            code = night_killed_before(url, statement)
            assert code in (0, -signal.SIGKILL)
            if code == 0:
                break
            deaths += 1
        run(url, "nightly")
        assert books(url) == expected
        run(url, "check_books")
    assert deaths >= 8
