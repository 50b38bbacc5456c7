"""Billing customer contracts in the browser: the proposal line by line, the invoices that confirming it makes, the runs, and
what contract invoices and credit memos of them show."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from ledger.models import LedgerSetup
from prepaid.models import BilledPeriod, BillingRun, ContractDeferral, CreditScope, PrepaidSetup, SalesDocument
from prepaid.reports.paper import sales_document
from prepaid.services.contracts.cancelling import cancel
from prepaid.services.contracts.release import release_deferrals
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.document_lines import LineTerms, add_line
from prepaid.services.post_document import post_document
from tests.builders import make_account, make_period, make_rate
from tests.credits.desk import Page, errors, text
from tests.prepaid.contracting import D, agree, bill_until, billed, make_budget, make_hours
from tests.prepaid.desk import signed_in
from tests.prepaid.selling import make_product, use

pytestmark = pytest.mark.django_db
TODAY = D(2026, 11, 24)
BILLING = "/prepaid/billing/"


@pytest.fixture
def desk(company):
    return signed_in("finance")


@pytest.fixture
def monthly(account):
    """8 hours a month at 125.00 from November on: today November is due."""
    return agree(account, starts_on=D(2026, 11, 1), service=make_hours(account, "2M+CM"))


def at(name: str, thing) -> str:
    return reverse(f"prepaid:{name}", args=[thing.pk])


def plain(told: str) -> str:
    return told.replace("\xa0", " ")


def rows(preview) -> list[tuple[str, str, str]]:
    return [(plain(row.label), plain(row.after), plain(row.note)) for row in preview.changes]


def test_the_proposal_shows_each_period_with_its_price_and_what_it_tops_up(desk, monthly):
    page = Page(desk, BILLING)
    assert (page.data["until"], page.data["posted_on"]) == ("2026-11-24", "2026-11-24")
    preview = page.preview()
    contract, service = monthly.contract, monthly.prepaid_service
    assert rows(preview) == [
        ("To be billed in USD, net", "USD 1,000.00", "1 line on 1 invoice"),
        (
            f"{contract.number} {contract.account.name}, {monthly}",
            "USD 1,000.00",
            f"1 Nov 2026 – 30 Nov 2026; 8 HOUR × USD 125.00; tops up {service} by 8 HOUR, valid until 31 Jan 2027",
        ),
    ]
    assert plain(preview.confirm_label) == "Create 1 invoice of USD 1,000.00"
    assert not preview.postings and not SalesDocument.objects.exists()
    assert page.confirm()["Location"] == BillingRun.objects.get().get_absolute_url()
    invoice = SalesDocument.objects.get()
    assert (invoice.state, invoice.created_by.username) == ("open", "finance-person")
    assert "Nothing is to be billed up to 24 Nov 2026" in text(desk.get(BILLING))


def test_invoices_are_made_and_posted_at_once_by_whoever_may_post(desk, monthly):
    page = Page(desk, BILLING).fill(post="on")
    preview = page.preview()
    assert [(line.account_code, line.debit, line.credit) for line in preview.postings] == [
        ("1100", Decimal(1000), 0),
        ("2420", 0, Decimal(1000)),
    ]
    assert plain(preview.confirm_label) == "Create and post 1 invoice of USD 1,000.00"
    shown = text(desk.get(page.confirm()["Location"]))
    assert "the invoices are posted" in shown
    assert SalesDocument.objects.get().posted_number == "INV-000001"


def test_who_may_bill_and_not_post_is_not_asked(company, monthly):
    client = signed_in("finance")
    client.user.groups.clear()
    client.user.user_permissions.set(_permissions("bill_contracts", "view_billingrun"))
    page = Page(client, BILLING)
    assert "post" not in page.data
    page.fill(post="on").confirm()
    assert SalesDocument.objects.get().state == "open"


def _permissions(*codenames: str):
    return Permission.objects.filter(codename__in=codenames)


def test_one_invoice_for_each_account_or_for_each_contract(desk, account, monthly):
    agree(account, starts_on=D(2026, 11, 1), price="10", quantity="1")
    page = Page(desk, BILLING)
    assert "2 invoices" in page.preview().confirm_label
    assert "1 invoice " in page.fill(per="account").preview().confirm_label


def test_billing_is_narrowed_to_an_account_or_a_contract(desk, account, monthly):
    other = agree(make_account("Another"), starts_on=D(2026, 11, 1), price="10", quantity="1")
    page = Page(desk, f"{BILLING}?contract={other.contract.number}")
    assert page.data["contract"] == other.contract.number
    assert plain(page.preview().confirm_label) == "Create 1 invoice of USD 10.00"
    page.fill(contract=None, account=account.number)
    assert plain(page.preview().confirm_label) == "Create 1 invoice of USD 1,000.00"
    assert "There is no contract “cc-9”" in text(page.fill(contract="cc-9").look())


@pytest.mark.parametrize("name", ["contract-billing", "release"])
def test_a_contract_number_that_cannot_be_one_is_said_at_its_field(desk, monthly, name):
    answer = desk.post(reverse(f"prepaid:{name}"), {"until": "2026-11-24", "contract": "\0"})
    assert "Null characters are not allowed." in errors(answer)["contract"]


def test_currencies_are_summed_apart(desk, account, monthly):
    make_rate("EUR", "1.1")
    agree(account, starts_on=D(2026, 11, 1), price="10", quantity="1", currency="EUR")
    sums = [row[:2] for row in rows(Page(desk, BILLING).preview())[:2]]
    assert sums == [("To be billed in EUR, net", "EUR 10.00"), ("To be billed in USD, net", "USD 1,000.00")]


def test_what_cannot_be_billed_is_named_and_keeps_nothing_else(desk, account, monthly):
    unpriced = agree(account, starts_on=D(2026, 11, 1), price=None)
    preview = Page(desk, BILLING).preview()
    (left_out,) = preview.left_out
    assert (left_out.label, left_out.reason) == (
        str(unpriced),
        f"{unpriced} has no price from 1 Nov 2026 on. Enter one first.",
    )
    assert len(preview.changes) == 2


def test_an_invoice_that_cannot_be_posted_is_named_and_not_made(desk, account, monthly):
    make_rate("EUR", "1.1", starting_on=D(2026, 11, 25))
    euro = agree(account, starts_on=D(2026, 11, 1), currency="EUR")
    page = Page(desk, BILLING)
    assert "2 invoices" in page.preview().confirm_label  # a draft needs no rate
    preview = page.fill(post="on").preview()
    (left_out,) = preview.left_out
    assert left_out.label == str(euro) and "EUR" in left_out.reason
    page.confirm()
    assert [each.currency_id for each in SalesDocument.objects.all()] == ["USD"]


def test_a_posting_date_to_come_is_said_and_cannot_be_posted(desk, monthly):
    page = Page(desk, BILLING).fill(posted_on="2026-12-01")
    assert page.preview().warnings == ["1 Dec 2026 has not come: the invoices can be posted from that day on."]
    assert "1 Dec 2026 has not come" in text(page.fill(post="on").look())
    assert not SalesDocument.objects.exists()


def test_a_posting_date_in_a_closed_period_goes_to_the_first_open_day(desk, monthly):
    make_period(2026, 10, closed_by=desk.user)
    page = Page(desk, BILLING).fill(until="2026-11-30", posted_on="2026-10-31", post="on")
    preview = page.preview()
    assert preview.warnings == [
        "The books are closed on 31 Oct 2026: what is posted goes to 1 Nov 2026 and stays effective on 31 Oct 2026."
    ]
    assert preview.postings[0].note == "posted on 1 Nov 2026, effective 31 Oct 2026"


def test_a_posting_date_after_the_last_day_of_posting_is_said(desk, monthly):
    LedgerSetup.objects.update(posting_to=D(2026, 11, 20))
    (warning,) = Page(desk, BILLING).preview().warnings
    assert "The invoices cannot be posted as things stand." in warning and "20 Nov 2026" in warning


def test_a_day_further_than_a_year_away_is_refused(desk, monthly):
    assert "a year ahead" in text(Page(desk, BILLING).fill(until="2028-01-01").look())


def test_a_run_lists_its_invoices_and_is_undone_but_for_what_is_posted(desk, account, monthly):
    agree(account, starts_on=D(2026, 11, 1), price="10", quantity="1")
    made = bill_until(TODAY, actor=desk.user)
    posted = post_document(made.invoices[0], actor=desk.user)
    run = made.run
    listed = text(desk.get("/prepaid/billing-runs/"))
    assert str(run) in listed and "finance-person" in listed
    shown = text(desk.get(run.get_absolute_url()))
    assert "INV-000001" in shown and str(made.invoices[1]) in shown and "To be posted" in shown
    page = Page(desk, at("billing-run-undo", run))
    preview = page.preview()
    assert [(plain(row.before), row.after) for row in preview.changes] == [("USD 10.00", "deleted")]
    assert [row.label for row in preview.left_out] == [f"Invoice {posted} stays"]
    assert page.confirm()["Location"] == run.get_absolute_url()
    assert list(run.invoices.all()) == [posted]
    assert desk.get(at("billing-run-undo", run)).status_code == 200
    assert f"Every invoice of {run} is posted" in text(desk.get(at("billing-run-undo", run)))
    assert "can be billed again" not in text(desk.get(run.get_absolute_url()))
    assert "To be posted" not in text(desk.get(run.get_absolute_url()))
    assert Page(desk, BILLING).preview().confirm_label.startswith("Create 1 invoice")


def test_the_invoices_of_a_run_are_posted_from_its_page(desk, account, monthly):
    """What cannot be posted stays, and is named; the page says what is left to do."""
    make_rate("EUR", "1.1", starting_on=D(2026, 11, 25))
    agree(account, starts_on=D(2026, 11, 1), currency="EUR")
    run = bill_until(TODAY, actor=desk.user).run
    euro = run.invoices.get(currency="EUR")
    assert at("billing-run-post", run) in desk.get(run.get_absolute_url()).content.decode()
    page = Page(desk, at("billing-run-post", run))
    preview = page.preview()
    assert [(row.before, row.after, plain(row.note)) for row in preview.changes] == [
        ("Open", "Posted", "USD 1,000.00, posting date 24 Nov 2026")
    ]
    assert [(line.account_code, line.debit, line.credit) for line in preview.postings] == [
        ("1100", Decimal(1000), 0),
        ("2420", 0, Decimal(1000)),
    ]
    (left_out,) = preview.left_out
    assert left_out.label == f"Invoice {euro} is not posted" and "EUR" in left_out.reason
    assert plain(preview.confirm_label) == "Post 1 invoice of USD 1,000.00"
    shown = text(desk.get(page.confirm()["Location"]))
    assert "What could be posted is posted" in shown and "INV-000001" in shown and "To be posted" in shown
    euro.delete()
    assert f"Every invoice of {run} is posted" in text(desk.get(run.get_absolute_url()))
    assert f"Every invoice of {run} is posted" in text(desk.get(at("billing-run-post", run)))


def test_a_run_of_which_everything_was_deleted_says_so(desk, monthly):
    run = bill_until(TODAY, actor=desk.user).run
    Page(desk, at("billing-run-undo", run)).confirm()
    assert "Its invoices were deleted before they were posted" in text(desk.get(run.get_absolute_url()))


def test_runs_are_filtered_by_their_maker_and_by_what_is_to_be_posted(desk, monthly):
    run = bill_until(TODAY, actor=desk.user).run
    for query, there in (("by=hand", True), ("by=night", False), ("waiting=yes", True)):
        assert (str(run) in text(desk.get(f"/prepaid/billing-runs/?{query}"))) == there, query
    post_document(run.invoices.get(), actor=desk.user)
    assert str(run) not in text(desk.get("/prepaid/billing-runs/?waiting=yes"))
    assert "INV-000001" in text(desk.get(f"/prepaid/documents/?billing_run={run.pk}"))


def test_the_page_of_a_contract_leads_to_its_billing(desk, monthly):
    shown = desk.get(monthly.contract.get_absolute_url()).content.decode()
    assert f"{BILLING}?contract={monthly.contract.number}" in shown
    assert f"/prepaid/release/?contract={monthly.contract.number}" in shown


def test_a_contract_invoice_shows_its_periods_before_and_after_it_is_posted(desk, account):
    budget = make_budget(account)
    yearly = agree(
        account, starts_on=D(2026, 11, 1), price="1200", quantity="1", base_period="1Y", rhythm="1Y", service=budget
    )
    (invoice,) = bill_until(TODAY, actor=desk.user).invoices
    draft = plain(text(desk.get(invoice.get_absolute_url())))
    assert "1 Nov 2026 – 31 Oct 2027" in draft and yearly.contract.number in draft
    assert f"tops up {budget} by USD 1,200.00, valid until 31 Oct 2027" in draft
    assert "As posting it now would defer the net amount" in draft and "Nov 2026 USD 100.00" in draft
    preview = Page(desk, at("document-post", invoice)).preview()
    deferred = [row for row in rows(preview) if row[0].startswith("Deferred for")]
    assert len(deferred) == 12 and deferred[0][:2] == ("Deferred for Nov 2026", "USD 100.00")
    post_document(invoice, actor=desk.user)
    shown = plain(text(desk.get(invoice.get_absolute_url())))
    deferral = ContractDeferral.objects.get()
    assert str(deferral) in shown and str(invoice.billing_run) in shown
    assert "Nov 2026 USD 100.00 – USD 100.00 Dec" in shown  # amount, released, waits
    assert desk.get(at("document-pdf", invoice)).content[:5] == b"%PDF-"


def test_the_paper_of_an_invoice_names_the_contract_and_the_top_up(desk, monthly):
    (invoice,) = bill_until(TODAY, actor=desk.user).invoices
    told = f"Contract {monthly.contract.number}; tops up {monthly.prepaid_service} by 8 HOUR, valid until 31 Jan 2027"
    for document in (invoice, post_document(invoice, actor=desk.user)):
        (line,) = sales_document(document)["lines"]
        assert plain(line["what"]) == "Support, 1 Nov 2026 – 30 Nov 2026" and plain(line["note"]) == told


def test_the_paper_of_a_credit_memo_names_the_days_that_are_credited(desk, half_year):
    memo = create_credit_memo(half_year, scope=CreditScope.FUTURE, reason="Cancelled", actor=desk.user)
    assert sales_document(memo)["lines"][0]["note"] == ""  # what is released until it is posted is not known
    (contract_line, ordinary) = sales_document(post_document(memo, actor=desk.user))["lines"]
    assert contract_line["note"] == "Credited for 1 Nov 2026 – 31 Dec 2026" and ordinary["note"] == ""


def test_the_schedule_of_a_draft_is_that_of_its_posting(desk, account):
    """In Business Central's months, where the setup says so."""
    PrepaidSetup.objects.update(by_equal_months=True)
    agree(account, starts_on=D(2026, 11, 10), price="1000", quantity="1", base_period="1Y", rhythm="1Y")
    (invoice,) = bill_until(TODAY, actor=desk.user).invoices
    before = desk.get(invoice.get_absolute_url()).context["contract"].months
    post_document(invoice, actor=desk.user)
    after = desk.get(invoice.get_absolute_url()).context["contract"].months
    assert [(month.month, month.amount) for month in before] == [(month.month, month.amount) for month in after]
    assert sum(month.amount for month in after) == 1000


