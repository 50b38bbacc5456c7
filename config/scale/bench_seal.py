"""Sealing against bare SQL that works out the same digests and keeps none of them, in the same database."""

import time
from collections.abc import Iterator

import psycopg

from config.scale.bench_night import Result
from config.scale.databases import database, run

ACCOUNTS, PURCHASES = 5_000, 112_000  # nine in ten are paid for: a good 100,000 entries
DIGESTS = "SELECT count(*), sum(length(digest)) FROM ledger_digest"
SEAL = "SELECT ledger_seal_journal(current_date)"


def bench_seal() -> Iterator[Result]:
    """Seconds of the first seal of so many entries, and of a night that finds nothing new."""
    with database("bench_seal") as url:
        run(url, "migrate")
        run(url, "seed_scale", "--accounts", str(ACCOUNTS), "--purchases", str(PURCHASES))
        with psycopg.connect(url, autocommit=True) as connection:
            timed(connection, DIGESTS)  # once before, so that neither finds the tables cold
            _, floor = timed(connection, DIGESTS)
            entries, sealing = timed(connection, SEAL)
            _, nothing = timed(connection, SEAL)
    yield result(f"sealing {entries:,} entries", sealing, floor)
    yield result(f"sealing nothing new over {entries:,} entries", nothing, floor)


def timed(connection: psycopg.Connection, statement: str) -> tuple[int, float]:
    """The first value that the statement gives, and its seconds."""
    started = time.perf_counter()
    row = connection.execute(statement).fetchone()
    return row[0] if row else 0, time.perf_counter() - started


def result(name: str, seconds: float, floor: float) -> Result:
    return {
        "name": name,
        "value": round(seconds, 3),
        "unit": "s",
        "ratio": round(seconds / floor, 2),
        "against": f"the digests alone, {floor:.3f} s",
    }
