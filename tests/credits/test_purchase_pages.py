"""Purchases in the browser: what the pages show, ask, refuse and post."""

import datetime
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from credits.exceptions import AlreadyConfirmed, AlreadyUsed, NotDraft
from credits.models import CreditsSetup, Purchase
from credits.services.allocate import adjust, allocate
from credits.services.dates import change_dates
from credits.services.expire import expire_purchase
from credits.services.purchases import return_to_draft
from ledger.models import JournalEntry
from tests.builders import (
    make_account,
    make_milestone,
    make_project,
    make_purchase,
    make_rate,
    make_user,
    trial_balance,
)
from tests.credits.desk import STAFF, Page, errors, sign_in, text

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
NEW = "/credits/purchases/new/"


def url(name: str, purchase: Purchase) -> str:
    return reverse(f"credits:purchase-{name}", args=[purchase.pk])


def entry(client, customer, **changes) -> Page:
    values = {"number_of_credits": "10", "value_per_credit": "100.00", "amount_paid_per_credit": "80.00"} | changes
    return Page(client, f"{NEW}?account={customer.number}").fill(**values)


class TestEntry:
    def test_defaults(self, staff, account):
        """Purchase, purchased on: default today."""
        page = Page(staff, f"{NEW}?account={account.number}")
        shown = {
            name: page.data.get(name) for name in ("account", "currency", "purchased_on", "starts_on", "expires_on")
        }
        assert shown == {
            "account": account.number,
            "currency": "USD",
            "purchased_on": "2026-11-24",
            "starts_on": "2026-11-24",
            "expires_on": "2027-11-24",
        }
        assert page.data["product_group"] == "CREDITS" and "draft" not in page.data

    def test_the_panel_shows_what_is_posted_and_confirming_posts_it(self, staff, account):
        page = entry(staff, account)
        preview = page.preview()
        assert [(line.account_code, line.debit, line.credit) for line in preview.postings] == [
            ("1100", 800, 0), ("2400", 0, 800),
        ]  # fmt: skip
        assert preview.confirm_label == "Create purchase, post USD\xa0800.00"
        assert not Purchase.objects.exists() and not JournalEntry.objects.exists()
        response = page.confirm()
        purchase = Purchase.objects.get()
        assert response.url == purchase.get_absolute_url()
        assert (purchase.account, purchase.draft, purchase.created_by.username) == (account, False, "dana")
        assert trial_balance()["2400"]["USD"] == -800
        receipt = text(staff.get(response.url))
        assert "What was posted" in receipt and "Purchase SCP-000001" in receipt

    def test_a_draft_posts_nothing_and_says_what_confirming_will_post(self, staff, account):
        page = entry(staff, account, draft="on")
        preview = page.preview()
        assert preview.postings == [] and preview.confirm_label == "Create draft"
        said = "when it is confirmed, USD\xa0800.00 from 1100 Receivables to 2400 Deferred revenue, services credits"
        assert preview.left_out[0].reason == said
        page.confirm()
        assert Purchase.objects.get().draft and not JournalEntry.objects.exists()

    def test_a_draft_that_could_not_be_confirmed_says_why(self, staff, account):
        preview = entry(staff, account, draft="on", starts_on="").preview()
        assert "it cannot be confirmed yet. A purchase needs its start date" in preview.left_out[0].reason

    def test_more_than_the_value_warns_and_is_allowed(self, staff, account):
        """Purchase, amount paid: more than the value is allowed with a warning."""
        page = entry(staff, account, amount_paid_per_credit="120.00")
        assert page.preview().warnings == [
            "The amount paid per credit, USD\xa0120.00, is more than the value per credit, USD\xa0100.00."
        ]
        page.confirm()
        assert Purchase.objects.get().paid_total == 1200

    def test_free_credits_post_nothing(self, staff, account):
        page = entry(staff, account, amount_paid_per_credit="0")
        assert page.preview().postings == []
        page.confirm()
        assert Purchase.objects.get().credits_available == 10 and not JournalEntry.objects.exists()

    def test_sent_twice_it_is_made_once(self, staff, account):
        page = entry(staff, account)
        first, second = page.confirm(), page.confirm()
        assert first.url == second.url
        assert Purchase.objects.count() == JournalEntry.objects.count() == 1

    def test_an_account_is_found_by_its_whole_name_and_suggested_while_typing(self, staff, account):
        other = make_account("Quay Foods")
        entry(staff, account, account="quay foods").confirm()
        assert Purchase.objects.get().account == other
        asked = {"from": "account", "account": "quay"}
        assert other.number in staff.get("/customers/accounts/options/", asked).content.decode()

    # The lines of a refused import that a form can be asked for, each refused at its field.
    @pytest.mark.parametrize(
        ("field", "changes", "said"),
        [
            ("account", {"account": "A99999"}, "There is no one account “A99999”"),
            ("account", {"account": ""}, "required"),
            ("currency", {"currency": "XXQ"}, "not one of the available choices"),
            ("expires_on", {"starts_on": "2026-01-05", "expires_on": "2026-01-04"}, "before the start date 5 Jan 2026"),
            ("number_of_credits", {"number_of_credits": "0"}, "at least one"),
            ("number_of_credits", {"number_of_credits": "2.5"}, "“2.5” is not a whole number. Write digits alone"),
            ("value_per_credit", {"value_per_credit": "-1.00"}, "-1.00 is below zero"),
            ("amount_paid_per_credit", {"amount_paid_per_credit": "-0.01"}, "-0.01 is below zero"),
            ("value_per_credit", {"value_per_credit": "100.005"}, "more decimals than USD has"),
            ("value_per_credit", {"currency": "JPY", "value_per_credit": "100.50"}, "more decimals than JPY has"),
            ("starts_on", {"starts_on": "2026-02-30"}, "“2026-02-30” is not a date"),
            ("purchased_on", {"purchased_on": "2026-02-30"}, "“2026-02-30” is not a date"),
            ("value_per_credit", {"value_per_credit": ""}, "required"),
            ("", {"currency": "GBP", "purchased_on": "2019-01-05"}, "no exchange rate for GBP on 5 Jan 2019"),
            ("number_of_credits", {"number_of_credits": "1" + "0" * 21}, "more than 18 digits"),
            ("value_per_credit", {"value_per_credit": "=1+1"}, "“=1+1” is not a plain number"),
            ("value_per_credit", {"value_per_credit": "1e3"}, "“1e3” is not a plain number"),
            ("value_per_credit", {"value_per_credit": "1,000.00"}, "“1,000.00” is not a plain number"),
            ("value_per_credit", {"value_per_credit": "1.000,00"}, "“1.000,00” is not a plain number"),
            ("value_per_credit", {"value_per_credit": "١٠٠"}, "is not a plain number"),
            ("value_per_credit", {"value_per_credit": "NaN"}, "“NaN” is not a plain number"),
            ("number_of_credits", {"number_of_credits": "9" * 5000}, "is not a whole number"),
        ],
    )  # fmt: skip
    def test_refused_at_its_field_keeping_what_was_typed(self, staff, account, field, changes, said):
        """Purchase, terms: account and currency known, real dates, plain numbers, never formulas."""
        make_rate("GBP", "1.2711", starting_on=datetime.date(2020, 1, 1))
        response = entry(staff, account, **changes).confirm()
        assert response.status_code == 200
        assert any(said in sentence for sentence in errors(response)[field]), errors(response)
        assert not Purchase.objects.exists() and not JournalEntry.objects.exists()
        form = response.context["form"]
        assert all(form[name].value() == value for name, value in changes.items())

    def test_what_was_shown_and_differs_now_is_shown_anew(self, staff, account):
        make_rate("GBP", "1.2711")
        page = entry(staff, account, currency="GBP")
        seen = page.preview().fingerprint
        make_rate("GBP", "1.3", starting_on=TODAY)
        response = staff.post(NEW, page.data | {"fingerprint": seen})
        assert response.status_code == 200 and "Something changed in between" in text(response)
        assert not Purchase.objects.exists()


