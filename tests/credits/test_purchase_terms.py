"""The rules of a purchase's terms, as the services refuse them, and what entering, drafts and deleting post."""

import datetime
from decimal import Decimal

import pytest

from credits.exceptions import AccountFixed, AlreadyConfirmed, AlreadyUsed, BadTerms, DatesLocked, HasHistory, NotDraft
from credits.models import Purchase, PurchaseDateChange
from credits.services.allocate import adjust, allocate
from credits.services.dates import change_dates
from credits.services.expire import expire_purchase
from credits.services.purchases import (
    confirm_purchase,
    create_purchase,
    delete_draft,
    edit_draft,
    return_to_draft,
)
from ledger.exceptions import MissingAccount, MissingRate
from ledger.models import JournalEntry, PostingSetup
from ledger.money import product
from tests.builders import (
    make_account,
    make_milestone,
    make_period,
    make_project,
    make_purchase,
    make_rate,
    make_terms,
    trial_balance,
)

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)


@pytest.mark.parametrize(
    ("field", "changes", "said"),
    [
        ("number_of_credits", {"number_of_credits": 0}, "at least one"),
        ("number_of_credits", {"number_of_credits": -3}, "at least one"),
        ("number_of_credits", {"number_of_credits": 10**18}, "more than 18 digits"),
        ("value_per_credit", {"value_per_credit": "-1.00"}, "value per credit -1.00 is below zero"),
        ("amount_paid_per_credit", {"amount_paid_per_credit": "-0.01"}, "amount paid per credit -0.01 is below zero"),
        ("value_per_credit", {"value_per_credit": "100.005"}, "100.005 has more decimals than USD has: 2 decimals"),
        ("amount_paid_per_credit", {"amount_paid_per_credit": "80.001"}, "80.001 has more decimals"),
        ("value_per_credit", {"value_per_credit": "10000000000000000.00"}, "more than 18 digits"),
        (
            "value_per_credit",
            {"currency": "JPY", "value_per_credit": "100.50"},
            "more decimals than JPY has: no decimals",
        ),
        (
            "value_per_credit",
            {"currency": "KWD", "value_per_credit": "0.0001"},
            "more decimals than KWD has: 3 decimals",
        ),
        ("expires_on", {"expires_on": datetime.date(2026, 11, 1)}, "is before the start date 2 Nov 2026"),
        ("description", {"description": "x" * 32_001}, "32,001 characters; 32,000 fit"),
    ],
)
def test_each_refusal_names_field_value_and_rule(account, sam, field, changes, said):
    """Purchase, number of credits, value, amount paid: each refusal names field, value and rule."""
    with pytest.raises(BadTerms) as refused:
        create_purchase(make_terms(account, **changes), actor=sam)
    assert refused.value.field == field
    assert said in refused.value.message
    assert not Purchase.objects.exists() and not JournalEntry.objects.exists()


def test_the_limits_themselves_are_accepted(account, sam):
    """Purchase, number of credits, value, description: up to 18 digits, up to 32,000 characters."""
    day = datetime.date(2026, 11, 2)
    most = make_purchase(
        account,
        number_of_credits=10**18 - 1,
        value_per_credit="9999999999999999.99",
        amount_paid_per_credit="9999999999999999.99",
        starts_on=day,
        expires_on=day,
        description="x" * 32_000,
    )
    most.refresh_from_db()
    assert most.number_of_credits == most.credits_available == 999_999_999_999_999_999
    assert product(100, most.paid_total) == (10**18 - 1) ** 2
    assert trial_balance()["2400"]["USD"] == -most.paid_total


@pytest.mark.parametrize(("currency", "value", "total"), [("JPY", "34451", "344510"), ("KWD", "0.125", "1.250")])
def test_currencies_with_no_and_with_three_decimals(account, currency, value, total):
    """Purchase, currency: one for value and price, with its own decimals."""
    make_rate(currency, "1")
    make_purchase(account, currency=currency, value_per_credit=value, amount_paid_per_credit=value)
    assert trial_balance()["1100"][currency] == Decimal(total)


def test_a_draft_may_lack_its_dates_and_confirming_needs_them(account, sam):
    """Purchase, start and expiry date: a draft may lack them, confirming needs them."""
    draft = make_purchase(account, draft=True, starts_on=None, expires_on=None)
    with pytest.raises(BadTerms) as refused:
        confirm_purchase(draft, actor=sam)
    assert refused.value.field == "starts_on"
    edit_draft(draft, make_terms(account, expires_on=None), actor=sam)
    with pytest.raises(BadTerms) as refused:
        confirm_purchase(draft, actor=sam)
    assert refused.value.field == "expires_on"


