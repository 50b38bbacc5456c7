"""Dimensions: chosen for a customer or a purchase, carried by every line of the books of the lot."""

import datetime

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from config.night import run_nights
from config.roles import synchronise
from credits.models import Purchase
from credits.services.allocate import allocate
from credits.services.expire import expire_purchase
from credits.services.milestones import complete, reopen
from credits.services.purchases import edit_draft, return_to_draft
from ledger.exceptions import BadDimension
from ledger.models import Dimension, DimensionValue, JournalLine
from ledger.services.dimensions import create_dimension, create_value, edit_value
from opportunities.models import Account
from tests.builders import (
    make_account,
    make_company,
    make_entry,
    make_milestone,
    make_project,
    make_purchase,
    make_terms,
    make_user,
)

pytestmark = pytest.mark.django_db
NORTH = {"REGION": "NORTH"}


@pytest.fixture
def kim():
    make_company()
    kim = make_user("kim")
    region = create_dimension(code="REGION", name="Region", actor=kim)
    for code in ("NORTH", "SOUTH"):
        create_value(region, code=code, name=code.capitalize(), actor=kim)
    return kim


@pytest.fixture
def controller(kim):
    synchronise()
    kim.groups.add(Group.objects.get(name="controller"), Group.objects.get(name="finance"))
    client = Client()
    client.force_login(kim)
    return client


def carried() -> set[tuple[str, str]]:
    """(kind of event, dimensions) of every line of the books."""
    lines = JournalLine.objects.values_list("entry__kind", "dimensions")
    return {(kind, str(dimensions)) for kind, dimensions in lines}


def test_every_line_of_a_lot_carries_its_values_from_sale_to_expiry(kim):
    today = datetime.date(2026, 11, 24)
    account = make_account()
    lot = make_purchase(account, dimensions=NORTH, actor=kim, purchased_on=today, starts_on=today, expires_on=today)
    milestone = make_milestone(make_project(account), 4)
    allocate(milestone, actor=kim, on=today)
    complete(milestone, actor=kim, actual_on=today)
    list(run_nights(today))
    reopen(milestone, actor=kim, reason="Scope changed")
    expire_purchase(lot, actor=kim, on=today)
    assert carried() == {(kind, str(NORTH)) for kind in ("purchase", "completion", "reopening", "expiry")}


def test_a_purchase_takes_the_values_of_its_account_where_none_is_chosen(kim):
    account = make_account()
    Account.objects.update(dimensions=NORTH)
    account.refresh_from_db()
    assert make_purchase(account).dimensions == NORTH
    assert make_purchase(account, dimensions={"REGION": "SOUTH"}).dimensions == {"REGION": "SOUTH"}


def test_none_is_chosen_where_the_account_proposes_a_value(kim):
    account = make_account()
    Account.objects.update(dimensions=NORTH)
    account.refresh_from_db()
    assert make_purchase(account, dimensions={"REGION": ""}).dimensions == {}


def test_a_value_that_is_blocked_is_kept_by_a_draft_and_taken_by_no_new_purchase(kim):
    account = make_account()
    Account.objects.update(dimensions=NORTH)
    account.refresh_from_db()
    draft = make_purchase(account, draft=True)
    edit_value(DimensionValue.objects.get(code="NORTH"), name="North", blocked=True, actor=kim)
    with pytest.raises(BadDimension, match="The value NORTH of REGION is blocked"):
        make_purchase(account)
    edit_draft(draft, make_terms(account, number_of_credits=12), actor=kim)
    draft.refresh_from_db()
    assert (draft.number_of_credits, draft.dimensions) == (12, NORTH)


def test_a_draft_changes_its_values_and_a_confirmed_purchase_keeps_them(kim):
    lot = make_purchase(make_account(), draft=True)
    edit_draft(lot, make_terms(lot.account, dimensions=NORTH), actor=kim)
    lot.refresh_from_db()
    assert lot.dimensions == NORTH
    Purchase.objects.filter(pk=lot.pk).update(draft=True)
    confirmed = make_purchase(lot.account)
    with pytest.raises(IntegrityError, match="its dimensions are fixed"), transaction.atomic():
        Purchase.objects.filter(pk=confirmed.pk).update(dimensions=NORTH)
    return_to_draft(confirmed, actor=kim)
    Purchase.objects.filter(pk=confirmed.pk).update(dimensions=NORTH)


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"REGION": "EAST"}, "Dimension REGION has no value EAST."),
        ({"TEAM": "A"}, "Dimension TEAM has no value A."),
        ({"REGION": "SOUTH"}, "The value SOUTH of REGION is blocked."),
    ],
)
def test_what_is_not_there_or_blocked_is_refused_by_name(kim, chosen, sentence):
    edit_value(DimensionValue.objects.get(code="SOUTH"), name="South", blocked=True, actor=kim)
    with pytest.raises(BadDimension, match=sentence):
        make_purchase(make_account(), dimensions=chosen)


