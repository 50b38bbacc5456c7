"""Entries by hand above the threshold: they wait, and somebody else decides, once."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from ledger.models import Currency, JournalEntry, LedgerAccount
from prepaid.exceptions import AlreadyDecided, BadEntry, BadService, NotEnoughLeft, OwnRequest, ServiceClosed
from prepaid.models import EntryRequest, PrepaidEntry, PrepaidService
from prepaid.services.manual import approve_entry, decline_entry, request_entry, withdraw_entry
from prepaid.services.services import Card, close_service, edit_service
from tests.builders import make_account, make_rate, make_user, trial_balance
from tests.prepaid.selling import make_service
from tests.prepaid.test_manual_entries import MINUS, PERIODIC, PLUS, QUANTITY, only, terms

pytestmark = pytest.mark.django_db


@pytest.fixture
def controller(company):
    return make_user("controller")


@pytest.fixture
def waiting(service, finance) -> EntryRequest:
    return request_entry(service, terms(PLUS, "1000.01"), actor=finance)


def refused(kind, work, *args, **kwargs):
    with pytest.raises(kind) as found:
        work(*args, **kwargs)
    return found.value


def test_the_threshold_itself_is_posted_at_once_and_a_cent_more_waits(service, finance):
    assert request_entry(service, terms(PLUS, "1000.00"), actor=finance).state == "posted"
    above = request_entry(service, terms(MINUS, "1000.00"), actor=finance)
    assert (above.state, above.needs_approval, above.decided_by) == ("posted", False, None)
    waits = request_entry(service, terms(PLUS, "1000.01"), actor=finance)
    assert (waits.state, waits.needs_approval, PrepaidEntry.objects.count()) == ("requested", True, 2)
    assert trial_balance() == {}


def test_the_threshold_is_in_lcy_and_of_quantities_one_of_its_own(finance, company):
    make_rate("GBP", "2")
    pounds = make_service(make_account(currency="GBP"), actor=finance)
    assert request_entry(pounds, terms(PLUS, "500.00"), actor=finance).state == "posted"
    assert request_entry(pounds, terms(PLUS, "500.01"), actor=finance).state == "requested"
    assert request_entry(pounds, only(PLUS, "500.01"), actor=finance).state == "requested"
    hours = make_service(pounds.account, actor=finance, accrual=PERIODIC, type=QUANTITY)
    assert request_entry(hours, only(quantity=Decimal(10)), actor=finance).state == "posted"
    assert request_entry(hours, only(quantity=Decimal("10.0001")), actor=finance).state == "requested"


def test_somebody_else_approves_it_on_its_own_day(waiting, controller, finance):
    refused(OwnRequest, approve_entry, waiting, actor=finance)
    assert trial_balance() == {}
    done = approve_entry(waiting, actor=controller, note="As agreed")
    assert (done.state, done.decided_by, done.decision_note) == ("posted", controller, "As agreed")
    assert trial_balance()["2410"] == {"USD": Decimal("-1000.01"), "LCY": Decimal("-1000.01")}
    entry = PrepaidEntry.objects.get()
    assert (entry.posted_on, entry.event_key) == (waiting.posted_on, JournalEntry.objects.get().event_key)
    refused(AlreadyDecided, approve_entry, waiting, actor=controller)
    refused(AlreadyDecided, decline_entry, waiting, note="No", actor=controller)
    refused(AlreadyDecided, withdraw_entry, waiting, actor=finance)


def test_declined_with_a_note_or_withdrawn_it_changes_nothing(waiting, service, controller, finance):
    assert refused(BadEntry, decline_entry, waiting, note=" ", actor=controller).field == "note"
    refused(BadEntry, decline_entry, waiting, note="No", actor=finance)
    refused(BadEntry, withdraw_entry, waiting, actor=controller)
    done = decline_entry(waiting, note="Not agreed", actor=controller)
    assert (done.state, done.decided_by, done.decision_note) == ("declined", controller, "Not agreed")
    other = withdraw_entry(request_entry(service, terms(PLUS, "2000"), actor=finance), actor=finance)
    assert (other.state, other.decided_by) == ("withdrawn", finance)
    assert (PrepaidEntry.objects.count(), JournalEntry.objects.count()) == (0, 0)


def test_what_can_no_longer_be_done_is_refused_when_it_is_approved(service, controller, finance):
    request_entry(service, terms(PLUS, "1000"), actor=finance)
    request_entry(service, terms(PLUS, "500"), actor=finance)
    refused(NotEnoughLeft, request_entry, service, terms(MINUS, "1500.01"), actor=finance)
    takes = request_entry(service, terms(MINUS, "1500"), actor=finance)
    request_entry(service, terms(MINUS, "500.01"), actor=finance)
    refused(NotEnoughLeft, approve_entry, takes, actor=controller)
    gives = request_entry(service, terms(PLUS, "1500"), actor=finance)
    LedgerAccount.objects.filter(pk="4095").update(blocked=True)
    refused(BadEntry, approve_entry, gives, actor=controller)
    LedgerAccount.objects.filter(pk="4095").update(blocked=False)
    request_entry(service, terms(MINUS, "999.99"), actor=finance)
    close_service(service, actor=finance)
    refused(ServiceClosed, approve_entry, gives, actor=controller)
    assert {request.state for request in EntryRequest.objects.filter(pk__in=[takes.pk, gives.pk])} == {"requested"}


def test_what_waits_fixes_the_currency_of_a_card_that_named_none(account, controller, finance):
    """What is approved is the amount that was asked for, in its currency."""
    make_rate("GBP", "2")
    service = make_service(account, actor=finance)
    assert service.currency is None
    asked = request_entry(service, terms(PLUS, "600", currency=Currency.objects.get(pk="GBP")), actor=finance)
    assert (asked.state, PrepaidService.objects.get().currency_id) == ("requested", "GBP")
    refused(BadService, edit_service, service, Card(account=account, currency=account.currency), actor=finance)
    approve_entry(asked, actor=controller)
    assert PrepaidEntry.objects.get().currency_id == "GBP"


def sql(statement: str, *values) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_the_database_holds_it_as_well(waiting, service, controller, finance):
    approve = "UPDATE prepaid_entryrequest SET state = 'posted', decided_at = now(), decided_by_id = %s WHERE id = %s"
    with pytest.raises(IntegrityError, match="entry_request_by_a_second_person"):
        sql(approve, finance.pk, waiting.pk)
    with pytest.raises(IntegrityError, match="entry_request_by_a_second_person"):
        sql(approve, None, waiting.pk)
    with pytest.raises(IntegrityError, match="decided once"):
        sql("UPDATE prepaid_entryrequest SET amount = 1 WHERE id = %s", waiting.pk)
    with pytest.raises(IntegrityError, match="decided once"):
        sql("DELETE FROM prepaid_entryrequest WHERE id = %s", waiting.pk)
    sql(approve, controller.pk, waiting.pk)
    with pytest.raises(IntegrityError, match="decided once"):
        sql("UPDATE prepaid_entryrequest SET state = 'declined' WHERE id = %s", waiting.pk)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("begins undecided", {"state": "'posted'", "decided_at": "now()"}),
        ("entry_request_has_reason", {"reason": "''"}),
        ("entry_request_amount_or_quantity", {"quantity": "1"}),
        ("entry_request_amount_or_quantity", {"amount": "-1"}),
        ("entry_request_posts_or_not", {"quantity_only": "true", "balancing_account_id": "'4095'"}),
        ("entry_request_decided_by_someone", {"decided_at": "now()"}),
    ],
)
def test_a_request_that_could_not_be_made_is_refused_by_the_database(service, finance, constraint, changes):
    values = {
        "service_id": str(service.pk), "entry_type": "'positive'", "posted_on": "now()", "amount": "1", "quantity": "0",
        "quantity_only": "false", "document_no": "''", "document_type": "'by_hand'", "reason": "'x'",
        "needs_approval": "false", "state": "'requested'", "requested_by_id": str(finance.pk), "decision_note": "''",
    } | changes  # fmt: skip
    with pytest.raises(IntegrityError, match=constraint):
        sql(f"INSERT INTO prepaid_entryrequest ({', '.join(values)}) VALUES ({', '.join(values.values())})")
