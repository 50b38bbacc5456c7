"""Releasing contract deferrals in the browser: what is due by contract and month, what is posted, the runs, taking one back,
and the deferrals with their parts."""

from decimal import Decimal

import pytest
from django.urls import reverse

from ledger.models import JournalEntry, LedgerAccount, PostingSetup
from prepaid.models import ContractDeferral, CreditScope, DeferralLine, ReleaseRun
from prepaid.services.contracts.release import release_deferrals
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.post_document import post_document
from tests.builders import make_account, make_period, make_rate, make_user, trial_balance
from tests.credits.desk import Page, errors, text
from tests.prepaid.contracting import D, agree, billed, make_item, make_object
from tests.prepaid.desk import signed_in

pytestmark = pytest.mark.django_db
RELEASE = "/prepaid/release/"
SEPTEMBER = D(2026, 9, 1)


@pytest.fixture
def desk(company):
    return signed_in("finance")


@pytest.fixture
def yearly(desk, account):
    """1,200.00 for a year from September on: three months are due in November's course, two of them today."""
    return deferral_of(account, desk.user)


def deferral_of(account, actor, price="1200", **changes) -> ContractDeferral:
    commitment = agree(
        account, starts_on=SEPTEMBER, price=price, quantity="1", base_period="1Y", rhythm="1Y", **changes
    )
    (invoice,) = billed(SEPTEMBER, commitment, posted_on=SEPTEMBER, actor=actor)
    return ContractDeferral.objects.get(line__document=invoice)


def at(name: str, thing) -> str:
    return reverse(f"prepaid:{name}", args=[thing.pk])


def plain(told: str) -> str:
    return told.replace("\xa0", " ")


def test_what_is_due_is_shown_by_contract_and_month_and_released(desk, yearly):
    page = Page(desk, RELEASE)
    assert page.data["until"] == "2026-11-24"
    preview = page.preview()
    number = yearly.contract.number
    assert [(row.label, plain(row.before), plain(row.after)) for row in preview.changes] == [
        (f"{number}, Sep 2026", "Waited", "USD 100.00 released"),
        (f"{number}, Oct 2026", "Waited", "USD 100.00 released"),
    ]
    assert [(line.account_code, line.debit, line.credit) for line in preview.postings] == [
        ("2420", Decimal(100), 0),
        ("4020", 0, Decimal(100)),
    ] * 2
    assert plain(preview.confirm_label) == "Release 2 parts, post USD 200.00"
    assert trial_balance()["2420"]["USD"] == -1200  # looking releases nothing
    run_url = page.confirm()["Location"]
    assert run_url == ReleaseRun.objects.get().get_absolute_url()
    assert trial_balance()["4020"]["USD"] == -200
    shown = plain(text(desk.get(run_url)))
    assert "1 Sep 2026 – 30 Sep 2026" in shown and str(yearly) in shown and "finance-person" in shown
    assert "Nothing is due by 24 Nov 2026" in text(desk.get(RELEASE))


def test_a_day_to_come_is_refused(desk, yearly):
    assert "25 Nov 2026 has not come" in text(Page(desk, RELEASE).fill(until="2026-11-25").look())


def test_a_release_is_narrowed_to_a_contract(desk, yearly):
    other = deferral_of(make_account("Another"), desk.user, "120")
    page = Page(desk, f"{RELEASE}?contract={other.contract.number}")
    assert plain(page.preview().confirm_label) == "Release 2 parts, post USD 20.00"
    page.confirm()
    assert set(DeferralLine.objects.released().values_list("deferral", flat=True)) == {other.pk}


def test_what_the_books_cannot_take_is_named(desk, yearly):
    other = make_account("Another")
    hosted = make_object(other, product=make_item("HOSTING-M", group="SERVICES"))  # its revenue goes to 4000
    PostingSetup.objects.filter(product_group="SERVICES").update(deferral="2420")
    deferral_of(other, desk.user, "120", service_object=hosted)
    LedgerAccount.objects.filter(code="4000").update(blocked=True)
    preview = Page(desk, RELEASE).preview()
    (left_out,) = preview.left_out
    assert left_out.label == "2 parts stay" and "4000" in left_out.reason
    assert plain(preview.confirm_label) == "Release 2 parts, post USD 200.00"