def test_a_contract_line_is_deleted_and_not_edited_and_its_period_billed_again(desk, account, monthly):
    agree(account, starts_on=D(2026, 11, 1), price="10", quantity="1", contract=monthly.contract)
    (invoice,) = bill_until(TODAY, actor=desk.user).invoices
    first = invoice.lines.order_by("line_no").first()
    refused = desk.get(at("line-edit", first))
    assert refused.status_code == 409 and "The line bills a period of a contract" in text(refused)
    page = Page(desk, at("line-delete", first))
    assert page.preview().changes[0].note == "its period can be billed again"
    page.confirm()
    assert invoice.lines.count() == 1
    assert plain(Page(desk, BILLING).preview().confirm_label) == "Create 1 invoice of USD 1,000.00"


def test_a_contract_invoice_is_deleted_and_billed_again(desk, monthly):
    (invoice,) = bill_until(TODAY, actor=desk.user).invoices
    page = Page(desk, at("document-delete", invoice))
    assert page.preview().changes[0].note == "the periods that it bills can be billed again"
    page.confirm()
    assert not BilledPeriod.objects.exists()
    assert plain(Page(desk, BILLING).preview().confirm_label) == "Create 1 invoice of USD 1,000.00"


def test_the_account_of_a_contract_invoice_stays(desk, account):
    agree(account, starts_on=D(2026, 11, 1))  # no prepaid service, which would hold it as well
    (invoice,) = bill_until(TODAY, actor=desk.user).invoices
    other = make_account("Another")
    page = Page(desk, at("document-edit", invoice))
    assert "It bills contracts of the account" in text(page.shown)
    page.fill(account=other.number, external_reference="PO 9")
    assert desk.post(page.url, page.data).status_code == 302
    invoice.refresh_from_db()
    assert (invoice.account, invoice.external_reference) == (account, "PO 9")


