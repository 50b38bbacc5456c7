"""What is too far, too large or too many: the last day that there is, numbers without end, pages of many rows."""

import datetime
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ledger.models import LedgerAccount, LedgerSetup, ProductPostingGroup
from ledger.money import has_decimals
from ledger.tie_outs import check_books, tie_outs
from prepaid.exceptions import BadDocument
from prepaid.models import EntryRequest, PrepaidEntry, PrepaidSetup
from prepaid.previews import expiry
from prepaid.services.documents import Header, edit_header
from prepaid.services.import_balances import import_balances
from prepaid.services.manual import EntryTerms, request_entry
from tests.builders import make_account
from tests.credits.desk import Page, errors
from tests.prepaid.desk import signed_in
from tests.prepaid.selling import TODAY, make_service, usage, use
from tests.prepaid.test_expire_services import night

pytestmark = pytest.mark.django_db
FOREVER = datetime.date(9999, 12, 31)
BEFORE = TODAY - datetime.timedelta(days=1)


def given(service, amount, *, actor, until=None, on=TODAY):
    terms = EntryTerms(
        entry_type="positive",
        posted_on=on,
        amount=Decimal(amount),
        valid_until=until,
        product_group=ProductPostingGroup.objects.get(pk="PREPAID"),
        balancing_account=LedgerAccount.objects.get(pk="4095"),
        reason="Goodwill",
    )
    return request_entry(service, terms, actor=actor)


def boss() -> Client:
    client = signed_in("admin")
    client.user.user_permissions.set(Permission.objects.all())  # type: ignore[attr-defined]
    return client


def test_31_december_9999_stands_for_no_end_as_in_business_central(account, service, finance):
    given(service, "50", actor=finance, until=FOREVER)
    client, entry = boss(), PrepaidEntry.objects.get()
    pages = [reverse("ledger:deferral-lines"), reverse("prepaid:service-list"), reverse("prepaid:entry-list")]
    pages += [service.get_absolute_url(), entry.get_absolute_url(), account.get_absolute_url()]
    pages += [reverse("prepaid:statement", args=[service.pk])]
    assert {url: client.get(url).status_code for url in pages} == dict.fromkeys(pages, 200)
    night(TODAY)
    assert [check for check in check_books() if check.offenders] == []
    assert tie_outs(TODAY)
    assert PrepaidEntry.objects.count() == 1


@pytest.mark.parametrize("field", ["document_on", "posted_on"])
def test_a_day_more_than_a_year_ahead_is_a_slip_of_the_pen(account, service, finance, field):
    document = usage(service, "10.00", actor=finance)
    days = {"document_on": TODAY, "posted_on": TODAY}
    last = TODAY + datetime.timedelta(days=366)
    edit_header(document, Header(account=account, currency=document.currency, **days | {field: last}), actor=finance)
    for day in (last + datetime.timedelta(days=1), FOREVER):
        with pytest.raises(BadDocument) as refusal:
            edit_header(
                document, Header(account=account, currency=document.currency, **days | {field: day}), actor=finance
            )
        assert refusal.value.field == field
        assert "a year ahead" in str(refusal.value)


def test_numbers_without_end_are_refused_in_words(service, finance):
    assert [has_decimals(Decimal(typed), 2) for typed in ("1E+400", "1E-400", "NaN", "1.25")] == [False] * 3 + [True]
    used = use(service, "10.00", actor=finance)
    page = Page(boss(), reverse("prepaid:document-credit", args=[used.pk]))
    name = f"line_{used.lines.get(kind='item').pk}"
    for typed in ("1e400", "1e-400", "9" * 30):
        answer = page.client.post(page.url, page.fill(reason="x", **{name: typed}).data)
        assert (answer.status_code, list(errors(answer))) == (200, [name])


@pytest.fixture
def many(account, finance):
    """Residuals of many services that have lapsed."""
    PrepaidSetup.objects.update(approve_amounts_above=10**6)
    services = [make_service(make_account(), actor=finance) for _ in range(3)]
    for service in services:
        for _ in range(6):
            given(service, "5", actor=finance, until=BEFORE, on=BEFORE)
    return services


def test_pages_of_what_lapses_ask_no_question_for_each_row(many):
    def asked(name):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(f"prepaid:{name}")).status_code == 200
        return len(queries)

    client = boss()
    client.get(reverse("prepaid:expire-all"))
    assert asked("expire-all") < 45
    PrepaidSetup.objects.update(post_automatic_dissolution=False)
    night(TODAY)
    assert asked("dissolution-list") < 25
    assert asked("dissolution-approve") < 45


def test_more_residuals_than_a_person_would_read_are_summed_by_service(many, finance, monkeypatch):
    monkeypatch.setattr(expiry, "LONGEST", 17)
    preview = expiry.expire_and_describe(many, on=BEFORE, actor=finance)
    assert [(change.label, change.before.replace("\xa0", " ")) for change in preview.changes] == [
        (str(service), "USD 30.00 left") for service in many
    ]
    assert preview.changes[0].note.startswith("6 residuals, ")


def test_an_import_asks_few_questions_for_each_line(account, finance):
    services = [make_service(account, actor=finance) for _ in range(8)]
    header = "Prepaid Service No.,Posting Date,Document No.,Amount,Gen. Prod. Posting Group,Bal. Account No."

    def asked(lines):
        with CaptureQueriesContext(connection) as queries:
            import_balances("\n".join([header, *lines]).encode(), file_name="old.csv", actor=finance)
        return len(queries)

    rows = [f"{service.number},2026-11-01,OB-1,100,PREPAID,1000" for service in services]
    one = asked(rows[:1])
    assert (asked(rows[1:]) - one) / (len(rows) - 2) <= 15


def test_asked_for_on_a_day_is_the_day_of_the_company(service, finance):
    LedgerSetup.objects.update(time_zone="Pacific/Auckland")
    PrepaidSetup.objects.update(approve_amounts_above=0)
    with time_machine.travel("2026-11-24T18:00:00Z", tick=False):  # 25 November in Auckland
        request = given(service, "5", actor=finance)
    with connection.cursor() as cursor:  # the database stamps its own clock
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE prepaid_entryrequest SET requested_at = '2026-11-24 18:00+00'")
        cursor.execute("SET LOCAL session_replication_role = origin")
    client, url = signed_in("finance"), reverse("prepaid:entry-request-list")

    def found(day):
        page = client.get(url, {"requested_at_after": day, "requested_at_before": day})
        return reverse("prepaid:entry-request", args=[request.pk]) in page.content.decode()

    assert [found(f"2026-11-{day}") for day in (23, 24, 25)] == [False, False, True]
    assert EntryRequest.objects.count() == 1
