"""A night against bare SQL that writes the same rows: under the same constraints and triggers (the floor), and without the
triggers. What the night wrote is copied out of its database and written again in a copy of the one it began with."""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from config.scale.databases import Measured, database, run

SEALS = {
    "ledger_journalseal": "SELECT * FROM ledger_journalseal",
    "ledger_sealedentry": "SELECT * FROM ledger_sealedentry",
}


@dataclass(frozen=True)
class Written:
    """What a night writes. `rows`: of each table, the rows that it wrote or changed; `updates`: how those that it changed are
    changed, from the staged ones; `following`: those that triggers update."""

    rows: Mapping[str, str]
    updates: Mapping[str, str]
    following: tuple[str, ...] = ()


@dataclass(frozen=True)
class Compared:
    """A night, how many rows it wrote, and the seconds that bare SQL takes with triggers and without."""

    night: Measured
    rows: int
    floor: float
    untriggered: float


def compare(written: Written, *, seed: tuple[str, ...], date: str) -> Compared:
    """The night of that date over a company that `seed`, a command of manage.py, generates."""
    with tempfile.TemporaryDirectory() as folder, database("bench_seeded") as seeded:
        run(seeded, "migrate")
        run(seeded, *seed)
        with database("bench_night", template="bench_seeded") as url:
            night = run(url, "nightly", "--date", date)
            rows = _copy_out(url, written, Path(folder))
        floor = _bare(written, Path(folder), triggers=True)
        untriggered = _bare(written, Path(folder), triggers=False)
    return Compared(night, rows, floor, untriggered)


def _copy_out(url: str, written: Written, folder: Path) -> int:
    """Writes the night's rows to files; how many they are."""
    rows = 0
    with psycopg.connect(url) as connection:
        for table, query in written.rows.items():
            with (folder / table).open("wb") as file, connection.cursor().copy(f"COPY ({query}) TO STDOUT") as copy:
                for block in copy:
                    file.write(block)
                    rows += bytes(block).count(b"\n")
    return rows


def _bare(written: Written, folder: Path, *, triggers: bool) -> float:
    """Seconds that bare SQL takes to write the same rows, in one transaction."""
    with database("bench_bare", template="bench_seeded") as url, psycopg.connect(url, autocommit=True) as connection:
        _stage(connection, written, folder)
        if not triggers:
            for table in written.rows:
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        started = time.perf_counter()
        with connection.transaction():
            for table in [table for table in written.rows if table not in written.updates]:
                columns = _columns(connection, table)
                connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM staged_{table}")
            for table, update in written.updates.items():
                if not (triggers and table in written.following):
                    connection.execute(update)
        seconds = time.perf_counter() - started
        _refuse_another_end(connection, written)
        return seconds


def _refuse_another_end(connection: psycopg.Connection, written: Written) -> None:
    """What was written leaves every table as the night left it; else the ratio would compare two different things."""
    for table, query in written.rows.items():
        columns = ", ".join(column for column in _columns(connection, table).split(", ") if column != "created_at")
        found, staged = f"SELECT {columns} FROM ({query}) found", f"SELECT {columns} FROM staged_{table}"
        for one, other in ((found, staged), (staged, found)):
            if connection.execute(f"({one}) EXCEPT ALL ({other}) LIMIT 1").fetchone():
                raise RuntimeError(
                    f"The bench writes {table} otherwise than the night does: bring its rows up to date."
                )


def _stage(connection: psycopg.Connection, written: Written, folder: Path) -> None:
    for table, query in written.rows.items():
        connection.execute(f"CREATE UNLOGGED TABLE staged_{table} AS {query} LIMIT 0")
        with connection.cursor().copy(f"COPY staged_{table} FROM STDIN") as copy:
            copy.write((folder / table).read_bytes())
        connection.execute(f"ANALYZE staged_{table}")


def _columns(connection: psycopg.Connection, table: str) -> str:
    """The staged table's columns."""
    return ", ".join(
        column.name for column in connection.execute(f"SELECT * FROM staged_{table} LIMIT 0").description or ()
    )
