"""What the database refuses about prepaid ledger entries, what they take and give back, and what is left, whoever asks."""

import datetime

import pytest
from django.db import DatabaseError, connection, transaction

from prepaid.models import Application, GiveBack, InflowBalance, PrepaidEntry
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.post_document import post_document
from prepaid.services.services import close_service
from tests.prepaid.raw import change, copy, delete, let_in, refusal_of
from tests.prepaid.selling import make_service, top_up, use
from tests.prepaid.year import PERIODIC, by_hand

pytestmark = pytest.mark.django_db
D = datetime.date


class World:
    """500.00 valid for the year, 80.00 of it used and given back; an inflow of another service, unlimited; hours."""

    def __init__(self, account, finance):
        self.service = make_service(account, actor=finance, valid_until_formula="CY")
        self.other = make_service(account, actor=finance)
        self.hours = make_service(account, actor=finance, accrual=PERIODIC, type="quantity")
        self.closed = make_service(account, actor=finance)
        top_up(self.service, "500.00", on=D(2026, 11, 2), actor=finance)
        used = use(self.service, "80.00", on=D(2026, 11, 3), actor=finance)
        memo = create_credit_memo(used, reason="Not done", actor=finance)
        self.memo = post_document(memo, actor=finance)
        top_up(self.other, "60.00", on=D(2026, 11, 2), actor=finance)
        use(self.other, "10.00", on=D(2026, 11, 3), actor=finance)
        by_hand(self.hours, "7.5", actor=finance, on=D(2026, 11, 2))
        close_service(self.closed, actor=finance)
        self.inflow, self.used, self.back = self.service.entries.order_by("id").values_list("pk", flat=True)
        self.elsewhere, self.used_elsewhere = self.other.entries.order_by("id").values_list("pk", flat=True)
        self.counted = self.hours.entries.get().pk
        self.taken = Application.objects.get(outflow=self.used).pk
        self.given = GiveBack.objects.get().pk
        connection.check_constraints()  # what waits for the commit would stand in the way of TRUNCATE


@pytest.fixture
def world(account, finance):
    return World(account, finance)


def test_each_constraint_of_entries(world):
    entry = "prepaidentry"
    assert let_in([
        ("prepaid_entry_amount_or_quantity", copy(entry, world.inflow, amount=0, amount_lcy=0)),
        ("prepaid_entry_amount_or_quantity", copy(entry, world.inflow, amount=-1, amount_lcy=-1)),
        ("prepaid_entry_amount_or_quantity", copy(entry, world.inflow, amount_lcy=-1)),
        ("prepaid_entry_amount_or_quantity", copy(entry, world.inflow, quantity=1)),
        ("prepaid_entry_amount_or_quantity", copy(entry, world.used, amount=80, amount_lcy=80)),
        ("prepaid_entry_amount_or_quantity", copy(entry, world.counted, quantity=-1)),
        ("prepaid_entry_outflow_has_no_validity", copy(entry, world.used, valid_until="2027-01-01")),
        ("prepaid_entry_outflow_has_no_validity", copy(entry, world.used, came_from_id=world.inflow)),
        ("prepaid_entry_valid_from_its_day", copy(entry, world.inflow, valid_until="2026-11-01")),
        ("prepaid_entry_deferred_has_its_groups", copy(entry, world.inflow, deferral_group_id=None)),
        ("prepaid_entry_deferred_has_its_groups", copy(entry, world.inflow, deferral_account_id=None)),
        ("prepaid_entry_deferred_has_its_groups", copy(entry, world.inflow, product_group_id=None)),
        ("prepaid_entry_deferred_has_its_groups", copy(entry, world.inflow, business_group_id=None)),
        ("prepaid_entry_deferred_has_its_groups", copy(entry, world.inflow, exchange_rate=None)),
        ("prepaid_entry_has_event_key", copy(entry, world.inflow, event_key="")),
        ("prepaid_entry_fits_its_service", copy(entry, world.inflow, service_id=world.closed.pk)),
        ("prepaid_entry_fits_its_service", copy(entry, world.inflow, currency_id="EUR")),
        ("prepaid_entry_fits_its_service", copy(entry, world.inflow, service_id=world.hours.pk)),
        ("prepaid_entry_fits_its_service", copy(entry, world.counted, service_id=world.other.pk)),
        ("prepaid_entry_is_explained", copy(entry, world.used)),
        ("prepaid_entry_is_explained", copy(entry, world.inflow, came_from_id=world.inflow)),
    ]) == []  # fmt: skip


def test_a_periodic_service_is_never_deferred(world, account, finance):
    periodic = make_service(account, actor=finance, accrual=PERIODIC)
    statement = copy("prepaidentry", world.inflow, service_id=periodic.pk)
    assert refusal_of(statement) == "prepaid_entry_fits_its_service"
    money = {"deferral_account_id": None, "deferral_group_id": None}
    assert refusal_of(copy("prepaidentry", world.inflow, service_id=periodic.pk, **money)) is None


