"""Time and material of a project becomes a usage invoice that a prepaid service pays."""

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from opportunities.exceptions import ProjectEntryBilled
from opportunities.reports.project_entries import project_entries
from opportunities.services.project_entries import (
    Work,
    create_project_entry,
    delete_project_entry,
    edit_project_entry,
)
from prepaid.exceptions import BadDocument, NothingToBill, NotPostable, OtherCurrency, ServiceClosed
from prepaid.forms.documents import locks_of
from prepaid.models import PrepaidService, SalesDocument, SalesLine
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.document_lines import delete_line
from prepaid.services.documents import Header, delete_document, edit_header
from prepaid.services.post_document import post_document
from prepaid.services.project_usage import assigned_services, invoice_project, to_bill
from prepaid.services.services import assign_projects, close_service
from tests.builders import make_account, make_project, make_rate, trial_balance
from tests.prepaid.selling import TODAY, make_document, make_product, make_service, top_up

pytestmark = pytest.mark.django_db
D = Decimal
DAY = datetime.timedelta(days=1)


@pytest.fixture
def hours(company):
    return make_product("CONSULTING", price="150", unit_of_measure="HOUR")


@pytest.fixture
def project(account):
    return make_project(account)


@pytest.fixture
def budget(service, project, finance):
    """Of 5,000.00, assigned to the project."""
    top_up(service, "5000", actor=finance)
    return assign_projects(service, [project], actor=finance)


def record(project, product, quantity="1", days_ago=0, **terms):
    work = Work(product=product, quantity=D(quantity), worked_on=TODAY - days_ago * DAY, **terms)
    return create_project_entry(project, work, actor=None)


def test_a_line_for_each_entry_up_to_the_day_paid_by_the_service(project, hours, budget, finance):
    late = record(project, hours, "1", description="Too late")
    second = record(project, hours, "2.5", days_ago=2, description="Rollout")
    first = record(project, hours, "4", days_ago=9, unit_price=D(120), kind="material")
    invoice = invoice_project(project, service=budget, until=TODAY - DAY, actor=finance)
    assert (invoice.type, invoice.state, invoice.project, invoice.posted_on) == ("invoice", "open", project, TODAY)
    read = ("project_entry", "description", "quantity", "unit_of_measure", "unit_price", "net", "prepaid_service")
    assert [[getattr(line, name) for name in read] for line in invoice.lines.order_by("line_no")] == [
        [first, "15 Nov 2026, Consulting", D(4), "HOUR", D(120), D(480), budget],
        [second, "22 Nov 2026, Rollout", D("2.5"), "HOUR", D(150), D(375), budget],
    ]
    assert list(to_bill(project, TODAY)) == [late]
    post_document(invoice, actor=finance)
    assert trial_balance() == {
        "1100": {"USD": D(5000), "LCY": D(5000)},
        "2410": {"USD": D(-4145), "LCY": D(-4145)},
        "4010": {"USD": D(-855), "LCY": D(-855)},
    }
    assert PrepaidService.objects.with_balances().get(pk=budget.pk).used == 855


def test_an_entry_is_billed_once_and_free_again_after_a_deleted_draft(project, hours, budget, finance):
    entries = [record(project, hours), record(project, hours)]
    invoice = invoice_project(project, service=budget, actor=finance)
    with pytest.raises(NothingToBill, match="no time or material up to 24 Nov 2026"):
        invoice_project(project, service=budget, actor=finance)
    with pytest.raises(ProjectEntryBilled):
        delete_project_entry(entries[0], actor=finance)
    delete_line(invoice.lines.get(project_entry=entries[0]), actor=finance)
    again = invoice_project(project, service=budget, actor=finance)
    assert [line.project_entry for line in again.lines.all()] == [entries[0]]
    delete_document(again, actor=finance)
    delete_document(invoice, actor=finance)
    assert list(to_bill(project, TODAY)) == entries


