"""Sales documents: what their services refuse, and what is posted where it is not simple."""

import datetime
from decimal import Decimal

import pytest

from ledger.exceptions import BlockedAccount, MissingAccount, MissingRate, MissingVat
from ledger.models import (
    JournalEntry,
    LedgerAccount,
    NumberSeries,
    PostingSetup,
    VatBusinessGroup,
    VatPostingSetup,
    VatProductGroup,
)
from ledger.tie_outs import check_books
from opportunities.models import CommitmentOption
from prepaid.exceptions import (
    BadDocument,
    DocumentFixed,
    NotEnoughLeft,
    NotPostable,
    OtherCurrency,
    ServiceClosed,
)
from prepaid.models import PrepaidEntry, PrepaidService, SalesDocument
from prepaid.services.balance_lines import add_balance_line
from prepaid.services.document_lines import LineTerms, add_line, edit_line
from prepaid.services.document_state import release, reopen
from prepaid.services.documents import Header, create_document, delete_document, edit_header
from prepaid.services.manual import EntryTerms, request_entry
from prepaid.services.post_document import post_document
from prepaid.services.services import close_service
from tests.builders import make_account, make_period, make_rate, trial_balance
from tests.prepaid.selling import TODAY, Type, make_document, make_product, make_service, top_up, usage, use

pytestmark = pytest.mark.django_db


def left(service: PrepaidService) -> Decimal:
    found = PrepaidService.objects.with_balances().get(pk=service.pk)
    return found.outstanding if service.is_amount else found.outstanding_quantity


def amounts(document: SalesDocument) -> list[tuple]:
    return [(line.kind, line.net, line.vat) for line in document.lines.all()]


def silent() -> bool:
    offenders = [str(offender) for check in check_books() for offender in check.offenders]
    assert offenders == []
    return True


def vat(account, **rates: str) -> None:
    """The account's VAT group with these rates: `FULL="19"`."""
    account.vat_business_group = VatBusinessGroup.objects.get_or_create(code="HOME", defaults={"name": "Home"})[0]
    account.save()
    for code, percent in rates.items():
        group, _ = VatProductGroup.objects.get_or_create(code=code, defaults={"name": code})
        VatPostingSetup.objects.create(
            business_group_id="HOME", product_group=group, percent=Decimal(percent), account_id="2700"
        )


def hours(account, quantity: str, *, actor) -> PrepaidService:
    """A periodic service of hours with so many of them."""
    service = make_service(account, accrual="periodic", type="quantity", unit_of_measure="HOUR")
    terms = EntryTerms(
        entry_type="positive", posted_on=TODAY, quantity=Decimal(quantity), reason="Opening", quantity_only=True
    )
    request_entry(service, terms, actor=actor)
    return service