class TestDrafts:
    def test_every_field_can_be_edited(self, staff, account):
        """Purchase, draft: every field is editable."""
        draft, other = make_purchase(account, draft=True), make_account("Another")
        changes = {
            "account": other.number,
            "currency": "EUR",
            "number_of_credits": "3",
            "value_per_credit": "50.00",
            "amount_paid_per_credit": "33.33",
            "purchased_on": "2026-11-01",
            "starts_on": "2026-12-01",
            "expires_on": "",
            "description": "Pilot",
        }
        page = Page(staff, url("edit", draft)).fill(**changes)
        labels = [change.label for change in page.preview().changes]
        assert "Expiry date" in labels and "Account" in labels and len(labels) == 10
        page.confirm()
        draft.refresh_from_db()
        kept = (
            draft.account,
            draft.currency_id,
            draft.number_of_credits,
            draft.amount_paid_per_credit,
            draft.expires_on,
        )
        assert kept == (other, "EUR", 3, Decimal("33.33"), None)
        assert draft.draft and draft.description == "Pilot"

    def test_without_the_tick_it_is_confirmed_as_well(self, staff, account):
        draft = make_purchase(account, draft=True)
        page = Page(staff, url("edit", draft)).fill(draft=None, number_of_credits="5")
        assert page.preview().confirm_label == "Save and confirm, post USD\xa0400.00"
        page.confirm()
        draft.refresh_from_db()
        assert not draft.draft and trial_balance()["2400"]["USD"] == -400

    def test_of_a_confirmed_purchase_all_fields_are_text_with_the_reason(self, staff, account):
        lot = make_purchase(account)
        page = Page(staff, url("edit", lot)).fill(number_of_credits="99")
        assert text(page.shown).count("Fixed once out of draft") == 9
        response = page.confirm()
        assert "only a draft can be changed" in errors(response)[""][0]
        lot.refresh_from_db()
        assert lot.number_of_credits == 10

    def test_the_account_of_a_draft_that_was_confirmed_is_text_whatever_is_sent(self, staff, account):
        draft, other = return_to_draft(make_purchase(account), actor=make_user()), make_account("Another")
        page = Page(staff, url("edit", draft)).fill(account=other.number, number_of_credits="3")
        assert "credits cannot move between accounts" in text(page.shown) and str(account) in text(page.shown)
        page.confirm()
        draft.refresh_from_db()
        assert (draft.account, draft.number_of_credits) == (account, 3)

    def test_confirm_and_back(self, staff, account):
        draft = make_purchase(account, draft=True)
        page = Page(staff, url("confirm", draft))
        assert page.shown.context["preview"].confirm_label == "Confirm, post USD\xa0800.00"
        page.confirm()
        assert trial_balance()["2400"]["USD"] == -800
        back = Page(staff, url("draft", draft)).fill(reason="Wrong price")
        mirror = [(line.account_code, line.debit, line.credit) for line in back.preview().postings]
        assert mirror == [("1100", 0, 800), ("2400", 800, 0)]
        back.confirm()
        draft.refresh_from_db()
        assert draft.draft and trial_balance() == {}
        shown = text(staff.get(draft.get_absolute_url(), {"tab": "history"}))
        assert "Back to draft" in shown and "Wrong price" in shown and "dana" in shown

    def test_deleting_frees_the_number_of_nothing_and_leads_to_the_list(self, staff, account):
        draft = make_purchase(account, draft=True)
        assert Page(staff, url("delete", draft)).confirm().url == reverse("credits:purchase-list")
        assert not Purchase.objects.exists()

    def test_a_clone_has_the_terms_and_is_bought_today(self, staff, account):
        """Purchase, clone: offered."""
        lot = make_purchase(account, currency="USD", description="Pilot", value_per_credit="12.34")
        Page(staff, url("clone", lot)).confirm()
        copy = Purchase.objects.latest("id")
        same = ("account", "currency", "number_of_credits", "value_per_credit", "amount_paid_per_credit", "starts_on",
                "expires_on", "description", "product_group")  # fmt: skip
        assert [getattr(copy, name) for name in same] == [getattr(lot, name) for name in same]
        assert (copy.purchased_on, copy.number, copy.opportunity_line) == (TODAY, "SCP-000002", None)


