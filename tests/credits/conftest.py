"""What most tests of credits stand on. Who may do what is given by signing in: `staff` manages purchases, `dana` delivers."""

import pytest
from django.db import connection

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


@pytest.fixture
def ordinary_role(company):
    """From here on the database sees a role that is no superuser and owns nothing, with the rights an application needs
    and more: TRUNCATE, too, is granted, so that it is not the rights that refuse it."""
    name = "drawdown_application"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {name} LOGIN NOSUPERUSER")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA public TO {name}")
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}")
        cursor.execute(f"SET LOCAL ROLE {name}")
    yield name
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
