"""Customer contracts in the browser: list, page, commitments assigned, closed and opened again; the page of the account."""

import datetime

import pytest
from django.urls import reverse

from prepaid.models import CustomerContract, ServiceCommitment
from prepaid.services.contracts.cancelling import cancel
from prepaid.services.contracts.contracts import close_contract, take_out
from tests.builders import make_account
from tests.credits.desk import Page, errors, text
from tests.prepaid.contracting import agree, billed, make_contract, make_object
from tests.prepaid.desk import signed_in
from tests.prepaid.selling import TODAY

pytestmark = pytest.mark.django_db
day = datetime.date


@pytest.fixture
def sales(company):
    return signed_in("sales")


def at(name: str, thing) -> str:
    return reverse(f"prepaid:{name}", args=[thing.pk])


def save(page: Page, **changes):
    page.fill(**changes)
    return page.client.post(page.url, page.data)


def rows(response) -> str:
    """What stands in the list."""
    return text(response).split("Export")[-1]


def test_a_contract_is_entered_for_the_account_of_the_link_and_edited(sales, account):
    page = Page(sales, f"{reverse('prepaid:contract-new')}?account={account.number}")
    led = save(page, description="Support")
    contract = CustomerContract.objects.get()
    assert led["Location"] == contract.get_absolute_url()
    assert (contract.account, contract.currency_id, contract.bill_to) == (account, "USD", account)
    assert "No commitments yet" in text(sales.get(contract.get_absolute_url()))
    payer = make_account("Head office")
    save(Page(sales, at("contract-edit", contract)), bill_to=payer.number, external_reference="PO 7")
    contract.refresh_from_db()
    assert (contract.bill_to, contract.external_reference, contract.description) == (payer, "PO 7", "Support")
    agree(account, starts_on=TODAY, contract=contract)
    assert text(sales.get(at("contract-edit", contract))).count("Fixed: it has commitments.") == 2


def test_the_list_narrows_by_account_and_hides_what_is_closed(sales, account):
    agree(account, starts_on=day(2026, 12, 1), contract=make_contract(account, description="Support"))
    make_contract(make_account("Marlowe"), description="Theirs")
    close_contract(make_contract(account, description="Old"), actor=None)
    url = reverse("prepaid:contract-list")
    shown = rows(sales.get(url))
    assert "Support" in shown and "1 Dec 2026" in shown and "Theirs" in shown and "Old" not in shown
    assert "Theirs" not in rows(sales.get(f"{url}?account={account.number}"))
    closed = rows(sales.get(f"{url}?closed=closed"))
    assert "Old" in closed and "Support" not in closed
    assert "Theirs" in rows(sales.get(f"{url}?search=marlowe"))


def test_the_page_shows_what_it_bills_and_what_each_period_comes_to(sales, account, finance):
    contract = make_contract(account, description="Support")
    agree(account, starts_on=day(2026, 11, 1), contract=contract, price="100", quantity="1")
    agree(account, starts_on=day(2026, 11, 1), contract=contract, price="20", quantity="1")
    yearly = {"base_period": "1Y", "rhythm": "1Y", "price": "1200", "quantity": "1"}
    agree(account, starts_on=day(2027, 1, 1), contract=contract, **yearly)
    (invoice,) = billed(day(2026, 11, 30), actor=finance)
    shown = text(sales.get(contract.get_absolute_url())).replace("\xa0", " ")
    for said in (
        "Commitments 3 3 to be billed", "Next billing date 1 Dec 2026", "For each 1M USD 120.00 net, 2 commitments",
        "For each 1Y USD 1,200.00 net, 1 commitment", "USD 120.00 net for each 1M, USD 1,200.00 net for each 1Y",
        f"{invoice} Invoice",
    ):  # fmt: skip
        assert said in shown, said
    assert "is still to be billed. Cancel it first" in shown  # why it cannot be closed


def test_commitments_of_the_account_are_assigned_all_ticked(sales, account):
    contract = make_contract(account)
    first, second = (
        take_out(agree(account, starts_on=day(2026, 11, 1), description=name), actor=None) for name in ("One", "Two")
    )
    take_out(agree(make_account("Marlowe"), starts_on=day(2026, 11, 1), description="Theirs"), actor=None)
    page = Page(sales, at("contract-assign", contract))
    assert page.data[f"commitment_{first.pk}"] == "on" and "Theirs" not in text(page.shown)
    preview = page.fill(**{f"commitment_{second.pk}": None}).preview()
    assert [(each.label, each.after) for each in preview.changes] == [(str(first), contract.number)]
    assert preview.confirm_label == "Assign 1 commitment"
    assert page.confirm()["Location"] == contract.get_absolute_url()
    assert set(contract.commitments.all()) == {first}
    nothing = Page(sales, at("contract-assign", contract)).fill(**{f"commitment_{second.pk}": None})
    assert "Tick what the contract bills" in text(nothing.look())
    Page(sales, at("contract-assign", contract)).confirm()
    assert "that a contract can bill is in one" in text(sales.get(at("contract-assign", contract)))


def test_a_contract_is_closed_and_opened_again(sales, account, finance):
    commitment = agree(account, starts_on=day(2026, 11, 1))
    contract = commitment.contract
    assert "is still to be billed" in text(sales.get(at("contract-close", contract)))
    cancel(commitment, ends_on=day(2026, 11, 30), reason="Agreed", actor=finance)
    billed(TODAY, actor=finance)
    Page(sales, at("contract-close", contract)).confirm()
    shown = sales.get(contract.get_absolute_url())
    assert shown.context["badge"].label == "Closed" and "Open it again first" in text(shown)
    Page(sales, at("contract-reopen", contract)).confirm()
    contract.refresh_from_db()
    assert not contract.closed


def test_the_page_of_the_account_has_its_contracts_and_objects_with_new_ones(sales, account):
    contract = agree(account, starts_on=day(2026, 12, 1)).contract
    close_contract(make_contract(account, description="Old"), actor=None)
    make_object(make_account("Marlowe"), description="Theirs")
    shown = sales.get(account.get_absolute_url())
    said = text(shown)
    assert f"{contract.number} USD 1 1 Dec 2026" in said and "SVO-000001" in said
    assert "Old" not in said and "Theirs" not in said
    for name in ("contract-new", "service-object-new"):
        assert f"{reverse(f'prepaid:{name}')}?account={account.number}".encode() in shown.content
    viewer = text(signed_in("viewer").get(account.get_absolute_url()))
    assert "Customer contracts" in viewer and "New customer contract" not in viewer


def test_contracts_are_found_by_number_reference_and_account(sales, account):
    contract = make_contract(account, description="Support", external_reference="PO 4711")
    for asked in (contract.number, "4711", account.name, "suppo"):
        assert f"{contract.number} Support" in text(sales.get(f"{reverse('search')}?q={asked}"))


def test_a_page_of_many_commitments_takes_no_more_queries(sales, account, django_assert_max_num_queries):
    contract = make_contract(account)
    for _ in range(6):
        agree(account, starts_on=day(2026, 11, 1), contract=contract)
    assert ServiceCommitment.objects.count() == 6
    for url in (contract.get_absolute_url(), reverse("prepaid:commitment-list"), reverse("prepaid:contract-list")):
        sales.get(url)
        with django_assert_max_num_queries(30):
            assert sales.get(url).status_code == 200


def test_an_account_that_is_not_there_is_refused_at_its_field(sales):
    refused = save(Page(sales, reverse("prepaid:contract-new")), account="Nobody")
    assert errors(refused)["account"][0].startswith("There is no one account “Nobody”")
