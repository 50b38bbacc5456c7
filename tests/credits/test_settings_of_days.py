"""What the settings do as days go by: credits past expiry, grace, what expires soon, and who waits for credits."""

import datetime

import pytest
from django.urls import reverse

from credits.exceptions import GateClosed, Shortage
from credits.models import CreditsSetup
from credits.reports.availability import candidates, held_back
from credits.reports.holdings import holdings
from credits.reports.milestones import milestones, waiting
from credits.services.allocate import adjust, allocate
from credits.services.expire import expire_purchase, refusal_to_expire
from credits.services.milestones import complete
from tests.builders import make_account, make_milestone, make_project, make_purchase, trial_balance
from tests.credits.correcting import agree
from tests.credits.desk import text
from tests.credits.nights import credits_of, night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def past(account):
    """Its last usable day was the day before yesterday, and no night has been since."""
    return make_purchase(account, expires_on=TODAY - 2 * DAY)


@pytest.fixture
def spendable(company):
    CreditsSetup.objects.update(allocate_past_expiry=True)


# Allocate credits with past expiry date.


def test_past_expiry_credits_are_held_back(past, project):
    """Milestone, allocation, consumption: a candidate is start <= date <= expiry. Origin:
    vm0-ai/vm0#10299, expired, unswept credits stayed spendable (bug 2)."""
    with pytest.raises(Shortage, match="Held back: 10 past expiry"):
        allocate(make_milestone(project, 4), actor=None)
    assert credits_of(past) == (10, 0, 0)


def test_where_the_setting_allows_it_they_are_used_until_a_night_expires_them(spendable, past, account, project):
    """Settings, allocate past expiry: until a night expires them."""
    milestone = make_milestone(project, 4)
    allocate(milestone, actor=None)
    assert credits_of(past) == (6, 4, 0)
    assert held_back(project, TODAY) == []
    night(account, TODAY)
    assert credits_of(past) == (0, 4, 6)
    with pytest.raises(Shortage, match="5 credits in USD are needed and 0 are available: 5 short"):
        allocate(make_milestone(project, 5), actor=None)
    complete(milestone, actor=None)
    night(account, TODAY)
    assert trial_balance() == {
        "1100": {"USD": 800, "LCY": 800}, "4000": {"USD": -320, "LCY": -320}, "4090": {"USD": -480, "LCY": -480},
    }  # fmt: skip
    agree()


def test_what_has_not_started_and_drafts_are_held_back_all_the_same(spendable, past, account, project):
    make_purchase(account, starts_on=TODAY + DAY, number_of_credits=3)
    make_purchase(account, draft=True, number_of_credits=2)
    with pytest.raises(Shortage, match="Held back: 2 in drafts, 3 not started"):
        allocate(make_milestone(project, 11), actor=None)


def test_credits_past_expiry_come_first_in_the_drawing_order(spendable, past, account, project):
    later = make_purchase(account)
    assert list(candidates(project, TODAY)) == [past, later]
    CreditsSetup.objects.update(allocate_past_expiry=False)
    assert list(candidates(project, TODAY)) == [later]


@pytest.mark.parametrize(("setting", "available"), [(False, 0), (True, 10)])
def test_what_is_available_agrees_on_all_pages(staff, past, account, setting, available):
    CreditsSetup.objects.update(allocate_past_expiry=setting)
    assert sum(each.available for each in holdings(account.purchases.all(), TODAY, 30)) == available
    listed = staff.get(reverse("credits:purchase-list"), {"available": "yes"}).context["table"]
    assert len(listed.rows) == (1 if setting else 0)
    said = "Until then it can be allocated" if setting else "Nothing of it can be allocated"
    assert said in text(staff.get(past.get_absolute_url()))


