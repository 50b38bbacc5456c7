"""The admin over services credits: what processes made is read-only for everybody; drafts change through the services."""

import datetime

import pytest
from django.contrib.admin.sites import site
from django.contrib.auth.models import User
from django.urls import reverse

from credits.models import (
    AccountRules,
    Allocation,
    BreakageEstimate,
    Cancellation,
    Completion,
    Consumption,
    Correction,
    CreditsSetup,
    Milestone,
    Purchase,
    PurchaseDateChange,
    Release,
)
from credits.services.account_rules import change_account_rules
from credits.services.allocate import allocate
from credits.services.dates import change_dates
from credits.services.expire import expire_purchase
from credits.services.milestones import complete
from credits.services.purchases import confirm_purchase, return_to_draft
from ledger.models import ChangeLogEntry, PostingSetup
from tests.builders import (
    make_account,
    make_milestone,
    make_project,
    make_purchase,
    make_user,
    trial_balance,
)
from tests.credits.correcting import estimated, refunded
from tests.credits.desk import sign_in, text

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
HISTORY = [
    Allocation, BreakageEstimate, Cancellation, Completion, Consumption, Correction, Milestone, PurchaseDateChange, Release,
]  # fmt: skip
MODELS = [*HISTORY, AccountRules, CreditsSetup, Purchase]
SETUP = {
    "product_group": "CREDITS", "grace_period_days": 3, "expiring_soon_days": 45,
    "statuses_without_allocation": ["planned", ""], "milestone_amount_from": "paid",
    "recognise_revenue": "completion", "allocate_past_expiry": "on", "notice_days": "60,10",
    "low_balance_credits": 25, "notice_recipients": "pat@example.com",
}  # fmt: skip


@pytest.fixture
def used(account):
    """A lot with one row of every kind of history."""
    lot, actor = make_purchase(account), make_user()
    milestone = make_milestone(make_project(account), 4)
    allocate(milestone, actor=actor)
    complete(milestone, actor=actor)
    change_dates(lot, starts_on=lot.starts_on, expires_on=TODAY, reason="Ended", actor=actor)
    expire_purchase(lot, actor=actor)
    refunded(make_purchase(account), 2)
    estimated("10")
    change_account_rules(account, unclaimed_property=True, low_balance_credits=None, actor=actor)
    return lot


@pytest.fixture
def root(client):
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def clerk(client):
    """May manage purchases and expire them, and is let into the admin."""
    user = sign_in(client, "credits.view_purchase", "credits.manage_purchases", "credits.expire_purchases")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    return client


