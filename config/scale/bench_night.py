"""The night against bare SQL that writes the same rows: under the same constraints and triggers (the floor), and without
the triggers. What the night wrote is copied out of its database and written again in a copy of the one it began with."""

import datetime
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from config.scale.databases import Measured, database, run

Result = dict[str, str | float | None]

# Table, the rows that the night wrote or changed.
WRITTEN = {
    "credits_allocation": "SELECT * FROM credits_allocation WHERE allocation_type = 'expiry'",
    "credits_consumption": "SELECT id, credits, value_per_credit, amount_paid_per_credit, consumed_on, account_id,"
    " allocation_id, created_by_id, currency_id, milestone_id, purchase_id, consumption_type, created_at"
    " FROM credits_consumption WHERE consumption_type = 'expiry'",
    "ledger_journalentry": "SELECT * FROM ledger_journalentry WHERE kind IN ('expiry', 'completion')",
    "ledger_journalline": "SELECT l.* FROM ledger_journalline l JOIN ledger_journalentry e ON e.id = l.entry_id"
    " WHERE e.kind IN ('expiry', 'completion')",
    "credits_release": "SELECT * FROM credits_release WHERE cause IN ('expired', 'consumed')",
    "ledger_journalseal": "SELECT * FROM ledger_journalseal",
    "ledger_sealedentry": "SELECT * FROM ledger_sealedentry",
    "credits_purchase": "SELECT id, credits_expired, credits_released, credits_consumed, released, released_lcy"
    " FROM credits_purchase WHERE credits_released > 0",
    "credits_completion": "SELECT id, earned_on, entry_id FROM credits_completion WHERE earned_on IS NOT NULL",
}
UPDATES = {
    "credits_purchase": "UPDATE credits_purchase p SET credits_expired = s.credits_expired,"
    " credits_released = s.credits_released, credits_consumed = s.credits_consumed, released = s.released,"
    " released_lcy = s.released_lcy FROM staged_credits_purchase s WHERE s.id = p.id",
    "credits_completion": "UPDATE credits_completion c SET earned_on = s.earned_on, entry_id = s.entry_id"
    " FROM staged_credits_completion s WHERE s.id = c.id",
}
INSERTED = [table for table in WRITTEN if table not in UPDATES]
FOLLOWING = ["credits_purchase"]  # what triggers update: the totals of a lot follow its consumptions and releases


def bench_night(*, accounts: int, purchases: int) -> Iterator[Result]:
    """Seconds and memory of a night in which every lot expires, and its ratios to the floor and to bare rows."""
    far = (datetime.date.today() + datetime.timedelta(days=400)).isoformat()
    with tempfile.TemporaryDirectory() as folder, database("bench_seeded") as seeded:
        run(seeded, "migrate")
        run(seeded, "seed_scale", "--accounts", str(accounts), "--purchases", str(purchases))
        with database("bench_night", template="bench_seeded") as url:
            night = run(url, "nightly", "--date", far)
            rows = _copy_out(url, Path(folder))
        floor = _bare(Path(folder), triggers=True)
        untriggered = _bare(Path(folder), triggers=False)
    yield from _results(night, rows, floor, untriggered, purchases)


def _copy_out(url: str, folder: Path) -> int:
    """Writes the night's rows to files; how many they are."""
    rows = 0
    with psycopg.connect(url) as connection:
        for table, query in WRITTEN.items():
            with (folder / table).open("wb") as file, connection.cursor().copy(f"COPY ({query}) TO STDOUT") as copy:
                for block in copy:
                    file.write(block)
                    rows += bytes(block).count(b"\n")
    return rows


def _bare(folder: Path, *, triggers: bool) -> float:
    """Seconds that bare SQL takes to write the same rows, in one transaction."""
    with database("bench_bare", template="bench_seeded") as url, psycopg.connect(url, autocommit=True) as connection:
        _stage(connection, folder)
        if not triggers:
            for table in WRITTEN:
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        started = time.perf_counter()
        with connection.transaction():
            for table in INSERTED:
                columns = _columns(connection, table)
                connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM staged_{table}")
            for table, update in UPDATES.items():
                if not (triggers and table in FOLLOWING):
                    connection.execute(update)
        seconds = time.perf_counter() - started
        _refuse_another_end(connection)
        return seconds


def _refuse_another_end(connection: psycopg.Connection) -> None:
    """What was written leaves every table as the night left it; else the ratio would compare two different things."""
    for table, query in WRITTEN.items():
        columns = ", ".join(column for column in _columns(connection, table).split(", ") if column != "created_at")
        found, staged = f"SELECT {columns} FROM ({query}) found", f"SELECT {columns} FROM staged_{table}"
        for one, other in ((found, staged), (staged, found)):
            if connection.execute(f"({one}) EXCEPT ALL ({other}) LIMIT 1").fetchone():
                raise RuntimeError(f"The bench writes {table} otherwise than the night does: bring WRITTEN up to date.")


def _stage(connection: psycopg.Connection, folder: Path) -> None:
    for table, query in WRITTEN.items():
        connection.execute(f"CREATE UNLOGGED TABLE staged_{table} AS {query} LIMIT 0")
        with connection.cursor().copy(f"COPY staged_{table} FROM STDIN") as copy:
            copy.write((folder / table).read_bytes())
        connection.execute(f"ANALYZE staged_{table}")


def _columns(connection: psycopg.Connection, table: str) -> str:
    """The staged table's columns."""
    return ", ".join(
        column.name for column in connection.execute(f"SELECT * FROM staged_{table} LIMIT 0").description or ()
    )


def _results(night: Measured, rows: int, floor: float, untriggered: float, purchases: int) -> Iterator[Result]:
    def result(name: str, value: float, unit: str, ratio: float | None = None, against: str = "") -> Result:
        return {
            "name": name,
            "value": round(value, 3),
            "unit": unit,
            "ratio": ratio and round(ratio, 2),
            "against": against,
        }

    yield result("night", night.seconds, "s", night.seconds / floor, "bare SQL, same constraints and triggers")
    yield result("night without triggers", untriggered, "s", night.seconds / untriggered, "bare SQL, no triggers")
    yield result("night floor", floor, "s", floor / untriggered, "bare SQL, no triggers")
    yield result("night lots", purchases / night.seconds, "lots/s")
    yield result("night rows", rows / night.seconds, "rows/s")
    yield result("night memory", night.megabytes, "MB", night.megabytes / 300, "300 MB")
