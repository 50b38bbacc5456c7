"""Service objects and commitments in the browser: what their pages show, and what a change of price or a cancellation says
before it is made."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from prepaid.models import ServiceCommitment, ServiceObject
from prepaid.services.contracts.contracts import take_out
from prepaid.services.contracts.prices import Price, set_price
from prepaid.services.deliver import deliver
from prepaid.services.document_lines import LineTerms
from tests.credits.desk import Page, errors, text
from tests.prepaid.contracting import (
    agree,
    bill_until,
    billed,
    make_budget,
    make_contract,
    make_hours,
    make_item,
    make_object,
)
from tests.prepaid.desk import signed_in
from tests.prepaid.selling import make_document, make_package

pytestmark = pytest.mark.django_db
D, day = Decimal, datetime.date
TERMS = {"initial_term": "1Y", "extension_term": "1Y", "notice_period": "3M"}


@pytest.fixture
def sales(company):
    return signed_in("sales")


def at(name: str, thing) -> str:
    return reverse(f"prepaid:{name}", args=[thing.pk])


def save(page: Page, **changes):
    page.fill(**changes)
    return page.client.post(page.url, page.data)


def rows(preview) -> list[tuple[str, str, str]]:
    return [(change.label, change.before, change.after.replace("\xa0", " ")) for change in preview.changes]


class TestObjects:
    def test_an_object_is_entered_for_the_account_of_the_link_and_edited(self, sales, account):
        product = make_item()
        page = Page(sales, f"{reverse('prepaid:service-object-new')}?account={account.number}")
        assert page.data["account"] == account.number
        assert errors(save(page, product=product.pk, quantity="0"))["quantity"] == [
            "A quantity of 0: enter more than 0."
        ]
        led = save(page, quantity="3", reference="SN 7")
        made = ServiceObject.objects.get()
        assert led["Location"] == made.get_absolute_url()
        shown = text(sales.get(made.get_absolute_url()))
        assert "SVO-000001 Hours-M" in shown and "SN 7" in shown and "Nothing is agreed yet" in shown
        save(Page(sales, at("service-object-edit", made)), description="Support hours")
        made.refresh_from_db()
        assert (made.description, made.quantity) == ("Support hours", 3)
        agree(account, starts_on=day(2026, 11, 1), service_object=made)
        assert "Fixed: it has commitments." in text(sales.get(at("service-object-edit", made)))

    def test_the_list_narrows_and_the_page_says_what_made_it(self, sales, account, finance):
        item = make_item()
        make_package("BASIC", sold_with=item)
        order = make_document(
            account, LineTerms(product=item, prepaid_service=make_hours(account)), type_="order", actor=finance
        )
        delivery = deliver(order, actor=finance)
        make_object(account, description="By hand")
        listed = reverse("prepaid:service-object-list")
        assert (
            "By hand" in text(sales.get(listed))
            and "By hand" not in text(sales.get(f"{listed}?search=hours-m")).split("Export")[-1]
        )
        made = ServiceObject.objects.get(delivery_line__isnull=False)
        shown = text(sales.get(made.get_absolute_url()))
        assert f"Delivery note {delivery} of order {order}" in shown and "SVO-000001: Basic" in shown
        assert f"Service object {made.number}" in text(sales.get(delivery.get_absolute_url()))
        assert made.number in text(sales.get(f"{reverse('search')}?q={made.number}"))


class TestCommitments:
    def test_a_commitment_is_agreed_by_hand_with_its_first_price(self, sales, account):
        made, hours = make_object(account, quantity=D(8)), make_hours(account)
        page = Page(sales, at("commitment-new", made))
        assert (page.data["currency"], page.data["quantity"], page.data["price"]) == ("USD", "8", "100.00")
        refused = save(page, prepaid_service=hours.pk, invoicing_via="sales")
        assert "it is invoiced via sales" in errors(refused)["invoicing_via"][0]
        led = save(page, invoicing_via="contract", base_period="1q", rhythm="1Y", initial_term="1Y")
        commitment = ServiceCommitment.objects.get()
        assert led["Location"] == commitment.get_absolute_url()
        assert (commitment.base_period, commitment.prepaid_service, commitment.base_percent) == ("1Q", hours, 100)
        shown = text(sales.get(commitment.get_absolute_url())).replace("\xa0", " ")
        assert "USD 800.00 for each 1Q" in shown and "in no contract" in shown and "Assign to contract" in shown

    def test_terms_and_days_out_of_reach_are_said_at_their_field(self, sales, account):
        url = reverse("prepaid:commitment-new", args=[make_object(account).pk])
        typed = {"price": "1", "quantity": "1", "quantity_per_period": "1", "starts_on": "2026-01-01"}
        for field, changes in (
            ("initial_term", {"initial_term": "9999Y"}),
            ("starts_on", {"starts_on": "9999-12-31", "initial_term": "1M"}),
            ("ends_on", {"ends_on": "9999-12-31"}),
        ):
            assert "hundred years" in errors(save(Page(sales, url), **typed | changes))[field][0]
        commitment = agree(account, starts_on=day(2026, 1, 1), notice_period="100Y")
        assert sales.get(at("commitment-cancel", commitment)).status_code == 200
        assert sales.get(commitment.get_absolute_url()).status_code == 200
        cancelled = save(Page(sales, at("commitment-cancel", commitment)), ends_on="9999-12-31", reason="Later")
        assert "hundred years" in errors(cancelled)["ends_on"][0]

    def test_the_page_says_how_long_it_runs_and_what_is_billed(self, sales, account, finance):
        commitment = agree(account, starts_on=day(2026, 10, 1), service=make_hours(account), **TERMS)
        (invoice,) = billed(day(2026, 10, 31), actor=finance)
        shown = text(sales.get(commitment.get_absolute_url())).replace("\xa0", " ")
        for said in (
            "Price USD 1,000.00 for each 1M", "Next billing date 1 Nov 2026", "Billed until 31 Oct 2026",
            "Runs until 30 Sep 2027 cancel by 30 Jun 2027", "then on by 1Y",
            f"{invoice} posted 1 Oct 2026 31 Oct 2026 31 Oct 2026 USD 1,000.00 8 HOUR",
        ):  # fmt: skip
            assert said in shown, said
        assert "is billed in part, and stays in its contract" in shown  # why it cannot be taken out

    def test_what_is_billed_is_locked_and_the_rest_is_edited(self, sales, account, finance):
        commitment = agree(account, starts_on=day(2026, 10, 1))
        page = Page(sales, at("commitment-edit", commitment))
        assert "starts_on" in page.data
        bill_until(day(2026, 10, 31))
        page = Page(sales, at("commitment-edit", commitment))
        assert text(page.shown).count("Fixed: something of it is billed.") == 6
        led = save(page, rhythm="1Q", starts_on="2026-01-01", description="Support 24/7")
        assert led["Location"] == commitment.get_absolute_url()
        commitment.refresh_from_db()
        assert (commitment.rhythm, commitment.starts_on) == ("1Q", day(2026, 10, 1))

    def test_a_change_of_price_says_from_when_and_what_comes_later(self, sales, account):
        commitment = agree(account, starts_on=day(2026, 10, 1), price="100", quantity="2")
        set_price(commitment, Price(price=D(300)), from_on=day(2027, 1, 1), actor=None)
        bill_until(day(2026, 10, 31))
        page = Page(sales, at("commitment-price", commitment))
        assert str(page.data["from_on"]) == "2026-11-01"
        preview = page.fill(price="110").preview()
        assert rows(preview) == [(f"{commitment}: price", "USD\xa0200.00 for each 1M", "USD 220.00 for each 1M")]
        assert preview.changes[0].note == "from 1 Nov 2026; the next invoice bills from 1 Nov 2026"
        assert "From 1 Jan 2027 it costs" in preview.warnings[0]
        refused = page.fill(from_on="2026-10-15").confirm()
        assert "is billed until 31 Oct 2026" in errors(refused)["from_on"][0]
        assert page.fill(from_on="2026-11-15").confirm()["Location"] == commitment.get_absolute_url()
        assert list(commitment.prices.values_list("from_on", "price")) == [
            (day(2026, 10, 1), D(100)), (day(2026, 11, 15), D(110)), (day(2027, 1, 1), D(300)),
        ]  # fmt: skip

    def test_a_cancellation_says_until_when_it_is_billed_and_what_has_to_be_credited(self, sales, account, finance):
        commitment = agree(account, starts_on=day(2026, 10, 1), price="31", quantity="1", **TERMS)
        page = Page(sales, at("commitment-cancel", commitment))
        assert rows(page.preview()) == [
            (f"{commitment}: end date", "–", "30 Sep 2027"),
            ("Billed", "nothing", "until 30 Sep 2027"),
        ]
        (invoice,) = billed(day(2026, 10, 31), actor=finance)
        draft = bill_until(day(2026, 11, 30)).invoices[0]
        assert "Say why it ends earlier" in text(page.fill(ends_on="2026-10-11").look())
        preview = page.fill(reason="Agreed with the customer").preview()
        assert rows(preview)[1] == ("Billed", "until 30 Nov 2026", "until 30 Nov 2026")
        assert [warning.replace("\xa0", " ") for warning in preview.warnings] == [
            f"{invoice} bills 12 Oct 2026 to 31 Oct 2026 as well: a credit memo of what is not released takes back "
            "USD 31.00, from 1 Oct 2026 on; then bill again until 11 Oct 2026.",
            f"{draft} bills 1 Nov 2026 to 30 Nov 2026 as well: it is not posted yet. Delete it and bill again.",
        ]
        assert preview.confirm_label == "End it on 11 Oct 2026"
        assert page.confirm()["Location"] == commitment.get_absolute_url()
        shown = sales.get(commitment.get_absolute_url())
        assert "Withdraw cancellation" in text(shown) and shown.context["badge"].label == "Ended"
        back = Page(sales, at("commitment-withdraw", commitment))
        assert rows(back.preview()) == [(f"{commitment}: end date", "11 Oct 2026", "–")]
        back.confirm()
        commitment.refresh_from_db()
        assert (commitment.ends_on, commitment.cancelled_on) == (None, None)

    def test_the_end_of_what_is_cancelled_is_set_by_its_cancellation(self, sales, account):
        commitment = agree(account, starts_on=day(2026, 10, 1))
        Page(sales, at("commitment-cancel", commitment)).confirm()
        page = Page(sales, at("commitment-edit", commitment))
        assert "Set by the cancellation." in text(page.shown)
        save(page, ends_on="", description="Another")
        commitment.refresh_from_db()
        assert (commitment.description, commitment.ends_on) == ("Another", day(2026, 11, 24))

    def test_into_a_contract_and_out_of_it(self, sales, account):
        commitment = take_out(agree(account, starts_on=day(2026, 11, 1)), actor=None)
        contract = make_contract(account, description="Another")
        make_contract(account, currency="EUR")
        page = Page(sales, at("commitment-assign", commitment))
        choices = [str(choice) for _, choice in page.shown.context["form"].fields["contract"].choices]
        assert len(choices) == 3 and "New customer contract" in text(page.shown)
        preview = page.fill(contract=contract.pk).preview()
        assert rows(preview) == [(str(commitment), "In no contract", contract.number)]
        page.confirm()
        commitment.refresh_from_db()
        assert commitment.contract == contract
        out = Page(sales, at("commitment-take-out", commitment))
        assert rows(out.preview()) == [(str(commitment), contract.number, "In no contract")]
        out.confirm()
        commitment.refresh_from_db()
        assert commitment.contract is None

    def test_the_list_narrows_to_what_no_contract_bills(self, sales, account):
        agree(account, starts_on=day(2026, 11, 1), description="Assigned")
        take_out(agree(account, starts_on=day(2026, 11, 1), description="Loose"), actor=None)
        take_out(agree(account, starts_on=day(2026, 11, 1), description="Vendor's"), actor=None)
        ServiceCommitment.objects.filter(description="Vendor's").update(partner="vendor")
        url = reverse("prepaid:commitment-list")
        everything, loose = (text(sales.get(url + query)).split("Export")[-1] for query in ("", "?contract=none"))
        assert all(name in everything for name in ("Assigned", "Loose", "Vendor's"))
        assert "Loose" in loose and "Assigned" not in loose and "Vendor's" not in loose
        exported = sales.get(f"{url}?export=csv")
        assert b"Loose" in b"".join(exported.streaming_content if exported.streaming else [exported.content])

    def test_only_periodic_open_services_of_the_account_are_offered(self, sales, account):
        hours, budget = make_hours(account), make_budget(account)
        page = Page(sales, at("commitment-new", make_object(account)))
        offered = page.shown.context["form"].fields["prepaid_service"].queryset
        assert set(offered) == {hours, budget}

    def test_who_may_not_manage_contracts_reads_and_changes_nothing(self, account):
        commitment = agree(account, starts_on=day(2026, 11, 1))
        viewer = signed_in("viewer")
        shown = viewer.get(commitment.get_absolute_url())
        assert shown.status_code == 200 and "Change price" not in text(shown)
        for name in ("price", "cancel", "edit", "withdraw", "take-out", "assign"):
            assert viewer.get(at(f"commitment-{name}", commitment)).status_code == 403