def test_each_constraint_of_what_is_taken(world):
    taken = "application"
    assert let_in([
        ("application_amount_or_quantity", copy(taken, world.taken, used_line_id=None, amount=0, amount_lcy=0)),
        ("application_amount_or_quantity", copy(taken, world.taken, used_line_id=None, amount_lcy=-1)),
        ("application_amount_or_quantity", copy(taken, world.taken, used_line_id=None, quantity=1)),
        ("application_once", copy(taken, world.taken)),
        ("application_revenue_has_its_group", copy(taken, world.taken, revenue_group_id="X", revenue_account_id=None)),
        # Of another service, from what is no inflow, by what is no outflow, before it came in.
        ("application_takes_what_is_usable", copy(taken, world.taken, inflow_id=world.elsewhere)),
        ("application_takes_what_is_usable", copy(taken, world.taken, inflow_id=world.used)),
        ("application_takes_what_is_usable", copy(taken, world.taken, outflow_id=world.back)),
        ("application_takes_what_is_usable", copy(taken, world.taken, inflow_id=world.back)),
        ("prepaid_balance_never_below_zero", copy(taken, world.taken, used_line_id=None, amount=501, amount_lcy=420)),
        ("prepaid_balance_never_below_zero", copy(taken, world.taken, used_line_id=None, amount=1, amount_lcy=501)),
        ("prepaid_balance_ends_in_lcy_as_well", copy(taken, world.taken, used_line_id=None, amount=420, amount_lcy=1)),
        ("prepaid_entry_is_explained", copy("prepaidentry", world.used, entry_type="negative")),
    ]) == []  # fmt: skip


def test_what_has_lapsed_is_not_used_and_what_has_not_does_not_lapse(world):
    def taken(kind: str, day: str, inflow: int = world.inflow, service: int = world.service.pk):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO prepaid_prepaidentry (service_id, entry_type, posted_on, document_type, document_no,"
                " currency_id, amount, amount_lcy, quantity, event_key, reason)"
                " VALUES (%s, %s, %s, 'expiry', '', 'USD', -1, -1, 0, 'raw', '') RETURNING id",
                [service, kind, day],
            )
            (outflow,) = cursor.fetchone()
            part = copy("application", world.taken, outflow_id=outflow, inflow_id=inflow, used_line_id=None,
                        amount=1, amount_lcy=1)  # fmt: skip
            cursor.execute("SAVEPOINT before")
            try:
                cursor.execute(*part)
            except DatabaseError as error:
                found = error.__cause__.diag.constraint_name
                cursor.execute("ROLLBACK TO before")
            else:
                found = None
            transaction.set_rollback(True)
            return found

    assert taken("consumption", "2026-12-31") is None
    assert taken("consumption", "2027-01-01") == "application_takes_what_is_usable"
    assert taken("negative", "2027-01-01") is None
    assert taken("dissolution", "2027-01-01") is None
    assert taken("dissolution", "2026-12-31") == "application_takes_what_is_usable"
    unlimited = {"inflow": world.elsewhere, "service": world.other.pk}
    assert taken("dissolution", "2030-01-01", **unlimited) == "application_takes_what_is_usable"


def test_each_constraint_of_what_is_given_back(world):
    given, elsewhere = "giveback", Application.objects.get(outflow=world.used_elsewhere).pk
    assert let_in([
        ("give_back_amount_or_quantity", copy(given, world.given, amount=0, amount_lcy=0)),
        ("give_back_amount_or_quantity", copy(given, world.given, amount_lcy=-1)),
        ("give_back_amount_or_quantity", copy(given, world.given, quantity=1)),
        ("give_back_not_more_than_taken", copy(given, world.given, amount="0.01", amount_lcy=0)),
        ("give_back_not_more_than_taken", copy(given, world.given, amount="0.01", amount_lcy="0.01")),
        ("give_back_to_where_it_came_from", copy(given, world.given, application_id=elsewhere, amount=1, amount_lcy=1)),
    ]) == []  # fmt: skip


def test_what_is_left_follows_the_entries(world):
    assert let_in([
        ("prepaid_balance_follows_entries", change("inflowbalance", world.inflow, remaining=499)),
        ("prepaid_balance_follows_entries", change("inflowbalance", world.inflow, expired=1)),
        ("prepaid_balance_follows_entries", delete("inflowbalance", world.inflow)),
        ("prepaid_balance_follows_entries", (
            "INSERT INTO prepaid_inflowbalance (entry_id, service_id, remaining, remaining_lcy, remaining_quantity)"
            " SELECT id, service_id, 1, 1, 0 FROM prepaid_prepaidentry WHERE id = %s", [world.used])),
    ]) == []  # fmt: skip
    row = InflowBalance.objects.get(pk=world.inflow)
    assert (row.remaining, row.remaining_lcy, row.expired) == (420, 420, 0)


def test_an_entry_is_recorded_when_the_database_says(world):
    with connection.cursor() as cursor:
        cursor.execute(*copy("prepaidentry", world.inflow, created_at="2020-01-01T00:00:00Z"))
        cursor.execute(
            "SELECT created_at > now() - interval '1 hour' FROM prepaid_prepaidentry ORDER BY id DESC LIMIT 1"
        )
        assert cursor.fetchone() == (True,)


def test_the_first_entry_fixes_the_currency_of_its_service(world, account, finance):
    fresh = make_service(account, actor=finance)
    with connection.cursor() as cursor:
        cursor.execute(*copy("prepaidentry", world.inflow, service_id=fresh.pk))
    fresh.refresh_from_db()
    assert fresh.currency_id == "USD"


TABLES = ["prepaid_prepaidentry", "prepaid_application", "prepaid_giveback"]


@pytest.mark.usefixtures("ordinary_role")
def test_an_ordinary_role_changes_nothing_that_was_written(world):
    def refused(statement: str, why: str) -> None:
        with pytest.raises(DatabaseError, match=why), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    for table in TABLES:
        for statement in ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
            refused(statement.format(table), "append-only")
    refused("TRUNCATE prepaid_inflowbalance", "append-only")
    refused("UPDATE prepaid_inflowbalance SET remaining = 1", "follows the prepaid ledger entries")
    refused("SET LOCAL session_replication_role = replica", "permission denied")
    refused("ALTER TABLE prepaid_prepaidentry DISABLE TRIGGER ALL", "must be owner")
    assert PrepaidEntry.objects.count() == 6