def test_a_purchase_of_the_future_stays_a_draft(account, sam):
    with pytest.raises(BadTerms) as refused:
        create_purchase(make_terms(account, purchased_on=TODAY + datetime.timedelta(days=1)), actor=sam)
    assert refused.value.field == "purchased_on"
    draft = create_purchase(make_terms(account, purchased_on=datetime.date(2026, 12, 1)), actor=sam, draft=True)
    assert draft.draft


def test_a_draft_needs_no_rate_and_confirming_does(account, sam):
    """Purchase, confirming: a draft needs no rate; the rate is that of the purchase date."""
    draft = make_purchase(account, draft=True, currency="GBP")
    with pytest.raises(MissingRate):
        confirm_purchase(draft, actor=sam)
    make_rate("GBP", "1.2711", starting_on=datetime.date(2026, 11, 3))
    with pytest.raises(MissingRate):
        confirm_purchase(draft, actor=sam)
    make_rate("GBP", "1.3")
    assert confirm_purchase(draft, actor=sam).exchange_rate == Decimal("1.3")


def test_an_empty_cell_of_the_posting_setup_is_named(account, sam):
    PostingSetup.objects.filter(business_group="DOMESTIC").update(deferral=None)
    with pytest.raises(MissingAccount, match="no deferral account for business group DOMESTIC"):
        create_purchase(make_terms(account), actor=sam)
    assert not Purchase.objects.exists()


def test_the_draft_cycle_posts_confirmation_and_mirror_to_the_cent(account, sam):
    """Purchase, confirming: posts the deferral; back to draft reverses it."""
    draft = make_purchase(account, draft=True)
    assert trial_balance() == {}
    confirm_purchase(draft, actor=sam)
    posted = {"1100": {"LCY": Decimal(800), "USD": Decimal(800)}, "2400": {"LCY": Decimal(-800), "USD": Decimal(-800)}}
    assert trial_balance() == posted
    with pytest.raises(AlreadyConfirmed):
        confirm_purchase(draft, actor=sam)
    return_to_draft(draft, actor=sam, reason="Wrong price")
    assert trial_balance() == {}
    assert JournalEntry.objects.latest("id").reason == "Wrong price"

    edit_draft(draft, make_terms(account, number_of_credits=3, amount_paid_per_credit="33.33"), actor=sam)
    confirm_purchase(draft, actor=sam)
    assert trial_balance()["2400"]["USD"] == Decimal("-99.99")
    keys = JournalEntry.objects.order_by("id").values_list("event_key", flat=True)
    assert [key.split(":", 2)[2] for key in keys] == ["confirm:1", "draft:1", "confirm:2"]


def test_free_credits_post_nothing_and_can_be_allocated(account, sam):
    """Purchase, amount paid: 0 is what free means."""
    free = make_purchase(account, amount_paid_per_credit="0")
    assert not JournalEntry.objects.exists()
    assert allocate(make_milestone(make_project(account), 4), actor=sam)
    free.refresh_from_db()
    assert (free.credits_available, free.deferred) == (6, 0)


def test_more_than_the_value_may_be_paid(account):
    assert make_purchase(account, value_per_credit="80", amount_paid_per_credit="100").paid_total == 1000


def test_confirmed_terms_are_fixed(account, sam):
    lot = make_purchase(account)
    with pytest.raises(NotDraft):
        edit_draft(lot, make_terms(account, number_of_credits=11), actor=sam)


def test_the_account_is_fixed_once_confirmed_even_back_in_draft(account, sam):
    """Purchase, account: fixed once confirmed, even back in draft."""
    other = make_account("Another")
    draft = make_purchase(account, draft=True)
    assert edit_draft(draft, make_terms(other), actor=sam).account == other
    return_to_draft(confirm_purchase(draft, actor=sam), actor=sam)
    with pytest.raises(AccountFixed) as refused:
        edit_draft(draft, make_terms(account), actor=sam)
    assert refused.value.field == "account"
    edit_draft(draft, make_terms(other, currency="EUR", number_of_credits=1), actor=sam)


