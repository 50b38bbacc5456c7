"""The page on which lots are picked by hand."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from credits.models import CreditsSetup
from credits.services.allocate import adjust, allocate
from tests.builders import make_account, make_milestone, make_purchase, make_user
from tests.credits.desk import FOLLOWING, Page, errors, sign_in, text
from tests.credits.nights import credits_of

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def enabled(company):
    CreditsSetup.objects.update(manual_allocation=True)


@pytest.fixture
def lots(account):
    """Four that expire first, four that expire later, four that start next year."""
    soon = make_purchase(account, number_of_credits=4, expires_on=datetime.date(2026, 12, 31))
    late = make_purchase(account, number_of_credits=4)
    next_year = make_purchase(account, number_of_credits=4, starts_on=datetime.date(2027, 1, 1))
    return soon, late, next_year


@pytest.fixture
def milestone(project, lots):
    return make_milestone(project, 6)


def url(milestone, name="pick") -> str:
    return reverse(f"credits:milestone-{name}", args=[milestone.pk])


def picking(client, milestone, *counts) -> Page:
    """The page with these counts typed at the lots, by id of the purchase."""
    return Page(client, url(milestone)).fill(**{f"lot-{lot.pk}": str(count) for lot, count in counts})


def test_every_lot_that_can_be_picked_has_its_row_and_no_other(client, dana, account, milestone, lots):
    make_purchase(account, draft=True)
    make_purchase(account, expires_on=TODAY - DAY)
    make_purchase(make_account("Quay Foods"))
    page = client.get(url(milestone))
    assert [row["offered"].lot for row in page.context["rows"]] == [lots[0], lots[1], lots[2]]
    assert "Starts later 1 Jan 2027" in text(page)
    CreditsSetup.objects.update(allocate_past_expiry=True)
    page = client.get(url(milestone))
    assert len(page.context["rows"]) == 4
    assert "Past expiry" in text(page)


def test_proposed_is_the_automatic_order_and_the_panel_says_what_it_does(client, dana, milestone, lots):
    page = Page(client, url(milestone))
    assert {name: value for name, value in page.data.items() if name.startswith("lot-")} == {
        f"lot-{lots[0].pk}": "4",
        f"lot-{lots[1].pk}": "2",
    }
    assert "Picked 6 exactly what it needs" in text(page.shown)
    assert "Allocate 6 credits" in text(page.shown)
    assert credits_of(lots[0]) == (4, 0, 0)


def test_the_sum_follows_what_is_typed(client, dana, milestone, lots):
    soon, late, next_year = lots
    shown = picking(client, milestone, (soon, 1), (late, 1), (next_year, 2)).look()
    assert 'id="picked" hx-swap-oob="true"' in shown.content.decode()
    assert "Picked 4 2 more to pick" in text(shown)
    assert "The picks come to 4 credits, and" in text(shown)
    assert f'id="after-{next_year.pk}" hx-swap-oob="true"><span class="amount">2<' in shown.content.decode()
    assert "Picked 9 3 too many" in text(picking(client, milestone, (soon, 4), (late, 4), (next_year, 1)).look())


def test_confirmed_it_draws_them_and_the_receipt_tells_lot_by_lot(client, dana, milestone, lots):
    soon, late, next_year = lots
    page = picking(client, milestone, (soon, 0), (late, 2), (next_year, 4))
    assert f"4 credits are drawn from {next_year}, which starts on 1 Jan 2027." in text(page.look())
    answer = page.confirm()
    receipt = text(client.get(answer.url))
    assert "Allocate 6 credits: done." in receipt
    assert f"{next_year.number} 4 drawn" in receipt
    assert [credits_of(lot) for lot in lots] == [(4, 0, 0), (2, 2, 0), (0, 4, 0)]
    assert set(milestone.consumptions.values_list("created_by", flat=True)) == {dana.pk}


def test_other_lots_instead_are_shown_as_given_back_and_drawn(client, dana, milestone, lots):
    allocate(milestone, actor=dana)
    soon, late, next_year = lots
    page = picking(client, milestone, (soon, 0), (late, 4), (next_year, 2))
    shown = text(page.look())
    assert f"{soon.number} 4 given back" in shown
    assert "Draw from these lots instead" in shown
    page.confirm()
    assert [credits_of(lot) for lot in lots] == [(4, 0, 0), (0, 4, 0), (2, 2, 0)]


def test_what_is_refused_of_a_lot_stands_at_its_field(client, dana, milestone, lots):
    soon, late, _ = lots
    answer = picking(client, milestone, (soon, 6), (late, 0)).confirm()
    assert errors(answer) == {f"lot-{soon.pk}": [f"{soon} has 4 credits available, and 6 more are picked."]}
    answer = picking(client, milestone, (soon, "x"), (late, 2)).confirm()
    assert "is not a whole number" in errors(answer)[f"lot-{soon.pk}"][0]
    assert credits_of(soon) == (4, 0, 0)


def test_a_sum_that_is_not_the_need_stands_at_the_top(client, dana, milestone, lots):
    answer = picking(client, milestone, (lots[0], 1), (lots[1], 1)).confirm()
    assert "come to 2 credits" in errors(answer)[""][0]


def test_a_lot_that_another_emptied_stays_in_sight_with_the_refusal(client, dana, project, milestone, lots):
    soon, _, _ = lots
    page = Page(client, url(milestone))
    allocate(make_milestone(project, 4), actor=make_user("other"))
    answer = page.confirm()
    assert errors(answer) == {f"lot-{soon.pk}": [f"{soon} cannot be picked: none of its credits is left."]}
    assert soon in [row["offered"].lot for row in answer.context["rows"]]


def test_a_lot_of_another_customer_that_is_sent_along_is_refused(client, dana, milestone, lots):
    foreign = make_purchase(make_account("Quay Foods"))
    answer = picking(client, milestone, (foreign, 2), (lots[1], 0)).confirm()
    assert "cannot be picked: it was bought by" in errors(answer)[f"lot-{foreign.pk}"][0]
    assert credits_of(foreign) == (10, 0, 0)


@pytest.mark.parametrize("name", ["lot-", "lot-x", f"lot-{'9' * 18}", f"lot-{'9' * 40}"])
def test_a_field_of_no_lot_is_passed_over(client, dana, milestone, name):
    answer = Page(client, url(milestone)).fill(**{name: "3"}).confirm()
    assert answer.status_code == 302
    milestone.refresh_from_db()
    assert milestone.credits_allocated == 6


def test_as_of_an_earlier_day_and_never_of_a_later_one(client, dana, account, milestone, lots):
    lapsed = make_purchase(account, expires_on=datetime.date(2026, 11, 20), number_of_credits=6)
    page = Page(client, url(milestone)).fill(on="2026-11-20")
    assert lapsed in [row["offered"].lot for row in page.look().context["rows"]]
    picks = {f"lot-{lot.pk}": None for lot in lots} | {f"lot-{lapsed.pk}": "6"}
    page.fill(**picks).confirm()
    assert milestone.consumptions.get().consumed_on == datetime.date(2026, 11, 20)
    answer = Page(client, url(milestone)).fill(on="2026-11-25").confirm()
    assert "25 Nov 2026 is in the future" in errors(answer)["on"][0]


def test_with_the_setting_off_the_page_refuses_and_the_window_offers_no_way_to_it(client, dana, milestone, lots):
    """Row "Settings": enable manual allocation (off)."""
    assert url(milestone) in client.get(url(milestone, "credits")).content.decode()
    data = Page(client, url(milestone)).data
    CreditsSetup.objects.update(manual_allocation=False)
    assert url(milestone) not in client.get(url(milestone, "credits")).content.decode()
    for answer in (client.get(url(milestone)), client.post(url(milestone), data)):
        assert answer.status_code == 409
        assert "Manual allocation is not enabled" in text(answer)
    assert not milestone.consumptions.exists()


def test_refused_without_the_permission(client, milestone):
    sign_in(client, *FOLLOWING, name="vera")
    assert client.get(url(milestone)).status_code == 403
    assert client.post(url(milestone), {}).status_code == 403


def test_a_need_that_shrank_is_proposed_in_the_order_of_giving_back(client, dana, milestone, lots):
    allocate(milestone, actor=dana)
    milestone.credits_needed = 5
    milestone.save(update_fields=["credits_needed"])
    page = Page(client, url(milestone))
    assert page.data[f"lot-{lots[1].pk}"] == "1"
    page.confirm()
    adjust(milestone, total=4, actor=dana)
    assert [credits_of(lot) for lot in lots] == [(0, 4, 0), (4, 0, 0), (4, 0, 0)]


def test_the_page_asks_as_often_for_thirty_lots_as_for_three(client, dana, account, milestone):
    asked = []
    for more in (0, 27):
        for _ in range(more):
            make_purchase(account)
        with CaptureQueriesContext(connection) as captured:
            client.get(url(milestone))
        asked.append(len(captured))
    assert asked[0] == asked[1]


def test_a_milestone_without_lots_says_where_to_look(client, dana, project):
    assert "that can be picked. Why not?" in text(client.get(url(make_milestone(project, 2))))