def url(model, page: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def change(client, purchase: Purchase, **changes):
    """Sends the change form as it is shown, but for the changes."""
    form = client.get(url(Purchase, "change", purchase.pk)).context["adminform"].form
    data = {name: value for name in form.fields if (value := form[name].value()) is not None}
    data = {name: str(getattr(value, "pk", value)) for name, value in data.items()}
    return client.post(url(Purchase, "change", purchase.pk), data | changes)


@pytest.mark.parametrize("model", MODELS)
def test_every_list_and_page_opens(root, used, model):
    assert model in site._registry
    assert root.get(url(model, "changelist")).status_code == 200
    assert root.get(url(model, "change", model.objects.first().pk)).status_code == 200


@pytest.mark.parametrize("model", HISTORY)
def test_history_is_read_only_for_everybody(root, used, model):
    """Allocation and consumption, made by processes alone: read-only for everybody."""
    row = model.objects.first()
    assert root.get(url(model, "add")).status_code == 403
    assert root.get(url(model, "delete", row.pk)).status_code == 403
    assert root.post(url(model, "change", row.pk), {}).status_code == 403
    assert "delete_selected" not in text(root.get(url(model, "changelist")))
    assert root.get(url(model, "change", row.pk)).context["has_change_permission"] is False


def test_a_confirmed_purchase_is_read_only_and_nothing_is_deleted(root, account):
    lot, draft = make_purchase(account), make_purchase(account, draft=True)
    assert root.post(url(Purchase, "change", lot.pk), {"number_of_credits": 99}).status_code == 403
    assert root.get(url(Purchase, "add")).status_code == 403
    for purchase in (lot, draft):
        assert root.post(url(Purchase, "delete", purchase.pk), {"post": "yes"}).status_code == 403
    root.post(url(Purchase, "changelist"), {"action": "delete_selected", "_selected_action": [draft.pk], "post": "yes"})
    assert Purchase.objects.count() == 2


def test_amounts_are_shown_as_plain_numbers_too(root, used):
    """Purchase, number twins: read-only in the admin."""
    shown = text(root.get(url(Purchase, "change", used.pk)))
    assert "Value per credit number: 100.00" in shown and "Amount paid per credit number: 80.00" in shown
    shown = text(root.get(url(Consumption, "change", used.consumptions.last().pk)))
    assert "Internal value of credits number: 400.00" in shown and "Amount paid for credits number: 320.00" in shown


def test_a_draft_is_edited_through_the_service(clerk, account):
    draft = make_purchase(account, draft=True)
    assert change(clerk, draft, number_of_credits="7", description="Corrected").status_code == 302
    draft.refresh_from_db()
    assert (draft.number_of_credits, draft.description, draft.draft) == (7, "Corrected", True)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("value_per_credit", "100.005", "more decimals than USD has"),
        ("number_of_credits", "0", "at least one"),
        ("expires_on", "2026-01-01", "before the start date"),
    ],
)
def test_what_the_service_refuses_is_said_at_its_field(clerk, account, field, value, said):
    draft = make_purchase(account, draft=True)
    response = change(clerk, draft, **{field: value})
    assert response.status_code == 200 and said in str(response.context["adminform"].form.errors[field])
    draft.refresh_from_db()
    assert draft.number_of_credits == 10


def test_the_account_of_a_draft_that_was_confirmed_stays(clerk, account):
    draft, other = return_to_draft(make_purchase(account), actor=make_user()), make_account("Another")
    assert change(clerk, draft, account=str(other.pk), number_of_credits="7").status_code == 302
    draft.refresh_from_db()
    assert (draft.account, draft.number_of_credits) == (account, 7)


def test_confirmed_in_between_is_a_sentence(clerk, account, monkeypatch):
    """Between the form's check and the saving."""
    draft = make_purchase(account, draft=True)
    monkeypatch.setattr("credits.admin.DraftForm.clean", lambda form: confirm_purchase(draft, actor=None) and None)
    response = change(clerk, draft, number_of_credits="7")
    assert response.status_code == 302
    assert "only a draft can be changed" in text(clerk.get(response.url))


def act(client, name: str, *purchases: Purchase):
    data = {"action": name, "_selected_action": [purchase.pk for purchase in purchases]}
    return text(client.post(url(Purchase, "changelist"), data, follow=True))


def test_expire_says_each_refusal_and_stops_none_of_the_others(clerk, account):
    due = make_purchase(account, expires_on=datetime.date(2026, 11, 23))
    early, draft = make_purchase(account), make_purchase(account, draft=True)
    PostingSetup.objects.filter(business_group="EXPORT").update(breakage=None)
    abroad = make_account("Abroad")
    type(abroad).objects.filter(pk=abroad.pk).update(business_group_id="EXPORT")
    stuck = make_purchase(type(abroad).objects.get(pk=abroad.pk), expires_on=datetime.date(2026, 11, 23))
    said = act(clerk, "expire", due, early, draft, stuck)
    assert "1 purchase is expired." in said
    assert f"{early} is usable to 1 Nov 2027" in said
    assert f"{draft} is a draft: nothing of it can expire." in said
    assert "no breakage account for business group EXPORT" in said
    assert trial_balance()["4090"]["USD"] == -800