def test_a_credit_memo_of_all_of_it_frees_it_and_of_a_part_does_not(project, hours, budget, finance):
    entry = record(project, hours, "2")
    posted = post_document(invoice_project(project, service=budget, actor=finance), actor=finance)
    line = posted.lines.get(kind="item")
    post_document(create_credit_memo(posted, reason="Wrong day", credit={line.pk: D(1)}, actor=finance), actor=finance)
    assert (to_bill(project, TODAY).exists(), project_entries().get().billed) == (False, True)
    draft = create_credit_memo(posted, reason="Wrong day", actor=finance)
    assert not to_bill(project, TODAY).exists()
    post_document(draft, actor=finance)
    assert (list(to_bill(project, TODAY)), project_entries().get().billed) == ([entry], False)
    assert PrepaidService.objects.with_balances().get(pk=budget.pk).outstanding == 5000
    edit_project_entry(entry, Work(product=hours, quantity=D(3), worked_on=TODAY), actor=finance)
    with pytest.raises(ProjectEntryBilled):  # its invoice refers to it
        delete_project_entry(entry, actor=finance)
    again = invoice_project(project, actor=finance)
    assert [line.quantity for line in again.lines.all()] == [3]
    with pytest.raises(ProjectEntryBilled):
        edit_project_entry(entry, Work(product=hours, quantity=D(4), worked_on=TODAY), actor=finance)
    with pytest.raises(IntegrityError, match="on a sales document already"), transaction.atomic():
        SalesLine.objects.create(**{**values_of(again.lines.get()), "line_no": 2})


def values_of(line):
    return {field.attname: getattr(line, field.attname) for field in line._meta.fields if field.name != "id"}


def test_project_work_of_one_customer_is_billed_to_nobody_else(project, account, hours, finance):
    record(project, hours, "2")
    invoice = invoice_project(project, actor=finance)
    other = make_account("Somebody else")
    for header, field in (
        (Header(account=other, currency=invoice.currency), "account"),
        (Header(account=account, currency=invoice.currency), "project"),
        (Header(account=account, currency=invoice.currency, project=make_project(account)), "project"),
    ):
        with pytest.raises(BadDocument, match="time and material") as refusal:
            edit_header(invoice, header, actor=finance)
        assert refusal.value.field == field
    assert set(locks_of(invoice)) == {"account", "currency", "project"}
    edit_header(
        invoice, Header(account=account, bill_to=other, currency=invoice.currency, project=project), actor=finance
    )
    foreign = make_document(other, actor=finance)
    for rows, values in (
        (SalesDocument.objects.filter(pk=invoice.pk), {"account": other, "project": None}),
        (invoice.lines, {"document": foreign}),
    ):
        with pytest.raises(IntegrityError, match="of another account"), transaction.atomic():
            rows.update(**values)


def test_without_a_service_the_customer_is_billed(project, hours, finance):
    record(project, hours, "2")
    post_document(invoice_project(project, actor=finance), actor=finance)
    assert trial_balance() == {
        "1100": {"USD": D(300), "LCY": D(300)},
        "4000": {"USD": D(-300), "LCY": D(-300)},
    }


def test_only_an_open_service_of_the_account_assigned_to_the_project_pays(account, project, hours, budget, finance):
    record(project, hours)
    other, foreign, closed = (make_service(account) for _ in range(3))
    for service in (foreign, closed):
        assign_projects(service, [project], actor=finance)
    make_rate("EUR", "1.1")
    top_up(foreign, "100", currency="EUR", actor=finance)
    close_service(closed, actor=finance)
    stranger = make_service(make_account("Another"))
    for service, refusal, sentence in (
        (other, BadDocument, "is not assigned to"),
        (foreign, OtherCurrency, "is in EUR, not in USD"),
        (closed, ServiceClosed, "is closed"),
        (stranger, NotPostable, "belongs to another account"),
    ):
        with pytest.raises(refusal, match=sentence):
            invoice_project(project, service=service, actor=finance)
    assert list(assigned_services(project)) == [budget]
    assert to_bill(project, TODAY).count() == 1
