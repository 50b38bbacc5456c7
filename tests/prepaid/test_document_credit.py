"""Credit memos: parts in any order end at nothing, and no more comes back than there is."""

import datetime
import itertools
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ledger.models import JournalLine, VatBusinessGroup, VatPostingSetup, VatProductGroup
from ledger.tie_outs import check_books
from prepaid.exceptions import BadDocument, MoreThanLeftToCredit, NotPostable
from prepaid.models import PrepaidEntry, PrepaidService, PrepaidSetup, SalesDocument
from prepaid.reports.crediting import credit_rows
from prepaid.services.credit_left import creditable
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.document_lines import LineTerms, add_line, edit_line
from prepaid.services.documents import Header, edit_header
from prepaid.services.expire import expire_residuals
from prepaid.services.manual import EntryTerms, request_entry
from prepaid.services.post_document import post_document
from tests.builders import make_rate, trial_balance
from tests.credits.desk import Page, errors, text
from tests.prepaid.desk import signed_in
from tests.prepaid.selling import TODAY, make_document, make_product, make_service, top_up, usage, use

pytestmark = pytest.mark.django_db


def credit(invoice: SalesDocument, parts: dict | None = None, *, actor) -> SalesDocument:
    """The posted credit memo of these units by line no., or of all that is left."""
    lines = {line.line_no: line.pk for line in invoice.lines.all()}
    chosen = None if parts is None else {lines[line_no]: Decimal(units) for line_no, units in parts.items()}
    return post_document(create_credit_memo(invoice, credit=chosen, reason="Wrong", actor=actor), actor=actor)


def gross(document: SalesDocument) -> Decimal:
    return SalesDocument.objects.with_totals().get(pk=document.pk).gross


def left(service: PrepaidService) -> Decimal:
    return PrepaidService.objects.with_balances().get(pk=service.pk).outstanding


def books_agree() -> None:
    assert [str(offender) for check in check_books() for offender in check.offenders] == []


@pytest.fixture
def euro(account, finance):
    """A service of 1,000.00 EUR that came in at 1.137, VAT of 19 % on what is sold."""
    make_rate("EUR", "1.137")
    account.vat_business_group = VatBusinessGroup.objects.create(code="HOME", name="Home")
    account.save()
    group = VatProductGroup.objects.create(code="FULL", name="Full")
    VatPostingSetup.objects.create(
        business_group_id="HOME", product_group=group, percent=Decimal(19), account_id="2700"
    )
    make_product("TOP-UP", prepaid=True, vat_product_group=group)
    service = make_service(account)
    top_up(service, "1000.00", currency="EUR", actor=finance)
    make_rate("EUR", "1.211", starting_on=TODAY)
    return service


@pytest.mark.parametrize("order", list(itertools.permutations(("1", "3.5", "2.5"))))
def test_parts_in_any_order_end_at_nothing_in_both_currencies(account, euro, finance, order):
    """Row 16. Origin: erpnext#55600, parts of a foreign-currency item left a residue in the base currency. Usage of 1,166.69
    of which 1,000.00 is covered."""
    before = trial_balance()
    work = make_product("WORK", vat_product_group_id="FULL")
    lines = [
        LineTerms(product=work, quantity=Decimal(7), unit_price=Decimal("133.33"), prepaid_service=euro),
        LineTerms(product=work, quantity=Decimal(7), unit_price=Decimal("33.34"), prepaid_service=euro),
    ]
    used = post_document(make_document(account, *lines, currency="EUR"), actor=finance)
    assert left(euro) == 0
    for part in order:
        memo = credit(used, {1: part, 2: part}, actor=finance)
        items = memo.lines.filter(kind="item")
        assert all(0 <= line.covered_net <= line.net and 0 <= line.covered_vat <= line.vat for line in items)
    assert trial_balance() == before and left(euro) == 1000
    back = PrepaidEntry.objects.filter(came_from__isnull=False)
    assert sum(entry.amount_lcy for entry in back) == 1137
    with pytest.raises(MoreThanLeftToCredit):
        credit(used, {1: "0.0001"}, actor=finance)
    books_agree()


