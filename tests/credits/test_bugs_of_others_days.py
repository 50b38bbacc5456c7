"""Bugs of other systems about days: rows 2, 3, 4 and 6 of bugs-to-tests.md."""

import csv
import datetime
import io
import zoneinfo

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from credits.exceptions import Shortage
from credits.reports.drawing_order import drawing_order_for
from credits.reports.holdings import holdings
from credits.reports.proposal import propose_line
from credits.services.allocate import adjust, allocate
from ledger.dates import business_date
from ledger.models import LedgerSetup
from tests.builders import make_account, make_company, make_milestone, make_opportunity, make_purchase
from tests.credits.desk import DELIVERING, STAFF, sign_in, text
from tests.credits.nights import credits_of

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-25T12:00:00+00:00")]
LAST_DAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)


def available(account, on: datetime.date) -> int:
    return sum(each.available for each in holdings(account.purchases.all(), on, 30))


def test_the_day_after_expiry_nothing_is_spendable_nor_in_the_balance_though_no_night_ever_ran(account, project, sam):
    """Row 2. Origin: vm0-ai/vm0#10299, expired credits stayed spendable until a job had run."""
    lot, milestone = make_purchase(account, expires_on=LAST_DAY), make_milestone(project, 2)
    assert (available(account, LAST_DAY), available(account, LAST_DAY + DAY)) == (10, 0)
    with pytest.raises(Shortage, match="10 past expiry"):
        allocate(milestone, actor=sam)
    assert drawing_order_for(milestone, 2, LAST_DAY + DAY).available == 0
    assert credits_of(lot) == (10, 0, 0)


def test_every_place_that_shows_a_balance_leaves_out_what_is_past_expiry(client, account):
    """Row 2. Origin: vm0-ai/vm0#10299, expired credits stayed in the balance that customers saw."""
    sign_in(client, *STAFF)
    past, left = make_purchase(account, expires_on=LAST_DAY), make_purchase(account, number_of_credits=3)
    figures = {figure.label: figure.value for figure in client.get(account.get_absolute_url()).context["figures"]}
    assert "3 USD" in figures["Available credits"] and "13" not in figures["Available credits"]
    listed = text(client.get(reverse("credits:purchase-list"), {"available": "yes"}))
    assert left.number in listed and past.number not in listed


def test_a_year_from_the_local_day_in_every_time_zone_ends_on_the_same_local_day(time_machine):
    """Row 3. Origin: flexprice#2671, durations counted in UTC hours came days early elsewhere and drifted with the clocks."""
    make_company()
    line = make_opportunity(make_account()).lines.select_related("opportunity__currency").get()
    for zone in sorted(zoneinfo.available_timezones()):
        LedgerSetup.objects.update(time_zone=zone)
        for day, year_on in (("2027-10-31", "2028-10-31"), ("2028-02-29", "2029-02-28")):
            late = datetime.datetime.fromisoformat(f"{day}T23:59").replace(tzinfo=zoneinfo.ZoneInfo(zone))
            proposed = propose_line(line, 7, on=business_date(late.astimezone(datetime.UTC)))
            assert [str(proposed.starts_on), str(proposed.expires_on)] == [day, year_on], zone


@pytest.fixture
def last_minute(company, time_machine):
    """A minute before midnight in Los Angeles, where the company is: in UTC it is tomorrow for hours already."""
    LedgerSetup.objects.update(time_zone="America/Los_Angeles")
    time_machine.move_to("2026-11-25T07:59:00+00:00")


def test_page_list_window_and_files_show_one_expiry_date_and_it_is_usable(client, account, project, last_minute):
    """Row 4. Origin: s2member#612, the last day was lost, and page and e-mail disagreed about the date."""
    sign_in(client, *STAFF, *DELIVERING)
    lot, milestone = make_purchase(account, expires_on=LAST_DAY), make_milestone(project, 4)
    window = reverse("credits:milestone-credits", args=[milestone.pk])
    why_not = reverse("credits:milestone-why-not", args=[milestone.pk])
    for url in (lot.get_absolute_url(), reverse("credits:purchase-list"), account.get_absolute_url(), window, why_not):
        shown = text(client.get(url))
        assert "24 Nov 2026" in shown and "25 Nov 2026" not in shown and "23 Nov 2026" not in shown, url
    assert allocate(milestone, actor=None).allocated_on == LAST_DAY


def test_the_files_of_the_list_carry_the_same_day_as_a_date(client, account, last_minute):
    """Row 4. Origin: s2member#612, a date read as midnight became the day before in another place."""
    sign_in(client, *STAFF)
    make_purchase(account, expires_on=LAST_DAY)
    files = {
        kind: client.get(reverse("credits:purchase-list"), {"export": kind, "available": "yes"})
        for kind in ("csv", "xlsx")
    }
    content = {kind: b"".join(each.streaming_content) for kind, each in files.items()}
    (row,) = csv.DictReader(io.StringIO(content["csv"].decode()))
    assert row["Expires"] == "2026-11-24"
    header, line = load_workbook(io.BytesIO(content["xlsx"])).active.iter_rows(values_only=True)
    assert line[header.index("Expires")] in (LAST_DAY, datetime.datetime(2026, 11, 24))


@pytest.mark.parametrize("days_before", [1, 30])
def test_as_of_a_day_before_it_starts_a_lot_is_not_used_though_it_has_started_by_now(
    account, project, sam, days_before
):
    """Row 6. Origin: openmeter#4649, credits granted later were used by an earlier period."""
    lot, milestone = make_purchase(account, starts_on=LAST_DAY), make_milestone(project, 3)
    with pytest.raises(Shortage, match="10 not started"):
        allocate(milestone, actor=sam, on=LAST_DAY - days_before * DAY)
    assert credits_of(lot) == (10, 0, 0)
    assert allocate(milestone, actor=sam, on=LAST_DAY)


def test_adjusting_as_of_an_earlier_day_draws_more_only_from_what_had_started(account, project, sam):
    """Row 6. Origin: openmeter#4649."""
    early = make_purchase(account, number_of_credits=3, starts_on=LAST_DAY - 10 * DAY)
    later = make_purchase(account, starts_on=LAST_DAY, expires_on=LAST_DAY + DAY)
    milestone = make_milestone(project, 2)
    allocate(milestone, actor=sam, on=LAST_DAY - 5 * DAY)
    with pytest.raises(Shortage, match="10 not started"):
        adjust(milestone, total=4, actor=sam, on=LAST_DAY - DAY)
    adjust(milestone, total=3, actor=sam, on=LAST_DAY - DAY)
    assert (credits_of(early), credits_of(later)) == ((0, 3, 0), (10, 0, 0))
