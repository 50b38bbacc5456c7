"""What most tests of credits stand on. Who may do what is given by signing in: `staff` manages purchases, `dana` delivers."""

import pytest

from tests.builders import make_account, make_company, make_project, make_purchase, make_user
from tests.credits.desk import DELIVERING, STAFF, sign_in


@pytest.fixture
def company(db):
    make_company()


@pytest.fixture
def account(company):
    return make_account()


@pytest.fixture
def sam(db):
    return make_user("sam")


@pytest.fixture
def project(account):
    return make_project(account)


@pytest.fixture
def lot(account):
    """Lot A: 10 credits, value 100.00, paid 80.00."""
    return make_purchase(account)


@pytest.fixture
def staff(client, account):
    """The client of somebody who sees, makes and expires purchases."""
    sign_in(client, *STAFF)
    return client


@pytest.fixture
def dana(client, account):
    """Signed in, with what delivery may do."""
    return sign_in(client, *DELIVERING)