def test_parts_of_the_smallest_amounts_are_never_covered_by_more_than_they_come_to(account, service, finance):
    """0.03 of which 0.02 is covered, credited in quarters."""
    top_up(service, "0.02", actor=finance)
    terms = LineTerms(
        product=make_product("WORK"), quantity=Decimal(4), unit_price=Decimal("0.01"), discount_percent=Decimal(25),
        prepaid_service=service,
    )  # fmt: skip
    used = post_document(make_document(service.account, terms), actor=finance)
    for _ in range(4):
        credit(used, {1: "1"}, actor=finance)
    assert left(service) == Decimal("0.02")
    assert trial_balance() == {"1100": {"USD": Decimal("0.02"), "LCY": Decimal("0.02")},
                               "2410": {"USD": Decimal("-0.02"), "LCY": Decimal("-0.02")}}  # fmt: skip


class TestTopUp:
    """Row 17. Origin: erpnext#40463, a credit note hit income and not the deferral."""

    def test_before_any_use_it_comes_off_the_deferral(self, service, finance):
        sold = top_up(service, "5000.00", actor=finance)
        memo = credit(sold, actor=finance)
        assert trial_balance() == {} and left(service) == 0 and gross(memo) == 5000
        entry = memo.prepaid_entries.get()
        assert (entry.entry_type, entry.amount, entry.reason) == ("negative", -5000, "Wrong")
        assert {line.account_id for line in JournalLine.objects.filter(entry__event_key=memo.event_key)} == {
            "1100",
            "2410",
        }

    def test_during_its_use_no_more_than_what_is_left(self, service, finance):
        sold = top_up(service, "5000.00", actor=finance)
        use(service, "1234.56", actor=finance)
        with pytest.raises(
            MoreThanLeftToCredit, match=r"USD\s3,765.44 of the top-up is left. What was used comes back"
        ):
            credit(sold, {1: "5000"}, actor=finance)
        credit(sold, actor=finance)
        assert trial_balance() == {
            "1100": {"USD": Decimal("1234.56"), "LCY": Decimal("1234.56")},
            "4010": {"USD": Decimal("-1234.56"), "LCY": Decimal("-1234.56")},
        }

    def test_what_has_lapsed_is_not_refunded(self, account, service, finance):
        """Of itself the night makes breakage of it; until then it is no more the customer's than after."""
        lapsing = make_service(account, valid_until_formula="1D", description="Lapsing")
        sold = top_up(lapsing, "50.00", on=datetime.date(2026, 11, 1), actor=finance)
        with pytest.raises(BadDocument, match=r"left to be credited: USD\s50.00 has lapsed and is not refunded"):
            create_credit_memo(sold, reason="Wrong", actor=finance)
        with pytest.raises(
            MoreThanLeftToCredit, match=r"USD\s0.00 of the top-up is left. USD\s50.00 has lapsed and is"
        ):
            credit(sold, {1: "1"}, actor=finance)
        (row,) = credit_rows(sold)
        assert (row.left, row.used, row.used_by) == (0, 50, [])
        assert [creditable(sold.lines.get(), datetime.date(2026, 11, day)) for day in (2, 3)] == [50, 0]

    def test_a_memo_written_in_time_and_posted_too_late(self, account, finance):
        lapsing = make_service(account, valid_until_formula="1D", actor=finance)
        sold = top_up(lapsing, "50.00", on=TODAY - datetime.timedelta(days=1), actor=finance)
        memo = create_credit_memo(sold, reason="Wrong", actor=finance)
        with time_machine.travel("2026-11-25T12:00:00Z", tick=False):
            SalesDocument.objects.filter(pk=memo.pk).update(posted_on=datetime.date(2026, 11, 25))
            with pytest.raises(MoreThanLeftToCredit, match="has lapsed"):
                post_document(memo, actor=finance)

    def test_after_its_use_and_after_it_lapsed_nothing(self, account, service, finance):
        sold = top_up(service, "100.00", actor=finance)
        use(service, "100.00", actor=finance)
        with pytest.raises(BadDocument, match="Nothing of INV-000001 is left to be credited"):
            create_credit_memo(sold, reason="Wrong", actor=finance)
        lapsing = make_service(account, valid_until_formula="1D", description="Lapsing")
        lapsed = top_up(lapsing, "50.00", on=datetime.date(2026, 11, 20), actor=finance)
        expire_residuals([lapsing], actor=finance)
        with pytest.raises(BadDocument, match="Nothing of"):
            create_credit_memo(lapsed, reason="Wrong", actor=finance)

    def test_in_parts_with_usage_between_them(self, service, finance):
        sold = top_up(service, "100.00", actor=finance)
        credit(sold, {1: "33.33"}, actor=finance)
        used = use(service, "60.00", actor=finance)
        credit(sold, actor=finance)  # 6.67
        credit(used, actor=finance)
        assert creditable(sold.lines.get()) == 60
        credit(sold, actor=finance)
        assert trial_balance() == {} and left(service) == 0
        books_agree()

    def test_two_credit_memos_made_for_the_same_post_once(self, service, finance):
        sold = top_up(service, "100.00", actor=finance)
        first, second = (create_credit_memo(sold, reason="Wrong", actor=finance) for _ in range(2))
        post_document(first, actor=finance)
        with pytest.raises(MoreThanLeftToCredit, match=r"only|USD\s0.00 of the top-up is left"):
            post_document(second, actor=finance)

    def test_what_came_back_later_is_not_taken_before(self, service, finance):
        """The usage was credited today: on a day before, its part of the top-up had not come back."""
        sold = top_up(service, "100.00", on=datetime.date(2026, 11, 10), actor=finance)
        used = use(service, "60.00", on=datetime.date(2026, 11, 12), actor=finance)
        credit(used, actor=finance)
        memo = create_credit_memo(sold, reason="Wrong", actor=finance)
        header = Header(account=sold.account, currency=sold.currency, posted_on=datetime.date(2026, 11, 15))
        edit_header(memo, header, actor=finance)
        with pytest.raises(MoreThanLeftToCredit, match=r"USD\s40.00 of the top-up is left"):
            post_document(memo, actor=finance)


