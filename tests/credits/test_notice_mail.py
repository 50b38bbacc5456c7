"""Notices by mail: one mail after a night, never twice about the same, and nothing lost when the mail server is broken."""

import datetime
import smtplib
import threading

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection

from config import night, tasks
from credits.models import CreditsSetup, Notice, NoticeMail
from credits.services.dates import change_dates
from credits.services.notice_mail import send_mail, send_what_is_new, write_mail
from credits.services.notices import tell
from tests.builders import make_account, make_company, make_milestone, make_project, make_purchase, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
TODAY = datetime.date(2026, 11, 24)
NOW = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)
DESK = ["desk@example.com", "lead@example.com"]


def days(count: int) -> datetime.date:
    return TODAY + datetime.timedelta(days=count)


def later(**since) -> datetime.datetime:
    return NOW + datetime.timedelta(**since)


def tell_all() -> None:
    tell(0, 2**63 - 1, on=TODAY)


@pytest.fixture
def desk(company, settings):
    CreditsSetup.objects.update(notice_recipients=DESK)
    settings.SITE_URL = "https://credits.example.com"
    settings.DEFAULT_FROM_EMAIL = "Drawdown <drawdown@example.com>"


@pytest.fixture
def lot(desk, account):
    lot = make_purchase(account, expires_on=days(20))
    tell_all()
    return lot


