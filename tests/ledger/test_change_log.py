"""The change log: who, when, what and why of every change, written by the database in the transaction of the change."""

import datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.roles import synchronise
from credits.models import Milestone
from credits.services.dates import change_dates
from credits.services.edit_milestone import Details, edit_milestone
from credits.services.purchases import confirm_purchase, delete_draft, edit_draft, return_to_draft
from ledger.models import (
    BusinessPostingGroup,
    ChangeLogEntry,
    Currency,
    ExchangeRate,
    LedgerAccount,
    PostingSetup,
    ProductPostingGroup,
)
from ledger.reports.changes import changes_of, described
from ledger.services.changes import made_by
from ledger.services.periods import create_months
from ledger.services.setup import set_accounts, set_rate
from opportunities.services.accounts import create_account, edit_account
from opportunities.services.opportunities import OpportunityTerms, create_opportunity, edit_opportunity
from opportunities.services.products import create_product, edit_product
from opportunities.services.projects import create_project, edit_project
from tests.builders import (
    make_account,
    make_company,
    make_milestone,
    make_project,
    make_purchase,
    make_rate,
    make_terms,
    make_user,
)

DAY = datetime.date(2026, 12, 1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def sam():
    make_company()
    return make_user("sam", first_name="Sam", last_name="Reed")


@pytest.fixture
def browser(sam):
    synchronise()
    sam.groups.add(Group.objects.get(name="finance"), Group.objects.get(name="controller"))
    client = Client()
    client.force_login(sam)
    return client


def log(record):
    """(action, who, why, {column: [before, after]}), the newest first."""
    return [(row.action, row.actor and row.actor.username, row.reason, row.changes) for row in changes_of(record)]


def test_a_draft_leaves_who_made_it_edited_it_and_confirmed_it(sam):
    account = make_account()
    lot = make_purchase(account, draft=True, actor=sam)
    edit_draft(lot, make_terms(account, number_of_credits=12), actor=make_user("kim"))
    confirm_purchase(lot, actor=sam)
    confirmed, edited, created = log(lot)
    assert confirmed[:3] == ("Confirm purchase", "sam", "")
    assert confirmed[3]["draft"] == [True, False]
    assert edited == ("Edit draft", "kim", "", edited[3])
    assert edited[3]["number_of_credits"] == [10, 12]
    assert created[:2] == ("Create purchase", "sam")


def test_a_free_purchase_that_posts_nothing_still_says_who_confirmed_it(sam):
    lot = make_purchase(make_account(), amount_paid_per_credit="0", draft=True)
    confirm_purchase(lot, actor=sam)
    assert log(lot)[0][:2] == ("Confirm purchase", "sam")


def test_back_to_draft_and_other_dates_keep_their_reason(sam):
    lot = make_purchase(make_account(), actor=sam)
    change_dates(
        lot, starts_on=lot.starts_on, expires_on=datetime.date(2028, 1, 31), reason="Agreed by mail", actor=sam
    )
    return_to_draft(lot, actor=sam, reason="Wrong price")
    assert log(lot)[0][:3] == ("Back to draft", "sam", "Wrong price")
    dates = log(lot)[1]
    assert dates == ("Change dates", "sam", "Agreed by mail", {"expires_on": ["2027-11-01", "2028-01-31"]})


def test_what_is_deleted_stays_in_the_log_with_all_that_it_said(sam):
    lot = make_purchase(make_account(), draft=True)
    key = lot.pk
    delete_draft(lot, actor=sam)
    row = ChangeLogEntry.objects.filter(table="credits_purchase", row=str(key)).first()
    assert (row.kind, row.action, row.actor, row.changes["number"]) == (
        "delete",
        "Delete draft",
        sam,
        [lot.number, None],
    )


def test_a_milestone_says_who_changed_its_need(sam):
    milestone = make_milestone(make_project(make_account()), 4)
    details = Details(
        project=milestone.project,
        name=milestone.name,
        status=milestone.status,
        target_on=milestone.target_on,
        credits_needed=9,
    )
    edit_milestone(milestone, details, actor=sam)
    assert log(Milestone.objects.get())[0] == ("Edit milestone", "sam", "", {"credits_needed": [4, 9]})


def test_what_a_refused_change_would_have_been_is_not_in_the_log(sam):
    rate = make_rate("GBP", "1.2711")
    before = ChangeLogEntry.objects.count()
    with pytest.raises(IntegrityError), transaction.atomic():
        ExchangeRate.objects.filter(pk=rate.pk).update(rate=-1)
    assert ChangeLogEntry.objects.count() == before


def test_sql_by_hand_is_logged_with_the_name_of_the_database_user(sam):
    made_by(None, "")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_ledgeraccount SET blocked = true WHERE code = '1000'")
        cursor.execute("SELECT session_user")
        user = cursor.fetchone()[0]
    row = changes_of(LedgerAccount.objects.get(pk="1000")).first()
    assert (row.actor, row.database_user, row.changes) == (None, user, {"blocked": [False, True]})


def test_a_save_that_changes_nothing_leaves_nothing(sam):
    before = ChangeLogEntry.objects.count()
    LedgerAccount.objects.get(pk="1000").save()
    assert ChangeLogEntry.objects.count() == before


def enter_rate(sam):
    return set_rate(currency=Currency.objects.get(pk="GBP"), starting_on=DAY, per_unit=Decimal("1.27"), actor=sam)


def correct_rate(sam):
    rate = make_rate("GBP", "1.2711")
    return set_rate(rate=rate, currency=rate.currency, starting_on=DAY, per_unit=Decimal("1.28"), actor=sam)


def block_cell(sam):
    cell = PostingSetup.objects.get(business_group="DOMESTIC", product_group="CREDITS")
    return set_accounts(business_group=cell.business_group, product_group=cell.product_group, blocked=True, actor=sam)


def new_month(sam):
    return create_months(DAY, 1, actor=sam)[0][0]


def new_account(sam):
    terms = {"currency": Currency.objects.get(pk="USD"), "business_group": BusinessPostingGroup.objects.first()}
    return create_account(name="Marlowe", **terms, actor=sam)


def other_account(sam):
    account = new_account(None)
    terms = {"currency": account.currency, "business_group": account.business_group, "bill_to": None}
    return edit_account(account, name="Harbour", **terms, actor=sam)


def product_terms(name: str) -> dict:
    group = ProductPostingGroup.objects.get(pk="CREDITS")
    terms = {"code": "CR-7", "unit_price": Decimal(1), "currency": Currency.objects.get(pk="USD")}
    return terms | {"name": name, "product_group": group, "services_credits": 7}


def new_product(sam):
    return create_product(**product_terms("Seven"), actor=sam)


def other_product(sam):
    return edit_product(new_product(None), **product_terms("Another seven"), actor=sam)


def sold(account, name: str) -> OpportunityTerms:
    return OpportunityTerms(name=name, account=account, currency=account.currency, stage="open", closes_on=DAY)


def new_opportunity(sam):
    return create_opportunity(sold(make_account(), "Rollout"), actor=sam)


def other_opportunity(sam):
    made = new_opportunity(None)
    return edit_opportunity(made, sold(made.account, "Phase 2"), actor=sam)


def new_project(sam):
    account = make_account()
    return create_project(name="Berths", account=account, currency=account.currency, actor=sam)


def other_project(sam):
    made = new_project(None)
    return edit_project(made, name="Quays", account=made.account, currency=made.currency, actor=sam)


@pytest.mark.parametrize(
    ("change", "action"),
    [
        (enter_rate, "Enter exchange rate"),
        (correct_rate, "Correct exchange rate"),
        (block_cell, "Change posting setup"),
        (new_month, "Create periods"),
        (new_account, "Create account"),
        (other_account, "Edit account"),
        (new_product, "Create product"),
        (other_product, "Edit product"),
        (new_opportunity, "Create opportunity"),
        (other_opportunity, "Edit opportunity"),
        (new_project, "Create project"),
        (other_project, "Edit project"),
    ],
)
def test_each_change_is_signed_by_whoever_made_it_whatever_the_transaction_did_before(sam, change, action):
    made_by(make_user("kim"), "Something else", reason="Another one")
    assert log(change(sam))[0][:3] == (action, "sam", "")


@pytest.mark.parametrize("statement", ["UPDATE {} SET reason = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_log_itself_is_append_only(sam, statement):
    connection.check_constraints()  # what waits for the commit would stand in the way of TRUNCATE
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format("ledger_changelogentry"))


def test_a_signature_ends_with_its_transaction(sam):
    with transaction.atomic():
        made_by(sam, "Something")
        transaction.set_rollback(True)
    LedgerAccount.objects.filter(pk="1000").update(blocked=True)
    assert changes_of(LedgerAccount.objects.get(pk="1000")).first().action != "Something"


def test_a_form_signs_with_its_title_and_the_admin_with_its_name(browser, sam):
    account = make_account()
    page = browser.get(reverse("opportunities:account-edit", args=[account.pk]))
    form = {"name": "Harbour & Sons", "currency": "USD", "business_group": "EXPORT", "payment_days": "30"}
    sent = form | {"token": page.context["token"], "seen": page.context["seen"]}
    browser.post(reverse("opportunities:account-edit", args=[account.pk]), sent)
    action, who, _, changed = log(account)[0]
    assert (action, who) == ("Edit account", "sam")
    assert changed == {"name": ["Harbour Logistics", "Harbour & Sons"], "business_group_id": ["DOMESTIC", "EXPORT"]}
    sam.is_staff = sam.is_superuser = True
    sam.save()
    browser.post(
        reverse("admin:ledger_ledgeraccount_change", args=["1000"]),
        {"name": "Bank", "category": "asset", "blocked": "on"},
    )
    assert log(LedgerAccount.objects.get(pk="1000"))[0][:2] == ("Admin", "sam")


def test_differences_are_read_in_the_words_of_the_pages(sam):
    lot = make_purchase(make_account("Marlowe"), draft=True, actor=sam)
    harbour = make_account("Harbour")
    edit_draft(lot, make_terms(harbour, starts_on=datetime.date(2026, 12, 1)), actor=sam)
    (change,) = described(changes_of(lot)[:1])
    assert [(d.label, d.before, d.after) for d in change.differences] == [
        ("account", str(lot.account), str(harbour)),
        ("start date", "2 Nov 2026", "1 Dec 2026"),
    ]
    assert (change.what, change.name, change.url) == (
        "services credits customer purchase",
        lot.number,
        lot.get_absolute_url(),
    )


def test_the_page_shows_finds_and_exports_the_changes(browser, sam):
    rate = make_rate("GBP", "1.2711")
    ExchangeRate.objects.filter(pk=rate.pk).update(rate=Decimal("1.3"))
    url = reverse("ledger:change-log")
    page = browser.get(url, {"table": "ledger_exchangerate"}).content.decode()
    assert "<del>1.2711</del> → " in page
    assert "1.3" in page
    assert "Bank" not in page
    exported = b"".join(browser.get(url, {"export": "csv", "table": "ledger_exchangerate"})).decode()
    assert "rate: 1.271100000000 -> 1.300000000000" in exported
    assert "Nothing matches" in browser.get(url, {"search": "no such thing"}).content.decode()


def test_the_page_takes_as_many_queries_for_ten_rows_as_for_forty(browser, sam):
    account, counts = make_account(), []
    for rows in (10, 30):
        for _ in range(rows):
            make_purchase(account, draft=True, actor=sam)
        with CaptureQueriesContext(connection) as queries:
            browser.get(reverse("ledger:change-log"), {"table": "credits_purchase"})
        counts.append(len(queries))
    assert counts[0] == counts[1]