class TestUsage:
    def test_it_comes_back_to_where_it_came_from_the_last_drawn_first(self, service, finance):
        """With its validity, group and rate; a balance line for the service takes it off the credit memo."""
        for formula in ("1M", "2M"):
            PrepaidService.objects.update(valid_until_formula=formula)
            top_up(service, "100.00", actor=finance)
        used = use(service, "150.00", actor=finance)
        memo = credit(used, {1: "0.5"}, actor=finance)
        first, second = PrepaidEntry.objects.filter(entry_type="positive", came_from=None).order_by("pk")
        back = memo.prepaid_entries.order_by("pk")
        assert [(entry.came_from, entry.amount, entry.valid_until) for entry in back] == [
            (second, 50, second.valid_until),
            (first, 25, first.valid_until),
        ]
        assert [(line.kind, line.net) for line in memo.lines.all()] == [("item", 75), ("balance", -75)]
        assert gross(memo) == 0 and left(service) == 125

    def test_one_balance_line_for_each_service_and_vat_rate(self, service, finance):
        top_up(service, "500.00", actor=finance)
        memo = credit(use(service, "100.00", "50.00", "25.00", actor=finance), actor=finance)
        assert [(line.kind, line.net) for line in memo.lines.all()][3:] == [("balance", -175)]

    def test_what_was_billed_comes_off_the_receivable(self, service, finance):
        top_up(service, "40.00", actor=finance)
        memo = credit(use(service, "100.00", actor=finance), actor=finance)
        assert gross(memo) == 60 and left(service) == 40
        assert trial_balance()["1100"]["USD"] == 40


