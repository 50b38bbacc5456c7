"""The card of a prepaid service: what the service refuses, and what the database refuses by itself."""

import datetime
import re
from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, transaction

from ledger.exceptions import BadDimension
from ledger.models import ChangeLogEntry, Currency, Dimension, DimensionValue
from opportunities.services.projects import create_project
from prepaid.exceptions import BadService
from prepaid.models import PrepaidService, PrepaidSetup
from prepaid.services.post_document import post_document
from prepaid.services.services import (
    Card,
    assign_projects,
    close_service,
    create_service,
    edit_service,
    reopen_service,
)
from tests.builders import make_account
from tests.prepaid.contracting import agree, bill_until, make_budget
from tests.prepaid.selling import make_service, top_up

pytestmark = pytest.mark.django_db
D = datetime.date


def card_of(service: PrepaidService, **changes) -> Card:
    return replace(Card(**{name: getattr(service, name) for name in Card.__dataclass_fields__}), **changes)


IMPOSSIBLE = [
    ({"type": "quantity"}, "type", "A one-time prepaid service is always an amount. Choose periodic for a quantity."),
    ({"unit_of_measure": "HOUR"}, "unit_of_measure", "Only a quantity has a unit of measure."),
    ({"starts_on": D(2026, 12, 1), "ends_on": D(2026, 11, 30)}, "ends_on", "It ends on 30 Nov 2026, before it starts."),
    ({"valid_until_formula": "1M+"}, "valid_until_formula", "“1M+”: at character 4, a term as in"),
    ({"valid_until_formula": "<>"}, "valid_until_formula", "The date formula is empty."),
]


def test_a_card_that_cannot_be_is_refused_new_and_edited(account):
    service = make_service(account)
    for card, field, sentence in IMPOSSIBLE:
        with pytest.raises(BadService) as refused:
            make_service(account, **card)
        assert sentence in refused.value.message
        assert refused.value.field == field
        with pytest.raises(BadService, match=re.escape(refused.value.message)):
            edit_service(service, card_of(service, **card), actor=None)
    service.refresh_from_db()
    assert (service.type, service.unit_of_measure, service.valid_until_formula) == ("amount", "", "")
    assert PrepaidService.objects.count() == 1


def test_every_kind_that_can_be_is_made_numbered_and_signed(account, finance):
    kinds = [("one_time", "amount"), ("periodic", "amount"), ("periodic", "quantity")]
    made = [make_service(account, accrual=accrual, type=type_, actor=finance) for accrual, type_ in kinds]
    assert [service.number for service in made] == ["PS-00001", "PS-00002", "PS-00003"]
    logged = ChangeLogEntry.objects.filter(table="prepaid_prepaidservice").first()
    assert (logged.actor, logged.action) == (finance, "Create prepaid service")


def test_its_number_becomes_a_value_of_the_dimension_unless_it_is_given_one(account):
    contract = Dimension.objects.create(code="CONTRACT", name="Contract")
    PrepaidSetup.objects.update(dimension=contract)
    assert make_service(account).dimension_value == "PS-00001"
    assert DimensionValue.objects.get(code="PS-00001").name == "Support budget"
    contract.values.create(code="OTHER", name="Other")
    assert make_service(account, dimension_value="OTHER").dimension_value == "OTHER"
    with pytest.raises(BadDimension) as refused:
        make_service(account, dimension_value="NONE")
    assert (refused.value.message, refused.value.field) == ("Dimension CONTRACT has no value NONE.", "dimension_value")
    PrepaidSetup.objects.update(insert_dimension_value=False)
    assert make_service(account).dimension_value == ""


def test_a_blocked_value_is_kept_and_not_chosen_anew(account):
    contract = Dimension.objects.create(code="CONTRACT", name="Contract")
    PrepaidSetup.objects.update(dimension=contract)
    service = make_service(account)
    contract.values.update(blocked=True)
    assert edit_service(service, card_of(service, description="New"), actor=None).description == "New"
    with pytest.raises(BadDimension, match="The value PS-00001 of CONTRACT is blocked"):
        make_service(account, dimension_value="PS-00001")


def test_what_an_entry_has_fixed_stays(account, finance):
    service = make_service(account, actor=finance)
    top_up(service, "100.00", actor=finance)
    service.refresh_from_db()
    for other in (
        {"account": make_account("Marlowe")},
        {"accrual": "periodic"},
        {"accrual": "periodic", "type": "quantity"},
        {"currency": Currency.objects.get(pk="EUR")},
    ):
        with pytest.raises(BadService, match=r"has entries: its .* stays") as refused:
            edit_service(service, card_of(service, **other), actor=finance)
        assert refused.value.field in other
    assert edit_service(service, card_of(service, ends_on=D(2027, 1, 1)), actor=finance).ends_on == D(2027, 1, 1)


