"""What the pages of a milestone say of its revenue, whenever it is recognised."""

import datetime

import pytest
from django.urls import reverse

from credits.models import CreditsSetup
from credits.services.allocate import adjust, allocate
from credits.services.milestones import complete, reopen
from tests.builders import make_milestone, make_purchase
from tests.credits.desk import DELIVERING, Page, sign_in, text
from tests.credits.nights import night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TONIGHT = datetime.date(2026, 11, 25)
MODES = ("night", "completion", "allocation")


@pytest.fixture
def delivery(client, company):
    """The client of somebody who allocates and completes."""
    sign_in(client, *DELIVERING)
    return client


@pytest.fixture(params=MODES)
def mode(request, company):
    CreditsSetup.objects.update(recognise_revenue=request.param)
    return request.param


@pytest.fixture
def milestone(mode, account, project):
    make_purchase(account)
    milestone = make_milestone(project, 4)
    allocate(milestone, actor=None)
    CreditsSetup.objects.update(recognise_revenue="night")  # the pages follow the stamp, not the setup of today
    return milestone


def page(client, milestone, tab: str = "overview") -> str:
    return text(client.get(f"{milestone.get_absolute_url()}?tab={tab}"))


def to_complete(client, milestone) -> Page:
    return Page(client, reverse("credits:milestone-complete", args=[milestone.pk]))


def test_before_it_is_completed(delivery, mode, milestone):
    told = {
        "night": "Revenue Posted by the night after it is completed",
        "completion": "Revenue Posted at once when it is completed",
        "allocation": "Revenue Posted when its credits are allocated",
    }
    assert told[mode] in page(delivery, milestone)
    journal = page(delivery, milestone, "journal")
    assert ("Nothing is posted for this milestone. Its revenue is" in journal) is (mode != "allocation")


def test_without_an_allocation_the_setup_says_when(delivery, mode, project):
    told = {"night": "by the night after", "completion": "at once when", "allocation": "when its credits are allocated"}
    assert told[mode] in page(delivery, make_milestone(project, 4))


def test_the_preview_of_completing_shows_what_is_posted_and_when(delivery, mode, milestone):
    preview = to_complete(delivery, milestone).preview()
    posted = [(line.account_code, line.debit, line.credit) for line in preview.postings]
    assert posted == ([] if mode == "allocation" else [("2400", 320, 0), ("4000", 0, 320)])
    assert bool(preview.posted_later) is (mode == "night")
    label = "Complete the milestone"
    assert preview.confirm_label == (f"{label}, post USD\xa0320.00" if mode == "completion" else label)
    said = [row.reason for row in preview.left_out]
    assert said == (["it was posted when its credits were allocated."] if mode == "allocation" else [])


def test_the_message_after_completing_says_what_became_of_the_revenue(delivery, mode, milestone):
    answer = to_complete(delivery, milestone).confirm()
    told = {
        "night": "The milestone is completed. Its revenue is posted by the next night.",
        "completion": "The milestone is completed and its revenue is posted.",
        "allocation": "The milestone is completed.",
    }
    shown = text(delivery.get(answer.url))
    assert told[mode] in shown
    assert ("next night" in shown) is (mode == "night")


def test_after_completing_and_after_the_night(delivery, mode, milestone, account):
    complete(milestone, actor=None)
    at_once = {
        "night": "Waits for the next night",
        "completion": "Posted on 24 Nov 2026, when it was completed",
        "allocation": "Posted when its credits were allocated",
    }
    assert f"Revenue {at_once[mode]}" in page(delivery, milestone)
    assert ("Posted by the next night" in page(delivery, milestone)) is (mode == "night")
    night(account, TONIGHT)
    told = at_once | {"night": "Posted by the night of 25 Nov 2026"}
    for tab in ("overview", "completions"):
        assert told[mode] in page(delivery, milestone, tab)


def test_reopening_says_why_nothing_is_taken_back(delivery, mode, milestone):
    complete(milestone, actor=None)
    preview = Page(delivery, reverse("credits:milestone-reopen", args=[milestone.pk])).fill(reason="Again").preview()
    why = {
        "night": ["no night has posted it yet, so nothing is taken back."],
        "completion": [],
        "allocation": [
            "it was posted when the credits were allocated, and is taken back with those that are given back."
        ],
    }
    assert [row.reason for row in preview.left_out] == why[mode]
    assert bool(preview.postings) is (mode == "completion")


def test_a_completion_that_was_reopened_before_the_night(delivery, mode, milestone):
    complete(milestone, actor=None)
    reopen(milestone, actor=None, reason="By mistake")
    shown = page(delivery, milestone, "completions")
    assert ("None was posted" in shown) is (mode == "night")


def test_free_credits_have_no_revenue_to_tell_of(delivery, mode, account, project):
    make_purchase(account, amount_paid_per_credit="0")
    milestone = make_milestone(project, 4)
    allocate(milestone, actor=None)
    preview = to_complete(delivery, milestone).preview()
    assert [row.reason for row in preview.left_out] == [
        "nothing was paid for its credits, and free credits post nothing."
    ]
    complete(milestone, actor=None)
    night(account, TONIGHT)
    assert "Nothing was paid, so nothing was posted on" in page(delivery, milestone)


def test_the_window_shows_what_allocating_and_giving_back_posts(delivery, mode, account, project):
    """Revenue: on allocation; by the other two, allocating posts nothing."""
    CreditsSetup.objects.update(recognise_revenue=mode)
    make_purchase(account)
    milestone = make_milestone(project, 4)
    window = reverse("credits:milestone-credits", args=[milestone.pk])
    posts = mode == "allocation"
    shown = Page(delivery, window).preview().postings
    assert [(line.account_code, line.debit) for line in shown] == ([("2400", 320), ("4000", 0)] if posts else [])
    allocate(milestone, actor=None)
    shown = Page(delivery, window).fill(total="3").preview().postings
    assert [(line.account_code, line.credit) for line in shown] == ([("2400", 80), ("4000", 0)] if posts else [])


# The amount of a milestone.


@pytest.mark.parametrize(
    ("source", "amount", "note"),
    [("value", 400, "at internal value"), ("paid", 320, "at amount paid"), ("nothing", None, "")],
)
def test_the_amount_of_a_milestone_is_set_as_the_setting_says(delivery, account, project, source, amount, note):
    """Milestone amount: internal value, amount paid, or left alone."""
    CreditsSetup.objects.update(milestone_amount_from=source)
    make_purchase(account)
    milestone = make_milestone(project, 4)
    allocate(milestone, actor=None)
    milestone.refresh_from_db()
    assert milestone.amount == amount
    figure = next(
        each for each in delivery.get(milestone.get_absolute_url()).context["figures"] if each.label == "Amount"
    )
    assert figure.note == note


def test_a_change_leaves_amounts_alone_until_credits_are_adjusted(account, project):
    make_purchase(account)
    milestone = make_milestone(project, 4)
    allocate(milestone, actor=None)
    amounts = []
    for source in ("paid", "nothing"):
        CreditsSetup.objects.update(milestone_amount_from=source)
        milestone.refresh_from_db()
        amounts.append(milestone.amount)
        adjust(milestone, total=3, actor=None)
    milestone.refresh_from_db()
    assert [*amounts, milestone.amount] == [400, 240, 240]
