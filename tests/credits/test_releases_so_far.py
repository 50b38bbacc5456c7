"""An upgrade finds in the journal what was released before there was a table of it: the same rows that the services write."""

import datetime
from pathlib import Path

import pytest
from django.db import connection

from config.night import run_nights
from config.scale.company import generate
from credits.models import Purchase, Release
from credits.services.allocate import adjust, allocate
from credits.services.milestones import complete, reopen
from tests import builders
from tests.credits.test_story import Story, tell

SQL = (Path(__file__).parents[2] / "credits" / "sql" / "releases_so_far.sql").read_text(encoding="utf-8")
TODAY = datetime.date(2026, 11, 24)
SAID = ("event_key", "purchase", "cause", "milestone", "units", "amount", "amount_lcy", "effective_on")
pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]


def found_again() -> list[tuple]:
    """The releases as the upgrade writes them, past the triggers that it comes before."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM credits_release; UPDATE credits_purchase SET credits_consumed = 0")
        cursor.execute(SQL)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    return released()


def released() -> list[tuple]:
    return sorted(Release.objects.values_list(*SAID), key=str)


def test_of_the_story_to_the_last_expiry():
    builders.make_company()
    builders.make_rate("GBP", "1.2711")
    tell(Story(builders.make_account(), builders.make_user("sam")))
    written, consumed = released(), dict(Purchase.objects.values_list("pk", "credits_consumed"))
    assert len(written) > 5
    assert found_again() == written
    assert dict(Purchase.objects.values_list("pk", "credits_consumed")) == consumed


def test_of_milestones_that_were_reopened_adjusted_and_completed_again():
    builders.make_company()
    account, sam = builders.make_account(), builders.make_user("sam")
    project = builders.make_project(account)
    builders.make_purchase(account, amount_paid_per_credit="33.33")
    builders.make_purchase(account, amount_paid_per_credit="0")
    milestone = builders.make_milestone(project, 12)
    allocate(milestone, actor=sam)
    for total in (9, 3):
        complete(milestone, actor=sam)
        list(run_nights())
        reopen(milestone, actor=sam, reason="Scope changed")
        adjust(milestone, total=total, actor=sam)
        milestone.refresh_from_db()
        milestone.credits_needed = total
        milestone.save(update_fields=["credits_needed"])
    written = released()
    assert {row[4] for row in written} >= {10, 2, -10, -2, 9, -9}
    assert found_again() == written


def test_of_a_generated_company_after_its_night():
    builders.make_company()
    generate(accounts=20, purchases=200, seed="upgrade", on=TODAY)
    list(run_nights())
    written = released()
    assert len(written) > 50
    assert found_again() == written