def test_in_grace_they_are_used_too_only_where_the_setting_allows_it(past, project):
    """Expiry: in grace nothing becomes spendable again."""
    CreditsSetup.objects.update(grace_period_days=5)
    milestone = make_milestone(project, 4)
    with pytest.raises(Shortage, match="10 past expiry"):
        allocate(milestone, actor=None)
    CreditsSetup.objects.update(allocate_past_expiry=True)
    assert allocate(milestone, actor=None) is not None


# Grace period.


@pytest.mark.parametrize(("grace", "first_night"), [(0, TODAY + DAY), (3, TODAY + 4 * DAY)])
def test_the_night_expires_from_the_day_after_expiry_and_grace(account, grace, first_night):
    """Expiry: the nightly run from the day after expiry + grace."""
    CreditsSetup.objects.update(grace_period_days=grace)
    lot = make_purchase(account, expires_on=TODAY)
    night(account, first_night - DAY)
    assert credits_of(lot) == (10, 0, 0)
    night(account, first_night)
    assert credits_of(lot) == (0, 0, 10)
    assert list(lot.consumptions.values_list("consumed_on", flat=True)) == [first_night]


@pytest.mark.parametrize(("grace", "days", "refused"), [(0, 0, False), (3, 0, True), (3, 3, False)])
def test_by_hand_from_the_day_of_expiry_and_grace_on(account, grace, days, refused):
    """Expiry: by hand from the day of expiry + grace on."""
    CreditsSetup.objects.update(grace_period_days=grace)
    lot = make_purchase(account, expires_on=TODAY)
    assert bool(refusal_to_expire(lot, TODAY + days * DAY)) is refused
    if not refused:
        expire_purchase(lot, actor=None, on=TODAY + days * DAY)
        assert credits_of(lot) == (0, 0, 10)


# Expiring soon.


@pytest.mark.parametrize(("days", "soon"), [(30, 0), (40, 10)])
def test_a_purchase_expires_soon_within_the_window_of_the_setting(staff, account, days, soon):
    """Settings, expiring soon: the window of days."""
    CreditsSetup.objects.update(expiring_soon_days=days)
    make_purchase(account, expires_on=TODAY + 40 * DAY)
    figures = {each.label: str(each.value) for each in staff.get(account.get_absolute_url()).context["figures"]}
    assert (f"{soon} USD" in figures[f"Expiring in {days} days"]) is bool(soon)


# Statuses without allocation.

STATUSES = ("planned", "in_progress", "approved", "canceled", "")


@pytest.mark.parametrize("without", [["planned", "canceled", ""], ["approved"], []])
def test_a_status_that_needs_no_allocation_does_not_wait(account, project, without):
    """Gate: statuses that need no allocation: a setting, default Planned, Canceled and none."""
    CreditsSetup.objects.update(statuses_without_allocation=without)
    found = {make_milestone(project, 4, status=status).pk: status for status in STATUSES}
    states = {found[each.pk]: each.state for each in milestones()}
    assert states == {status: "open" if status in without else "waiting" for status in STATUSES}
    assert {each.status for each in waiting()} == set(STATUSES) - set(without)


@pytest.mark.parametrize("without", [["planned"], []])
def test_with_a_number_of_credits_there_is_no_actual_date_before_they_are_allocated(account, project, without):
    """Gate: a milestone that needs credits cannot get an actual date before they are allocated in full,
    whether its status waits for them or not."""
    CreditsSetup.objects.update(statuses_without_allocation=without)
    make_purchase(account)
    milestone = make_milestone(project, 4, status="planned")
    with pytest.raises(GateClosed, match="needs 4 credits and 0 are allocated"):
        complete(milestone, actor=None)
    adjust(milestone, total=3, actor=None)
    assert milestones().get(pk=milestone.pk).state == "adjusting"
    allocate(milestone, actor=None)
    assert complete(milestone, actor=None).actual_on == TODAY


def test_the_settings_of_one_company_hold_for_every_customer(spendable, past):
    other = make_account("Other")
    make_purchase(other, expires_on=TODAY - DAY)
    assert allocate(make_milestone(make_project(other), 10), actor=None) is not None
