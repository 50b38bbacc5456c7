"""The statement equals the ledger entries, to the cent and to the day; page, PDF, CSV and mail print the same last day."""

import csv
import datetime
from decimal import Decimal
from itertools import pairwise

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.urls import reverse

from pages.pdf import document
from prepaid.exceptions import NotSendable
from prepaid.models import PrepaidEntry, PrepaidService, StatementMail
from prepaid.reports.statement import Section, statement_of_account, statement_of_service
from prepaid.reports.statement_document import TEMPLATE, document_data
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.expire import expire_residuals
from prepaid.services.manual import request_entry
from prepaid.services.post_document import post_document
from prepaid.services.statement_mail import send_statement
from tests.builders import make_account, make_rate
from tests.credits.desk import Page, errors, sign_in, text
from tests.prepaid.selling import TODAY, make_service, use
from tests.prepaid.test_manual_entries import MINUS, PERIODIC, PLUS, QUANTITY, only, terms

pytestmark = pytest.mark.django_db
D = datetime.date
DAY = datetime.timedelta(days=1)
FIRST, MIDDLE = D(2026, 10, 1), D(2026, 10, 31)


@pytest.fixture
def told(finance, company) -> PrepaidService:
    """GBP: 250.00 on 1 October for a month, 100.00 on 31 October without end; 60.00 used on 31 October, 10.00 of it given
    back; 190.00 lapsed on 2 November."""
    make_rate("GBP", "1.2711")
    account = make_account(currency="GBP")
    account.email = "books@harbour.example"
    account.save()
    service = make_service(account, actor=finance, description="Support & care #1")
    request_entry(service, terms(PLUS, "250.00", on=FIRST, valid_until=D(2026, 11, 1)), actor=finance)
    request_entry(service, terms(PLUS, "100.00", on=MIDDLE, document_no="GW-2"), actor=finance)
    used = use(service, "50.00", "10.00", on=MIDDLE, actor=finance)
    memo = create_credit_memo(used, credit={used.lines.get(line_no=2).pk: Decimal(1)}, reason="Not done", actor=finance)
    memo.posted_on = TODAY
    memo.save()
    expire_residuals([service], actor=finance)
    post_document(memo, actor=finance)
    request_entry(service, terms(MINUS, "0.01"), actor=finance)
    return PrepaidService.objects.select_related("account", "currency").get(pk=service.pk)


def only_section(service: PrepaidService, first: datetime.date, last: datetime.date) -> Section:
    (section,) = statement_of_service(service, first=first, last=last).sections
    return section


def summed(service: PrepaidService, **when) -> tuple:
    sums = PrepaidEntry.objects.filter(service=service, **when).aggregate(
        a=Sum("amount", default=0), b=Sum("amount_lcy", default=0), c=Sum("quantity", default=0)
    )
    return sums["a"], sums["b"], sums["c"]


def three(units) -> tuple:
    return units.amount, units.amount_lcy, units.quantity


