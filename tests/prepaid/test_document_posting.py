"""Posting in the browser: the preview says what is posted, once, whoever posts and from how many windows."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from ledger.models import JournalEntry, JournalLine, NumberSeries
from pages.preview import Preview
from prepaid.models import PrepaidEntry, PrepaidService, SalesDocument
from prepaid.services.balance_lines import add_balance_line
from prepaid.services.document_lines import LineTerms
from prepaid.services.post_document import post_document
from tests.builders import make_rate
from tests.credits.desk import Page, errors, text
from tests.prepaid.desk import signed_in
from tests.prepaid.selling import make_document, make_product, make_service, top_up, usage

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(company):
    return signed_in("finance")


def posting(client, document: SalesDocument) -> Page:
    return Page(client, reverse("prepaid:document-post", args=[document.pk]))


def shown(preview: Preview) -> list[tuple]:
    return [(change.label, change.before, change.after) for change in preview.changes]


def lines_of(document: SalesDocument) -> list[tuple]:
    lines = JournalLine.objects.filter(entry__event_key=document.event_key).order_by("line_no")
    return [(line.account_id, line.debit, line.credit, line.debit_lcy, line.credit_lcy) for line in lines]


def previewed(preview: Preview) -> list[tuple]:
    return [(row.account_code, row.debit, row.credit, row.debit_lcy, row.credit_lcy) for row in preview.postings]


def test_the_preview_of_a_top_up_and_of_its_usage_is_what_is_posted(desk, account, service, finance):
    service.valid_until_formula = "1M"
    service.save()
    item = make_product("TOP-UP", prepaid=True)
    sold = make_document(account, LineTerms(product=item, unit_price=Decimal(5000), prepaid_service=service))
    page = posting(desk, sold)
    preview = page.preview()
    name = str(service)
    assert shown(preview) == [
        (f"Invoice {sold.number}", "Open", "Posted"),
        (f"{name}: outstanding", "USD\xa00.00", "USD\xa05,000.00"),
        (f"Positive Adjmt., {name}", "", "USD\xa05,000.00"),
        ("To pay", "", "USD\xa05,000.00"),
    ]
    assert preview.changes[2].note == "valid until 24 Dec 2026"
    assert preview.confirm_label == "Post USD\xa05,000.00"
    assert previewed(preview) == [("1100", 5000, 0, 5000, 0), ("2410", 0, 5000, 0, 5000)]
    assert not PrepaidEntry.objects.exists() and not JournalEntry.objects.exists()
    assert page.confirm()["Location"] == sold.get_absolute_url()
    assert lines_of(sold) == previewed(preview)
    entry = PrepaidEntry.objects.get()
    assert (entry.amount, entry.valid_until, entry.document) == (5000, datetime.date(2026, 12, 24), sold)

    used = usage(service, "4000.00", "2000.00")
    page = posting(desk, used)
    preview = page.preview()
    assert shown(preview) == [
        (f"Invoice {used.number}", "Open", "Posted"),
        (f"{name}: outstanding", "USD\xa05,000.00", "USD\xa00.00"),
        (f"Consumption, {name}", "", "USD\xa0−5,000.00"),
        (f"1. from {entry} of 24 Nov 2026, INV-000001", "USD\xa05,000.00", "USD\xa00.00"),
        (f"Balance line: {name}", "", "USD\xa0−5,000.00"),
        ("To pay", "", "USD\xa01,000.00"),
    ]
    assert preview.warnings == [
        f"{name} covers USD\xa05,000.00 of its lines. The rest is billed: USD\xa01,000.00, net."
    ]
    assert preview.confirm_label == "Post USD\xa01,000.00"
    answer = page.confirm()
    assert lines_of(used) == previewed(preview)
    receipt = text(desk.get(answer["Location"]))
    assert "What was posted" in receipt and "Invoice INV-000002" in receipt
    assert PrepaidService.objects.with_balances().get(pk=service.pk).outstanding == 0


def test_draws_stand_in_their_order_and_what_covers_nothing_is_said(desk, account, service, finance):
    """Earliest valid-until first, unlimited last."""
    top_up(service, "100.00", actor=finance)
    PrepaidService.objects.update(valid_until_formula="1M")
    top_up(service, "100.00", actor=finance)
    empty = make_service(account, description="Empty")
    work = make_product("WORK")
    lines = [LineTerms(product=work, unit_price=Decimal(150), prepaid_service=each) for each in (service, empty)]
    preview = posting(desk, make_document(account, *lines)).preview()
    unlimited, month = PrepaidEntry.objects.order_by("pk")
    draws = [row for row in shown(preview) if " from " in row[0]]
    assert draws == [
        (f"1. from {month} of 24 Nov 2026, INV-000002", "USD\xa0100.00", "USD\xa00.00"),
        (f"2. from {unlimited} of 24 Nov 2026, INV-000001", "USD\xa0100.00", "USD\xa050.00"),
    ]
    assert [row.label for row in preview.left_out] == [f"{empty} covers nothing"]


def test_nothing_of_a_sequence_is_in_what_is_confirmed(desk, account, service, finance):
    """Two rehearsals of the same say the same, and a number drawn meanwhile by another posting does not matter."""
    top_up(service, "100.00", actor=finance)
    document = usage(service, "40.00")
    page = posting(desk, document)
    first, second = page.preview().fingerprint, page.preview().fingerprint
    other = make_service(account, description="Other")
    top_up(other, "1.00", actor=finance)
    assert first == second == page.preview().fingerprint
    assert "INV-000003" not in text(page.look())
    assert page.confirm().status_code == 302
    document.refresh_from_db()
    assert document.posted_number == "INV-000003"  # no rehearsal took one


def test_what_changed_in_between_is_shown_before_it_is_posted(desk, account, service, finance):
    top_up(service, "100.00", actor=finance)
    document = usage(service, "80.00")
    page = posting(desk, document)
    seen = page.preview().fingerprint
    post_document(usage(service, "50.00"), actor=finance)
    answer = desk.post(page.url, page.data | {"fingerprint": seen})
    assert "Something changed in between" in text(answer)
    assert answer.context["preview"].confirm_label == "Post USD\xa030.00"
    document.refresh_from_db()
    assert document.state == "open"


def test_from_two_windows_it_is_posted_once_and_the_second_is_told(desk, account, service, finance):
    top_up(service, "100.00", actor=finance)
    document = usage(service, "40.00")
    first, second = posting(desk, document), posting(desk, document)
    seen = second.preview().fingerprint
    assert first.confirm().status_code == 302
    answer = desk.post(second.url, second.data | {"fingerprint": seen})
    told = f"{document.number} is posted already, as INV-000002. Nothing was posted twice."
    assert errors(answer) == {"": [told]}
    assert told in text(desk.get(second.url))
    again = desk.post(first.url, first.data | {"fingerprint": "x"})
    assert again["Location"] == document.get_absolute_url()
    assert JournalEntry.objects.filter(event_key=document.event_key).count() == 1
    assert PrepaidEntry.objects.filter(document=document).count() == 1


def test_a_refusal_stands_in_the_panel_and_draws_no_number(desk, account, service, finance):
    top_up(service, "100.00", actor=finance)
    document = usage(service, "80.00")
    add_balance_line(document, service, amount=Decimal(90), actor=finance)
    answer = desk.get(posting(desk, document).url)
    assert "A balance covers no more than was used." in text(answer)
    assert NumberSeries.objects.get(code="PSI").last_number == 1


def test_a_foreign_currency_is_posted_at_the_rate_of_the_day(desk, account, finance):
    make_rate("EUR", "1.25")
    service = make_service(account, description="Budget in euro")
    item = make_product("TOP-UP", prepaid=True)
    terms = LineTerms(product=item, unit_price=Decimal("1000.00"), prepaid_service=service)
    page = posting(desk, make_document(account, terms, currency="EUR"))
    assert previewed(page.preview()) == [("1100", 1000, 0, 1250, 0), ("2410", 0, 1000, 0, 1250)]
    page.confirm()
    service.refresh_from_db()
    assert service.currency_id == "EUR"
