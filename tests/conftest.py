"""What every test stands on: services of the tests' own, and a database that can be emptied between tests."""

import fcntl
import itertools
import os
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings

from config import embedded


def own_folder() -> str:
    """The first folder of the tests that no other run is using: their databases have the same names."""
    for number in itertools.count(1):
        folder = Path(embedded.CHECKOUT, ".local", "test" if number == 1 else f"test-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        # Never closed: the lock lasts as long as this process.
        descriptor = os.open(folder / "in-use", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return str(folder)
        except BlockingIOError:
            os.close(descriptor)
    raise AssertionError("unreachable")


# Apart from those of `make run`, and up before Django's settings are read, which is why pyproject.toml does not name
# the settings: pytest-django would read them before this file. Workers of xdist find the addresses already set.
if not os.environ.get("DRAWDOWN_LOCAL"):
    os.environ["DRAWDOWN_LOCAL"] = own_folder()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
embedded.provide(durable=False)
django.setup()

# What the state machine asserts is told like what a test asserts.
pytest.register_assert_rewrite("tests.model.machine")

# live_server serves files under their plain names only.
PLAIN_NAMES = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
settings.STORAGES = {**settings.STORAGES, "staticfiles": PLAIN_NAMES}


def let_append_only_tables_be_emptied() -> None:
    """Transactional tests empty all tables, which the triggers of append-only ones refuse, as they should.

    A superuser may pass over triggers for one transaction. The tests alone do that; the product never does.
    """
    from django.db.backends.postgresql.operations import DatabaseOperations

    flush = DatabaseOperations.execute_sql_flush

    def flush_past_triggers(self: DatabaseOperations, sql_list: list[str]) -> Any:
        return flush(self, ["SET LOCAL session_replication_role = replica", *sql_list])

    DatabaseOperations.execute_sql_flush = flush_past_triggers  # type: ignore[method-assign, assignment]


let_append_only_tables_be_emptied()
