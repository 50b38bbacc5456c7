"""Time and material of a project: entered and changed until it is billed."""

import datetime
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from opportunities.exceptions import BadPrice, BadProjectEntry, ProjectEntryBilled, ProjectEntryGone, ProjectFixed
from opportunities.models import CommitmentOption, Product, ProjectEntry
from opportunities.reports.project_entries import project_entries, unbilled, unbilled_total
from opportunities.services.project_entries import (
    Work,
    create_project_entry,
    delete_project_entry,
    edit_project_entry,
)
from opportunities.services.projects import edit_project
from prepaid.services.document_lines import LineTerms, add_line
from prepaid.services.documents import delete_document
from tests.builders import make_account, make_project, make_user
from tests.credits.desk import Page, errors, text
from tests.prepaid.selling import TODAY, make_company, make_document, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(db):
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False):
        yield make_company()


@pytest.fixture
def project(company):
    return make_project(make_account())


@pytest.fixture
def hours(company) -> Product:
    return make_product("CONSULTING", price="150", unit_of_measure="HOUR")


@pytest.fixture
def delivery(client, company):
    user = make_user("dana")
    user.groups.add(Group.objects.get(name="delivery"))
    client.force_login(user)
    return client


def record(project, product, quantity="1", **terms) -> ProjectEntry:
    work = Work(product=product, quantity=Decimal(quantity), **{"worked_on": TODAY, **terms})
    return create_project_entry(project, work, actor=None)


def bill(entry: ProjectEntry):
    """An unposted invoice with the entry."""
    invoice = make_document(entry.project.account)
    terms = LineTerms(product=entry.product, quantity=entry.quantity, unit_price=entry.unit_price)
    add_line(invoice, terms, actor=None, project_entry=entry)
    return invoice


def test_without_description_and_price_those_of_the_product_are_taken(project, hours):
    entry = record(project, hours, "1.5")
    assert (entry.description, entry.unit_price, entry.quantity) == ("Consulting", 150, Decimal("1.5"))
    other = record(project, hours, "2", description=" Night shift ", unit_price=Decimal("180.50"), kind="material")
    assert (other.description, other.unit_price, other.kind) == ("Night shift", Decimal("180.50"), "material")


def test_what_is_to_be_billed_is_the_sum_of_each_rounded_once(project, hours):
    for _ in range(3):
        record(project, hours, "0.3335", unit_price=Decimal("10.01"))
    billed = record(project, hours, "8")
    invoice = bill(billed)
    assert [entry.billed for entry in project_entries().order_by("id")] == [False, False, False, True]
    assert [entry.amount for entry in unbilled(project)] == [Decimal("3.34")] * 3
    assert unbilled_total(project) == Decimal("10.02")
    delete_document(invoice, actor=None)
    assert unbilled_total(project) == Decimal("1210.02")


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"quantity": Decimal(0)}, "quantity", "A quantity of 0: enter more than 0"),
        ({"quantity": Decimal("0.00001")}, "quantity", "at most 4 decimals"),
        ({"worked_on": TODAY + datetime.timedelta(days=1)}, "worked_on", "25 Nov 2026 has not come"),
        ({"unit_price": Decimal("1.234")}, "unit_price", "more decimals than USD"),
        ({"unit_price": Decimal(-1)}, "unit_price", "below zero"),
    ],
)
def test_what_cannot_be_recorded_is_refused_at_its_field(project, hours, changes, field, sentence):
    work = {"product": hours, "quantity": Decimal(1), "worked_on": TODAY} | changes
    with pytest.raises((BadProjectEntry, BadPrice), match=sentence) as refused:
        create_project_entry(project, Work(**work), actor=None)
    assert refused.value.field == field


def test_what_tops_up_or_has_its_price_elsewhere_is_no_work(project):
    with pytest.raises(BadProjectEntry, match=r"CONSULT-EU is priced in EUR\. Enter its price in USD"):
        record(project, make_product("CONSULT-EU", currency="EUR"))
    for number, changes in enumerate([{"prepaid": True}, {"commitment_option": CommitmentOption.COMMITMENT_ITEM}]):
        with pytest.raises(BadProjectEntry, match="is not work"):
            record(project, make_product(f"P{number}", **changes))


