"""A form with its preview: what is shown is what is done, once, or nothing is."""

import re
import threading
import uuid

import pytest
from django.contrib.auth.models import Group, User
from django.db import connections
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.pages.sample")]
URL = "/sample/groups/"


@pytest.fixture
def page(signed_in):
    return signed_in("auth.add_group", "auth.delete_group", "ledger.view_exchangerate")


def hidden(response, name):
    return re.search(rf'name="{name}" value="([^"]*)"', response.content.decode()).group(1)


def seen(page, **typed):
    """What a person sends who looked at the preview of this form."""
    shown = page.post(URL, typed, headers={"HX-Request": "true"})
    return {**typed, "fingerprint": hidden(shown, "fingerprint"), "token": str(uuid.uuid4())}


def test_the_page_shows_what_its_first_values_would_do_and_does_nothing(page):
    text = page.get(URL + "?name=North").content.decode()
    assert "North 1" in text
    assert "Create 2 groups" in text
    assert not Group.objects.filter(name__startswith="North").exists()


def test_a_form_that_is_not_complete_shows_no_preview(page):
    text = page.get(URL).content.decode()
    assert "as soon as the form is complete" in text
    assert "What will change" not in text


def test_a_change_brings_the_panel_alone(page):
    response = page.post(URL, {"name": "North", "size": 3}, headers={"HX-Request": "true"})
    text = response.content.decode()
    assert "Create 3 groups" in text
    assert "<html" not in text
    assert not Group.objects.filter(name__startswith="North").exists()


def test_a_change_that_cannot_be_read_says_what_is_missing(page):
    text = page.post(URL, {"name": "", "size": "x"}, headers={"HX-Request": "true"}).content.decode()
    assert "Enter a whole number." in text
    assert 'href="#id_size"' in text


def test_what_was_seen_is_done_and_the_receipt_shown_once(page):
    response = page.post(URL, seen(page, name="North", size=2), follow=True)
    assert response.redirect_chain == [("/sample/rates/", 302)]
    assert Group.objects.filter(name__startswith="North").count() == 2
    text = response.content.decode()
    assert "The groups are there." in text
    assert "What was posted" in text
    assert "The groups</a>" in text
    assert "What was posted" not in page.get("/sample/rates/").content.decode()


def test_what_changed_in_between_is_shown_marked_and_nothing_is_written(page):
    sent = seen(page, name="North", size=2)
    Group.objects.create(name="Somebody else's")
    response = page.post(URL, sent)
    assert response.status_code == 200
    assert not Group.objects.filter(name__startswith="North").exists()
    text = response.content.decode()
    assert "Something changed in between" in text
    assert len(re.findall('class="is-new"', text)) == 1
    again = page.post(URL, {**sent, "fingerprint": hidden(response, "fingerprint")})
    assert again.status_code == 302
    assert Group.objects.filter(name__startswith="North").count() == 2


def test_without_javascript_the_first_sending_shows_the_preview(page):
    response = page.post(URL, {"name": "North", "size": 2})
    text = response.content.decode()
    assert "Create 2 groups" in text
    assert "Something changed" not in text
    assert not Group.objects.filter(name__startswith="North").exists()


def test_other_values_than_those_previewed_are_not_carried_out(page):
    response = page.post(URL, {**seen(page, name="North", size=2), "size": 5})
    assert "Create 5 groups" in response.content.decode()
    assert not Group.objects.filter(name__startswith="North").exists()


def test_a_refusal_stands_at_its_field_and_keeps_what_was_typed(page):
    sent = {**seen(page, name="North", size=2), "size": 13}
    response = page.post(URL, sent)
    assert response.context["form"].errors == {"size": ["13 is one too many. Take 12."]}
    text = response.content.decode()
    assert 'value="North"' in text
    assert '<a href="#id_size">Size</a>: 13 is one too many.' in text
    assert not Group.objects.filter(name__startswith="North").exists()


def test_a_refusal_of_no_field_stands_at_the_top_and_in_the_panel(page):
    User.objects.create(username="Anna")
    shown = page.post(URL, {"name": "Anna", "size": 1}, headers={"HX-Request": "true"})
    assert "Anna is a person. Take another name." in shown.content.decode()
    response = page.post(URL, {"name": "Anna", "size": 1, "fingerprint": "x"})
    assert response.context["form"].non_field_errors() == ["Anna is a person. Take another name."]


def test_sent_twice_it_happens_once_and_leads_to_the_same_page(page):
    sent = seen(page, name="North", size=2)
    first, second = page.post(URL, sent), page.post(URL, sent)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    assert Group.objects.filter(name__startswith="North").count() == 2


def test_the_token_of_another_person_is_worth_nothing(page):
    sent = seen(page, name="North", size=1)
    page.post(URL, sent)
    other = User.objects.create_superuser("other")
    page.force_login(other)
    assert page.post(URL, {**sent, "name": "South"}).status_code == 200
    assert not Group.objects.filter(name__startswith="South").exists()


@pytest.mark.parametrize("token", ["", "rubbish", "\x00"])
def test_a_token_that_cannot_be_read_is_no_error(page, token):
    assert page.post(URL, {**seen(page, name="North", size=1), "token": token}).status_code == 302


def test_an_action_without_a_form_asks_for_the_confirmation_alone(page):
    group = Group.objects.create(name="North")
    url = f"/sample/groups/{group.pk}/delete/"
    shown = page.get(url)
    assert Group.objects.filter(name="North").exists()
    assert shown.context["object"].pk == group.pk
    page.post(url, {"fingerprint": hidden(shown, "fingerprint"), "token": hidden(shown, "token")})
    assert not Group.objects.filter(name="North").exists()


def test_deleting_sent_twice_leads_to_the_result_and_not_to_a_missing_page(page):
    url = f"/sample/groups/{Group.objects.create(name='North').pk}/delete/"
    shown = page.get(url)
    sent = {"fingerprint": hidden(shown, "fingerprint"), "token": hidden(shown, "token")}
    first, second = page.post(url, sent), page.post(url, sent)
    assert [(answer.status_code, answer["Location"]) for answer in (first, second)] == [(302, "/sample/rates/")] * 2
    assert page.post(url, {**sent, "token": str(uuid.uuid4())}).status_code == 404


def test_nothing_is_shown_or_done_without_the_permission(signed_in):
    page = signed_in("auth.view_group")
    assert page.get(URL).status_code == 403
    assert page.post(URL, {"name": "North", "size": 1}, headers={"HX-Request": "true"}).status_code == 403
    assert not Group.objects.filter(name__startswith="North").exists()


@pytest.mark.django_db(transaction=True)
def test_two_sendings_at_the_same_moment_happen_once():
    user = User.objects.create_superuser("sam")
    clients = [Client() for _ in range(2)]
    for client in clients:
        client.force_login(user)
    sent = seen(clients[0], name="North", size=2)
    start, answers = threading.Barrier(2), []

    def send(client):
        start.wait()
        answers.append(client.post(URL, sent).status_code)
        connections.close_all()

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302, 302]
    assert Group.objects.filter(name__startswith="North").count() == 2
