"""What the database refuses of notices and their mails, whoever asks."""

import datetime

import pytest
from django.db import DatabaseError, connection, transaction

from credits.models import CreditsSetup, NoticeMail
from credits.services.notice_mail import send_what_is_new, write_mail
from credits.services.notices import tell
from tests.builders import make_purchase

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
DESK = ["desk@example.com"]


@pytest.fixture
def lot(account):
    """Told of, and wanted by mail."""
    CreditsSetup.objects.update(notice_recipients=DESK)
    lot = make_purchase(account, expires_on=datetime.date(2026, 12, 14))
    tell(0, 2**63 - 1, on=datetime.date(2026, 11, 24))
    return lot


def refused(statement: str, constraint: str) -> None:
    with pytest.raises(DatabaseError) as found, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert constraint in str(found.value.__cause__.diag.constraint_name or found.value), found.value


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE credits_notice SET credits = 3", "notice_stays_as_told"),
        ("UPDATE credits_notice SET due_on = due_on + 1", "notice_stays_as_told"),
        ("UPDATE credits_notice SET mail_id = NULL", "notice_stays_as_told"),
        ("DELETE FROM credits_notice", "notice_stays_as_told"),
        ("TRUNCATE credits_notice", "append-only"),
        ("UPDATE credits_noticemail SET sent_at = NULL", "notice_mail_is_final"),
        ("UPDATE credits_noticemail SET recipients = '{}'", "notice_mail_is_final"),
        ("DELETE FROM credits_noticemail", "notice_mail_is_final"),
        ("TRUNCATE credits_noticemail CASCADE", "append-only"),
    ],
)
def test_what_was_told_and_sent_stays(lot, statement, constraint):
    send_what_is_new()
    connection.check_constraints()
    refused(statement, constraint)


def test_a_text_that_was_written_is_not_written_anew_and_an_empty_one_is_not_sent(lot):
    write_mail()
    refused("UPDATE credits_noticemail SET text = 'Something else'", "notice_mail_is_final")
    refused("UPDATE credits_noticemail SET sent_at = now()", "notice_mail_sent_has_text_and_recipients")
    NoticeMail.objects.create(recipients=DESK)
    refused(
        "UPDATE credits_noticemail SET sent_at = now(), attempts = 1 WHERE text = ''",
        "notice_mail_sent_has_text_and_recipients",
    )


VALUES = "INSERT INTO credits_notice (key, kind, account_id, currency_id, purchase_id, due_on, threshold, credits, raised_on)"


@pytest.mark.parametrize(
    "values",
    [
        "'expiring', {account}, 'USD', NULL, '2026-12-01', 30, 5",
        "'expiring', {account}, 'USD', {lot}, NULL, 30, 5",
        "'expiring', {account}, 'USD', {lot}, '2026-12-01', 30, 0",
        "'low_balance', {account}, 'USD', {lot}, NULL, 30, 5",
        "'low_balance', {account}, 'USD', NULL, NULL, 5, 5",
        "'short', {account}, 'USD', NULL, '2026-12-01', 5, 5",
        "'other', {account}, 'USD', {lot}, '2026-12-01', 30, 5",
    ],
)
def test_a_notice_has_what_its_kind_has(lot, values):
    found = values.format(account=lot.account_id, lot=lot.pk)
    refused(f"{VALUES} VALUES ('k', {found}, '2026-11-24')", "notice_fits_its_kind")


def test_a_key_is_told_once(lot):
    columns = VALUES.partition("(")[2].rstrip(")")
    refused(f"{VALUES} SELECT {columns} FROM credits_notice", "credits_notice_key")