def test_what_is_on_a_sales_document_stays_as_it_was_billed(project, hours):
    entry = record(project, hours)
    invoice = bill(entry)
    work = Work(product=hours, quantity=Decimal(2), worked_on=TODAY)
    for change in (
        lambda: edit_project_entry(entry, work, actor=None),
        lambda: delete_project_entry(entry, actor=None),
    ):
        with pytest.raises(ProjectEntryBilled, match=f"billed by {invoice}/1 Consulting"):
            change()
    for sql in ("UPDATE opportunities_projectentry SET quantity = 2", "DELETE FROM opportunities_projectentry"):
        with pytest.raises(IntegrityError, match="on a sales document"), transaction.atomic():
            connection.cursor().execute(sql)
    delete_document(invoice, actor=None)
    assert edit_project_entry(entry, work, actor=None).quantity == 2
    delete_project_entry(entry, actor=None)
    with pytest.raises(ProjectEntryGone):
        delete_project_entry(entry, actor=None)


def test_two_documents_never_bill_one_entry(project, hours):
    entry = record(project, hours)
    bill(entry)
    with pytest.raises(IntegrityError, match="on a sales document already"), transaction.atomic():
        bill(entry)


def test_the_database_takes_no_quantity_of_nothing_and_no_price_below_zero(project, hours):
    record(project, hours)
    for column, value, constraint in (
        ("quantity", 0, "project_entry_quantity_above_zero"),
        ("unit_price", -1, "project_entry_price_not_negative"),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            connection.cursor().execute(f"UPDATE opportunities_projectentry SET {column} = %s", [value])


def test_a_project_with_work_keeps_its_currency(project, hours):
    record(project, hours)
    with pytest.raises(ProjectFixed, match=r"keeps its currency, which the work of 2026-11-24 Consulting stands on"):
        currency = make_account("Euro", currency="EUR").currency
        edit_project(project, name="New", account=project.account, currency=currency, actor=None)


def test_work_is_recorded_changed_and_deleted_on_the_page_of_the_project(delivery, project, hours):
    url = reverse("opportunities:project-entry-create", args=[project.pk])
    typed = {"worked_on": "2026-11-20", "kind": "time", "product": hours.pk, "description": "", "quantity": "1.5"}
    assert errors(delivery.post(url, typed | {"quantity": "0"}))["quantity"][0].startswith("A quantity of 0")
    assert delivery.post(url, typed)["Location"] == project.get_absolute_url()
    entry = ProjectEntry.objects.get()
    assert entry.created_by.username == "dana"
    page = text(delivery.get(project.get_absolute_url()))
    assert "To be billed: USD\xa0225.00".replace("\xa0", " ") in page and "1.5 HOUR" in page
    edit = reverse("opportunities:project-entry-edit", args=[entry.pk])
    delivery.post(edit, typed | {"quantity": "2", "unit_price": "100"})
    assert unbilled_total(project) == 200
    bill(ProjectEntry.objects.get())
    assert "Billed: SI-000001/1 Consulting" in text(delivery.get(project.get_absolute_url()))
    assert "is billed by" in text(delivery.get(edit))
    assert unbilled_total(project) == 0
    second = record(project, hours)
    assert Page(delivery, reverse("opportunities:project-entry-delete", args=[second.pk])).confirm().status_code == 302
    assert ProjectEntry.objects.get() == entry


def test_the_list_tells_what_is_billed_and_sums_it(delivery, project, hours):
    record(project, hours, description="Open work")
    bill(record(project, hours, "3", description="Done work"))
    url = reverse("opportunities:project-entry-list")
    both = text(delivery.get(url))
    assert "600.00" in both and "To be billed" in both
    left = text(delivery.get(f"{url}?billed=no&project={project.number}"))
    assert "Open work" in left and "Done work" not in left
