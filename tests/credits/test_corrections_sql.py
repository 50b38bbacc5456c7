"""What the database refuses about corrections, releases, estimates and customers' rules, whoever asks: raw SQL."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from credits.models import AccountRules, Consumption, Purchase
from credits.services.corrections import request_refund, request_reinstatement
from credits.services.expire import expire_purchase
from ledger.dates import business_date
from tests.builders import make_account, make_company, make_purchase, make_user
from tests.credits.correcting import estimated, refunded, reinstated, used

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
NEW = "INSERT INTO {} ({}) VALUES ({}) RETURNING id"


class World:
    """A lot, one that has expired, and a request of each kind."""

    def __init__(self):
        make_company()
        self.maker, self.other, self.account = make_user("asker"), make_user("approver"), make_account()
        self.lot = make_purchase(self.account)
        self.expired = make_purchase(self.account, expires_on=business_date())
        expire_purchase(self.expired, actor=self.maker)
        asked = {"reason": "They leave", "actor": self.maker}
        self.refund = request_refund(self.lot, credits=4, **asked)
        self.reinstatement = request_reinstatement(self.expired, new_expires_on=business_date(), **asked)


@pytest.fixture
def world():
    return World()


def run(sql: str, *params) -> int:
    connection.check_constraints()  # what is deferred would stand in the way of TRUNCATE
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0] if cursor.description else cursor.rowcount


def insert(table: str, **values) -> int:
    return run(NEW.format(table, ", ".join(values), ", ".join(["%s"] * len(values))), *values.values())


def refused(constraint: str, statement, *params, **values) -> None:
    """Of an SQL text, or of a row of a table."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        insert(statement, **values) if values else run(statement, *params)
    assert error.value.__cause__.diag.constraint_name == constraint, error.value


def update(row, **changes) -> tuple:
    settings = ", ".join(f"{column} = %s" for column in changes)
    return f"UPDATE {row._meta.db_table} SET {settings} WHERE id = %s", *changes.values(), row.pk


def decide(row, by, state: str = "approved") -> int:
    return run(*update(row, state=state, decided_by_id=by.pk, decided_at="2026-11-24"))


class TestCorrections:
    KINDS = (
        {"kind": "refund", "credits": None, "kept_percent": 0},
        {"kind": "refund", "credits": 0, "kept_percent": 0},
        {"kind": "refund", "credits": 1, "kept_percent": None},
        {"kind": "refund", "credits": 1, "kept_percent": "-0.01"},
        {"kind": "refund", "credits": 1, "kept_percent": "100.01"},
        {"kind": "refund", "credits": 1, "kept_percent": 0, "new_expires_on": "2027-01-01"},
        {"kind": "reinstatement", "new_expires_on": None},
        {"kind": "reinstatement", "new_expires_on": "2027-01-01", "credits": 1},
        {"kind": "reinstatement", "new_expires_on": "2027-01-01", "kept_percent": 0},
        {"kind": "other"},
    )

    def asked(self, world, **changes) -> dict:
        row = {"purchase_id": world.lot.pk, "reason": "They leave", "state": "requested", "decision_note": "",
               "requested_by_id": world.maker.pk}  # fmt: skip
        return row | changes

    @pytest.mark.parametrize("terms", KINDS)
    def test_a_kind_has_its_own_terms_and_no_others(self, world, terms):
        refused("correction_says_what_its_kind_needs", "credits_correction", **self.asked(world, **terms))

    def test_it_has_a_reason_begins_as_a_request_and_is_asked_for_once(self, world):
        terms = {"kind": "refund", "credits": 1, "kept_percent": 0}
        refused("correction_has_reason", "credits_correction", **self.asked(world, **terms, reason=""))
        decided = {"state": "approved", "decided_by_id": world.other.pk, "decided_at": "2026-11-24"}
        refused("correction_begins_as_a_request", "credits_correction", **self.asked(world, **terms, **decided))
        refused("correction_asked_for_once", "credits_correction", **self.asked(world, **terms))

    def test_it_is_never_approved_by_whoever_asked_for_it(self, world):
        """quality.md, "Security": approver is never the maker, by a database CHECK."""
        approval = {"state": "approved", "decided_by_id": world.maker.pk, "decided_at": "2026-11-24"}
        refused("correction_by_a_second_person", *update(world.refund, **approval))
        assert decide(world.refund, world.maker, "withdrawn") == 1
        assert decide(world.reinstatement, world.other) == 1

    @pytest.mark.parametrize(
        "changes",
        [{"state": "approved"}, {"state": "declined", "decided_at": "2026-11-24"}, {"decided_at": "2026-11-24"}],
    )
    def test_a_decision_has_somebody_and_a_moment(self, world, changes):
        refused("correction_decided_by_someone", *update(world.refund, **changes))

    @pytest.mark.parametrize(
        "changes", [{"credits": 5}, {"kept_percent": 1}, {"reason": "x"}, {"requested_at": "2026-01-01"}]
    )
    def test_what_was_asked_for_stays(self, world, changes):
        refused("correction_decided_once", *update(world.refund, **changes))

    def test_it_is_decided_once_and_never_deleted(self, world):
        refused("correction_decided_once", "DELETE FROM credits_correction WHERE id = %s", world.refund.pk)
        decide(world.refund, world.other, "declined")
        refused("correction_decided_once", *update(world.refund, decision_note="Other"))
        refused(
            "correction_decided_once", *update(world.refund, state="requested", decided_by_id=None, decided_at=None)
        )


