"""The pages of milestones: who sees them, what they say, what they do."""

import datetime
import re

import pytest
from django.urls import reverse

from credits.exceptions import GateClosed, NotCompleted
from credits.models import Milestone
from credits.services.allocate import adjust, allocate
from credits.services.milestones import complete, reopen
from ledger.models import JournalEntry
from ledger.sources import source_of
from tests.builders import make_account, make_milestone, make_project, make_purchase, make_user
from tests.credits.desk import FOLLOWING, sign_in
from tests.credits.nights import credits_of, night

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)


def url(name: str, milestone: Milestone) -> str:
    return reverse(f"credits:{name}", args=[milestone.pk])


def text(response) -> str:
    """What is read on the page."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).replace("\xa0", " ").split())


def confirm(client, address: str, **data):
    """Looks at the panel, then confirms what it showed."""
    shown = client.post(address, data, headers={"HX-Request": "true"})
    found = re.search(r'name="fingerprint" value="([^"]*)"', shown.content.decode())
    assert found, text(shown)
    return client.post(address, data | {"fingerprint": found[1]}, follow=True)


ALL = ("milestone", "milestone-edit", "milestone-credits", "milestone-complete", "milestone-reopen")


@pytest.mark.parametrize("name", ALL)
def test_everything_is_refused_without_its_permission(client, project, name):
    milestone = make_milestone(project)
    client.force_login(make_user("nobody"))
    assert client.get(url(name, milestone)).status_code == 403
    sign_in(client, *FOLLOWING, name="vera")
    assert client.get(url(name, milestone)).status_code == (200 if name == "milestone" else 403)
    assert client.post(url(name, milestone), {}).status_code == (405 if name == "milestone" else 403)


def test_the_list_filters_sums_per_currency_and_exports(client, dana, account, project, lot):
    """Lists, milestones: filters, totals per currency, export."""
    held = make_milestone(project, 4, name="Held")
    waits = make_milestone(project, 20, name="Waits")
    make_milestone(make_project(make_account("Another"), currency="EUR"), 7, name="Elsewhere", status="planned")
    allocate(held, actor=dana)
    page = text(client.get(reverse("credits:milestone-list")))
    assert "USD 2 rows Needed 24 Allocated 4 Amount USD 400.00" in page
    assert "EUR 1 row Needed 7" in page
    address = reverse("credits:milestone-list")
    narrowed = {
        "state=waiting": ["Waits"],
        "state=funded": ["Held"],
        "state=unfunded": ["Waits"],
        "status=planned": ["Elsewhere"],
        f"account={account.number}": ["Held", "Waits"],
        f"project={project.number}&state=open": [],
        "search=elsew": ["Elsewhere"],
        "target_on_after=2026-12-02": [],
    }
    for query, names in narrowed.items():
        rows = client.get(f"{address}?{query}").context["table"].data.data
        assert sorted(row.name for row in rows) == names, query
    exported = b"".join(client.get(f"{address}?state=waiting&export=csv").streaming_content).decode()
    assert waits.number in exported
    assert "Waiting for credits" in exported
    assert held.number not in exported
    assert ",2026-12-01," in exported and "<" not in exported


def test_the_list_asks_as_often_for_thirty_rows_as_for_one(client, dana, project, django_assert_max_num_queries):
    make_milestone(project)
    with django_assert_max_num_queries(10) as few:
        client.get(reverse("credits:milestone-list"))
    for _ in range(29):
        make_milestone(make_project(make_account()))
    with django_assert_max_num_queries(10) as many:
        client.get(reverse("credits:milestone-list"))
    assert len(few) == len(many)


def test_the_page_leads_with_managing_credits_then_with_completing(client, dana, project, lot):
    milestone = make_milestone(project)
    page = client.get(url("milestone", milestone))
    assert page.context["primary_action"].label == "Manage Services Credits"
    reasons = {action.label: action.disabled_reason for action in page.context["menu_actions"]}
    assert reasons["Complete"] == str(GateClosed(milestone))
    assert reasons["Reopen"] == str(NotCompleted(milestone))
    assert "Waiting for credits" in text(page)
    allocate(milestone, actor=dana)
    assert client.get(url("milestone", milestone)).context["primary_action"].label == "Complete"
    complete(milestone, actor=dana)
    page = client.get(url("milestone", milestone))
    assert page.context["primary_action"] is None
    assert page.context["badge"].label == "Completed"


def test_until_the_night_the_page_says_what_will_be_posted(client, dana, account, project, lot):
    """Revenue, completion: until the night the page says what will be posted."""
    milestone = make_milestone(project)
    allocate(milestone, actor=dana)
    complete(milestone, actor=dana)
    page = text(client.get(url("milestone", milestone)))
    assert "Posted by the next night" in page
    assert "2400 Deferred revenue, services credits 320.00" in page
    assert not JournalEntry.objects.filter(event_key__startswith="milestone:").exists()
    night(account, TODAY + DAY)
    assert "Posted by the next night" not in text(client.get(url("milestone", milestone)))
    assert "320.00" in text(client.get(f"{url('milestone', milestone)}?tab=journal"))


def test_every_tab_tells_its_rows(client, dana, account, project, lot):
    milestone = make_milestone(project)
    allocate(milestone, actor=dana)
    adjust(milestone, total=3, actor=dana)
    adjust(milestone, total=4, actor=dana)
    complete(milestone, actor=dana)
    night(account, TODAY + DAY)
    reopen(milestone, actor=dana, reason="Not accepted")
    rows = text(client.get(f"{url('milestone', milestone)}?tab=consumptions"))
    assert "−1" in rows
    assert "Allocated now 4 USD 400.00 USD 320.00" in rows
    assert "Reversal of" in text(client.get(f"{url('milestone', milestone)}?tab=journal"))
    assert "by dana Not accepted" in text(client.get(f"{url('milestone', milestone)}?tab=completions"))


def test_the_window_allocates_the_first_time_and_shows_the_receipt(client, dana, project, lot):
    """Milestone, one button: first time it allocates."""
    milestone = make_milestone(project)
    shown = text(client.get(url("milestone-credits", milestone)))
    assert "Needed 4 by the milestone" in shown
    assert "Available 10 today, in USD" in shown
    assert f"{lot.number} 4 drawn, expires 1 Nov 2027 10 available 6 available" in shown
    assert "Allocate 4 credits" in shown
    assert credits_of(lot) == (10, 0, 0)
    done = text(confirm(client, url("milestone-credits", milestone), total="4"))
    assert "Allocate 4 credits: done." in done
    assert f"What changed What Before After {lot.number} 4 drawn" in done
    assert credits_of(lot) == (6, 4, 0)
    assert milestone.consumptions.get().created_by == dana


def test_the_window_adjusts_later_and_its_lots_follow_the_number_typed(client, dana, project, lot):
    """Milestone, one button: later it adjusts; the lots are shown before anything is written."""
    milestone = make_milestone(project)
    allocate(milestone, actor=dana)
    shown = client.post(url("milestone-credits", milestone), {"total": "1"}, headers={"HX-Request": "true"})
    assert 'id="lots" hx-swap-oob="true"' in shown.content.decode()
    assert "Lots that get credits back" in text(shown)
    assert "with 1 it needs adjusting and cannot be completed" in text(shown)
    confirm(client, url("milestone-credits", milestone), total="1")
    assert credits_of(lot) == (9, 1, 0)
    assert "Needs adjusting" in text(client.get(url("milestone", milestone)))


def test_a_shortage_says_by_how_many_and_links_what_is_held_back(client, dana, account, project, lot):
    make_purchase(account, draft=True, number_of_credits=20)
    make_purchase(account, starts_on=TODAY + DAY, number_of_credits=30)
    make_purchase(account, expires_on=TODAY - DAY, number_of_credits=40)
    milestone = make_milestone(project, 12)
    response = client.get(url("milestone-credits", milestone))
    page = text(response)
    assert "short by 2" in page
    assert "12 credits in USD are needed and 10 are available: 2 short." in page
    links = [(held.reason, link) for held, link in response.context["held"]]
    assert [reason for reason, _ in links] == ["in drafts", "not started", "past expiry"]
    for reason, link in links:
        assert link.replace("&", "&amp;") in response.content.decode()
        rows = client.get(link).context["table"].data.data
        assert [row.number_of_credits for row in rows] == [
            {"in drafts": 20, "not started": 30, "past expiry": 40}[reason]
        ]


def test_a_give_back_to_a_lot_past_its_expiry_says_that_the_credits_will_expire(
    client, dana, account, project, time_machine
):
    lot = make_purchase(account, expires_on=TODAY)
    milestone = make_milestone(project)
    allocate(milestone, actor=dana)
    time_machine.move_to("2026-12-10T12:00:00+00:00")
    client.force_login(dana)
    shown = client.post(url("milestone-credits", milestone), {"total": "0"}, headers={"HX-Request": "true"})
    assert f"4 credits go back to {lot}, which was usable to 24 Nov 2026: they expire" in text(shown)


def test_two_people_on_the_last_credits_the_second_reads_the_shortage(client, dana, account, project):
    make_purchase(account, number_of_credits=4)
    mine, theirs = make_milestone(project), make_milestone(project)
    shown = client.post(url("milestone-credits", mine), {"total": "4"}, headers={"HX-Request": "true"})
    fingerprint = re.search(r'name="fingerprint" value="([^"]*)"', shown.content.decode())[1]
    allocate(theirs, actor=make_user("other"))
    answer = client.post(url("milestone-credits", mine), {"total": "4", "fingerprint": fingerprint})
    assert "4 credits in USD are needed and 0 are available: 4 short." in text(answer)
    assert not mine.consumptions.exists()


@pytest.mark.parametrize("total", ["-1", "1.5", "=4", "1e3", "", "9" * 70])
def test_a_total_that_cannot_be_is_refused_at_its_field(client, dana, project, lot, total):
    milestone = make_milestone(project)
    answer = client.post(url("milestone-credits", milestone), {"total": total, "fingerprint": "x"})
    assert answer.status_code == 200
    assert answer.context["form"].errors["total"]
    assert credits_of(lot) == (10, 0, 0)


def test_completing_shows_the_lines_of_the_night_and_posts_nothing(client, dana, project, lot):
    milestone = make_milestone(project)
    allocate(milestone, actor=dana)
    shown = text(client.get(url("milestone-complete", milestone)))
    assert "by the next night, effective 24 Nov 2026" in shown
    assert "320.00" in shown
    done = text(confirm(client, url("milestone-complete", milestone), actual_on="2026-11-20"))
    assert "What was posted" not in done
    assert "The next night posts this" in done
    assert "Completed on 20 Nov 2026" in done
    assert milestone.completions.get().actual_on == datetime.date(2026, 11, 20)
    assert not JournalEntry.objects.filter(event_key__startswith="milestone:").exists()


def test_reopening_asks_why_and_shows_the_mirror(client, dana, account, project, lot):
    milestone = make_milestone(project)
    allocate(milestone, actor=dana)
    complete(milestone, actor=dana)
    night(account, TODAY + DAY)
    answer = client.post(url("milestone-reopen", milestone), {"reason": " "})
    assert answer.context["form"].errors["reason"]
    done = text(confirm(client, url("milestone-reopen", milestone), reason="Not accepted"))
    assert "4000 Services revenue 320.00" in done
    assert milestone.completions.get().reopen_reason == "Not accepted"


def test_created_in_the_project_that_was_asked_for_and_edited_with_locks(client, dana, project, lot):
    address = f"{reverse('credits:milestone-create')}?project={project.number}"
    assert "The milestone is made in this project." in text(client.get(address))
    data = {"name": "Design", "status": "approved", "target_on": "2026-12-24", "credits_needed": "4"}
    client.post(address, data)
    milestone = Milestone.objects.get()
    assert (milestone.project, milestone.number, milestone.credits_needed) == (project, "MS-000001", 4)
    allocate(milestone, actor=dana)
    complete(milestone, actor=dana)
    page = text(client.get(url("milestone-edit", milestone)))
    assert "Fixed while the milestone is completed. Reopen it to change this." in page
    client.post(url("milestone-edit", milestone), data | {"name": "Concept", "credits_needed": "9", "status": ""})
    milestone.refresh_from_db()
    assert (milestone.name, milestone.credits_needed, milestone.status) == ("Concept", 4, "")


def test_refused_edits_keep_what_was_typed(client, dana, project, lot):
    milestone = make_milestone(project)
    allocate(milestone, actor=dana)
    data = {"name": "Typed", "status": "canceled", "credits_needed": "4", "project": project.number}
    answer = client.post(url("milestone-edit", milestone), data)
    assert "Give them back first" in answer.context["form"].errors["status"][0]
    assert answer.context["form"]["name"].value() == "Typed"


@pytest.mark.parametrize("asked", ["abc", "99999", "9" * 30])
def test_a_project_that_does_not_exist_asks_for_one(client, dana, asked):
    assert client.get(f"{reverse('credits:milestone-create')}?project={asked}").status_code == 200


def test_a_project_is_typed_and_suggested_and_a_milestone_stays_with_its_account(client, dana, project, lot):
    other = make_project(make_account("Quay Foods"))
    page = client.get(reverse("credits:milestone-create"))
    assert '<select name="project"' not in page.content.decode()
    asked = {"from": "project", "project": other.number[:3].lower()}
    assert other.name in client.get(reverse("opportunities:project-options"), asked).content.decode()
    data = {"name": "Design", "status": "", "target_on": "", "credits_needed": "4"}
    assert (
        client.post(reverse("credits:milestone-create"), data | {"project": project.number.lower()}).status_code == 302
    )
    milestone = Milestone.objects.get()
    assert milestone.project == project
    answer = client.post(url("milestone-edit", milestone), data | {"project": other.number})
    assert f"Choose one of {project.account}." in answer.context["form"].errors["project"][0]


def test_home_account_and_project_say_what_waits(client, dana, account, project, lot):
    waits = make_milestone(project, 12)
    held = make_milestone(project, 4)
    allocate(held, actor=dana)
    for address in (reverse("home"), account.get_absolute_url()):
        page = text(client.get(address))
        assert "Milestones waiting for credits" in page
        assert str(waits) in page
        assert str(held) not in page
    response = client.get(project.get_absolute_url())
    assert str(waits) in text(response)
    assert str(held) in text(response)
    labels = [action.label for action in response.context["view"].get_all_actions()]
    assert "New milestone" in labels


def test_a_journal_entry_leads_back_to_its_milestone(project):
    milestone = make_milestone(project)
    assert source_of(f"milestone:{milestone.pk}:complete:1") == (str(milestone), milestone.get_absolute_url())
