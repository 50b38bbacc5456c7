"""One allocation over 1, 10 and 1,000 lots: how many statements it takes, and how long. Each is done and rolled back."""

import datetime
import statistics
import time
from collections.abc import Iterator
from decimal import Decimal

from django.db import connection, transaction

from config.scale.bench_night import Result
from config.scale.databases import connected, database, run
from credits.models import Milestone
from credits.services.allocate import allocate
from credits.services.purchases import create_purchase
from credits.services.terms import Terms
from ledger.dates import business_date
from opportunities.models import Account, Project

LOTS = (1, 10, 1000)
ROUNDS = 5
MOST_STATEMENTS = 15


def bench_allocation() -> Iterator[Result]:
    """Statements and median milliseconds per size; times are against the allocation of one lot."""
    with database("bench_allocation") as url:
        run(url, "migrate")
        run(url, "seed_scale", "--accounts", "1", "--purchases", "0")
        with connected("bench_allocation"):
            measured = {lots: _measure(_milestone(lots)) for lots in LOTS}
    one_lot = measured[LOTS[0]][1]
    for lots, (statements, seconds) in measured.items():
        yield {
            "name": f"allocation over {lots:,} lots, statements",
            "value": statements,
            "unit": "statements",
            "ratio": round(statements / MOST_STATEMENTS, 2),
            "against": f"{MOST_STATEMENTS} statements",
        }
        yield {
            "name": f"allocation over {lots:,} lots, time",
            "value": round(seconds * 1000, 2),
            "unit": "ms",
            "ratio": round(seconds / one_lot, 2),
            "against": "allocation over 1 lot",
        }


def _milestone(lots: int) -> Milestone:
    """A milestone that needs exactly the credits of so many lots of one credit each, of an account of its own."""
    like, today = Account.objects.select_related("currency").earliest("id"), business_date()
    account = Account.objects.create(
        number=f"BENCH{lots}", name="Bench", currency=like.currency, business_group=like.business_group
    )
    for day in range(lots):
        create_purchase(
            Terms(
                account=account,
                currency=account.currency,
                purchased_on=today,
                number_of_credits=1,
                value_per_credit=Decimal(100),
                amount_paid_per_credit=Decimal(80),
                starts_on=today,
                expires_on=today + datetime.timedelta(days=day),
            ),
            actor=None,
        )
    project = Project.objects.create(number=f"BENCH{lots}", name="Bench", account=account, currency=account.currency)
    return Milestone.objects.create(
        project=project, number=f"BENCH{lots}", name="Bench", status="approved", credits_needed=lots
    )


def _measure(milestone: Milestone) -> tuple[int, float]:
    """(statements, median seconds) of allocating to the milestone; transaction control is not counted."""
    statements: list[str] = []

    def count(execute, sql, params, many, context):
        statements.append(sql)
        return execute(sql, params, many, context)

    seconds = []
    for _ in range(ROUNDS):
        statements.clear()
        with transaction.atomic(), connection.execute_wrapper(count):
            started = time.perf_counter()
            allocate(milestone, actor=None)
            seconds.append(time.perf_counter() - started)
            transaction.set_rollback(True)
    return sum("SAVEPOINT" not in sql for sql in statements), statistics.median(seconds)
