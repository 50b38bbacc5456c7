"""Raw SQL against the tables of prepaid services: what the database refuses, whoever asks."""

import json
from collections.abc import Iterable

from django.db import IntegrityError, connection, transaction

COPY = """
INSERT INTO {table} SELECT (jsonb_populate_record(r, %s || jsonb_build_object('id', new.id))).*
FROM {table} r, nextval(pg_get_serial_sequence('{table}', 'id')) AS new (id) WHERE r.id = %s
"""
Statement = tuple[str, list]


def copy(table: str, row: int, **changes) -> Statement:
    """A new row as another is, but for the changes."""
    return COPY.format(table=f"prepaid_{table}"), [json.dumps(changes, default=str), row]


def change(table: str, row: int, **changes) -> Statement:
    settings = ", ".join(f"{column} = %s" for column in changes)
    return f"UPDATE prepaid_{table} SET {settings} WHERE {key(table)} = %s", [*changes.values(), row]


def delete(table: str, row: int) -> Statement:
    return f"DELETE FROM prepaid_{table} WHERE {key(table)} = %s", [row]


def key(table: str) -> str:
    return "entry_id" if table == "inflowbalance" else "id"


def refusal_of(statement: Statement) -> str | None:
    """The constraint that refuses it, now or at the commit; nothing where it is let in."""
    connection.check_constraints()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(*statement)
            assert cursor.rowcount > 0, statement
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True)
    except IntegrityError as error:
        return error.__cause__.diag.constraint_name or str(error)
    return None


def let_in(refused: Iterable[tuple[str, Statement]]) -> list[tuple]:
    """Those that were not refused by the constraint that should."""
    found = [(constraint, statement, refusal_of(statement)) for constraint, statement in refused]
    return [row for row in found if row[0] != row[2] and row[0] not in (row[2] or "")]
