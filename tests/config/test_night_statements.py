"""The night works by the set: it sends as many statements for ten lots as for ten thousand, and for two deferrals as for
five hundred."""

import datetime

import pytest
from django.db import connection, transaction

from config.night import run_nights
from config.scale.company import generate
from credits.models import Completion, Consumption
from prepaid.models import DeferralLine

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
WHEN_ALL_HAVE_EXPIRED = TODAY + datetime.timedelta(days=400)


def night_over(*, accounts: int, purchases: int, deferrals: int) -> tuple[list[str], int, int, int]:
    """The statements of one night over a generated company, and what it did: lots expired, milestones earned, parts of
    contract deferrals released."""
    statements: list[str] = []

    def note(execute, sql, params, many, context):
        statements.append(sql.split(None, 3)[0])
        return execute(sql, params, many, context)

    with transaction.atomic():
        generate(accounts=accounts, purchases=purchases, deferrals=deferrals, seed="statements", on=TODAY)
        connection.cursor().execute("ANALYZE")
        with connection.execute_wrapper(note):
            (run,) = run_nights(WHEN_ALL_HAVE_EXPIRED)
        assert run.state == "done"
        expired = Consumption.objects.filter(consumption_type="expiry").count()
        earned = Completion.objects.filter(earned_on__isnull=False).count()
        released = DeferralLine.objects.released().count()
        transaction.set_rollback(True)
    return statements, expired, earned, released


def test_ten_thousand_lots_take_as_many_statements_as_ten():
    few, *did_few = night_over(accounts=5, purchases=10, deferrals=2)
    many, *did_many = night_over(accounts=300, purchases=10_000, deferrals=500)
    assert many == few
    assert did_few[0] in range(7, 11) and did_few[1] in range(1, 3)
    assert did_many[0] > 9_000 and did_many[1] > 1_000
    assert (did_few[2], did_many[2]) == (24, 6_000)
