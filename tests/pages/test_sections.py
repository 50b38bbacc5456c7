import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.template import Context, Template
from django.test import RequestFactory

from pages import sections
from pages.elements import Action, Figure

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.pages.sample")]


@pytest.fixture(autouse=True)
def slots(monkeypatch):
    monkeypatch.setattr(sections, "_slots", type(sections._slots)(list))


def late(request, obj):
    return f"<b>late {obj}</b>"


def early(request, obj):
    return None if obj == "nothing" else [f"early {obj}"]


def request(user):
    made = RequestFactory().get("/")
    made.user = user
    return made


def test_sections_come_in_order_once_and_escaped():
    for _ in range(2):
        sections.register("account", late, order=20)
        sections.register("account", early, order=10)
    text = Template('{% load pages %}{% sections "account" obj %}').render(
        Context({"obj": "A", "request": request(AnonymousUser())})
    )
    assert text == "early A\n&lt;b&gt;late A&lt;/b&gt;"


def test_nothing_to_show_shows_nothing():
    sections.register("account", early)
    assert list(sections.collect("account", request(AnonymousUser()), "nothing")) == []
    assert list(sections.collect("unknown", request(AnonymousUser()))) == []


def test_a_section_needs_its_permission():
    sections.register("account", early, permission="ledger.view_journalentry")
    assert list(sections.collect("account", request(User.objects.create_user("sam")), "A")) == []
    assert list(sections.collect("account", request(User(is_active=True, is_superuser=True)), "A")) == ["early A"]


def test_a_detail_page_takes_figures_and_actions_from_above(signed_in, rates):
    sections.register("sample.figures", lambda request, obj: Figure("Added figure", "7"))
    sections.register("sample.actions", lambda request, obj: [Action("Added action", "/a/", primary=True)])
    [rate] = rates("USD", "1")
    response = signed_in("ledger.view_exchangerate").get(f"/sample/rates/{rate.pk}/")
    assert [figure.label for figure in response.context["figures"]] == ["Available", "Expires", "Added figure"]
    assert response.context["primary_action"].label == "Added action"


def test_a_tab_is_read_only_when_it_is_open(signed_in, rates):
    [rate] = rates("USD", "1")
    page = signed_in("ledger.view_exchangerate")
    assert "Only when open." not in page.get(f"/sample/rates/{rate.pk}/").content.decode()
    assert "Only when open." in page.get(f"/sample/rates/{rate.pk}/?tab=rows").content.decode()
    assert page.get(f"/sample/rates/{rate.pk}/?tab=unknown").context["tab"].key == "overview"
