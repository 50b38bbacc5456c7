"""The reports of the books against one bare sum over the same lines: seconds, and how many times the sum they take."""

import statistics
import time
from collections.abc import Callable, Iterator

from django.db import connection

from config.scale.bench_night import Result
from config.scale.databases import connected, database, run
from ledger.dates import business_date
from ledger.models import JournalLine
from ledger.reports.deferrals import Asked
from ledger.reports.forecast import forecast
from ledger.reports.knowledge import what_became_known
from ledger.reports.roll_forward import roll_forward
from ledger.reports.trial_balance import trial_balance

ROUNDS = 5
SUM = "SELECT account_id, sum(debit_lcy), sum(credit_lcy) FROM ledger_journalline GROUP BY account_id"


def bench_reports(*, accounts: int, purchases: int) -> Iterator[Result]:
    """Median seconds of each report of today, over the lines of a generated company after its first night."""
    with database("bench_reports") as url:
        run(url, "migrate")
        run(url, "seed_scale", "--accounts", str(accounts), "--purchases", str(purchases))
        run(url, "nightly")
        with connected("bench_reports"):
            lines, bare = JournalLine.objects.count(), _median(_bare_sum)
            measured = {name: _median(report) for name, report in _reports().items()}
    for name, seconds in measured.items():
        yield {
            "name": f"{name} over {lines:,} journal lines",
            "value": round(seconds, 3),
            "unit": "s",
            "ratio": round(seconds / bare, 2),
            "against": "bare SQL, debits and credits per account over the same lines",
        }


def _reports() -> dict[str, Callable[[], object]]:
    today = business_date()
    year_ago = today.replace(year=today.year - 1, day=1)
    return {
        "trial balance": lambda: trial_balance(today, known_on=today),
        "roll-forward": lambda: roll_forward(year_ago, today),
        "roll-forward by customer": lambda: roll_forward(year_ago, today, by="customer"),
        "waterfall": lambda: forecast(Asked(on=today, known_on=today)),
        "waterfall by customer": lambda: forecast(Asked(on=today, by="customer")),
        "aging": lambda: forecast(Asked(on=today, view="expiry")),
        "what became known": lambda: what_became_known(today, year_ago, today).accounts,
    }


def _bare_sum() -> None:
    with connection.cursor() as cursor:
        cursor.execute(SUM)
        cursor.fetchall()


def _median(report: Callable[[], object]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        report()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)
