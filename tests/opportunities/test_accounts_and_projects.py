import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from ledger.models import Currency
from ledger.sources import source_of
from opportunities.exceptions import BadBillTo, ProjectFixed
from opportunities.models import Account, Project
from opportunities.services.accounts import create_account, edit_account
from opportunities.services.projects import create_project, edit_project
from tests.builders import make_account, make_milestone, make_user


def edited(account, **changes):
    terms = {name: getattr(account, name) for name in ("name", "currency", "business_group", "bill_to")}
    return edit_account(account, **(terms | changes), actor=None)


def test_an_account_gets_the_next_number(account):
    made = create_account(name="Marlowe", currency=account.currency, business_group=account.business_group, actor=None)
    assert made.number == "ACC-00001"


def test_nobody_is_billed_in_a_circle_or_along_a_chain(account):
    payer, third = make_account("Payer"), make_account("Third")
    with pytest.raises(BadBillTo, match="pays for itself already"):
        edited(account, bill_to=account)
    account = edited(account, bill_to=payer)
    with pytest.raises(BadBillTo, match="is billed to"):
        edited(third, bill_to=account)
    with pytest.raises(BadBillTo, match="cannot be billed to another account itself"):
        edited(payer, bill_to=third)


def test_a_refusal_stands_at_its_field_and_keeps_what_was_typed(sales, account):
    path = reverse("opportunities:account-edit", args=[account.pk])
    data = {
        "name": "Typed",
        "currency": "USD",
        "business_group": "DOMESTIC",
        "bill_to": account.number,
        "payment_days": "30",
    }
    response = sales.post(path, data)
    assert "pays for itself already" in response.context["form"].errors["bill_to"][0]
    assert 'value="Typed"' in response.content.decode()
    assert Account.objects.get().name == "Harbour Logistics"


def test_sent_twice_an_account_is_made_once(sales, account):
    page = sales.get(reverse("opportunities:account-create"))
    data = {
        "name": "Marlowe",
        "currency": "USD",
        "business_group": "DOMESTIC",
        "payment_days": "30",
        "token": page.context["token"],
    }
    paths = {sales.post(reverse("opportunities:account-create"), data)["Location"] for _ in range(2)}
    assert (len(paths), Account.objects.filter(name="Marlowe").count()) == (1, 1)


def test_the_books_lead_to_the_account(account):
    assert source_of(account.party) == (account.name, account.get_absolute_url())


def test_a_project_takes_the_currency_of_its_account(sales, account):
    sales.post(reverse("opportunities:project-create"), {"name": "Berths", "account": account.number, "currency": ""})
    assert (Project.objects.get().currency_id, Project.objects.get().number) == ("USD", "PRJ-00001")


def test_a_second_project_of_the_same_name_and_currency_is_refused(sales, account):
    create_project(name="Berths", account=account, currency=account.currency, actor=None)
    response = sales.post(reverse("opportunities:project-create"), {"name": "Berths", "account": account.number})
    assert "PRJ-00001 of this account has the same name and currency" in response.context["form"].errors["name"][0]


def test_a_project_with_milestones_keeps_account_and_currency(account):
    project = create_project(name="Berths", account=account, currency=account.currency, actor=None)
    milestone = make_milestone(project)
    with pytest.raises(ProjectFixed, match=f"keeps its currency, which {milestone} stands on"):
        edit_project(project, name="Berths", account=account, currency=Currency.objects.get(pk="EUR"), actor=None)
    assert edit_project(project, name="Quays", account=account, currency=account.currency, actor=None).name == "Quays"


def test_in_the_admin_an_account_gets_its_number_from_the_series(client, account):
    user = make_user("staff", is_staff=True)
    user.groups.add(Group.objects.get(name="sales"))
    client.force_login(user)
    client.post(
        reverse("admin:opportunities_account_add"),
        {"name": "A", "currency": "USD", "business_group": "EXPORT", "payment_days": "30"},
    )
    assert Account.objects.get(name="A").number == "ACC-00001"


def test_an_account_is_found_by_number_or_name_and_otherwise_named(sales, account):
    path, data = reverse("opportunities:project-create"), {"name": "Berths"}
    refused = sales.post(path, data | {"account": "Harb"}).context["form"]
    assert refused.errors["account"] == ["There is no one account “Harb”. Type its number, or choose from the list."]
    assert sales.post(path, data | {"account": "harbour logistics"}).status_code == 302


def test_accounts_are_suggested_as_one_types(sales, account):
    make_account("Marlowe")
    page = sales.get(reverse("opportunities:account-options"), {"from": "bill_to", "bill_to": "harb"})
    assert page.content.decode().strip() == f'<option value="{account.number}">Harbour Logistics</option>'


def test_names_are_searched_from_three_letters_on_and_nothing_is_suggested_for_nothing(sales, account):
    def suggested(typed: str) -> str:
        asked = {"from": "account", "account": typed}
        return sales.get(reverse("opportunities:account-options"), asked).content.decode()

    assert [account.number in suggested(typed) for typed in ("ha", "har", account.number[:2].lower(), "", "\0")] == [
        False,
        True,
        True,
        False,
        False,
    ]


def test_the_admin_refuses_what_the_pages_refuse(client, account):
    client.force_login(make_user("admin", is_staff=True, is_superuser=True))
    data = {"name": "A", "currency": "USD", "business_group": "EXPORT", "bill_to": account.pk}
    page = client.post(reverse("admin:opportunities_account_change", args=[account.pk]), data)
    assert "pays for itself already" in page.content.decode()
    data = {"code": "X", "name": "X", "unit_price": "1.5", "currency": "JPY", "product_group": "CREDITS"}
    page = client.post(reverse("admin:opportunities_product_add"), data)
    assert "more decimals than JPY has" in page.content.decode()