class TestRefused:
    def test_what_is_not_posted_without_a_reason_or_more_than_was_invoiced(self, service, finance):
        document = usage(service, "10.00")
        with pytest.raises(BadDocument, match="is not a posted invoice"):
            create_credit_memo(document, reason="Wrong", actor=finance)
        posted = post_document(document, actor=finance)
        with pytest.raises(BadDocument, match="Say why") as refused:
            create_credit_memo(posted, reason=" ", actor=finance)
        assert refused.value.field == "reason"
        line = posted.lines.get()
        for units, refusal in (("1.0001", MoreThanLeftToCredit), ("-1", BadDocument), ("0.00001", BadDocument)):
            with pytest.raises(refusal) as refused:
                create_credit_memo(posted, credit={line.pk: Decimal(units)}, reason="Wrong", actor=finance)
            assert refused.value.field == f"line_{line.pk}"
        with pytest.raises(BadDocument, match="Enter how much of which line"):
            create_credit_memo(posted, credit={}, reason="Wrong", actor=finance)

    def test_a_posting_date_before_its_invoice(self, service, finance):
        memo = create_credit_memo(top_up(service, "10.00", actor=finance), reason="Wrong", actor=finance)
        header = Header(account=memo.account, currency=memo.currency, posted_on=datetime.date(2026, 11, 23))
        edit_header(memo, header, actor=finance)
        with pytest.raises(NotPostable, match="corrects INV-000001, which was posted on 24 Nov 2026"):
            post_document(memo, actor=finance)

    def test_other_lines_than_those_of_its_invoice(self, account, service, finance):
        memo = create_credit_memo(use(service, "10.00", actor=finance), reason="Wrong", actor=finance)
        terms = LineTerms(product=make_product("MORE"))
        with pytest.raises(BadDocument, match="are those of its invoice"):
            add_line(memo, terms, actor=finance)
        with pytest.raises(BadDocument, match="are those of its invoice"):
            edit_line(memo.lines.first(), terms, actor=finance)
        with pytest.raises(BadDocument, match="whoever was billed"):
            payer = make_service(type(account).objects.create(
                number="A9", name="Payer", currency_id="USD", business_group_id="DOMESTIC")).account  # fmt: skip
            edit_header(memo, Header(account=account, bill_to=payer, currency=account.currency), actor=finance)


class TestPages:
    def test_the_remaining_part_is_offered_and_posted(self, service, finance):
        client = signed_in("finance")
        sold = top_up(service, "5000.00", actor=finance)
        used = use(service, "1234.56", actor=finance)
        page = Page(client, reverse("prepaid:document-credit", args=[sold.pk]))
        shown = text(page.shown)
        assert "USD 1,234.56 of it is used or has lapsed. The remaining part is offered." in shown
        assert "To credit more, first credit INV-000002 ." in shown
        field = f"line_{sold.lines.get().pk}"
        assert page.data[field] == "3765.44"
        answer = client.post(page.url, page.data | {field: "5000", "reason": "Cancelled"})
        assert list(errors(answer)) == [field] and "Cancelled" in answer.content.decode()
        assert list(errors(client.post(page.url, page.data))) == ["reason"]
        answer = client.post(page.url, page.data | {"reason": "Cancelled"})
        memo = SalesDocument.objects.get(type="credit_memo")
        assert answer["Location"] == memo.get_absolute_url() and not memo.is_posted
        page = Page(client, reverse("prepaid:document-post", args=[memo.pk]))
        preview = page.preview()
        assert preview.confirm_label == "Post USD\xa03,765.44"
        assert (f"{service}: outstanding", "USD\xa03,765.44", "USD\xa00.00") in [
            (change.label, change.before, change.after) for change in preview.changes
        ]
        assert [(row.account_code, row.debit, row.credit) for row in preview.postings] == [
            ("2410", Decimal("3765.44"), 0),
            ("1100", 0, Decimal("3765.44")),
        ]
        page.confirm()
        assert left(service) == 0
        answer = client.get(reverse("prepaid:document-credit", args=[sold.pk]))
        assert answer.status_code == 409 and "Nothing of INV-000001 is left to be credited" in text(answer)
        assert used.lines.count() == 2

    def test_only_invoices_that_still_use_it_have_to_be_credited_first(self, service, finance):
        sold = top_up(service, "100.00", actor=finance)
        credited, again = use(service, "30.00", actor=finance), use(service, "30.00", actor=finance)
        credit(credited, actor=finance)
        (row,) = credit_rows(sold)
        assert (row.used, row.used_by) == (30, [again])
        after = use(service, "70.00", actor=finance)  # uses what came back as well
        (row,) = credit_rows(sold)
        assert (row.left, row.used_by) == (0, [again, after])

    def test_a_part_of_usage_is_credited(self, service, finance):
        client = signed_in("finance")
        top_up(service, "500.00", actor=finance)
        used = use(service, "100.00", "50.00", actor=finance)
        first, second = used.lines.filter(kind="item")
        page = Page(client, reverse("prepaid:document-credit", args=[used.pk]))
        sent = page.data | {f"line_{first.pk}": "0.25", f"line_{second.pk}": "0", "reason": "Less was done"}
        assert client.post(page.url, sent).status_code == 302
        memo = SalesDocument.objects.get(type="credit_memo")
        assert [(line.corrects_line, line.net) for line in memo.lines.all()] == [(first, 25)]
        preview = Page(client, reverse("prepaid:document-post", args=[memo.pk])).preview()
        labels = [change.label for change in preview.changes]
        assert f"Positive Adjmt., {service}" in labels and f"Balance line: {service}" in labels
        assert preview.confirm_label == "Post USD\xa00.00"


