"""What allocating many at once and by hand costs, and which lock comes first."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credits.models import CreditsSetup
from credits.services.allocate_many import allocate_many
from credits.services.pick import allocate_by_hand
from tests.builders import make_milestone, make_project, make_purchase
from tests.credits.nights import credits_of

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]


@pytest.fixture
def lots(account):
    return [make_purchase(account, number_of_credits=4) for _ in range(2)]


def test_the_statements_of_a_milestone_are_as_many_for_thirty_as_for_three(account, sam):
    lots = [make_purchase(account, number_of_credits=60) for _ in range(2)]
    counts = {}
    for number in (1, 3, 30):
        project = make_project(account)
        milestones = [make_milestone(project, 2) for _ in range(number)]
        with CaptureQueriesContext(connection) as captured:
            allocate_many(project, [each.pk for each in milestones], actor=sam)
        counts[number] = len(captured)
    each = (counts[3] - counts[1]) / 2
    assert counts[30] - counts[3] == 27 * each
    assert each <= 6
    assert sum(credits_of(lot)[1] for lot in lots) == 68


def test_the_account_is_locked_first_then_lots_then_milestones(project, lots, sam):
    """Origin: pretix#6396, refund paths lacked the lock that payment paths had (bug 12)."""
    milestones = [make_milestone(project, need) for need in (3, 5)]
    with CaptureQueriesContext(connection) as captured:
        allocate_many(project, [each.pk for each in milestones], actor=sam)
    locks = [query["sql"] for query in captured if " FOR NO KEY UPDATE" in query["sql"]]
    tables = [sql.split(' FROM "')[1].split('"')[0] for sql in locks]
    assert tables == ["opportunities_account", "credits_purchase", "credits_milestone"]


def test_picking_locks_the_account_first_then_lots_then_the_milestone(project, lots, sam):
    """Origin: pretix#6396, refund paths lacked the lock that payment paths had (bug 12)."""
    CreditsSetup.objects.update(manual_allocation=True)
    milestone = make_milestone(project, 6)
    with CaptureQueriesContext(connection) as captured:
        allocate_by_hand(milestone, {lots[0].pk: 4, lots[1].pk: 2}, actor=sam)
    locks = [query["sql"] for query in captured if " FOR NO KEY UPDATE" in query["sql"]]
    tables = [sql.split(' FROM "')[1].split('"')[0] for sql in locks]
    assert tables == ["opportunities_account", "credits_purchase", "credits_milestone"]