def test_confirm_says_each_refusal_and_stops_none_of_the_others(clerk, account):
    good, bad = make_purchase(account, draft=True), make_purchase(account, draft=True, expires_on=None)
    lot = make_purchase(account)
    said = act(clerk, "confirm", good, bad, lot)
    assert "1 purchase is confirmed." in said
    assert "needs its expiry date" in said and f"{lot} is confirmed already" in said
    good.refresh_from_db()
    assert not good.draft and trial_balance()["2400"]["USD"] == -1600


def test_actions_and_pages_without_the_permission(client, account):
    user = sign_in(client, "credits.view_purchase")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    draft = make_purchase(account, draft=True)
    due = make_purchase(account, expires_on=datetime.date(2026, 11, 23))
    act(client, "expire", due)
    act(client, "confirm", draft)
    assert client.post(url(Purchase, "change", draft.pk), {"number_of_credits": 7}).status_code == 403
    draft.refresh_from_db()
    due.refresh_from_db()
    assert draft.draft and due.credits_expired == 0


def test_the_setup_is_changed_with_its_permission_and_stays_one_row(client, account):
    user = sign_in(client, "credits.view_creditssetup")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    assert client.post(url(CreditsSetup, "change", 1), SETUP).status_code == 403
    sign_in(client, "credits.change_creditssetup", "credits.add_creditssetup", "credits.delete_creditssetup")
    assert client.post(url(CreditsSetup, "change", 1), SETUP).status_code == 302
    setup = CreditsSetup.objects.get()
    assert (setup.grace_period_days, setup.recognise_revenue, setup.notice_days) == (3, "completion", [60, 10])
    assert (setup.allocate_past_expiry, setup.statuses_without_allocation) == (True, ["planned", ""])
    assert (setup.low_balance_credits, setup.notice_recipients) == (25, ["pat@example.com"])
    logged = ChangeLogEntry.objects.filter(table="credits_creditssetup").first()
    assert (logged.actor, logged.action) == (user, "Change services credits setup")
    assert client.get(url(CreditsSetup, "add")).status_code == 403
    assert client.post(url(CreditsSetup, "delete", 1), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("notice_days", "30,30", "is there twice"), ("grace_period_days", "10000", "enter 0 to 9,999")],
)
def test_the_setup_refuses_what_its_service_refuses(root, account, field, value, said):
    answer = root.post(url(CreditsSetup, "change", 1), SETUP | {field: value})
    assert said in str(answer.context["adminform"].form.errors[field])
    assert CreditsSetup.objects.get().grace_period_days == 0


def test_the_rules_of_a_customer_are_changed_with_the_permission_of_the_setup(client, account):
    change_account_rules(account, unclaimed_property=True, low_balance_credits=None, actor=None)
    user = sign_in(client, "credits.view_accountrules")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    where = url(AccountRules, "change", account.pk)
    assert client.post(where, {"low_balance_credits": "5"}).status_code == 403
    sign_in(client, "credits.change_creditssetup")
    assert "enter 1 or more" in text(client.post(where, {"low_balance_credits": "0"}))
    assert client.post(where, {"low_balance_credits": "5"}).status_code == 302
    rules = AccountRules.objects.get()
    assert (rules.account, rules.unclaimed_property, rules.low_balance_credits) == (account, False, 5)
    assert ChangeLogEntry.objects.filter(table="credits_accountrules").first().actor == user
    assert client.get(url(AccountRules, "add")).status_code == 403
    assert client.post(url(AccountRules, "delete", account.pk), {"post": "yes"}).status_code == 403


def test_allocations_show_their_amounts_as_plain_numbers_too(root, used):
    """The number twins of the amounts are there too, in exports and the admin."""
    shown = text(root.get(url(Allocation, "change", Allocation.objects.get(milestone__isnull=False).pk)))
    assert "Internal value of credits number: 400.00" in shown and "Amount paid for credits number: 320.00" in shown