def test_a_closed_month_is_posted_on_the_first_open_day(desk, yearly):
    make_period(2026, 9, closed_by=desk.user)
    notes = {line.note for line in Page(desk, RELEASE).preview().postings}
    assert notes == {"posted on 1 Oct 2026, effective 30 Sep 2026", ""}


def test_a_run_is_taken_back_with_a_reason_and_shown(desk, yearly):
    run = release_deferrals(until=D(2026, 10, 31), actor=desk.user).run
    page = Page(desk, at("release-run-undo", run))
    assert errors(page.client.post(page.url, page.data))["reason"]
    preview = page.fill(reason="Released a month too early").preview()
    number = yearly.contract.number
    assert [(row.label, plain(row.before), plain(row.after)) for row in preview.changes] == [
        (f"{number}, Sep 2026", "Released", "USD 100.00 waits again"),
        (f"{number}, Oct 2026", "Released", "USD 100.00 waits again"),
    ]
    assert plain(preview.confirm_label) == "Take back 2 parts, post USD 200.00"
    assert page.confirm()["Location"] == run.get_absolute_url()
    assert "4020" not in trial_balance()
    shown = text(desk.get(run.get_absolute_url()))
    assert "Taken back" in shown and "Released a month too early" in shown
    for entry in JournalEntry.objects.filter(kind__startswith="contract_release"):
        assert str(entry) in shown
    assert "was taken back already, by finance-person" in text(desk.get(run.get_absolute_url()))
    again = Page(desk, at("release-run-undo", run)).fill(reason="Once more").look()
    assert f"{run} was taken back already, by finance-person" in text(again)
    listed = text(desk.get("/prepaid/release-runs/?state=undone"))
    assert str(run) in listed
    assert str(run) not in text(desk.get("/prepaid/release-runs/?state=stands"))


def test_a_part_that_a_credit_memo_took_back_stays_when_its_run_is_taken_back(desk, account, yearly):
    other = deferral_of(make_account("Another"), desk.user, "120")
    run = release_deferrals(until=D(2026, 10, 31), actor=desk.user).run
    memo = create_credit_memo(
        other.line.document, scope=CreditScope.EVERYTHING, reason="Wrong customer", actor=desk.user
    )
    post_document(memo, actor=desk.user)
    preview = Page(desk, at("release-run-undo", run)).fill(reason="Too early").preview()
    assert [(row.label, row.reason) for row in preview.left_out] == [
        ("2 parts stay", "a credit memo took them back since")
    ]
    assert plain(preview.confirm_label) == "Take back 2 parts, post USD 200.00"
    assert "taken back by CM-000001" in plain(text(desk.get(run.get_absolute_url())))


def test_a_deferral_shows_its_parts_and_where_each_went(desk, yearly):
    run = release_deferrals(until=D(2026, 9, 30), actor=desk.user).run
    memo = create_credit_memo(yearly.line.document, scope=CreditScope.FUTURE, reason="Cancelled", actor=desk.user)
    post_document(memo, actor=desk.user)
    memo.refresh_from_db()
    shown = plain(text(desk.get(yearly.get_absolute_url())))
    entry = JournalEntry.objects.get(kind="contract_release")
    assert f"1 Sep 2026 – 30 Sep 2026 30 USD 100.00 USD 100.00 30 Sep 2026 Released {run} {entry} 30 Sep 2026" in shown
    assert f"1 Oct 2026 – 31 Oct 2026 31 USD 100.00 USD 100.00 31 Oct 2026 Credited {memo} –" in shown
    assert str(yearly.contract) in shown and "2420" in shown and "4020" in shown