class TestDates:
    def test_changed_with_reason_and_nothing_posted(self, staff, account):
        lot = make_purchase(account)
        page = Page(staff, url("dates", lot)).fill(expires_on="2028-01-01", reason="Renewed")
        preview = page.preview()
        change = preview.changes[0]
        assert (change.label, change.before, change.after) == ("Expiry date", "1 Nov 2027", "1 Jan 2028")
        assert preview.postings == ()
        page.confirm()
        shown = text(staff.get(lot.get_absolute_url(), {"tab": "history"}))
        assert "expiry date 1 Nov 2027 → 1 Jan 2028. Renewed" in shown

    def test_refused_at_its_field(self, staff, account):
        response = Page(staff, url("dates", make_purchase(account))).fill(expires_on="2026-11-23", reason="x").confirm()
        assert "has passed" in errors(response)["expires_on"][0]

    def test_locked_as_text_once_credits_have_expired(self, staff, account):
        lot = expired(account)
        page = Page(staff, url("dates", lot)).fill(expires_on="2028-01-01", reason="x")
        assert "Locked: credits of this purchase have expired." in text(page.shown)
        assert "its dates are locked" in errors(page.confirm())[""][0]


def expired(account, allocated: int = 0) -> Purchase:
    lot, actor = make_purchase(account), make_user()
    if allocated:
        allocate(make_milestone(make_project(account), allocated), actor=actor)
    change_dates(lot, starts_on=lot.starts_on, expires_on=TODAY, reason="Ended", actor=actor)
    expire_purchase(lot, actor=actor)
    return lot


