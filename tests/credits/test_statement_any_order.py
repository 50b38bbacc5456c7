"""Whatever is bought, drawn, given back, taken back and expired, and on whichever days: each day closes as the next opens,
and the last with what the lots say is left."""

import contextlib
import datetime
import itertools

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.night import run_nights
from credits.exceptions import AlreadyUsed, Shortage
from credits.models import Purchase
from credits.reports.statement import statement
from credits.services.allocate import adjust
from credits.services.purchases import confirm_purchase, return_to_draft
from tests.builders import make_account, make_milestone, make_project, make_purchase
from tests.recorded import recorded_on

pytestmark = pytest.mark.django_db
FIRST = datetime.date(2026, 10, 1)
FEW = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
EVENTS = st.lists(
    st.tuples(st.sampled_from(["buy", "draw", "draft", "confirm", "night"]), st.integers(0, 9), st.integers(0, 3)),
    min_size=2,
    max_size=8,
)


def happen(event: str, number: int, account, milestone, day: datetime.date) -> None:
    """What cannot be done is refused, and changes nothing."""
    lots = Purchase.objects.filter(account=account).order_by("id")
    if event == "buy":
        expires_on = day + datetime.timedelta(days=3 * number)
        make_purchase(account, purchased_on=day, starts_on=day, expires_on=expires_on, number_of_credits=number + 1)
    elif event == "draw":
        adjust(milestone, total=number, actor=None)
    elif event == "draft" and (lot := lots.filter(draft=False).last()):
        return_to_draft(lot, actor=None)
    elif event == "confirm" and (lot := lots.filter(draft=True).first()):
        confirm_purchase(lot, actor=None)
    elif event == "night":
        list(run_nights())


def closings(account, days: list[datetime.date]) -> list:
    """The statement of each day alone; a day without balance and movement has none."""
    return [section for day in days for section in statement(account, first=day, last=day).sections]


@FEW
@given(EVENTS)
def test_each_day_closes_as_the_next_opens_and_the_last_with_what_is_left(company, events):
    """Balance equals the sum of its rows (getlago/lago-api#4641, bugs-to-tests row 8)."""
    with transaction.atomic():
        account, day = make_account(), FIRST
        milestone = make_milestone(make_project(account), 9)
        for event, number, wait in events:
            day += datetime.timedelta(days=wait)
            with recorded_on(day), contextlib.suppress(AlreadyUsed, Shortage):
                happen(event, number, account, milestone, day)
        told = closings(account, [FIRST + datetime.timedelta(days=count) for count in range((day - FIRST).days + 1)])
        assert all(before.closing == after.opening for before, after in itertools.pairwise(told))
        assert all(each.closing == sum(lot.credits for lot in each.lots) >= 0 for each in told)
        left = sum(lot.credits_available for lot in Purchase.objects.confirmed().filter(account=account))
        assert sum(each.closing for each in statement(account, first=FIRST, last=day).sections) == left
        transaction.set_rollback(True)