def test_deferrals_are_listed_with_their_sums_and_filtered(desk, account, yearly):
    make_rate("EUR", "1.1")
    euro = deferral_of(account, desk.user, "120", currency="EUR")
    release_deferrals(until=D(2026, 10, 31), contracts=[yearly.contract_id], actor=desk.user)
    listed = plain(text(desk.get("/prepaid/deferrals/")))
    assert "USD 1,200.00" in listed and "USD 200.00" in listed and "USD 1,000.00" in listed and "EUR 120.00" in listed
    for query, there in (
        ("currency=EUR", {euro}),
        (f"contract={yearly.contract.number}", {yearly}),
        (f"account={account.number}", {yearly, euro}),
        ("state=waits", {yearly, euro}),
        ("state=done", set()),
        ("state=credited", set()),
        ("month=2027-08-15", {yearly, euro}),
        ("month=2027-09-01", set()),
        (f"search={account.number}", {yearly, euro}),
    ):
        found = set(desk.get(f"/prepaid/deferrals/?{query}").context["table"].data.data)
        assert found == there, query


def test_a_month_shows_what_of_it_is_released_and_waits(desk, yearly):
    release_deferrals(until=D(2026, 9, 30), actor=desk.user)
    for month, released, waits in (("2026-09-10", 100, 0), ("2026-10-10", 0, 100)):
        (row,) = desk.get(f"/prepaid/deferrals/?month={month}").context["table"].data.data
        assert (row.amount, row.released, row.waits) == (1200, released, waits)


def test_the_list_exports_what_is_filtered(desk, yearly):
    lines = b"".join(desk.get("/prepaid/deferrals/?export=csv").streaming_content).decode().splitlines()
    assert len(lines) == 2 and str(yearly) in lines[1] and "1200.00" in lines[1]


def test_looking_is_open_to_everybody_and_releasing_is_not(company, account, yearly):
    run = release_deferrals(until=D(2026, 10, 31), actor=make_user("releaser")).run
    viewer = signed_in("viewer")
    for url in (run.get_absolute_url(), yearly.get_absolute_url(), "/prepaid/deferrals/", "/prepaid/release-runs/"):
        assert viewer.get(url).status_code == 200
    for url in (RELEASE, at("release-run-undo", run)):
        assert viewer.get(url).status_code == 403


def test_the_lists_take_no_more_queries_for_more_rows(desk, account, yearly, django_assert_max_num_queries):
    for number in range(5):
        deferral_of(make_account(f"Customer {number}"), desk.user, "120")
    release_deferrals(until=D(2026, 10, 31), actor=desk.user)
    for url in ("/prepaid/deferrals/", "/prepaid/release-runs/", "/prepaid/billing-runs/"):
        with django_assert_max_num_queries(30):
            desk.get(url)
    with django_assert_max_num_queries(30):
        desk.get(ReleaseRun.objects.get().get_absolute_url())


def test_more_than_a_person_would_read_is_summed_by_month_and_account(desk, yearly, monkeypatch):
    deferral_of(make_account("Another"), desk.user, "120")
    monkeypatch.setattr("prepaid.previews.release.LONGEST", 3)
    monkeypatch.setattr("prepaid.previews.release.FEW", 3)
    preview = Page(desk, RELEASE).preview()
    assert [(row.label, plain(row.after), row.note) for row in preview.changes] == [
        ("Sep 2026", "USD 110.00 released", "2 parts"),
        ("Oct 2026", "USD 110.00 released", "2 parts"),
    ]
    assert [(line.account_code, line.debit, line.credit) for line in preview.postings] == [
        ("2420", Decimal(220), 0),
        ("4020", 0, Decimal(220)),
    ]


def test_deferrals_and_runs_are_found_by_their_numbers(desk, yearly):
    run = release_deferrals(until=D(2026, 10, 31), actor=desk.user).run
    billing_run = yearly.line.document.billing_run
    for asked, url in (
        (str(yearly), yearly.get_absolute_url()),
        (str(yearly).lower(), yearly.get_absolute_url()),
        (str(run), run.get_absolute_url()),
        (str(billing_run), billing_run.get_absolute_url()),
    ):
        assert f'href="{url}"' in desk.get("/search/", {"q": asked}).content.decode(), asked
    assert run.get_absolute_url() not in desk.get("/search/", {"q": "RR-x"}).content.decode()