def test_a_blocked_value_is_still_posted_for_what_carries_it(kim):
    today = datetime.date(2026, 11, 24)
    lot = make_purchase(make_account(), dimensions=NORTH, expires_on=today)
    edit_value(DimensionValue.objects.get(code="NORTH"), name="North", blocked=True, actor=kim)
    expire_purchase(lot, actor=kim, on=today)
    assert carried() == {("purchase", str(NORTH)), ("expiry", str(NORTH))}


def test_two_of_the_same_code_are_refused(kim):
    with pytest.raises(BadDimension, match="There is a dimension REGION already"):
        create_dimension(code="REGION", name="Again", actor=kim)
    with pytest.raises(BadDimension, match="Region has a value NORTH already"):
        create_value(Dimension.objects.get(), code="NORTH", name="Again", actor=kim)


@pytest.mark.parametrize(
    ("dimensions", "constraint"),
    [
        ('{"REGION": "EAST"}', "dimension REGION has no value EAST"),
        ('{"TEAM": "A"}', "dimension TEAM has no value A"),
        ('["REGION"]', "journal_line_dimensions_are_pairs"),
    ],
)
def test_the_journal_takes_no_value_that_does_not_exist(kim, dimensions, constraint):
    entry = make_entry()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            WITH header AS (
                INSERT INTO ledger_journalentry (event_key, kind, posting_date, effective_on, currency_id, description,
                    line_count, reason)
                SELECT 'raw', kind, posting_date, effective_on, currency_id, description, line_count, '' FROM
                    ledger_journalentry WHERE id = %s RETURNING id
            )
            INSERT INTO ledger_journalline (entry_id, line_no, account_id, currency_id, debit, credit, debit_lcy,
                credit_lcy, party, lot, dimensions)
            SELECT header.id, line_no, account_id, currency_id, debit, credit, debit_lcy, credit_lcy, '', '', %s::jsonb
            FROM ledger_journalline, header WHERE entry_id = %s
            """,
            [entry.pk, dimensions, entry.pk],
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_dimension SET code = 'AREA'",
        "UPDATE ledger_dimensionvalue SET code = 'N' WHERE code = 'NORTH'",
        "DELETE FROM ledger_dimensionvalue",
        "DELETE FROM ledger_dimension",
    ],
)
def test_codes_stay(kim, statement):
    with (
        pytest.raises(IntegrityError, match="neither deleted nor given another code"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_dimensions_and_values_are_made_in_the_browser(controller):
    controller.post(reverse("ledger:dimension-create"), {"code": "team", "name": "Team"})
    team = Dimension.objects.get(code="TEAM")
    controller.post(reverse("ledger:value-create"), {"dimension": "TEAM", "code": "a", "name": "Team A"})
    assert str(team.values.get()) == "A Team A"
    refused = controller.post(reverse("ledger:value-create"), {"dimension": "TEAM", "code": "a", "name": "Again"})
    assert "Team has a value A already." in refused.content.decode()
    bad = controller.post(reverse("ledger:dimension-create"), {"code": "a b", "name": "X"}).content.decode()
    assert "Capital letters, digits" in bad
    page = controller.get(reverse("ledger:dimension-list")).content.decode()
    assert "Team A" in page


def test_the_forms_offer_what_is_not_blocked_and_keep_what_was_chosen(controller, kim):
    account = make_account()
    url = reverse("opportunities:account-edit", args=[account.pk])
    form = {"name": account.name, "currency": "USD", "business_group": "DOMESTIC", "dimension_REGION": "SOUTH"}
    form |= {"payment_days": "30"}
    controller.post(url, form)
    account.refresh_from_db()
    assert account.dimensions == {"REGION": "SOUTH"}
    edit_value(DimensionValue.objects.get(code="SOUTH"), name="South", blocked=True, actor=kim)
    assert "SOUTH South" in controller.get(url).content.decode()
    assert "SOUTH South" not in controller.get(reverse("opportunities:account-create")).content.decode()
    proposed = controller.get(reverse("credits:purchase-create"), {"account": account.number}).content.decode()
    assert '<option value="SOUTH" selected>' in proposed


def test_the_entry_shows_the_values_of_its_lines(controller, kim):
    lot = make_purchase(make_account(), dimensions=NORTH)
    entry = JournalLine.objects.filter(lot=lot.lot).first().entry
    assert "REGION NORTH" in controller.get(reverse("ledger:entry", args=[entry.pk])).content.decode()
    assert "REGION NORTH" in controller.get(lot.get_absolute_url()).content.decode()