class TestCancellations:
    def row(self, world, **changes) -> dict:
        row = {"correction_id": world.refund.pk, "purchase_id": world.lot.pk, "credits": 4, "refunded": 320, "kept": 0,
               "refunded_lcy": 320, "canceled_on": "2026-11-24", "event_key": "by hand"}  # fmt: skip
        return row | changes

    def test_only_as_an_approved_correction_says(self, world):
        refused("cancellation_is_approved", "credits_cancellation", **self.row(world))
        decide(world.refund, world.other)
        decide(world.reinstatement, world.other)
        for wrong in (
            {"credits": 3}, {"purchase_id": world.expired.pk},
            {"correction_id": world.reinstatement.pk, "purchase_id": world.expired.pk},
        ):  # fmt: skip
            refused("cancellation_is_approved", "credits_cancellation", **self.row(world, **wrong))
        assert insert("credits_cancellation", **self.row(world))
        assert Purchase.objects.get(pk=world.lot.pk).credits_refunded == 4

    @pytest.mark.parametrize("wrong", [{"credits": 0}, {"refunded": -1}, {"kept": -1}, {"refunded_lcy": -1}])
    def test_nothing_below_zero(self, world, wrong):
        decide(world.refund, world.other)
        refused("cancellation_not_negative", "credits_cancellation", **self.row(world, **wrong))

    def test_once_per_correction(self, world):
        decide(world.refund, world.other)
        insert("credits_cancellation", **self.row(world))
        with pytest.raises(IntegrityError, match="correction_id"), transaction.atomic():
            insert("credits_cancellation", **self.row(world, event_key="again"))

    def test_of_no_more_than_is_available(self, world):
        run("UPDATE credits_purchase SET description = 'x' WHERE id = %s", world.lot.pk)
        used(world.lot, 8)
        decide(world.refund, world.other)
        refused("purchase_never_overdrawn", "credits_cancellation", **self.row(world))


class TestReinstatements:
    def row(self, world, **changes) -> dict:
        drawn = Consumption.objects.get(purchase=world.expired)
        row = {"allocation_id": drawn.allocation_id, "consumption_type": "expiry", "account_id": world.account.pk,
               "purchase_id": world.expired.pk, "currency_id": "USD", "credits": -10, "value_per_credit": 100,
               "amount_paid_per_credit": 80, "consumed_on": "2026-11-24", "correction_id": world.reinstatement.pk,
               }  # fmt: skip
        return row | changes

    def test_expired_credits_come_back_by_a_correction_alone(self, world):
        refused("consumption_reinstated_by_a_correction", "credits_consumption", **self.row(world, correction_id=None))
        refused("consumption_reinstated_by_a_correction", "credits_consumption", **self.row(world, credits=10))

    def test_and_only_by_an_approved_one_of_their_purchase(self, world):
        """Origin: aleph#1104, no other path makes a credit live longer (bug 19)."""
        refused("reinstatement_is_approved", "credits_consumption", **self.row(world))
        decide(world.refund, world.other)
        refused("reinstatement_is_approved", "credits_consumption", **self.row(world, correction_id=world.refund.pk))
        decide(world.reinstatement, world.other)
        assert insert("credits_consumption", **self.row(world))
        assert Purchase.objects.get(pk=world.expired.pk).credits_expired == 0