class TestFigures:
    def test_every_balance_is_the_sum_of_the_entries_up_to_it(self, told):
        days = [FIRST - DAY, FIRST, FIRST + DAY, MIDDLE - DAY, MIDDLE, MIDDLE + DAY, D(2026, 11, 2), TODAY]
        for first in days:
            for last in days:
                if last < first:
                    continue
                section = only_section(told, first, last)
                assert three(section.opening) == summed(told, posted_on__lt=first)
                assert three(section.closing) == summed(told, posted_on__lte=last)
                assert len(section.rows) == told.entries.filter(posted_on__range=(first, last)).count()
                for before, after in pairwise([section.opening, *(row.balance for row in section.rows)]):
                    assert after.amount >= 0 and after.amount_lcy >= 0
                    assert before != after
                assert three(section.opening + section.came - section.went) == three(section.closing)
                left = sum((each.left for each in section.left), type(section.closing)())
                assert three(left) == three(section.closing)

    def test_the_days_of_the_period_are_both_in_it(self, told):
        october = only_section(told, FIRST, MIDDLE)
        assert [(row.entry.posted_on, row.moved.amount) for row in october.rows] == [
            (FIRST, 250), (MIDDLE, 100), (MIDDLE, -60),
        ]  # fmt: skip
        assert [(each.valid_until, each.left.amount) for each in october.left] == [(D(2026, 11, 1), 190), (None, 100)]
        november = only_section(told, MIDDLE + DAY, TODAY)
        assert three(november.opening)[:2] == (290, Decimal("368.62"))
        assert [row.moved.amount for row in november.rows] == [-190, Decimal("10.00"), Decimal("-0.01")]

    def test_a_quantity_counts_in_its_unit_and_closed_services_stay_in_the_statement_of_the_account(
        self, told, finance
    ):
        hours = make_service(told.account, actor=finance, accrual=PERIODIC, type=QUANTITY, unit_of_measure="HOUR")
        make_service(told.account, actor=finance)
        request_entry(hours, only(quantity=Decimal("7.5")), actor=finance)
        request_entry(hours, only(MINUS, quantity=Decimal("7.5")), actor=finance)
        PrepaidService.objects.filter(pk=hours.pk).update(closed=True)
        sections = statement_of_account(told.account, first=FIRST, last=TODAY).sections
        assert [section.service for section in sections] == [told, hours]
        assert [row.balance.quantity for row in sections[1].rows] == [Decimal("7.5"), 0]
        assert not statement_of_account(make_account(), first=FIRST, last=TODAY)

    def test_the_number_of_queries_does_not_grow_with_the_services(self, told, finance, django_assert_num_queries):
        with django_assert_num_queries(6):
            statement_of_account(told.account, first=FIRST, last=TODAY)
        for _ in range(3):
            request_entry(make_service(told.account, actor=finance), only(PLUS, "1.00"), actor=finance)
        with django_assert_num_queries(6):
            statement_of_account(told.account, first=FIRST, last=TODAY)


@pytest.fixture
def reader(client, told):
    sign_in(client, "prepaid.view_prepaidentry", "prepaid.view_prepaidservice", "opportunities.view_account",
            "prepaid.view_statementmail", name="finance")  # fmt: skip
    return client


def url(name: str, thing) -> str:
    return reverse(f"prepaid:{name}", args=[thing.pk])


class TestPages:
    def test_page_pdf_csv_and_mail_print_the_same_last_day(self, reader, told, finance):
        """Origin: s2member#612, page and e-mail disagreed by a day (bug 4)."""
        asked = f"{url('statement', told)}?first={FIRST}&last={MIDDLE}"
        page = text(reader.get(asked))
        assert "1 Nov 2026" in page and "2 Nov 2026" not in page and "Support & care #1" in page
        data = document_data(statement_of_service(told, first=FIRST, last=MIDDLE))
        paper = document(TEMPLATE, data, form="html").decode()
        assert "1 Nov 2026" in paper and "2 Nov 2026" not in paper and "Support &amp; care #1" in paper
        assert reader.get(f"{asked}&export=pdf").content.startswith(b"%PDF")
        rows = list(csv.reader(reader.get(f"{asked}&export=csv").getvalue().decode().splitlines()))
        assert {row[7] for row in rows[1:]} == {"", "2026-11-01", "Unlimited"}
        assert reader.get(f"{asked}&export=xlsx").status_code == 200
        send_statement(told.account, service=told, first=FIRST, last=MIDDLE, actor=finance)
        (sent,) = mail.outbox
        assert "190.00 GBP, valid until 1 Nov 2026" in sent.body and "2 Nov 2026" not in sent.body

    def test_the_file_has_every_movement_and_the_balances(self, reader, told):
        asked = f"{url('statement', told)}?first={MIDDLE}&last={MIDDLE}&export=csv"
        rows = list(csv.reader(reader.get(asked).getvalue().decode().splitlines()))
        assert rows[0][8:] == ["In", "Out", "Balance", "In (LCY)", "Out (LCY)", "Balance (LCY)"]
        assert [(row[4], *row[8:]) for row in rows[1:]] == [
            ("Opening balance", "", "", "250.00", "", "", "317.78"),
            ("Positive Adjmt.", "100.00", "", "350.00", "127.11", "", "444.89"),
            ("Consumption", "", "60.00", "290.00", "", "76.27", "368.62"),
            ("Closing balance", "100.00", "60.00", "290.00", "127.11", "76.27", "368.62"),
            ("Left", "", "", "190.00", "", "", "241.51"),
            ("Left", "", "", "100.00", "", "", "127.11"),
        ]

    def test_of_an_account_and_with_a_period_that_is_none(self, reader, told):
        page = text(reader.get(url("account-statement", told.account)))
        assert told.number in page and "GBP 109.99" in page
        refused = reader.get(f"{url('statement', told)}?first=2026-11-02&last=2026-11-01")
        assert "1 Nov 2026 is before 2 Nov 2026" in text(refused)
        empty = make_account()
        assert "Nothing was paid for in advance" in text(reader.get(url("account-statement", empty)))

    def test_it_is_found_by_the_search(self, reader, told):
        assert url("statement", told) in reader.get("/search/?q=statement").content.decode()
        assert url("statement", told) not in reader.get("/search/?q=statement of nobody").content.decode()