@pytest.fixture
def half_year(desk, account):
    """600.00 for half a year from July on, posted in July, released up to October: 400.00."""
    budget = make_budget(account)
    agree(account, starts_on=D(2026, 7, 1), price="600", quantity="1", base_period="6M", rhythm="6M", service=budget)
    (invoice,) = bill_until(D(2026, 7, 1), posted_on=D(2026, 7, 1), actor=desk.user).invoices
    add_line(invoice, LineTerms(product=make_product("SETUP"), quantity=Decimal(2)), actor=desk.user)
    post_document(invoice, actor=desk.user)
    release_deferrals(until=D(2026, 10, 31), actor=desk.user)
    return SalesDocument.objects.get(pk=invoice.pk)


def test_a_credit_memo_offers_what_is_not_released_or_everything(desk, half_year):
    """A mixed invoice: a contract line and an ordinary one."""
    ordinary = half_year.lines.get(line_no=2)
    page = Page(desk, at("document-credit", half_year))
    assert (page.data["scope"], page.data[f"line_{ordinary.pk}"]) == ("future", "2")
    shown = plain(text(page.shown))
    assert "USD 400.00 USD 200.00 takes back USD 200.00 1 Nov 2026 – 31 Dec 2026" in shown
    assert "USD 600.00 takes back USD 600.00 1 Jul 2026 – 31 Dec 2026" in shown
    page.fill(reason="Cancelled", **{f"line_{ordinary.pk}": "0"})
    memo_url = desk.post(page.url, page.data)["Location"]
    memo = SalesDocument.objects.get(type="credit_memo")
    assert memo.get_absolute_url() == memo_url
    assert (memo.credit_scope, [line.net for line in memo.lines.all()]) == ("future", [200])
    assert "what is not released, as it stands when it is posted" in text(desk.get(memo_url))
    preview = Page(desk, at("document-post", memo)).preview()
    deferral = ContractDeferral.objects.get()
    assert (f"Contract deferral {deferral}", "closed", "1 Nov 2026 – 31 Dec 2026 can be billed again") in rows(preview)
    assert [(line.account_code, line.debit, line.credit) for line in preview.postings] == [
        ("2420", Decimal(200), 0),
        ("1100", 0, Decimal(200)),
    ]
    post_document(memo, actor=desk.user)
    closed = plain(text(desk.get(memo_url)))
    assert str(deferral) in closed and "USD 200.00 – 1 Nov 2026 – 31 Dec 2026" in closed
    assert "1 Nov 2026 – 31 Dec 2026 can be billed again" in text(desk.get(half_year.get_absolute_url()))


