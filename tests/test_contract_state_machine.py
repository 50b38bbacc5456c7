"""Any sequence of commands to customer contracts, on real PostgreSQL, against the plain model: the same refusals, balances,
deferrals and books after every step, and `check_books` silent; at the end the replay agrees. The same sequences in each
run; new ones are what a soak is for."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.contract_machine import ContractMachine


@pytest.mark.django_db
def test_any_sequence_of_commands_keeps_contracts_and_books():
    run_state_machine_as_test(
        ContractMachine,
        settings=settings(
            max_examples=6,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
