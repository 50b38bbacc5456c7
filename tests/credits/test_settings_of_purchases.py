"""What the settings do to new purchases: the amount paid that follows the value, and drafts unless told otherwise."""

import dataclasses
from decimal import Decimal

import pytest
from django.urls import reverse

from credits.certinia.files import by_object
from credits.certinia.importing import import_export
from credits.exceptions import BadTerms
from credits.models import CreditsSetup, Purchase
from credits.services.from_opportunity import Row, create_from_opportunity
from credits.services.purchases import create_purchase, edit_draft
from tests.builders import make_opportunity, make_purchase, make_terms, trial_balance
from tests.credits.certinia.conftest import PURCHASE, export_of
from tests.credits.desk import Page, errors, text

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
PRICES = ("value_per_credit", "amount_paid_per_credit")


@pytest.fixture
def synced(company):
    CreditsSetup.objects.update(sync_paid_with_value=True)


@pytest.fixture
def drafts(company):
    CreditsSetup.objects.update(new_purchases_are_drafts=True)


def prices(purchase: Purchase) -> tuple[Decimal, Decimal]:
    return Purchase.objects.values_list(*PRICES).get(pk=purchase.pk)


# Sync amount paid with value.


def test_the_amount_paid_is_the_value_and_the_books_follow_it(synced, account):
    """Settings, sync amount paid: set to the value."""
    purchase = create_purchase(make_terms(account, amount_paid_per_credit=None), actor=None)
    assert prices(purchase) == (100, 100)
    assert trial_balance()["2400"]["USD"] == -1000


def test_without_the_setting_the_amount_paid_is_asked_for(account):
    """Purchase: same as the value, less or 0; 0 is what free means, no other mark."""
    assert prices(make_purchase(account)) == (100, 80)
    with pytest.raises(BadTerms, match="Enter the amount paid per credit; 0 is free") as refused:
        create_purchase(make_terms(account, amount_paid_per_credit=None), actor=None)
    assert refused.value.field == "amount_paid_per_credit"


def test_another_amount_than_the_value_is_refused_not_passed_over(synced, account):
    with pytest.raises(BadTerms, match="is not the value per credit 100: the settings keep both the same"):
        make_purchase(account)
    assert not Purchase.objects.exists()


def test_a_purchase_that_was_there_keeps_what_was_paid(account):
    lot = make_purchase(account)
    CreditsSetup.objects.update(sync_paid_with_value=True)
    assert prices(lot) == (100, 80)
    assert trial_balance()["2400"]["USD"] == -800


def test_a_draft_takes_the_value_when_it_is_edited(account):
    draft = make_purchase(account, draft=True)
    CreditsSetup.objects.update(sync_paid_with_value=True)
    edit_draft(draft, make_terms(account, value_per_credit=Decimal(90), amount_paid_per_credit=None), actor=None)
    assert prices(draft) == (90, 90)


def test_the_form_does_not_ask_for_the_amount_paid(synced, staff, account):
    page = Page(staff, f"{reverse('credits:purchase-create')}?account={account.number}")
    assert "amount_paid_per_credit" not in page.shown.context["form"].fields
    assert "the settings keep both the same" in text(page.shown)
    assert page.fill(number_of_credits="10", value_per_credit="100.00").confirm().status_code == 302
    assert prices(Purchase.objects.get()) == (100, 100)


def test_without_the_setting_the_form_asks_for_it(staff, account):
    page = Page(staff, f"{reverse('credits:purchase-create')}?account={account.number}")
    answer = page.fill(number_of_credits="10", value_per_credit="100.00").confirm()
    assert errors(answer)["amount_paid_per_credit"] == ["This field is required."]


def test_the_form_of_a_draft_does_not_ask_and_that_of_a_confirmed_purchase_still_shows_it(staff, account):
    lot, draft = make_purchase(account), make_purchase(account, draft=True)
    CreditsSetup.objects.update(sync_paid_with_value=True)
    edited = Page(staff, reverse("credits:purchase-edit", args=[draft.pk]))
    [change] = [each for each in edited.preview().changes if each.label == "Amount paid per credit"]
    assert (change.before, change.after) == ("USD\xa080.00", "USD\xa0100.00")
    shown = staff.get(reverse("credits:purchase-edit", args=[lot.pk]))
    assert "amount_paid_per_credit" in shown.context["form"].fields


def window(staff, opportunity) -> Page:
    return Page(staff, reverse("credits:opportunity-purchases", args=[opportunity.pk]))