def test_everything_of_a_contract_line_is_credited_with_the_ordinary_line(desk, half_year):
    page = Page(desk, at("document-credit", half_year)).fill(reason="Wrong customer", scope="everything")
    desk.post(page.url, page.data)
    memo = SalesDocument.objects.get(type="credit_memo")
    assert (memo.credit_scope, [line.net for line in memo.lines.order_by("line_no")]) == ("everything", [600, 200])
    before = {row.label: row.before for row in Page(desk, at("document-post", memo)).preview().changes}
    told = before[f"Contract deferral {ContractDeferral.objects.get()}"]
    assert plain(told) == "USD 200.00 waits, USD 400.00 released"


def test_a_credit_memo_warns_of_days_that_the_night_bills_again(desk, half_year):
    """Not of a commitment that ends before them, and not where the night bills nothing."""
    commitment = ContractDeferral.objects.get().commitment
    memo = create_credit_memo(half_year, scope=CreditScope.FUTURE, reason="Cancelled", actor=desk.user)
    page = Page(desk, at("document-post", memo))
    assert page.preview().warnings == []
    PrepaidSetup.objects.update(automatic_billing="post")
    assert page.preview().warnings == [
        f"{commitment} goes on: the night bills 1 Nov 2026 – 31 Dec 2026 again. Cancel it or take it out of its contract "
        "first, if that is not wanted."
    ]
    cancel(commitment, ends_on=D(2026, 10, 31), reason="Agreed", actor=desk.user)
    assert page.preview().warnings == []


