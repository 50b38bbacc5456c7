import pytest
import time_machine

from tests import builders
from tests.credits.conftest import ordinary_role  # noqa: F401
from tests.prepaid import selling


@pytest.fixture
def company(db):
    """A company that sells prepaid services, on 24 November 2026."""
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False):
        yield selling.make_company()


@pytest.fixture
def account(company):
    return builders.make_account()


@pytest.fixture
def finance(company):
    return builders.make_user("finance")


@pytest.fixture
def service(account, finance):
    return selling.make_service(account, actor=finance)
