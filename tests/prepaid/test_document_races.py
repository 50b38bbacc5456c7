"""Sales documents that arrive at once, on real connections."""

from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from ledger.models import JournalEntry
from ledger.tie_outs import check_books
from prepaid.exceptions import MoreThanLeftToCredit
from prepaid.models import PrepaidEntry, PrepaidService, SalesDocument
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.post_document import post_document
from tests.builders import make_account, make_user, trial_balance
from tests.credits.desk import Page
from tests.prepaid import selling
from tests.prepaid.desk import signed_in
from tests.prepaid.selling import make_service, top_up, usage, use
from tests.racing import at_once, split

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def finance(transactional_db):
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False):
        selling.make_company()
        yield make_user("finance")


@pytest.fixture
def service(finance):
    return make_service(make_account(), actor=finance)


def left(service: PrepaidService) -> Decimal:
    return PrepaidService.objects.with_balances().get(pk=service.pk).outstanding


def books_agree() -> None:
    assert [str(offender) for check in check_books() for offender in check.offenders] == []


def test_one_posting_delivered_fifty_times_at_once_is_one_document_and_one_entry(service, finance):
    """Row 7. Origin: lago-api#3618, a payment webhook settled twice and doubled the balance."""
    product = selling.make_product("TOP-UP", prepaid=True)
    terms = selling.LineTerms(product=product, unit_price=Decimal(100), prepaid_service=service)
    document = selling.make_document(service.account, terms, actor=finance)
    posted = at_once([lambda: post_document(document, actor=finance)] * 50)
    assert {each.posted_number for each in posted} == {"INV-000001"}
    assert PrepaidEntry.objects.count() == JournalEntry.objects.count() == 1
    assert left(service) == 100 and trial_balance()["2410"]["USD"] == -100


def test_a_form_of_posting_sent_from_two_windows_at_once_posts_once(service, finance):
    """Each window has a token of its own: the lock decides, and the second is told."""
    document = usage(service, "10.00", actor=finance)
    desk = signed_in("finance")
    pages = [Page(desk, f"/prepaid/documents/{document.pk}/post/") for _ in range(2)]
    sent = [page.data | {"fingerprint": page.preview().fingerprint} for page in pages]
    clients = [Client() for _ in pages]
    for client in clients:
        client.force_login(desk.user)
    answers = at_once(
        [lambda at=at: clients[at].post(pages[at].url, sent[at]) for at in range(2)],
    )
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    told = next(answer for answer in answers if answer.status_code == 200).content.decode()
    assert "is posted already, as INV-000001. Nothing was posted twice." in told
    assert JournalEntry.objects.count() == 1


def test_usage_beyond_the_balance_from_two_sessions_bills_the_difference(service, finance):
    top_up(service, "1000.00", actor=finance)
    documents = [usage(service, "700.00", actor=finance) for _ in range(2)]
    assert split(at_once([lambda d=d: post_document(d, actor=finance) for d in documents])) == (2, [])
    grosses = sorted(
        SalesDocument.objects.with_totals().filter(pk__in=[d.pk for d in documents]).values_list("gross", flat=True)
    )
    assert grosses == [0, 400] and left(service) == 0
    assert trial_balance()["1100"]["USD"] == 1400 and "2410" not in trial_balance()
    books_agree()


def test_the_last_of_a_top_up_is_used_or_credited_and_never_both(service, finance):
    sold = top_up(service, "100.00", actor=finance)
    memo = create_credit_memo(sold, reason="Cancelled", actor=finance)
    documents = [memo, *(usage(service, "60.00", actor=finance) for _ in range(3))]
    count, errors = split(at_once([lambda d=d: post_document(d, actor=finance) for d in documents]))
    assert (count, errors) in [(4, []), (3, [MoreThanLeftToCredit])]
    assert left(service) == 0
    billed = 100 + sum(
        SalesDocument.objects.with_totals()
        .filter(type="invoice", state="posted")
        .exclude(pk=sold.pk)
        .values_list("gross", flat=True)
    )
    credited = 100 if count == 4 else 0
    assert trial_balance()["1100"]["USD"] == billed - credited
    books_agree()


def test_numbers_have_no_gap_where_many_post_and_some_are_refused(finance):
    """Customers of their own, so that only the number series is shared."""
    services = [make_service(make_account(f"Customer {at}"), actor=finance) for at in range(8)]
    documents = [usage(service, "10.00", actor=finance) for service in services]
    for document in documents[::4]:
        document.lines.all().delete()
    count, errors = split(at_once([lambda d=d: post_document(d, actor=finance) for d in documents]))
    assert (count, len(errors)) == (6, 1)
    used = SalesDocument.objects.filter(state="posted").order_by("sequence").values_list("sequence", flat=True)
    assert list(used) == list(range(1, 7))


def test_two_credit_memos_of_one_invoice_at_once_credit_it_once(service, finance):
    top_up(service, "100.00", actor=finance)
    used = use(service, "60.00", actor=finance)
    memos = [create_credit_memo(used, reason="Not done", actor=finance) for _ in range(2)]
    assert split(at_once([lambda m=m: post_document(m, actor=finance) for m in memos])) == (1, [MoreThanLeftToCredit])
    assert left(service) == 100
    books_agree()
