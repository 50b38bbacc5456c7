"""The figure of an account's page to which every sub-ledger adds: what is deferred, whatever the account paid ahead for.

register("account.deferred", deferred_of_account, permission="credits.view_purchase")

def deferred_of_account(request, account) -> list[tuple[Cur, Decimal]]:     # one for each currency
"""

from decimal import Decimal
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html_join

from ledger.money import ZERO
from opportunities.models import Account
from pages import markup
from pages.elements import Figure
from pages.formats import NOTHING, Cur
from pages.http import Request
from pages.sections import collect, register


def register_all() -> None:
    """Called once, when the apps are ready. Behind the figures of the upper apps."""
    register("account.figures", deferred_revenue, order=90, permission="ledger.view_journalentry")


def deferred_revenue(request: Request, account: Account) -> Figure:
    """What the sub-ledgers explain of it leads to the lines of the deferral accounts, which say the same."""
    held: dict[Cur, Decimal] = {}
    for currency, amount in collect("account.deferred", request, account):
        held[currency] = held.get(currency, ZERO) + amount
    shown = [markup.money(held[currency], currency) for currency in sorted(held) if held[currency]]
    return Figure(
        "Deferred revenue",
        format_html_join("", '<span class="d-block">{}</span>', ((each,) for each in shown)) or NOTHING,
        f"{reverse('ledger:deferral-entries')}?{urlencode({'party': account.party})}",
    )