def test_given_back_credits_leave_a_trail_that_decides(account, sam):
    """Purchase, draft: again only while no consumption exists: the trail decides."""
    lot, milestone = make_purchase(account), make_milestone(make_project(account), 4)
    allocate(milestone, actor=sam)
    adjust(milestone, total=0, actor=sam)
    with pytest.raises(AlreadyUsed):
        return_to_draft(lot, actor=sam)


def test_only_a_new_draft_is_deleted(account, sam):
    """Purchase, deleting: only as a draft with no history."""
    lot, draft = make_purchase(account), make_purchase(account, draft=True)
    with pytest.raises(NotDraft):
        delete_draft(lot, actor=sam)
    return_to_draft(lot, actor=sam)
    with pytest.raises(HasHistory):
        delete_draft(lot, actor=sam)
    delete_draft(draft, actor=sam)
    assert list(Purchase.objects.all()) == [lot]


def test_numbers_follow_each_other_and_pass_over_those_of_an_import(account):
    """Purchase, number: from a series, passing over the numbers of an import."""
    first = make_purchase(account)
    Purchase.objects.filter(pk=make_purchase(account, draft=True).pk).update(number="SCP-000003")
    assert [first.number, make_purchase(account).number, make_purchase(account).number] == [
        "SCP-000001", "SCP-000004", "SCP-000005",
    ]  # fmt: skip


class TestDates:
    def change(self, lot, sam, **changes):
        dates = {"starts_on": lot.starts_on, "expires_on": lot.expires_on, "reason": "Renewed"} | changes
        return change_dates(lot, actor=sam, **dates)

    def test_old_new_reason_and_who_are_kept_and_nothing_is_posted(self, account, sam):
        """Purchase, start and expiry date: renegotiated with a reason, nothing is posted."""
        lot = make_purchase(account)
        before = trial_balance()
        self.change(lot, sam, expires_on=datetime.date(2028, 1, 1), reason=" Renewed ")
        kept = PurchaseDateChange.objects.get()
        assert (kept.old_expires_on, kept.new_expires_on) == (datetime.date(2027, 11, 1), datetime.date(2028, 1, 1))
        assert (kept.reason, kept.changed_by) == ("Renewed", sam)
        assert trial_balance() == before

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"reason": "  "}, "reason"),
            ({}, "expires_on"),
            ({"expires_on": datetime.date(2026, 11, 1)}, "expires_on"),
            ({"expires_on": datetime.date(2026, 11, 23)}, "expires_on"),
        ],
        ids=["no reason", "no change", "before the start", "passed"],
    )
    def test_refused_at_its_field(self, account, sam, changes, field):
        with pytest.raises(BadTerms) as refused:
            self.change(make_purchase(account), sam, **changes)
        assert refused.value.field == field
        assert not PurchaseDateChange.objects.exists()

    def test_to_today_is_the_earliest(self, account, sam):
        assert self.change(make_purchase(account), sam, expires_on=TODAY).expires_on == TODAY

    def test_locked_once_credits_have_expired(self, account, sam):
        """Purchase, start and expiry date: locked once credits have expired."""
        lot = self.change(make_purchase(account), sam, expires_on=TODAY)
        expire_purchase(lot, actor=sam)
        with pytest.raises(DatesLocked, match="10 expired credits"):
            self.change(lot, sam, expires_on=datetime.date(2028, 1, 1))

    def test_a_draft_is_simply_edited(self, account, sam):
        with pytest.raises(DatesLocked, match="draft"):
            self.change(make_purchase(account, draft=True), sam, expires_on=datetime.date(2028, 1, 1))


def test_a_closed_period_confirms_on_the_first_open_day_at_the_rate_of_the_purchase(account, sam):
    """Purchase, confirming: a date in a closed period posts on the first open day, at the purchase date's rate."""
    make_rate("GBP", "1.2711")
    make_rate("GBP", "1.3", starting_on=datetime.date(2026, 11, 1))
    make_period(2026, 10, closed_by=sam)
    day = datetime.date(2026, 10, 5)
    lot = make_purchase(account, currency="GBP", purchased_on=day)
    entry = JournalEntry.objects.get()
    assert (entry.effective_on, entry.posting_date) == (day, datetime.date(2026, 11, 1))
    assert (lot.exchange_rate, lot.paid_total_lcy) == (Decimal("1.2711"), Decimal("1016.88"))
