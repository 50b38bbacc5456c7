"""No rule of prepaid services in the database is without a test that breaks it."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import CheckConstraint, UniqueConstraint

HERE = Path(__file__).parent
SQL = HERE.parents[1] / "prepaid" / "sql"
# Told by its sentence in the test.
SAID_SO = {
    "prepaid_request_decided_once": "decided once",
    "prepaid_request_begins_undecided": "begins undecided",
    "prepaid_service_closed_at_zero": "has something left",
}


def rules() -> set[str]:
    """The names of the models' constraints, those that SQL adds, and those that triggers raise."""
    found = {
        constraint.name
        for model in apps.get_app_config("prepaid").get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint | UniqueConstraint)
    }
    written = (file.read_text(encoding="utf-8") for file in SQL.glob("*.sql"))
    return found.union(*(re.findall(r"CONSTRAINT (?:= ')?([a-z_]+)", text) for text in written))


@pytest.fixture(scope="module")
def tests() -> str:
    others = (file for file in HERE.glob("test_*.py") if file.name != Path(__file__).name)
    return "\n".join(file.read_text(encoding="utf-8") for file in others)


def test_each_rule_of_the_database_is_broken_by_a_test(tests):
    assert sorted(rule for rule in rules() if SAID_SO.get(rule, rule) not in tests) == []
