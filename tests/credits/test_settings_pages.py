"""The settings of services credits, and the rules of one customer: the services, what they refuse, and the pages."""

import dataclasses
import datetime

import pytest
from django.urls import reverse

from credits.exceptions import BadSetting
from credits.models import AccountRules, CreditsSetup
from credits.services.account_rules import change_account_rules
from credits.services.setup import Settings, change_setup
from ledger.models import ChangeLogEntry, PostingSetup
from tests.builders import make_account, make_company, make_milestone, make_purchase, make_user
from tests.credits.desk import Page, errors, sign_in, text

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)
VIEW, CHANGE = "credits.view_creditssetup", "credits.change_creditssetup"


def settings(**changes) -> Settings:
    return dataclasses.replace(Settings.of(CreditsSetup.objects.get()), **changes)


@pytest.fixture
def page(client, company):
    """Of somebody who may change them."""
    sign_in(client, VIEW, CHANGE, "ledger.view_postingsetup", "ledger.view_ledgeraccount", "ledger.view_changelogentry")
    return lambda: Page(client, reverse("credits:settings-edit"))


# The services.


def test_the_defaults_are_those_of_the_design(company):
    """Settings: one page, each with its default and a sentence."""
    setup = CreditsSetup.objects.get()
    off = ("sync_paid_with_value", "new_purchases_are_drafts", "manual_allocation", "allocate_past_expiry")
    assert [getattr(setup, name) for name in off] == [False] * 4
    assert (setup.grace_period_days, setup.expiring_soon_days) == (0, 30)
    assert sorted(setup.statuses_without_allocation) == ["", "canceled", "planned"]
    assert (setup.milestone_amount_from, setup.recognise_revenue) == ("value", "night")


def test_a_change_is_signed_and_leaves_the_rest(company, sam):
    change_setup(settings(grace_period_days=5, notice_days=[10]), actor=sam)
    setup = CreditsSetup.objects.get()
    assert (setup.grace_period_days, setup.notice_days, setup.expiring_soon_days) == (5, [10], 30)
    logged = ChangeLogEntry.objects.filter(table="credits_creditssetup", kind="update").get()
    assert (logged.actor, logged.action) == (sam, "Change services credits setup")
    assert logged.changes == {"grace_period_days": [0, 5], "notice_days": [[90, 60, 30], [10]]}


@pytest.mark.parametrize("changes", [{}, {"statuses_without_allocation": ["", "canceled", "planned"]}])
def test_nothing_different_is_no_change(company, sam, changes):
    """Another order of the same is none."""
    change_setup(settings(**changes), actor=sam)
    assert not ChangeLogEntry.objects.filter(table="credits_creditssetup", kind="update").exists()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("grace_period_days", -1, r"A grace period of -1 days: enter 0 to 9,999\."),
        ("expiring_soon_days", 10_000, r"A window of what expires soon of 10,000 days: enter 0 to 9,999\."),
        ("statuses_without_allocation", ["planned", "done"], r"“done” is no status of a milestone\."),
        ("statuses_without_allocation", ["", ""], "is there twice"),
        ("milestone_amount_from", "price", "“price” is none of: value, paid, nothing"),
        ("recognise_revenue", "never", "“never” is none of: night, completion, allocation"),
        ("notice_days", [30, 0], r"A notice 0 days before the expiry date: enter 1 to 9,999\."),
        ("notice_days", [30, 60, 30], "“30” is there twice"),
        ("low_balance_credits", 0, "A low balance of 0 credits: enter 1 or more"),
        ("low_balance_credits", 10**18, "A low balance of 1,000,000,000,000,000,000 credits"),
        ("notice_recipients", ["pat@example.com", "pat"], r"“pat” is not an e-mail address\."),
        ("notice_recipients", ["pat@example.com", "Pat@example.com"], "is there twice"),
    ],
)
def test_what_means_nothing_is_refused_at_its_field(company, field, value, sentence):
    with pytest.raises(BadSetting, match=sentence) as refused:
        change_setup(settings(**{field: value, "sync_paid_with_value": True}), actor=None)
    assert refused.value.field == field
    assert CreditsSetup.objects.get().sync_paid_with_value is False


def test_the_setup_is_filled_in_where_there_is_none(company):
    wanted = settings(expiring_soon_days=45)
    CreditsSetup.objects.all().delete()
    change_setup(wanted, actor=None)
    assert CreditsSetup.objects.get().expiring_soon_days == 45


def test_rules_of_a_customer_are_made_changed_and_signed(account, sam):
    change_account_rules(account, unclaimed_property=False, low_balance_credits=None, actor=sam)
    assert not AccountRules.objects.exists()
    change_account_rules(account, unclaimed_property=True, low_balance_credits=20, actor=sam)
    change_account_rules(account, unclaimed_property=True, low_balance_credits=None, actor=sam)
    rules = AccountRules.objects.get(account=account)
    assert (rules.unclaimed_property, rules.low_balance_credits) == (True, None)
    last = ChangeLogEntry.objects.filter(table="credits_accountrules", row=str(account.pk)).first()
    assert (last.actor, last.action) == (sam, "Change services credits rules")
    assert last.changes == {"low_balance_credits": [20, None]}


def test_a_low_balance_below_one_is_refused(account):
    with pytest.raises(BadSetting, match="A low balance of 0 credits"):
        change_account_rules(account, unclaimed_property=True, low_balance_credits=0, actor=None)
    assert not AccountRules.objects.exists()


# The pages.


def test_every_setting_is_shown_with_its_default_and_its_effect(client, page):
    """Settings: one page, each with its default and a sentence."""
    CreditsSetup.objects.update(grace_period_days=7)
    shown = text(client.get(reverse("credits:settings")))
    assert "Grace period days 7 days (default: 0 days)" in shown
    assert "Sync amount paid with value off (the default) The amount paid per credit is not asked for" in shown
    assert "Statuses without allocation Planned, Canceled, no status (the default)" in shown
    assert "Notice days 90, 60, 30 days before (the default)" in shown
    assert "Change settings" in shown