class TestReleases:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"cause": "consumed"}, {"units": 0}, {"breakage_rate": 1}, {"cause": "refunded", "units": 0},
            {"cause": "estimated", "units": 1, "breakage_rate": 1}, {"cause": "estimated", "units": 0},
            {"cause": "estimated", "units": 0, "breakage_rate": 1, "amount": 1}, {"cause": "other"},
            {"cause": "estimated", "units": 0, "breakage_rate": -1},
        ],
    )  # fmt: skip
    def test_a_release_fits_its_cause(self, world, wrong):
        refused("release_fits_its_cause", "credits_release", **self.row(world, **wrong))

    def test_once_per_event_and_lot(self, world):
        assert insert("credits_release", **self.row(world))
        refused("release_once_per_event_and_lot", "credits_release", **self.row(world))

    def row(self, world, **changes) -> dict:
        row = {"purchase_id": world.lot.pk, "event_key": "by hand", "cause": "expired", "units": 1, "amount": 0,
               "amount_lcy": 0, "effective_on": "2026-11-24"}  # fmt: skip
        return row | changes

    def test_the_database_says_when(self, world):
        pk = insert("credits_release", **self.row(world, created_at="2020-01-01"))
        assert run("SELECT created_at > now() - interval '1 hour' FROM credits_release WHERE id = %s", pk)


class TestEstimates:
    def row(self, world, **changes) -> dict:
        row = {"product_group_id": "CREDITS", "expected_unused": 10, "effective_on": "2026-11-24", "reason": "History",
               "proposed_by_id": world.maker.pk}  # fmt: skip
        return row | changes

    @pytest.mark.parametrize(
        ("constraint", "wrong"),
        [
            ("estimate_between_0_and_99_percent", {"expected_unused": -1}),
            ("estimate_between_0_and_99_percent", {"expected_unused": "99.01"}),
            ("estimate_has_reason", {"reason": ""}),
            ("estimate_approved_by_someone", {"approved_at": "2026-11-24"}),
        ],
    )
    def test_what_is_no_estimate(self, world, constraint, wrong):
        refused(constraint, "credits_breakageestimate", **self.row(world, **wrong))

    def test_never_approved_by_whoever_proposed_it(self, world):
        by = {"approved_at": "2026-11-24"}
        own = self.row(world, approved_by_id=world.maker.pk, **by)
        refused("estimate_by_a_second_person", "credits_breakageestimate", **own)
        refused(
            "estimate_approved_by_someone", "credits_breakageestimate", **self.row(world, approved_by_id=world.other.pk)
        )
        assert insert("credits_breakageestimate", **self.row(world, approved_by_id=world.other.pk, **by))

    def test_in_force_it_stays_as_it_is(self, world):
        estimate = estimated("10")
        refused("estimate_fixed_once_approved", *update(estimate, expected_unused=4))
        refused("estimate_fixed_once_approved", *update(estimate, approved_by_id=None, approved_at=None))
        refused("estimate_fixed_once_approved", "DELETE FROM credits_breakageestimate WHERE id = %s", estimate.pk)


def test_a_low_balance_is_positive(world):
    AccountRules.objects.create(account=world.account)
    sql = "UPDATE credits_accountrules SET low_balance_credits = %s"
    refused("account_rules_low_balance_positive", sql, 0)
    assert run(sql, 1) == 1


class TestAppendOnly:
    @pytest.fixture
    def history(self, world):
        refunded(make_purchase(world.account), 1)
        other = make_purchase(world.account, expires_on=business_date())
        expire_purchase(other, actor=world.maker)
        reinstated(other, business_date())
        estimated("10")
        connection.check_constraints()

    @pytest.mark.parametrize("table", ["credits_release", "credits_cancellation"])
    @pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
    def test_an_ordinary_role_changes_nothing_that_was_written(self, history, ordinary_role, table, statement):
        count = run(f"SELECT count(*) FROM {table}")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            run(statement.format(table))
        assert count and run(f"SELECT count(*) FROM {table}") == count

    @pytest.mark.parametrize("table", ["credits_correction", "credits_breakageestimate"])
    def test_what_was_decided_is_not_truncated(self, history, ordinary_role, table):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            run(f"TRUNCATE {table} CASCADE")
        assert run(f"SELECT count(*) FROM {table}")

    def test_every_step_is_in_the_change_log(self, history):
        tables = 'SELECT count(DISTINCT "table") FROM ledger_changelogentry WHERE "table" IN (%s, %s)'
        assert run(tables, "credits_correction", "credits_breakageestimate") == 2