class TestWhoUsedIt:
    """The invoices that have to be credited first are those that hold something of the top-up now."""

    def test_what_came_back_whole_names_nobody(self, service, finance):
        sold = top_up(service, "100.00", actor=finance)
        first = use(service, "60.00", actor=finance)
        credit(first, actor=finance)
        second = use(service, "100.00", actor=finance)  # 40 of the top-up, and the 60 that came back
        (row,) = credit_rows(sold)
        assert (row.left, row.used_by) == (0, [second])

    def test_what_came_back_in_part_names_both(self, service, finance):
        sold = top_up(service, "100.00", actor=finance)
        first = use(service, "30.00", "70.00", actor=finance)
        credit(first, {2: "1"}, actor=finance)
        second = use(service, "70.00", actor=finance)
        (row,) = credit_rows(sold)
        assert (row.used, row.used_by) == (100, [first, second])


def test_revenue_of_the_item_used_goes_back_under_its_group(service, finance):
    PrepaidSetup.objects.update(revenue_from="consumed")
    top_up(service, "1000.00", actor=finance)
    used = use(service, "400.00", actor=finance)
    PrepaidSetup.objects.update(revenue_from="receipt")
    memo = credit(used, {1: "0.25"}, actor=finance)
    lines = JournalLine.objects.filter(account_id="4000").values_list("entry__event_key", "product_group_id", "debit")
    assert set(lines) == {(used.event_key, "SERVICES", 0), (memo.event_key, "SERVICES", 100)}
    books_agree()


def test_a_quantity_too_small_to_be_covered_gives_nothing_back(account, finance):
    """A ten-thousandth of an hour of which a third is covered: money of it is credited, and no quantity comes back."""
    hours = make_service(account, accrual="periodic", type="quantity", unit_of_measure="HOUR", actor=finance)
    request_entry(
        hours, EntryTerms(entry_type="positive", posted_on=TODAY, quantity=Decimal(1), reason="Start"), actor=finance
    )
    work = make_product("WORK", price="90000", unit_of_measure="HOUR")
    used = post_document(
        make_document(account, LineTerms(product=work, quantity=Decimal(3), prepaid_service=hours), actor=finance),
        actor=finance,
    )
    memo = credit(used, {1: "0.0001"}, actor=finance)
    line = memo.lines.get(kind="item")
    assert (line.covered, line.covered_net) == (0, 3)
    assert not memo.prepaid_entries.exists()
    books_agree()


def test_a_long_invoice_is_credited_in_a_few_queries(service, finance):
    top_up(service, "1000.00", actor=finance)
    used = use(service, *["10.00"] * 12, actor=finance)
    with CaptureQueriesContext(connection) as making:
        memo = create_credit_memo(used, reason="Wrong", actor=finance)
    with CaptureQueriesContext(connection) as posting:
        post_document(memo, actor=finance)
    with CaptureQueriesContext(connection) as reading:
        credit_rows(used)
    assert (len(making) < 28, len(posting) < 45, len(reading) < 8) == (True, True, True), (
        len(making), len(posting), len(reading))  # fmt: skip