@pytest.fixture
def broken(settings):
    """A mail server that is not there; `settings` put it right again after the test."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 2
    return settings


def repair(settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def test_a_night_makes_one_mail_grouped_by_kind_with_links_and_the_dates_of_the_pages(lot, account, client):
    """bugs-to-tests.md, row 4 (s2member#612): page, export and mail print the same date, the last usable day."""
    CreditsSetup.objects.update(low_balance_credits=50)
    milestone = make_milestone(make_project(account), 12, target_on=days(-1))
    tell_all()
    send_what_is_new()
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (DESK, "Services credits: 3 notices, 24 Nov 2026")
    found = [line for line in sent.body.splitlines() if line.startswith(("-", "Expiring", "Low", "Short", "  http"))]
    site = "https://credits.example.com"
    assert found == [
        "Expiring soon: 1",
        f"- {lot.number}, {account.name}: 10 USD credits left, within 30 days of expiry; last usable day 14 Dec 2026",
        f"  {site}{lot.get_absolute_url()}",
        "Low balance: 1",
        f"- USD balance, {account.name}: 10 USD credits available, fewer than 50",
        f"  {site}{account.get_absolute_url()}",
        "Short of credits: 1",
        f"- {milestone}, {account.name}: 2 USD credits missing of 12; target date 23 Nov 2026",
        f"  {site}{milestone.get_absolute_url()}",
    ]
    client.force_login(make_user("root", is_superuser=True))
    pages = ["/credits/notices/", "/", lot.get_absolute_url(), account.get_absolute_url()]
    assert all("14 Dec 2026" in client.get(page).content.decode() for page in pages)
    exported = b"".join(client.get("/credits/notices/?export=csv&kind=expiring").streaming_content).decode()
    assert ",2026-12-14," in exported


def test_nothing_is_told_by_mail_twice_and_what_is_new_is_told_alone(lot, account):
    send_what_is_new()
    send_what_is_new()
    other = make_purchase(account, expires_on=days(50))
    tell_all()
    send_what_is_new()
    first, second = mail.outbox
    assert lot.number in first.body and lot.number not in second.body and other.number in second.body
    assert NoticeMail.objects.filter(sent_at__isnull=False).count() == 2


def test_what_is_settled_before_the_mail_is_written_is_not_in_it(lot, sam):
    change_dates(lot, starts_on=lot.starts_on, expires_on=days(400), reason="Renewed", actor=sam)
    tell_all()
    send_what_is_new()
    assert mail.outbox == [] and not NoticeMail.objects.exists()


def test_without_recipients_nothing_is_written_and_whoever_is_named_later_gets_what_is_open(lot):
    CreditsSetup.objects.update(notice_recipients=[])
    send_what_is_new()
    assert not NoticeMail.objects.exists()
    CreditsSetup.objects.update(notice_recipients=["late@example.com"])
    send_what_is_new()
    assert [sent.to for sent in mail.outbox] == [["late@example.com"]]


def test_while_a_night_runs_no_mail_is_written(lot):
    run = night.start_night(TODAY)
    assert write_mail() is None
    night.work(run, night.STEPS)
    assert write_mail().notices.count() == 1


def test_the_night_of_a_worker_sends_its_mail_afterwards(desk, account, monkeypatch):
    make_purchase(account, expires_on=days(20))
    monkeypatch.setattr(tasks.help_night, "delay", lambda run_id: None)
    monkeypatch.setattr(tasks.send_notices, "delay", tasks.send_notices)
    tasks.run_nights()
    assert len(mail.outbox) == 1
    call_command("send_notices")
    assert len(mail.outbox) == 1


def test_a_broken_mail_server_is_said_on_the_pages_and_the_mail_is_sent_when_it_works(lot, broken, client):
    client.force_login(make_user("root", is_superuser=True))
    send_what_is_new(NOW)
    unsent = NoticeMail.objects.get()
    assert (unsent.sent_at, unsent.attempts, unsent.retry_at) == (None, 1, later(minutes=10))
    assert "refused" in unsent.last_error
    for page in ("/", "/credits/notices/", "/credits/notices/mails/", unsent.get_absolute_url()):
        assert "refused" in client.get(page).content.decode(), page
    send_what_is_new(later(minutes=9))
    assert NoticeMail.objects.get().attempts == 1
    repair(broken)
    send_what_is_new(later(minutes=10))
    (sent,) = mail.outbox
    assert sent.body == unsent.text
    found = NoticeMail.objects.get()
    assert (found.sent_at, found.attempts, found.last_error, found.retry_at) == (later(minutes=10), 2, "", None)
    assert "could not be sent" not in client.get("/").content.decode()


def test_tries_come_at_most_an_hour_apart_and_a_later_mail_does_not_wait_for_an_earlier_one(lot, account, broken):
    waits, now = [], NOW
    for _ in range(5):
        send_what_is_new(now)
        retry_at = NoticeMail.objects.get().retry_at
        waits.append((retry_at - now) // datetime.timedelta(minutes=1))
        now = retry_at
    assert waits == [10, 20, 40, 60, 60]
    repair(broken)
    make_purchase(account, expires_on=days(50))
    tell_all()
    send_what_is_new(now - datetime.timedelta(minutes=1))
    assert NoticeMail.objects.filter(sent_at=None).count() == 1 and len(mail.outbox) == 1


def test_an_address_that_was_put_right_gets_the_mail_that_waited(lot, broken):
    send_what_is_new(NOW)
    CreditsSetup.objects.update(notice_recipients=[])
    repair(broken)
    send_what_is_new(later(days=1))
    assert mail.outbox == [] and NoticeMail.objects.get().attempts == 1
    CreditsSetup.objects.update(notice_recipients=["right@example.com"])
    send_what_is_new(later(days=2))
    assert mail.outbox[0].to == NoticeMail.objects.get().recipients == ["right@example.com"]


def test_an_address_that_cannot_be_is_an_error_of_the_mail_and_not_of_the_worker(lot):
    CreditsSetup.objects.update(notice_recipients=["desk@example.com\nBcc: all@example.com"])
    send_what_is_new()
    assert "newlines" in NoticeMail.objects.get().last_error and mail.outbox == []


def test_a_mail_that_is_sent_once_more_has_the_same_identity(lot, monkeypatch):
    """The worker dies after the server took the mail: at least once, and known as the same."""

    def die(*args, **kwargs):
        raise KeyboardInterrupt

    written = write_mail()
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(NoticeMail, "save", die)
        send_mail(written.pk, now=NOW)
    assert send_mail(written.pk, now=NOW)
    first, second = (sent.extra_headers["Message-ID"] for sent in mail.outbox)
    assert first == second
    assert first.startswith(f"<notices-{written.pk}-2") and first.endswith("@example.com>")
    assert not send_mail(written.pk, now=NOW) and len(mail.outbox) == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_a_mail_once(monkeypatch):
    make_company()
    CreditsSetup.objects.update(notice_recipients=DESK)
    make_purchase(make_account(), expires_on=days(20))
    tell_all()
    sending, done = threading.Event(), threading.Event()
    sent: list = []

    def slow(messages):
        sent.extend(messages)
        sending.set()
        done.wait(20)
        return len(messages)

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", lambda self, it: slow(it))

    def work():
        send_what_is_new()
        connection.close()

    first = threading.Thread(target=work)
    first.start()
    assert sending.wait(20)
    send_what_is_new()
    done.set()
    first.join()
    assert len(sent) == 1 and NoticeMail.objects.get().sent_at


def test_a_mail_is_bounded_and_takes_all_its_notices(desk, account, monkeypatch):
    monkeypatch.setattr("credits.reports.notices.IN_ONE_MAIL", 2)
    for count in range(5):
        make_purchase(account, expires_on=days(count))
    tell_all()
    send_what_is_new()
    assert mail.outbox[0].body.count("last usable day") == 2 and "and 3 more" in mail.outbox[0].body
    assert not Notice.objects.filter(mail=None).exists()


@pytest.mark.parametrize("name", ["Harbour & Sons <Ltd>", 'The "Quay"'])
def test_the_text_is_plain(desk, name):
    make_purchase(make_account(name), expires_on=days(1))
    tell_all()
    send_what_is_new()
    assert name in mail.outbox[0].body


def test_of_what_may_go_wrong_all_is_an_error_of_the_network_or_of_a_value():
    """What `send_mail` catches: smtplib's own errors among it."""
    assert issubclass(smtplib.SMTPException, OSError) and issubclass(UnicodeError, ValueError)
