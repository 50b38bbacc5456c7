"""The page on which many milestones of a project get their credits at once."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from credits.models import CreditsSetup
from credits.services.allocate import allocate
from tests.builders import make_account, make_milestone, make_project, make_purchase, make_user, trial_balance
from tests.credits.desk import FOLLOWING, Page, errors, sign_in, text
from tests.credits.nights import credits_of

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)


@pytest.fixture
def lot(account):
    return make_purchase(account, number_of_credits=10)


@pytest.fixture
def milestones(project, lot):
    """Three, four and three credits, in the order of their target dates."""
    days = (datetime.date(2027, 1, 1), datetime.date(2027, 2, 1), None)
    return [make_milestone(project, need, target_on=on) for need, on in zip((3, 4, 3), days, strict=True)]


def url(project) -> str:
    return reverse("credits:project-allocate", args=[project.pk])


def held(milestones) -> list[int]:
    for each in milestones:
        each.refresh_from_db()
    return [each.credits_allocated for each in milestones]


def test_the_project_page_leads_there_while_milestones_miss_credits(client, dana, project, milestones):
    def action():
        page = client.get(project.get_absolute_url())
        return next(each for each in page.context["menu_actions"] if each.label == "Allocate credits")

    assert (action().url, action().disabled_reason) == (url(project), "")
    Page(client, url(project)).confirm()
    assert action().disabled_reason == "No open milestone of the project misses credits."
    assert "No milestone of this project misses credits" in text(client.get(url(project)))


def test_every_role_without_the_permission_is_refused(client, project, milestones):
    sign_in(client, *FOLLOWING, name="vera")
    labels = [each.label for each in client.get(project.get_absolute_url()).context["menu_actions"]]
    assert "Allocate credits" not in labels
    assert [client.get(url(project)).status_code, client.post(url(project), {}).status_code] == [403, 403]


def test_all_are_ticked_and_the_panel_says_what_each_gets_from_which_lot(client, dana, lot, project, milestones):
    shown = text(client.get(url(project)))
    assert "Ticked 3 of 3 milestones Missing 10 by those that are ticked Available 10 on 24 Nov 2026" in shown
    assert f"{milestones[1]} 4 of {lot} 0 allocated 4 allocated" in shown
    assert f"{lot.number} 10 drawn, expires 1 Nov 2027 10 available 0 available" in shown
    assert "Missing in all 10 0" in shown
    assert "Allocate 10 credits to 3 milestones" in shown
    assert held(milestones) == [0, 0, 0]


def test_confirmed_all_get_theirs_and_the_receipt_leads_on(client, dana, lot, project, milestones):
    answer = Page(client, url(project)).confirm()
    assert answer.url == project.get_absolute_url()
    page = client.get(answer.url)
    assert "Allocate 10 credits to 3 milestones: done." in text(page)
    for address in (milestones[0].get_absolute_url(), lot.get_absolute_url()):
        assert f'href="{address}"' in page.content.decode()
    assert f"/milestones/?project={project.number}" in page.content.decode()
    assert held(milestones) == [3, 4, 3]
    assert set(project.milestones.values_list("consumptions__created_by", flat=True)) == {dana.pk}


def test_what_is_not_ticked_gets_none(client, dana, lot, project, milestones):
    page = Page(client, url(project)).fill(milestones=[str(milestones[2].pk)])
    assert "not ticked" in text(page.look())
    page.confirm()
    assert held(milestones) == [0, 0, 3]


def test_nothing_ticked_is_refused(client, dana, project, milestones):
    answer = Page(client, url(project)).fill(milestones=None).confirm()
    assert errors(answer) == {"milestones": ["Tick at least one milestone."]}


def test_too_few_for_all_is_refused_with_the_figures_of_each(client, dana, account, project, milestones):
    make_purchase(account, draft=True, number_of_credits=20)
    more = make_milestone(project, 5, target_on=None)
    page = Page(client, url(project))
    shown = text(page.shown)
    assert f"1 of 4 milestones would be short: {more}: 5 needed, 0 left, 5 short. Held back: 20 in drafts." in shown
    assert "Available 10 short by 5" in shown
    assert "Short 5 needed, 0 left, 5 short" in shown
    assert "Nothing was allocated" in errors(page.confirm())[""][0]
    assert held([*milestones, more]) == [0, 0, 0, 0]


def test_what_fits_is_allocated_and_the_rest_said(client, dana, account, project, milestones):
    more = make_milestone(project, 1, target_on=TODAY)
    page = Page(client, url(project)).fill(fitting="on")
    shown = text(page.look())
    assert "Allocate 8 credits to 3 milestones" in shown
    assert f"What will not happen, and why {milestones[2]} : 3 needed, 2 left, 1 short" in shown
    answer = page.confirm()
    assert f"What did not happen, and why {milestones[2]}" in text(client.get(answer.url))
    assert held([more, *milestones]) == [1, 3, 4, 0]


def test_another_took_some_meanwhile_so_it_is_shown_anew(client, dana, project, milestones):
    page = Page(client, url(project)).fill(fitting="on")
    fingerprint = page.preview().fingerprint
    allocate(milestones[0], actor=make_user("other"))
    answer = client.post(page.url, page.data | {"fingerprint": fingerprint})
    assert "Something changed in between" in text(answer)
    assert f"{milestones[0]} : It has all 3 credits that it needs" in text(answer)
    assert held(milestones) == [3, 0, 0]


def test_as_of_an_earlier_day(client, dana, project, milestones):
    Page(client, url(project)).fill(on="2026-11-10").confirm()
    assert set(project.milestones.values_list("consumptions__consumed_on", flat=True)) == {datetime.date(2026, 11, 10)}
    make_milestone(project, 1)
    answer = Page(client, url(project)).fill(on="2026-11-25").confirm()
    assert "is in the future" in errors(answer)["on"][0]


def test_a_milestone_of_another_project_is_refused_at_the_ticks(client, dana, account, project, milestones):
    stranger = make_milestone(make_project(make_account("Quay Foods")), 1)
    answer = Page(client, url(project)).fill(milestones=[str(stranger.pk)]).confirm()
    assert "not in the project any more" in errors(answer)["milestones"][0]
    for nonsense in ("x", "9" * 40):
        assert Page(client, url(project)).fill(milestones=[nonsense]).confirm().status_code == 200


def test_revenue_recognised_on_allocation_is_shown_before_it_is_posted(client, dana, project, milestones):
    CreditsSetup.objects.update(recognise_revenue="allocation")
    page = Page(client, url(project))
    assert "4000 Services revenue" in text(page.shown)
    assert "4000" not in trial_balance()
    page.confirm()
    assert trial_balance()["4000"] == {"LCY": -800, "USD": -800}


def test_the_page_asks_as_often_for_thirty_milestones_as_for_three(client, dana, account, project, milestones):
    """But for the rehearsal, which allocates."""
    asked = []
    for more in (0, 27):
        for _ in range(more):
            make_milestone(project, 1)
        with CaptureQueriesContext(connection) as captured:
            client.post(url(project), {}, headers={"HX-Request": "true"})
        asked.append(len(captured))
    assert asked[0] == asked[1]


def test_planned_milestones_are_shown_and_not_ticked(client, dana, project, milestones):
    """Row "Gate": statuses that need no allocation, default Planned, Canceled and none."""
    planned = make_milestone(project, 1, status="planned")
    page = client.get(url(project))
    ticked = {row.milestone: bool(row.outcome) for row in page.context["table"].rows}
    assert ticked == {**dict.fromkeys(milestones, True), planned: False}
    assert credits_of(project.account.purchases.get()) == (10, 0, 0)
