"""The demo company: invented customers with past, present and future, seen from the business date it is loaded on.

Whatever moves credits or money goes through the services, so that its books are books and not a picture of them. Loaded
once: the numbers would be others the next day, and people may have worked on in the meantime.
"""

from django.contrib.auth import get_user_model
from django.db import transaction

from config.demo import books, contracts, history, prepaid, sales
from config.demo.company import COMPANY, make_company
from config.demo.customers import make_accounts, make_products
from config.demo.logins import make_logins
from ledger.dates import business_date
from ledger.models import LedgerSetup
from opportunities.models import Account
from pages.refusals import Refused


class AnotherCompany(Refused):
    def __init__(self, name: str) -> None:
        super().__init__(f"These are the books of {name}: the demo company is only loaded where there is no other.")


def is_loaded() -> bool:
    return LedgerSetup.objects.filter(company_name=COMPANY).exists() and Account.objects.exists()


@transaction.atomic
def load() -> bool:
    """Loads all of it or nothing; False when it is there already. Refused: the books of another company."""
    make_logins()
    if is_loaded():
        return False
    if other := LedgerSetup.objects.exclude(company_name=COMPANY).first():
        raise AnotherCompany(other.company_name)
    people = {user.username: user for user in get_user_model().objects.all()}
    make_company(people["controller"])
    books.make_dimensions(people["controller"])
    prepaid.set_up(people)
    accounts, products = make_accounts(people["sales"]), make_products(people["sales"])
    today = business_date()
    sales.sell(accounts, products, people["sales"], today)
    services = prepaid.sell(accounts, products, people, today)
    agreed = contracts.live(accounts, products, people, today)
    history.live(accounts, people, today)
    prepaid.go_on(services, products, people, today)
    contracts.go_on(agreed, accounts, products, people, today)
    books.write_entries(people, today)
    books.close_periods(people, today)
    return True
