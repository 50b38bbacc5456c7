"""Any sequence of commands, on real PostgreSQL, against the plain model: the same refusals, balances and books after every
step, and `check_books` silent. The same sequences in each run; new ones are what a soak is for."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import Machine


@pytest.mark.django_db
def test_any_sequence_of_commands_keeps_balances_and_books():
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
