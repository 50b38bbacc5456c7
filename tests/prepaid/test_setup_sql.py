"""What the database refuses about the setup, the cards' projects and billed time, whoever asks."""

from decimal import Decimal

import pytest

from opportunities.services.project_entries import Work, create_project_entry
from prepaid.models import PrepaidSetup, ServiceProject
from prepaid.services.project_usage import invoice_project
from prepaid.services.services import assign_projects
from tests.builders import make_account, make_project
from tests.prepaid.raw import change, copy, let_in
from tests.prepaid.selling import TODAY, make_product

pytestmark = pytest.mark.django_db


def test_the_setup_is_one_row(company):
    pk = PrepaidSetup.objects.get().pk
    assert let_in([
        ("prepaid_setup_is_one_row", change("prepaidsetup", pk, id=2)),
        ("prepaid_setup_approval_not_negative", change("prepaidsetup", pk, approve_amounts_above=-1)),
        ("prepaid_setup_approval_not_negative", change("prepaidsetup", pk, approve_quantities_above=-1)),
    ]) == []  # fmt: skip


def test_a_project_is_assigned_once_and_to_a_service_of_its_account(account, service, finance):
    assign_projects(service, [make_project(account)], actor=finance)
    assigned, foreign = ServiceProject.objects.get().pk, make_project(make_account("Marlowe")).pk
    assert let_in([
        ("service_project_assigned_once", copy("serviceproject", assigned)),
        ("service_project_of_the_account", change("serviceproject", assigned, project_id=foreign)),
    ]) == []  # fmt: skip


def test_time_that_was_billed_stays_and_is_billed_once(account, finance):
    project = make_project(account)
    work = Work(product=make_product("CONSULTING", price="150"), quantity=Decimal(2), worked_on=TODAY)
    entry = create_project_entry(project, work, actor=None)
    invoice = invoice_project(project, service=None, until=TODAY, actor=finance)
    line, other = invoice.lines.get().pk, make_account("Marlowe").pk
    billed = f"WHERE id = {entry.pk}"
    assert let_in([
        ("project_entry_fixed_once_billed", (f"UPDATE opportunities_projectentry SET quantity = 3 {billed}", [])),
        ("project_entry_fixed_once_billed", (f"DELETE FROM opportunities_projectentry {billed}", [])),
        ("sales_line_project_entry_billed_once", copy("salesline", line, line_no=9)),
        ("sales_line_project_entry_of_its_account", change("salesdocument", invoice.pk, account_id=other, project_id=None)),
    ]) == []  # fmt: skip