def test_a_contract_line_can_be_left_out_of_a_credit_memo(desk, half_year):
    contract_line, ordinary = half_year.lines.order_by("line_no")
    page = Page(desk, at("document-credit", half_year)).fill(reason="Not set up", **{f"line_{contract_line.pk}": None})
    desk.post(page.url, page.data)
    memo = SalesDocument.objects.get(type="credit_memo")
    assert (memo.credit_scope, memo.lines.get().corrects_line) == ("", ordinary)


def test_of_a_period_that_is_released_only_everything_can_be_credited(desk, account):
    (invoice,) = _released_whole(desk, account)
    line = invoice.lines.get()
    page = Page(desk, at("document-credit", invoice))
    assert page.data["scope"] == "everything"
    refused = desk.post(page.url, page.fill(reason="Late", scope="future").data)
    assert errors(refused)[f"line_{line.pk}"] == ["Line 1: all of it is released. Credit everything, or leave it out."]


def _released_whole(desk, account):
    commitment = agree(account, starts_on=D(2026, 10, 1))
    invoices = billed(D(2026, 10, 1), commitment, posted_on=D(2026, 10, 1), actor=desk.user)
    release_deferrals(until=D(2026, 10, 31), actor=desk.user)
    return invoices


def test_a_period_of_which_some_is_used_says_what_is_to_be_credited_first(desk, account):
    budget = make_budget(account)
    commitment = agree(account, starts_on=D(2026, 11, 1), service=budget)
    (invoice,) = billed(TODAY, commitment, actor=desk.user)
    used = use(budget, "300.00", actor=desk.user)
    page = Page(desk, at("document-credit", invoice))
    shown = plain(text(page.shown))
    assert "of which USD 300.00 is used" in shown and "takes back USD 700.00" in shown
    assert (
        "USD 300.00 of what it topped up is used. Credit the invoices that used it first" in shown
        and str(used) in shown
    )
    refused = desk.post(page.url, page.fill(reason="Wrong", scope="everything").data)
    assert "is used" in errors(refused)[f"line_{invoice.lines.get().pk}"][0]
    assert not SalesDocument.objects.filter(type="credit_memo").exists()
