"""The planner in the browser: what it says, where it leads, who may follow, and the same as a file."""

import csv
import datetime
import io
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from credits.models import CreditsSetup
from tests.builders import make_account, make_milestone, make_purchase
from tests.credits.desk import DELIVERING, FOLLOWING, sign_in, text

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)


def days(count):
    return TODAY + datetime.timedelta(days=count)


@pytest.fixture
def url(account):
    return reverse("credits:planner", args=[account.pk])


@pytest.fixture
def viewer(client, account):
    sign_in(client, *FOLLOWING)
    return client


@pytest.fixture
def planned(account, project):
    """Ten credits to 14 December; four are drawn before, a milestone of six comes after."""
    lot = make_purchase(account, expires_on=days(20))
    return lot, make_milestone(project, 4, target_on=days(10)), make_milestone(project, 6, target_on=days(50))


def text_of(markup):
    return re.sub("<[^>]+>", "", str(markup)).replace("\xa0", " ")


def read(client, url, **asked):
    """What is read on the page, with every space as it is seen."""
    return re.sub(r"\s+([,:;.])", r"\1", text(client.get(url, asked)).replace("\xa0", " "))


def exported(client, url, **asked):
    response = client.get(url, asked | {"export": "csv"})
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


def test_what_lapses_the_best_choice_and_what_it_saves_are_in_figures(viewer, account, project, url):
    """Seven of ten are drawn first; six and four would use the lot up."""
    make_purchase(account)
    for place, credits in enumerate((7, 6, 4)):
        make_milestone(project, credits, target_on=days(10 + place))
    response = viewer.get(url)
    figures = [
        (each.label, text_of(each.value), text_of(each.note)) for each in response.context["currencies"][0]["figures"]
    ]
    assert figures == [
        ("Lapses unused", "3", "credits, USD 240.00"),
        ("With the best choice", "0", "credits, USD 0.00"),
        ("Saved by it", "3", "credits, USD 240.00"),
        ("Milestones short", "2", "4 credits missing"),
    ]
    assert "3 credits, USD 240.00 less lapse." in read(viewer, url)


def test_the_page_says_which_date_to_change_and_what_it_saves(viewer, url, planned):
    lot, _, late = planned
    shown = read(viewer, url)
    assert f"Extend {lot} from 14 Dec 2026 to 13 Jan 2027: saves 6 credits, USD 480.00" in shown
    assert f"Bring {late} forward from 13 Jan 2027 to 14 Dec 2026: saves 6 credits, USD 480.00" in shown
    assert f"{late} 13 Jan 2027 6 Not funded 6 credits short the same" in shown


def test_the_dates_are_changed_by_those_who_may(client, account, url, planned):
    lot, _, late = planned
    dates = f'href="{reverse("credits:purchase-dates", args=[lot.pk])}"'
    edit = f'href="{reverse("credits:milestone-edit", args=[late.pk])}"'
    sign_in(client, *FOLLOWING, name="viewer")
    shown = client.get(url).content.decode()
    assert dates not in shown and edit not in shown
    sign_in(client, *DELIVERING, name="delivery")
    shown = client.get(url).content.decode()
    assert dates not in shown and edit in shown
    sign_in(client, *FOLLOWING, "credits.expire_purchases", name="finance")
    shown = client.get(url).content.decode()
    assert dates in shown and edit not in shown


def test_who_does_not_see_purchases_or_milestones_does_not_see_the_planner(client, account, url):
    for missing in ("credits.view_purchase", "credits.view_milestone"):
        sign_in(client, *(set(FOLLOWING) - {missing}), name=missing)
        assert client.get(url).status_code == 403
        assert url not in client.get(account.get_absolute_url()).content.decode()


def test_the_account_leads_to_its_planner(viewer, account, url):
    assert f'href="{url}"' in viewer.get(account.get_absolute_url()).content.decode()


def test_another_business_date_is_asked_for_in_the_address(viewer, url, planned):
    shown = text(viewer.get(url, {"on": days(21).isoformat()}))
    assert "seen from 15 Dec 2026" in shown and "target was 4 Dec 2026" in shown
    assert "Enter a valid date" in text(viewer.get(url, {"on": "soon"}))


