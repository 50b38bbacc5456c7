"""The demo company: whole, alive on any day, the same when it is loaded again, and never by accident in production."""

import datetime
import io

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db.models import F

from config.demo.logins import PASSWORD, PEOPLE
from credits.models import Completion, Consumption, Milestone, Purchase
from credits.reports.proposal import propose
from ledger.dates import business_date
from ledger.models import BatchRun, JournalEntry, JournalLine, LedgerSetup
from opportunities.models import Account, Opportunity, OpportunityLine, Product, Project, ProjectEntry
from prepaid.models import (
    BilledPeriod,
    BillingRun,
    ContractDeferral,
    CustomerContract,
    DeferralLine,
    DissolutionProposal,
    EntryRequest,
    PrepaidEntry,
    PrepaidService,
    ReleaseRun,
    SalesDocument,
    SalesLine,
    ServiceCommitment,
)
from tests.builders import make_company, trial_balance

pytestmark = pytest.mark.django_db
SOLD = (Account, Product, Opportunity, OpportunityLine, Project, Purchase, Milestone, Consumption, Completion)
PREPAID = (PrepaidService, PrepaidEntry, SalesDocument, SalesLine, EntryRequest, DissolutionProposal, ProjectEntry)
CONTRACTS = (
    CustomerContract, ServiceCommitment, BilledPeriod, BillingRun, ContractDeferral, DeferralLine, ReleaseRun,
)  # fmt: skip
MODELS = (*SOLD, *PREPAID, *CONTRACTS)
BOOKS = (JournalEntry, JournalLine, BatchRun, LedgerSetup)


def load(**options) -> str:
    out = io.StringIO()
    call_command("load_demo", stdout=out, **options)
    return out.getvalue()


def rows() -> dict[str, list]:
    return {
        model.__name__: list(model.objects.order_by("pk").values()) for model in (*MODELS, *BOOKS, get_user_model())
    }


def check_it_lives() -> None:
    """What a visitor looks for is there, whatever the day."""
    assert Purchase.objects.filter(draft=True).exists()
    assert Purchase.objects.filter(amount_paid_per_credit=0).exists()
    assert Purchase.objects.filter(credits_expired__gt=0).exists()
    assert Milestone.objects.filter(credits_allocated=0, credits_needed__gt=0).exists()
    assert Completion.objects.filter(earned_on=None).exists()
    check_prepaid_services_live()
    check_contracts_live()
    assert BatchRun.objects.filter(state="done").count() == BatchRun.objects.count() == 7
    assert {"1100", "2400", "4000", "4090"} <= trial_balance().keys()
    assert JournalEntry.objects.filter(posting_date__gt=F("effective_on")).count() == 0


def check_prepaid_services_live() -> None:
    """Budgets and hours, used, corrected and lapsed, and a document of every kind."""
    services = PrepaidService.objects.with_balances()
    assert services.filter(outstanding__gt=0, used__gt=0).count() > 2
    assert services.filter(used_quantity__gt=0, outstanding_quantity=0).exists()
    assert set(PrepaidEntry.objects.values_list("entry_type", flat=True)) == set(PrepaidEntry.Type.values)
    assert set(SalesDocument.objects.values_list("type", flat=True)) == set(SalesDocument.Type.values)
    used_up = SalesDocument.objects.with_totals().filter(net__gt=0, lines__kind="balance")
    assert used_up.filter(posted_at__isnull=False).exists()
    assert EntryRequest.objects.filter(state="requested").exists()
    assert DissolutionProposal.objects.filter(state="requested").exists()
    assert ProjectEntry.objects.filter(sales_lines=None).exists()


def check_contracts_live() -> None:
    """In two currencies, billed by hand and by night, used, released in part; one cancelled, and its deferral at zero."""
    assert {contract.currency_id for contract in CustomerContract.objects.all()} == {"USD", "EUR"}
    billed = SalesDocument.objects.filter(billing_run__isnull=False)
    assert billed.filter(state="posted").count() == billed.count() > 8
    assert not ServiceCommitment.objects.due(business_date()).exists()
    lines = DeferralLine.objects.filter(deferral__starts_on__lte=business_date())
    assert lines.released().exists() and lines.open().exists()
    assert not DeferralLine.objects.due(business_date() - datetime.timedelta(days=1)).exists()
    cancelled = ServiceCommitment.objects.exclude(cancelled_on=None).get()
    assert cancelled.is_over and not DeferralLine.objects.open().filter(deferral__commitment=cancelled).exists()
    assert SalesDocument.objects.filter(type="credit_memo", credit_scope="future", state="posted").exists()
    assert SalesDocument.objects.filter(type="order", lines__commitments__isnull=False, deliveries=None).exists()


def test_loaded_twice_it_is_the_same():
    assert "is loaded" in load()
    check_it_lives()
    before = rows()
    assert "is there already" in load()
    assert rows() == before


@pytest.mark.parametrize("day", ["2027-01-03", "2028-02-29", "2026-03-31"])
def test_it_lives_on_any_day(day):
    with time_machine.travel(datetime.datetime.fromisoformat(f"{day}T18:00:00+00:00"), tick=True):
        load()
        check_it_lives()


def test_a_won_line_of_1000_for_7_waits_to_be_bought():
    load()
    opportunity = Opportunity.objects.get(name="Warehouse rollout")
    line = propose(opportunity, on=opportunity.closes_on).lines[0]
    assert [(part.credits, str(part.price)) for part in line.parts] == [(5, "142.86"), (2, "142.85")]


def test_it_balances_and_the_books_have_no_offender():
    load()
    assert sum(row["LCY"] for row in trial_balance().values()) == 0
    call_command("check_books", stdout=io.StringIO())


def test_one_login_per_role_is_told_with_its_password_until_it_is_changed():
    load()
    told = dict(line.split(maxsplit=1) for line in load(logins=True).splitlines()[1:])
    assert told == dict.fromkeys([*PEOPLE, "admin"], PASSWORD)
    person = get_user_model().objects.get(username="sales")
    assert [group.name for group in person.groups.all()] == ["sales"]
    person.set_password("something else")
    person.save()
    assert "sales       (changed)" in load(logins=True)


def test_logins_alone_load_nothing():
    assert load(logins=True) == "There are no demo logins.\n"
    assert not Account.objects.exists()


def test_it_stays_out_of_production_and_of_other_books(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="This is production"):
        load()
    settings.PRODUCTION = False
    make_company()
    with pytest.raises(CommandError, match="These are the books of Lot & Sons"):
        load()
    assert not get_user_model().objects.exists()