class TestMail:
    def test_it_goes_to_the_account_with_the_pdf_and_is_kept(self, reader, told):
        sign_in(reader, "prepaid.send_statements", name="finance")
        page = reader.get(f"{url('statement', told)}?first={FIRST}&last={MIDDLE}")
        form = Page(reader, page.context["primary_action"].url)
        assert str(form.data["last"]) == str(MIDDLE)
        assert "Goes to books@harbour.example" in text(form.shown)
        assert reader.post(form.url, form.data).url == url("statement", told)
        assert reader.post(form.url, form.data).url == url("statement", told)
        (sent,) = mail.outbox
        record = StatementMail.objects.get()
        assert (sent.to, sent.extra_headers["Message-ID"]) == (["books@harbour.example"], record.message_id)
        ((name, content, kind),) = sent.attachments
        assert (name, kind) == (f"prepaid-statement-{told.number}-2026-10-31.pdf", "application/pdf")
        assert content == bytes(record.file) and content.startswith(b"%PDF")
        assert (record.account, record.service, record.period_from, record.period_to, record.sent_by.username) == (
            told.account, told, FIRST, MIDDLE, "finance",
        )  # fmt: skip
        assert "Statements sent" in text(reader.get(url("statement", told)))
        assert "books@harbour.example" in text(reader.get(told.get_absolute_url()))
        assert reader.get(url("statement-mail", record)).content == content

    def test_of_an_account(self, reader, told):
        sign_in(reader, "prepaid.send_statements", name="finance")
        form = Page(reader, url("account-statement-send", told.account))
        assert reader.post(form.url, form.data).url == url("account-statement", told.account)
        assert (StatementMail.objects.get().service, told.number in mail.outbox[0].body) == (None, True)

    def test_without_an_address_it_is_refused(self, reader, told):
        sign_in(reader, "prepaid.send_statements", name="finance")
        told.account.email = ""
        told.account.save()
        form = Page(reader, url("statement-send", told))
        assert "has no e-mail address" in errors(reader.post(form.url, form.data))[""][0]
        action = reader.get(url("statement", told)).context["primary_action"]
        assert "has no e-mail address" in action.disabled_reason
        assert (mail.outbox, StatementMail.objects.count()) == ([], 0)

    def test_what_the_server_does_not_take_is_not_recorded(self, told, finance, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
        with pytest.raises(NotSendable, match="was not sent"):
            send_statement(told.account, service=told, first=FIRST, last=MIDDLE, actor=finance)
        assert StatementMail.objects.count() == 0

    def test_what_cannot_be_told_is_refused(self, told, finance):
        days = {"first": FIRST, "last": FIRST - DAY}
        with pytest.raises(NotSendable, match="is before"):
            send_statement(told.account, service=told, **days, actor=finance)
        other = make_account()
        other.email = "a@example.com"
        other.save()
        with pytest.raises(NotSendable, match="no prepaid services to tell of"):
            send_statement(other, first=FIRST, last=TODAY, actor=finance)

    def test_the_record_stays_as_it_is(self, told, finance):
        record = send_statement(told.account, service=told, first=FIRST, last=MIDDLE, actor=finance)
        for statement in ("UPDATE prepaid_statementmail SET recipient = 'x'", "DELETE FROM prepaid_statementmail"):
            with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
        assert StatementMail.objects.get() == record


def test_a_later_day_is_another_statement(told):
    """What lapses is in it on the day on which it lapses, whenever a night found it."""
    with time_machine.travel("2027-06-01T12:00:00Z", tick=False):
        assert three(only_section(told, FIRST, D(2026, 11, 1)).closing)[0] == 290
        assert three(only_section(told, FIRST, D(2026, 11, 2)).closing)[0] == 100