def test_what_changes_with_the_best_choice_is_marked(viewer, account, project, url):
    """The dear lot is picked: the free one lapses in its place."""
    free = make_purchase(account, expires_on=days(20), amount_paid_per_credit="0")
    dear = make_purchase(account, expires_on=days(40))
    make_milestone(project, 10, target_on=days(10))
    shown = read(viewer, url)
    assert f"10 from {free} 10 from {dear} Changes" in shown
    assert (
        "USD 800.00 of it are saved by picking lots by hand, which the services credits setup does not enable" in shown
    )
    CreditsSetup.objects.update(manual_allocation=True)
    assert "does not enable" not in text(viewer.get(url))


def test_milestones_without_a_target_date_are_named(viewer, project, url):
    milestone = make_milestone(project, 3, target_on=None)
    assert f"Not planned: no target date {milestone}: 3 needed, 0 allocated" in read(viewer, url)


def test_an_account_with_nothing_to_plan_is_told_what_to_do_first(viewer, url):
    assert "There is nothing to plan" in text(viewer.get(url))


def test_credits_without_milestones_are_said_to_lapse(viewer, account, url):
    make_purchase(account)
    shown = read(viewer, url)
    assert "No open milestone with a target date asks for credits in USD" in shown
    assert "More credits are left than milestones ask for" in shown


def test_milestones_without_credits_are_short(viewer, project, url):
    make_milestone(project, 3)
    shown = read(viewer, url)
    assert "No credits are left in USD" in shown and "3 credits short" in shown


def test_the_export_has_every_draw_shortage_lapse_and_suggestion(viewer, project, url, planned):
    lot, first, late = planned
    undated = make_milestone(project, 3, target_on=None)
    ends, on, last = str(lot.expires_on), str(days(10)), str(days(50))
    usual, best = "As things stand", "Best choice"
    assert [tuple(row.values()) for row in exported(viewer, url)] == [
        ("USD", usual, "Draws", lot.number, ends, str(first), on, "", "4", "320.00"),
        ("USD", best, "Draws", lot.number, ends, str(first), on, "", "4", "320.00"),
        ("USD", usual, "Short", "", "", str(late), last, "", "6", ""),
        ("USD", best, "Short", "", "", str(late), last, "", "6", ""),
        ("USD", usual, "Lapses", lot.number, ends, "", "", "", "6", "480.00"),
        ("USD", best, "Lapses", lot.number, ends, "", "", "", "6", "480.00"),
        ("USD", "Suggestion", "Extend", lot.number, ends, "", "", last, "6", "480.00"),
        ("USD", "Suggestion", "Bring forward", "", "", str(late), last, ends, "6", "480.00"),
        ("USD", "", "Not planned: no target date", "", "", str(undated), "", "", "3", ""),
    ]
    assert 'filename="planner-2026-11-24.xlsx"' in viewer.get(url, {"export": "xlsx"}).headers["Content-Disposition"]


def test_the_page_asks_as_often_for_many_rows_as_for_few(viewer, account, project, url, planned):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            assert viewer.get(url).status_code == 200
        return len(queries)

    asked()
    few = asked()
    for number in range(15):
        make_purchase(account, expires_on=days(10 + number), amount_paid_per_credit=Decimal(number))
        make_milestone(project, 11, target_on=days(12 + number))
        make_milestone(project, 11, target_on=None)
    assert asked() == few


def test_the_planner_of_another_account_is_its_own(viewer, planned):
    other = make_account("Another")
    assert "There is nothing to plan" in text(viewer.get(reverse("credits:planner", args=[other.pk])))


def test_selling_the_missing_credits_is_a_suggestion_with_the_way_to_a_new_purchase(client, account, project, url):
    make_purchase(account)
    short = make_milestone(project, 11, target_on=days(10))
    sign_in(client, *FOLLOWING, name="viewer")
    assert f"Sell 1 credit usable on 4 Dec 2026 for {short}: saves 10 credits, USD 800.00. Each" in read(client, url)
    sign_in(client, *FOLLOWING, "credits.manage_purchases", name="sales")
    assert f'href="{reverse("credits:purchase-create")}?account={account.number}"' in client.get(url).content.decode()
    (row,) = [row for row in exported(client, url) if row["Plan"] == "Suggestion"]
    assert (row["What"], row["Milestone"], row["Credits"], row["Amount paid"]) == (
        "Sell 1 credit", str(short), "10", "800.00",
    )  # fmt: skip