class TestExpire:
    def test_what_is_left_lapses_and_allocated_credits_stay(self, staff, account):
        """Expiry, by whom: on one purchase; allocated credits stay."""
        lot = make_purchase(account)
        allocate(make_milestone(make_project(account), 4), actor=make_user())
        change_dates(lot, starts_on=lot.starts_on, expires_on=TODAY, reason="Ended", actor=make_user())
        page = Page(staff, url("expire", lot))
        preview = page.shown.context["preview"]
        assert (preview.changes[0].before, preview.changes[0].after) == ("6 available", "0 available")
        assert preview.left_out[0].label == "4 credits"
        assert "last usable day" in preview.warnings[0]
        assert preview.confirm_label == "Expire 6 credits, post USD\xa0480.00"
        page.confirm()
        assert trial_balance()["4090"]["USD"] == -480 and trial_balance()["2400"]["USD"] == -320

    def test_too_early_is_said(self, staff, account):
        page = Page(staff, url("expire", make_purchase(account)))
        assert "is usable to 1 Nov 2027" in text(page.shown)


class TestPage:
    def test_figures_lead_to_rows(self, staff, account):
        lot = expired(account, allocated=4)
        shown = staff.get(lot.get_absolute_url())
        assert [figure.label for figure in shown.context["figures"]] == [
            "Available", "Allocated", "Expired", "Expires", "Deferred",
        ]  # fmt: skip
        read = text(shown)
        for words in ("of 10", "24 Nov 2026 today", "USD 320.00", "4 allocated", "6 expired"):
            assert words in read, words
        for figure in shown.context["figures"]:
            assert staff.get(f"{lot.get_absolute_url()}{figure.url}").status_code == 200

    @pytest.mark.parametrize("tab", ["overview", "consumptions", "journal", "history"])
    def test_every_tab_of_a_new_draft_and_of_a_used_lot(self, staff, account, tab):
        for lot in (make_purchase(account, draft=True, expires_on=None), expired(account, allocated=4)):
            assert staff.get(lot.get_absolute_url(), {"tab": tab}).status_code == 200

    @pytest.mark.parametrize(
        ("days_past", "grace", "said"),
        [
            (0, 0, ""),
            (1, 0, "past expiry, expires tonight"),
            (1, 2, "past expiry, in grace to 25 Nov 2026"),
            (2, 2, "past expiry, in grace to 24 Nov 2026"),
            (3, 2, "past expiry, expires tonight"),
        ],
    )
    def test_past_expiry_is_said_with_grace(self, staff, account, days_past, grace, said):
        """Expiry, grace: "past expiry, in grace" is shown."""
        CreditsSetup.objects.update(grace_period_days=grace)
        lot = make_purchase(account, expires_on=TODAY - datetime.timedelta(days=days_past))
        assert staff.get(lot.get_absolute_url()).context["past_expiry"] == said

    def test_credits_given_back_after_the_expiry_expire_with_the_next_night(self, staff, account):
        """Expiry, given back: expires in the next night; the page says so."""
        milestone = make_milestone(make_project(account), 4)
        lot = make_purchase(account)
        allocate(milestone, actor=make_user())
        change_dates(lot, starts_on=lot.starts_on, expires_on=TODAY, reason="Ended", actor=make_user())
        expire_purchase(lot, actor=make_user())
        with time_machine.travel("2026-11-26T12:00:00+00:00"):
            adjust(milestone, total=1, actor=make_user())
            sign_in(staff, *STAFF)
            assert "3 credits: past expiry, expires tonight" in text(staff.get(lot.get_absolute_url()))

    def test_each_disabled_action_has_its_reason(self, staff, account):
        lots, reasons = {"draft": make_purchase(account, draft=True), "used": expired(account, allocated=4)}, {}
        for state, lot in lots.items():
            shown = staff.get(lot.get_absolute_url())
            actions = [shown.context["primary_action"], *shown.context["menu_actions"]]
            reasons[state] = {action.label: action.disabled_reason for action in actions if action}
        draft, used = lots["draft"], lots["used"]
        assert reasons == {
            "draft": {
                "Confirm": "",
                "Edit": "",
                "Edit dates": f"{draft} is a draft: edit its dates directly.",
                "Expire": f"{draft} is a draft: nothing of it can expire.",
                "Cancel and refund": f"{draft} is a draft: nothing was paid for it yet. Edit or delete it.",
                "Reinstate": f"No credits of {draft} have expired: there is nothing to reinstate.",
                "Clone": "",
                "Delete": "",
            },
            "used": {
                "Confirm": str(AlreadyConfirmed(used)),
                "Edit": str(NotDraft(used)),
                "Edit dates": f"{used} has 6 expired credits: its dates are locked.",
                "Expire": f"{used} has no credits left: all are allocated, refunded or expired already.",
                "Cancel and refund": f"{used} has no credits left: all are allocated, refunded or expired already.",
                "Reinstate": "",
                "Clone": "",
                "Back to draft": str(AlreadyUsed(used)),
                "Delete": str(NotDraft(used)),
            },
        }

    def test_the_same_number_of_queries_however_many_consumptions(self, staff, account, django_assert_max_num_queries):
        make_purchase(account, number_of_credits=50)
        lot = Purchase.objects.get()
        for _ in range(20):
            allocate(make_milestone(make_project(account), 1), actor=make_user())
        with django_assert_max_num_queries(13):
            staff.get(lot.get_absolute_url(), {"tab": "consumptions"})


