"""The pages of "Why not?": from where they are reached, the chosen day, the narrowed reason, links by role, and the files."""

import csv
import datetime
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from credits.services.allocate import allocate
from tests.builders import make_milestone, make_purchase, make_rate
from tests.credits.desk import FOLLOWING, STAFF, sign_in, text

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)


def url(noun: str, of) -> str:
    return reverse(f"credits:{noun}-why-not", args=[of.pk])


def rows(response) -> list[dict]:
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


@pytest.fixture
def milestone(project):
    return make_milestone(project, 40, name="=Design")


@pytest.fixture
def lots(account, project, milestone, sam):
    """A usable one of which 3 are allocated, a draft, and one that starts tomorrow."""
    make_rate("EUR", "1.1")
    lots = [make_purchase(account), make_purchase(account, draft=True), make_purchase(account, starts_on=TODAY + DAY)]
    allocate(make_milestone(project, 3, name="Built"), actor=sam)
    return lots


def test_the_milestone_page_says_what_it_needs_and_each_lot_with_its_reason(client, dana, milestone, lots):
    """Why is this credit not available?: lot by lot."""
    page = text(client.get(url("milestone", milestone)))
    assert "40 credits to allocate, 7 available: short by 33" in page
    assert "Available to 1 Nov 2027" in page and "Starts on 25 Nov 2026" in page and "Confirm the purchase" in page


def test_the_chosen_day_decides(client, dana, milestone, lots):
    page = text(client.get(url("milestone", milestone), {"on": "2026-11-25"}))
    assert "40 credits to allocate, 17 available: short by 23" in page
    assert "Starts on 25 Nov 2026" not in page


@pytest.mark.parametrize("day", ["yesterday", "0001-01-01", "9999-12-31", "2026-02-30"])
def test_a_day_that_is_none_gets_its_sentence_and_no_lots(client, dana, milestone, lots, day):
    response = client.get(url("milestone", milestone), {"on": day})
    assert response.status_code == 200
    assert lots[0].number not in text(response)
    assert response.context["form"].errors["on"]


def test_a_reason_narrows_the_lots_and_the_bar_stays_whole(client, dana, milestone, lots):
    response = client.get(url("milestone", milestone), {"reason": "allocated"})
    ((lot, bar, parts, more),) = response.context["lots"]
    assert (lot, [part.credits for part, _ in parts], more) == (lots[0], [3], 0)
    assert [(each["credits"], each["reason"], each["width"]) for each in bar] == [
        ("3", "allocated", 30),
        ("7", "available", 70),
    ]


def test_each_figure_leads_to_its_lots(client, dana, milestone, lots):
    figures = client.get(url("milestone", milestone), {"on": "2026-11-25"}).context["figures"]
    for figure in figures:
        shown = client.get(url("milestone", milestone) + figure.url).context["lots"]
        assert sum(part.credits for _, _, parts, _ in shown for part, _ in parts) == int(text_of(figure.value))


def text_of(markup: str) -> str:
    return markup.split(">")[1].split("<")[0]


def test_what_frees_credits_is_a_link_for_who_may_do_it_and_words_for_the_others(client, account, milestone, lots):
    confirm, edit = (
        reverse(f"credits:purchase-{name}", args=[lots[at].pk]) for name, at in (("confirm", 1), ("dates", 2))
    )
    sign_in(client, *FOLLOWING, name="vera")
    shown = client.get(url("milestone", milestone)).content.decode()
    assert "Confirm the purchase" in shown and confirm not in shown and edit not in shown
    sign_in(client, *STAFF, "credits.view_milestone", name="sue")
    shown = client.get(url("milestone", milestone)).content.decode()
    assert confirm in shown and edit in shown


def test_the_purchase_page_says_for_which_milestones(client, dana, milestone, lots):
    page = text(client.get(url("purchase", lots[0])))
    assert "7 It can be drawn from" in page
    assert "It has all 3 credits that it needs" in page


def test_the_account_page_has_totals_per_currency_that_lead_to_their_lots(client, dana, account, milestone, lots):
    make_purchase(account, currency="EUR", draft=True, number_of_credits=5)
    response = client.get(url("account", account))
    assert response.context["codes"] == ["EUR", "USD"]
    cells = dict(response.context["rows"])
    assert [credits for credits, _ in cells["in drafts"]] == [5, 10]
    assert response.context["sums"] == [5, 30]
    narrowed = client.get(url("account", account) + cells["in drafts"][1][1]).context["lots"]
    assert [lot for lot, _, _, _ in narrowed] == [lots[1]]


def test_an_account_without_purchases_says_what_comes_first(client, dana, account):
    assert "The account has no purchase." in text(client.get(url("account", account)))


def test_it_is_in_the_menus_and_at_the_shortage(client, account, milestone, lots):
    sign_in(client, *FOLLOWING, "credits.allocate_credits")
    pages = [(milestone, "milestone"), (lots[0], "purchase"), (account, "account")]
    for of, noun in pages:
        menu = {action.label: action.url for action in client.get(of.get_absolute_url()).context["menu_actions"]}
        assert menu["Why not?"] == url(noun, of)
    window = client.get(reverse("credits:milestone-credits", args=[milestone.pk])).content.decode()
    assert url("milestone", milestone) in window


def test_both_kinds_of_file_have_one_row_per_lot_and_reason(client, dana, milestone, lots):
    sheet = client.get(url("milestone", milestone), {"export": "xlsx"})
    book = load_workbook(io.BytesIO(b"".join(sheet.streaming_content)))
    lines = rows(client.get(url("milestone", milestone), {"export": "csv"}))
    assert [(line["Purchase"], line["Credits"], line["Reason"]) for line in lines] == [
        (lots[0].number, "7", "available"),
        (lots[0].number, "3", "allocated"),
        (lots[1].number, "10", "in drafts"),
        (lots[2].number, "10", "not started"),
    ]
    assert [row[4] for row in book.active.iter_rows(min_row=2, values_only=True)] == [7, 3, 10, 10]


def test_the_file_of_a_purchase_has_its_milestones_and_no_formula(client, dana, milestone, lots):
    lines = rows(client.get(url("purchase", lots[1]), {"export": "csv"}))
    assert {line["Name"]: (line["Could draw"], line["Why not"]) for line in lines} == {
        "'=Design": ("0", "In a draft"),
        "Built": ("0", "In a draft; It has all 3 credits that it needs"),
    }


@pytest.mark.parametrize("noun", ["milestone", "purchase", "account"])
def test_as_many_queries_for_one_lot_as_for_many(client, dana, account, project, sam, noun):
    counts = []
    for number in (1, 20):
        for _ in range(number):
            lot, milestone = make_purchase(account), make_milestone(project, 2)
            allocate(milestone, actor=sam)
            make_purchase(account, draft=True)
        of = {"milestone": milestone, "purchase": lot, "account": account}[noun]
        client.get(url(noun, of))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(noun, of)).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] <= 20