class TestRefused:
    """Each with its class and the sentence that a person reads."""

    def test_a_quantity_other_than_1_of_a_top_up(self, account, service):
        document, item = make_document(account), make_product("TOP-UP", prepaid=True)
        with pytest.raises(BadDocument, match="its quantity is always 1") as refused:
            add_line(document, LineTerms(product=item, quantity=Decimal(2), prepaid_service=service), actor=None)
        assert refused.value.field == "quantity"

    @pytest.mark.parametrize(
        ("change", "refusal", "sentence"),
        [
            ({"account": None}, BadDocument, "belongs to another account"),
            ({"accrual": "periodic"}, NotPostable, "A contract tops it up, not an invoice"),
            ({"closed": True}, ServiceClosed, "is closed: it takes no entry"),
            ({"currency_id": "EUR"}, OtherCurrency, "is in EUR, not in USD"),
        ],
    )
    def test_a_service_that_does_not_fit(self, account, change, refusal, sentence):
        if "account" in change:
            change = {"account": make_account("Another")}
        service = make_service(account)
        PrepaidService.objects.filter(pk=service.pk).update(**change)
        service.refresh_from_db()
        document, item = make_document(account), make_product("TOP-UP", prepaid=True)
        with pytest.raises(refusal, match=sentence) as refused:
            add_line(document, LineTerms(product=item, prepaid_service=service), actor=None)
        assert refused.value.field == "prepaid_service"
        assert not document.lines.exists()

    def test_a_service_that_was_closed_meanwhile(self, account, service, finance):
        document = usage(service, "10.00")
        close_service(service, actor=finance)
        with pytest.raises(ServiceClosed):
            post_document(document, actor=finance)

    def test_a_commitment_item_on_an_invoice(self, account):
        item = make_product("MONTHLY", prepaid=True, commitment_option=CommitmentOption.COMMITMENT_ITEM)
        with pytest.raises(NotPostable, match="billed by its contract"):
            add_line(make_document(account), LineTerms(product=item), actor=None)
        add_line(make_document(account, type_=Type.ORDER), LineTerms(product=item), actor=None)

    def test_a_top_up_without_its_service_or_worth_nothing(self, account, service, finance):
        item = make_product("TOP-UP", prepaid=True)
        document = make_document(account, LineTerms(product=item))
        with pytest.raises(NotPostable, match="choose the prepaid service that it tops up"):
            post_document(document, actor=finance)
        free = LineTerms(product=item, prepaid_service=service, discount_percent=Decimal(100))
        with pytest.raises(NotPostable, match="it tops nothing up"):
            add_line(make_document(account), free, actor=finance)

    def test_what_is_no_invoice_has_no_lines_or_lies_ahead(self, account, service, finance):
        with pytest.raises(NotPostable, match="is a quote: it is made into an invoice"):
            post_document(usage(service, "10.00", type_=Type.QUOTE), actor=finance)
        with pytest.raises(NotPostable, match="has no lines"):
            post_document(make_document(account), actor=finance)
        with pytest.raises(NotPostable, match="25 Nov 2026 has not come"):
            post_document(usage(service, "10.00", on=TODAY + datetime.timedelta(days=1)), actor=finance)

    def test_cells_that_are_missing_are_named(self, account, service, finance):
        document = usage(service, "10.00")
        PostingSetup.objects.filter(business_group="DOMESTIC", product_group="SERVICES").update(sales=None)
        with pytest.raises(
            MissingAccount, match="no sales account for business group DOMESTIC and product group SERVICES"
        ):
            post_document(document, actor=finance)
        vat(account, FULL="19")
        REDUCED = VatProductGroup.objects.create(code="REDUCED", name="Reduced")
        work = make_product("BOOK", vat_product_group=REDUCED)
        with pytest.raises(MissingVat, match="no rate for business group HOME with product group REDUCED"):
            make_document(account, LineTerms(product=work))

    def test_a_missing_rate(self, account, finance):
        work = make_product("WORK", currency="EUR")
        document = make_document(account, LineTerms(product=work), currency="EUR")
        with pytest.raises(MissingRate, match="no exchange rate for EUR on 24 Nov 2026"):
            post_document(document, actor=finance)

    def test_a_blocked_account(self, account, service, finance):
        LedgerAccount.objects.filter(code="2410").update(blocked=True)
        with pytest.raises(BlockedAccount, match="2410"):
            top_up(service, "10.00", actor=finance)
        assert not PrepaidEntry.objects.exists()

    def test_numbers_have_no_gap_where_a_posting_was_refused(self, account, service, finance):
        document = usage(service, "10.00")
        PostingSetup.objects.filter(product_group="SERVICES").update(sales=None)
        with pytest.raises(MissingAccount):
            post_document(document, actor=finance)
        sold = [top_up(service, "10.00", actor=finance) for _ in range(2)]
        assert [(each.posted_number, each.sequence) for each in sold] == [("INV-000001", 1), ("INV-000002", 2)]
        assert NumberSeries.objects.get(code="PSI").last_number == 2

    def test_a_change_of_what_is_released_or_posted(self, account, service, finance):
        document = release(usage(service, "10.00"), actor=finance)
        terms = LineTerms(product=make_product("MORE"))
        with pytest.raises(DocumentFixed, match="is released"):
            add_line(document, terms, actor=finance)
        add_line(reopen(document, actor=finance), terms, actor=finance)
        posted = post_document(document, actor=finance)
        with pytest.raises(DocumentFixed, match="Correct it with a credit memo"):
            edit_line(posted.lines.first(), terms, actor=finance)
        with pytest.raises(DocumentFixed, match="must not be missing"):
            delete_document(posted, actor=finance)
        with pytest.raises(DocumentFixed, match="is posted, not released"):
            reopen(posted, actor=finance)

    def test_another_account_or_currency_under_the_lines(self, account, service, finance):
        document = usage(service, "10.00")
        euro = make_account("Another", currency="EUR")
        with pytest.raises(BadDocument, match="old account") as refused:
            edit_header(document, Header(account=euro, currency=account.currency), actor=finance)
        assert refused.value.field == "account"
        with pytest.raises(BadDocument, match="old currency") as refused:
            edit_header(document, Header(account=account, currency=euro.currency), actor=finance)
        assert refused.value.field == "currency"
        with pytest.raises(BadDocument, match="made from the posted invoice"):
            create_document(Type.CREDIT_MEMO, Header(account=account, currency=account.currency), actor=finance)


