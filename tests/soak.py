"""The state machines for as long as wanted: `make soak MINUTES=10`, and one round again: `make soak SEED=4711`.

A round plays companies of all machines, drawn from its seed. The seed is told before it begins, so that a round that fails
can be played again; then the commands that lead to the failure are made as few as they can be.
"""

import os
import random
import time

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from tests.model.contract_machine import ContractMachine
from tests.model.machine import Machine
from tests.model.prepaid_machine import PrepaidMachine

COMPANIES = 5  # of each machine in a round
MINUTES, SEED = float(os.environ.get("MINUTES") or 10), os.environ.get("SEED")
ROUND = settings(
    max_examples=COMPANIES,
    stateful_step_count=50,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink] if SEED else [Phase.generate],
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)


class Counted:
    """Counts the commands of all rounds."""

    commands = 0

    @invariant()
    def one_more(self):
        Counted.commands += 1


class OfCredits(Counted, Machine):
    pass


class OfPrepaidServices(Counted, PrepaidMachine):
    pass


class OfContracts(Counted, ContractMachine):
    pass


@pytest.mark.django_db
def test_soak():
    ends, rounds = time.monotonic() + 60 * MINUTES, 0
    while not rounds or (time.monotonic() < ends and not SEED):
        number = int(SEED or random.SystemRandom().randrange(2**32))
        print(f"\nSEED={number} ", end="", flush=True)
        for machine in (OfCredits, OfPrepaidServices, OfContracts):
            run_state_machine_as_test(seed(number)(machine), settings=ROUND)
        rounds += 1
        print(f"passed: {Counted.commands:,} commands in {rounds:,} rounds so far", end="", flush=True)