def test_the_accounts_of_each_business_group_are_shown_and_what_is_missing_is_said(client, page):
    PostingSetup.objects.filter(business_group="EXPORT").update(unclaimed=None)
    response = client.get(reverse("credits:settings"))
    export = next(cell for cell in response.context["cells"] if cell.business_group == "EXPORT")
    assert [chosen.label for chosen in export.accounts if not chosen.account] == ["Unclaimed property"]
    assert "2400 Deferred revenue, services credits" in text(response)


def test_the_last_change_is_told_with_who_made_it(client, page):
    change_setup(settings(expiring_soon_days=45), actor=make_user("olga", first_name="Olga", last_name="Ek"))
    shown = text(client.get(reverse("credits:settings")))
    assert "Change services credits setup" in shown and "Olga Ek" in shown and "expiring soon days 30 → 45" in shown


def test_before_there_is_a_setup_the_page_says_what_to_do(client, page):
    CreditsSetup.objects.all().delete()
    assert "before a product posting group is chosen" in text(client.get(reverse("credits:settings")))
    assert page().fill(product_group="CREDITS").confirm().status_code == 302
    assert CreditsSetup.objects.get().product_group_id == "CREDITS"


def test_who_only_views_finds_no_way_to_change(client, company):
    sign_in(client, VIEW)
    assert "Change settings" not in text(client.get(reverse("credits:settings")))
    assert client.get(reverse("credits:settings-edit")).status_code == 403


def test_untouched_the_form_changes_nothing(page):
    before = CreditsSetup.objects.values().get()
    assert page().preview().changes == []
    assert page().confirm().status_code == 302
    assert CreditsSetup.objects.values().get() == before


def test_what_was_entered_is_stored_after_its_preview(page):
    entered = {
        "recognise_revenue": "completion",
        "notice_days": "45, 15",
        "low_balance_credits": "25",
        "notice_recipients": "pat@example.com, kim@example.com",
        "statuses_without_allocation": ["planned", ""],
    }
    assert page().fill(**entered).confirm().status_code == 302
    setup = CreditsSetup.objects.get()
    assert (setup.recognise_revenue, setup.notice_days, setup.low_balance_credits) == ("completion", [45, 15], 25)
    assert setup.notice_recipients == ["pat@example.com", "kim@example.com"]
    assert set(setup.statuses_without_allocation) == {"planned", ""}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("grace_period_days", "-1", "A grace period of -1 days"),
        ("notice_days", "30, soon", "“soon” is not a whole number"),
        ("notice_days", "30, 30", "“30” is there twice"),
        ("low_balance_credits", "0", "A low balance of 0 credits"),
        ("notice_recipients", "pat", "“pat” is not an e-mail address"),
    ],
)
def test_a_refusal_stands_at_its_field(page, field, value, sentence):
    assert sentence in errors(page().fill(**{field: value}).confirm())[field][0]


def notes(preview) -> dict[str, str]:
    return {change.label: change.note for change in preview.changes}


def test_the_preview_counts_the_milestones_that_start_and_stop_waiting(page, project):
    for status in ("planned", "approved", "approved", "in_progress"):
        make_milestone(project, status=status)
    make_milestone(project, None, status="approved")
    told = notes(page().fill(statuses_without_allocation=["approved", "canceled"]).preview())
    assert told == {
        "Statuses without allocation": "2 milestones without allocation will stop waiting; "
        "1 milestone without allocation will start waiting"
    }


def test_the_preview_counts_what_is_past_expiry_in_grace_and_expiring_soon(page, account):
    make_purchase(account, expires_on=TODAY - 3 * DAY)
    make_purchase(account, expires_on=TODAY - 8 * DAY, number_of_credits=5)
    make_purchase(account, expires_on=TODAY + 40 * DAY)
    changed = page().fill(grace_period_days="3", expiring_soon_days="40", allocate_past_expiry="on").preview()
    assert notes(changed) == {
        "Allocate credits with past expiry date": "15 credits past expiry can now be allocated",
        "Grace period days": "1 purchase past expiry will be in grace again",
        "Expiring soon days": "1 purchase will count as expiring soon",
    }


def test_rules_are_changed_on_the_page_of_the_account(client, account):
    make_purchase(account)
    sign_in(client, VIEW, CHANGE, "opportunities.view_account")
    assert "Services credits rules" in text(client.get(account.get_absolute_url()))
    page = Page(client, reverse("credits:account-rules", args=[account.pk]))
    assert "nothing that is posted changes" in text(page.shown)
    [change] = page.fill(unclaimed_property="on").preview().changes
    assert (change.before, change.after) == ("breakage revenue", "a liability for unclaimed property")
    assert change.note == "10 credits are left; what expired before stays where it was posted"
    assert page.confirm().status_code == 302
    assert AccountRules.objects.get().unclaimed_property


def test_an_account_that_is_missing_in_the_posting_setup_is_warned_of(client, account):
    make_purchase(account)
    PostingSetup.objects.update(unclaimed=None)
    sign_in(client, CHANGE)
    preview = Page(client, reverse("credits:account-rules", args=[account.pk])).fill(unclaimed_property="on").preview()
    assert preview.warnings[0].startswith("The general posting setup has no unclaimed property account for")


def test_the_rules_of_a_customer_do_not_change_those_of_another(account):
    make_company()
    other = make_account("Other")
    change_account_rules(account, unclaimed_property=True, low_balance_credits=3, actor=None)
    assert not AccountRules.objects.filter(account=other).exists()