class TestBalanceLines:
    def test_by_hand_less_is_used(self, account, service, finance):
        top_up(service, "500.00", actor=finance)
        document = usage(service, "300.00")
        add_balance_line(document, service, amount=Decimal("100.01"), actor=finance)
        posted = post_document(document, actor=finance)
        assert amounts(posted) == [("item", 300, 0), ("balance", Decimal("-100.01"), 0)]
        assert posted.lines.get(kind="balance").by_hand and left(service) == Decimal("399.99")

    def test_by_hand_of_a_quantity_counts_the_quantity(self, account, finance):
        service = hours(account, "10", actor=finance)
        work = make_product("WORK", unit_of_measure="HOUR")
        terms = LineTerms(product=work, quantity=Decimal(8), prepaid_service=service)
        document = make_document(account, terms)
        add_balance_line(document, service, quantity=Decimal("2.5"), actor=finance)
        posted = post_document(document, actor=finance)
        balance = posted.lines.get(kind="balance")
        assert (balance.covered, balance.net, left(service)) == (Decimal("2.5"), -250, Decimal("7.5"))
        assert trial_balance()["1100"]["USD"] == 550 and silent()

    def test_more_than_is_left_or_was_used(self, account, service, finance):
        top_up(service, "100.00", actor=finance)
        document = usage(service, "300.00")
        add_balance_line(document, service, amount=Decimal("100.01"), actor=finance)
        with pytest.raises(
            NotEnoughLeft, match=r"USD\s100.00 left that can be used on 24 Nov 2026, less than USD\s100.01"
        ):
            post_document(document, actor=finance)
        document = usage(service, "50.00")
        add_balance_line(document, service, amount=Decimal("50.01"), actor=finance)
        with pytest.raises(NotPostable, match="A balance covers no more than was used"):
            post_document(document, actor=finance)

    @pytest.mark.parametrize("amount", ["0", "-1", "1.005"])
    def test_an_amount_that_cannot_be(self, account, service, amount):
        with pytest.raises(BadDocument, match="cannot be") as refused:
            add_balance_line(usage(service, "10.00"), service, amount=Decimal(amount), actor=None)
        assert refused.value.field == "units"

    def test_of_a_service_that_does_not_fit_or_elsewhere_than_on_an_invoice(self, account, service):
        other = make_service(make_account("Another"))
        with pytest.raises(NotPostable, match="belongs to another account"):
            add_balance_line(usage(service, "10.00"), other, amount=Decimal(1), actor=None)
        with pytest.raises(BadDocument, match="Only an invoice"):
            add_balance_line(usage(service, "10.00", type_=Type.ORDER), service, amount=Decimal(1), actor=None)