def test_before_the_first_entry_everything_can_be_changed(account):
    service, other = make_service(account), make_account("Marlowe")
    card = card_of(service, account=other, accrual="periodic", type="quantity", unit_of_measure="HOUR")
    service = edit_service(service, card, actor=None)
    assert (service.account, service.type, service.unit_of_measure) == (other, "quantity", "HOUR")


def test_what_a_commitment_tops_up_stays_such_a_service(account, finance):
    """Or its contract could not be billed any more, nor could what is billed be posted."""
    budget = make_budget(account)
    (draft,) = bill_until(D(2026, 11, 24), agree(account, starts_on=D(2026, 11, 1), service=budget)).invoices
    budget.refresh_from_db()
    for other in (
        {"account": make_account("Marlowe")},
        {"accrual": "one_time"},
        {"type": "quantity"},
        {"currency": Currency.objects.get(pk="EUR")},
        {"currency": None},
    ):
        with pytest.raises(BadService, match=rf"Support tops up {budget.number}.*: its .* stays") as refused:
            edit_service(budget, card_of(budget, **other), actor=None)
        assert refused.value.field in other
    assert edit_service(budget, card_of(budget, description="Retainer"), actor=None).description == "Retainer"
    post_document(draft, actor=finance)
    assert budget.entries.get().amount == 1000


def test_an_account_is_not_changed_from_under_the_assigned_projects(account):
    service = make_service(account)
    work = create_project(name="Berths", account=account, currency=account.currency, actor=None)
    assign_projects(service, [work], actor=None)
    with pytest.raises(BadService, match="Projects of the old account are assigned, such as"):
        edit_service(service, card_of(service, account=make_account("Marlowe")), actor=None)


def test_a_project_of_another_account_is_not_assigned(account, finance):
    service, other = make_service(account), make_account("Marlowe")
    own = create_project(name="Berths", account=account, currency=account.currency, actor=None)
    foreign = create_project(name="Quays", account=other, currency=other.currency, actor=None)
    with pytest.raises(BadService, match=f"Project {foreign} belongs to another account"):
        assign_projects(service, [own, foreign], actor=finance)
    assert not service.projects.exists()
    assert list(assign_projects(service, [own], actor=finance).projects.all()) == [own]


def test_closing_asks_for_a_balance_of_zero_and_opening_for_a_closed_one(account, finance):
    service = make_service(account, actor=finance)
    top_up(service, "100.00", actor=finance)
    with pytest.raises(
        BadService, match="has USD\u00a0100\\.00 left\\. Expire it, or take it out with an entry by hand"
    ):
        close_service(service, actor=finance)
    empty = close_service(make_service(account), actor=finance)
    with pytest.raises(BadService, match="is closed already"):
        close_service(empty, actor=finance)
    assert not reopen_service(empty, actor=finance).closed
    with pytest.raises(BadService, match="is open"):
        reopen_service(empty, actor=finance)


# The database, by itself.


def refused_by_sql(constraint: str, statement: str, *values) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


UPDATE = "UPDATE prepaid_prepaidservice SET {} WHERE id = %s"


def test_the_database_refuses_a_card_that_cannot_be(service):
    for change, constraint in (
        ("type = 'quantity'", "prepaid_service_one_time_is_an_amount"),
        ("accrual = 'sometimes'", "prepaid_service_one_time_is_an_amount"),
        ("starts_on = '2026-12-01', ends_on = '2026-11-30'", "prepaid_service_ends_after_start"),
        ("unit_of_measure = 'HOUR'", "prepaid_service_unit_of_a_quantity"),
        ("number = ''", "prepaid_service_has_number"),
    ):
        refused_by_sql(constraint, UPDATE.format(change), service.pk)


def test_the_database_keeps_what_an_entry_has_fixed_and_a_service_with_a_balance_open(account, finance):
    service, other = make_service(account, actor=finance), make_account("Marlowe")
    top_up(service, "100.00", actor=finance)
    for change in (f"account_id = {other.pk}", "accrual = 'periodic'", "currency_id = 'EUR'", "currency_id = NULL"):
        refused_by_sql("prepaid_service_fixed_once_used|has entries", UPDATE.format(change), service.pk)
    refused_by_sql("has something left", UPDATE.format("closed = true"), service.pk)
    periodic = make_service(account, accrual="periodic", actor=finance)
    refused_by_sql("prepaid_service_number_key|unique", UPDATE.format("number = 'PS-00001'"), periodic.pk)


def test_the_database_refuses_a_project_of_another_account(service):
    other = make_account("Marlowe")
    foreign = create_project(name="Quays", account=other, currency=other.currency, actor=None)
    insert = "INSERT INTO prepaid_serviceproject (service_id, project_id) VALUES (%s, %s)"
    refused_by_sql("the project belongs to another account", insert, service.pk, foreign.pk)


def test_a_given_number_is_taken(account):
    assert create_service(Card(account=account), actor=None, number="OLD-7").number == "OLD-7"