def test_the_opportunity_window_does_not_ask_for_the_amount_paid(synced, staff, account):
    """From an opportunity: value and amount paid = line total / number of credits."""
    page = window(staff, make_opportunity(account, total="1000.00", credits=10))
    assert "row-0-amount_paid_per_credit" not in page.data
    assert "As the value per credit" in text(page.shown)
    page.fill(**{"row-0-value_per_credit": "95.00"})
    assert "50.00 less than the line" in text(page.look())
    assert page.confirm().status_code == 302
    assert prices(Purchase.objects.get()) == (95, 95)


def test_the_exact_split_has_value_and_amount_paid_alike_in_both_positions(staff, account):
    """From an opportunity: 5 x 142.86 + 2 x 142.85, value and amount paid alike."""
    for sync in (False, True):
        CreditsSetup.objects.update(sync_paid_with_value=sync)
        assert window(staff, make_opportunity(account)).confirm().status_code == 302
    split = [(5, Decimal("142.86"), Decimal("142.86")), (2, Decimal("142.85"), Decimal("142.85"))]
    assert list(Purchase.objects.order_by("id").values_list("number_of_credits", *PRICES)) == 2 * split


def test_a_row_that_says_another_amount_is_refused_at_its_field(synced, account):
    opportunity = make_opportunity(account, total="1000.00", credits=10)
    line = opportunity.lines.get()
    row = Row(
        line=line, credits=10, value_per_credit=Decimal(100), amount_paid_per_credit=Decimal(80), starts_on=None,
        expires_on=None, description="", key="row-0",
    )  # fmt: skip
    with pytest.raises(BadTerms) as refused:
        create_from_opportunity(opportunity, [row], draft=True, actor=None)
    assert refused.value.field == "row-0-amount_paid_per_credit"
    create_from_opportunity(
        opportunity, [dataclasses.replace(row, amount_paid_per_credit=None)], draft=True, actor=None
    )
    assert prices(Purchase.objects.get()) == (100, 100)


def test_an_import_keeps_what_the_file_says(synced, account):
    """It tells what was sold elsewhere under other settings: the amounts are those of the customer's invoice."""
    line = f"SCP-000700,{account.number},USD,2026-01-05,2026-01-05,2027-01-04,10,100.00,80.00,false,"
    import_export(by_object(export_of(**{PURCHASE: [line]})), actor=None)
    assert prices(Purchase.objects.get()) == (100, 80)


# New purchases are drafts.


@pytest.mark.parametrize("setting", [True, False])
def test_the_form_proposes_a_draft_as_the_setting_says(staff, account, setting):
    """Settings, new purchases are drafts: proposed by the form."""
    CreditsSetup.objects.update(new_purchases_are_drafts=setting)
    page = Page(staff, f"{reverse('credits:purchase-create')}?account={account.number}")
    page.fill(number_of_credits="10", value_per_credit="100.00", amount_paid_per_credit="80.00").confirm()
    assert Purchase.objects.get().draft is setting
    assert trial_balance() == (
        {} if setting else {"1100": {"LCY": 800, "USD": 800}, "2400": {"LCY": -800, "USD": -800}}
    )


@pytest.mark.parametrize("setting", [True, False])
def test_the_opportunity_window_proposes_drafts_as_the_setting_says(staff, account, setting):
    CreditsSetup.objects.update(new_purchases_are_drafts=setting)
    assert window(staff, make_opportunity(account)).confirm().status_code == 302
    assert set(Purchase.objects.values_list("draft", flat=True)) == {setting}


def test_the_proposal_of_a_draft_can_be_taken_away(drafts, staff, account):
    page = Page(staff, f"{reverse('credits:purchase-create')}?account={account.number}")
    terms = {"number_of_credits": "10", "value_per_credit": "100.00", "amount_paid_per_credit": "80.00"}
    assert page.fill(draft=None, **terms).confirm().status_code == 302
    assert not Purchase.objects.get().draft


def test_a_copy_is_proposed_as_a_draft_too(drafts, staff, account):
    lot = make_purchase(account)
    Page(staff, reverse("credits:purchase-clone", args=[lot.pk])).confirm()
    assert list(Purchase.objects.order_by("id").values_list("draft", flat=True)) == [False, True]


def test_what_is_there_stays_confirmed(account):
    lot = make_purchase(account)
    CreditsSetup.objects.update(new_purchases_are_drafts=True)
    lot.refresh_from_db()
    assert not lot.draft