class TestPosted:
    def test_a_covered_invoice_of_two_vat_rates_comes_to_nothing(self, account, service, finance):
        """One balance line for each VAT rate, which takes its VAT off as well."""
        vat(account, FULL="19", REDUCED="7")
        top_up(service, "1000.00", actor=finance)
        full, reduced = (make_product(code, vat_product_group_id=code) for code in ("FULL", "REDUCED"))
        lines = [
            LineTerms(product=product, unit_price=Decimal(price), prepaid_service=service)
            for product, price in ((full, "33.33"), (reduced, "17.17"), (full, "66.65"))
        ]
        posted = post_document(make_document(account, *lines), actor=finance)
        assert amounts(posted) == [
            ("item", Decimal("33.33"), Decimal("6.33")),
            ("item", Decimal("17.17"), Decimal("1.20")),
            ("item", Decimal("66.65"), Decimal("12.67")),
            ("balance", Decimal("-99.98"), Decimal("-19.00")),
            ("balance", Decimal("-17.17"), Decimal("-1.20")),
        ]
        assert SalesDocument.objects.with_totals().get(pk=posted.pk).gross == 0
        assert left(service) == Decimal("882.85")
        assert "2700" not in trial_balance() and trial_balance()["1100"]["USD"] == 1000

    def test_vat_of_what_is_covered_in_part_ties_out(self, account, service, finance):
        vat(account, FULL="19")
        top_up(service, "50.00", actor=finance)
        work = make_product("FULL", vat_product_group_id="FULL")
        lines = [LineTerms(product=work, unit_price=Decimal("33.33"), prepaid_service=service) for _ in range(3)]
        posted = post_document(make_document(account, *lines), actor=finance)
        totals = SalesDocument.objects.with_totals().get(pk=posted.pk)
        assert totals.net == Decimal("49.99") and totals.vat == -trial_balance()["2700"]["USD"]
        assert trial_balance()["1100"]["USD"] == 50 + totals.gross
        assert all(0 <= line.covered_vat <= line.vat for line in posted.lines.filter(kind="item"))

    def test_a_closed_period_takes_it_on_its_first_open_day(self, account, service, finance):
        make_period(2026, 10, closed_by=finance)
        october = datetime.date(2026, 10, 15)
        sold = top_up(service, "10.00", on=october, actor=finance)
        entry = JournalEntry.objects.get(event_key=sold.event_key)
        assert (entry.effective_on, entry.posting_date) == (october, datetime.date(2026, 11, 1))
        assert sold.prepaid_entries.get().posted_on == october

    def test_what_came_in_later_is_not_used_before(self, account, service, finance):
        top_up(service, "100.00", actor=finance)
        earlier = use(service, "40.00", on=datetime.date(2026, 11, 20), actor=finance)
        assert amounts(earlier) == [("item", 40, 0)] and left(service) == 100

    def test_a_quantity_covers_its_own_unit_and_the_rest_is_billed(self, account, finance):
        service = hours(account, "10", actor=finance)
        work, fee = make_product("WORK", unit_of_measure="HOUR"), make_product("FEE", unit_of_measure="PIECE")
        lines = [
            LineTerms(product=work, quantity=Decimal(12), prepaid_service=service),
            LineTerms(product=fee, prepaid_service=service),
        ]
        posted = post_document(make_document(account, *lines), actor=finance)
        assert amounts(posted) == [("item", 1200, 0), ("item", 100, 0), ("balance", -1000, 0)]
        assert left(service) == 0
        # Its revenue comes from the contract's releases, and must not arise twice.
        assert trial_balance() == {"1100": {"USD": 300, "LCY": 300}, "4000": {"USD": -300, "LCY": -300}}

    def test_posting_again_gives_the_posted_document(self, account, service, finance):
        document = usage(service, "10.00")
        first, again = post_document(document, actor=finance), post_document(document, actor=finance)
        assert first.posted_number == again.posted_number
        assert JournalEntry.objects.filter(event_key=document.event_key).count() == 1

    def test_a_document_of_81_lines_comes_to_the_sum_of_its_lines(self, account, service, finance):
        """Row 20. Origin: autumn#3407, 81 line roundings made -99.98 of -100.00."""
        vat(account, FULL="19")
        top_up(service, "100.00", actor=finance)
        third = make_product("THIRD", vat_product_group_id="FULL")
        terms = LineTerms(product=third, unit_price=Decimal("1.23"), prepaid_service=service)
        document = make_document(account, terms)
        line = document.lines.get()
        document.lines.bulk_create(_copies(line, 80))
        posted = post_document(document, actor=finance)
        totals, lines = SalesDocument.objects.with_totals().get(pk=posted.pk), posted.lines.all()
        assert len(lines) == 82  # with the balance line
        assert totals.net == sum(each.net for each in lines) == Decimal("99.63") - Decimal("99.63")
        assert totals.gross == 0 and left(service) == Decimal("0.37")
        items = lines.filter(kind="item")
        assert sum(each.vat for each in items) == Decimal("18.93")  # 19 % of 99.63, rounded once
        entry = posted.prepaid_entries.get()
        assert -entry.amount == sum(each.amount for each in entry.applications.all()) == Decimal("99.63")
        assert silent()

    def test_a_product_that_is_changed_changes_nothing_posted(self, account, service, finance):
        """Row 18. Origin: polar#11427, editing a product rewrote balances."""
        from prepaid.services.credit_memos import create_credit_memo

        sold, used = top_up(service, "100.00", actor=finance), use(service, "40.00", actor=finance)
        sold.lines.get().product.__class__.objects.update(prepaid_service=True)
        used.lines.first().product.__class__.objects.filter(code="TOP-UP").update(prepaid_service=False)
        post_document(create_credit_memo(used, reason="Wrong", actor=finance), actor=finance)
        post_document(create_credit_memo(sold, reason="Wrong", actor=finance), actor=finance)
        assert trial_balance() == {} and left(service) == 0 and silent()


def _copies(line, count: int) -> list:
    copies = []
    for at in range(count):
        copy = line.__class__.objects.get(pk=line.pk)
        copy.pk, copy.line_no = None, line.line_no + at + 1
        copies.append(copy)
    return copies


def test_usage_in_a_foreign_currency_leaves_at_the_rate_it_came_in(account, finance):
    make_rate("EUR", "1.10")
    service = make_service(account)
    top_up(service, "100.00", currency="EUR", actor=finance)
    make_rate("EUR", "1.30", starting_on=TODAY)
    use(service, "33.33", currency="EUR", actor=finance)
    use(service, "66.67", currency="EUR", actor=finance)
    books = trial_balance()
    assert books["1100"] == {"EUR": 100, "LCY": 110} and "2410" not in books
    assert books["4010"] == {"EUR": -100, "LCY": -110} and silent()