@pytest.mark.parametrize(
    ("name", "permission"),
    [
        ("edit", "credits.manage_purchases"),
        ("clone", "credits.manage_purchases"),
        ("confirm", "credits.manage_purchases"),
        ("draft", "credits.manage_purchases"),
        ("delete", "credits.manage_purchases"),
        ("dates", "credits.expire_purchases"),
        ("expire", "credits.expire_purchases"),
    ],
)
def test_refused_without_the_permission(client, account, name, permission):
    lot = make_purchase(account, draft=name in ("edit", "confirm", "delete"))
    sign_in(client, *(each for each in STAFF if each != permission))
    assert client.get(url(name, lot)).status_code == client.post(url(name, lot)).status_code == 403
    sign_in(client, permission)
    assert client.get(url(name, lot)).status_code == 200


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("/credits/purchases/", "credits.view_purchase"),
        ("/credits/purchases/new/", "credits.manage_purchases"),
        ("/credits/consumptions/", "credits.view_consumption"),
        ("/credits/allocations/", "credits.view_allocation"),
    ],
)
def test_pages_without_an_object_too(client, account, path, permission):
    assert client.get(path).status_code == 302
    sign_in(client, "opportunities.view_project")
    assert client.get(path).status_code == 403
    sign_in(client, permission)
    assert client.get(path).status_code == 200
