"""What the page of a customer contract offers to do with its billing, and what of it is still deferred."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import Sum
from django.urls import reverse

from ledger.money import ZERO
from pages import markup
from pages.elements import Action, Figure
from pages.http import Request
from pages.sections import register
from prepaid.actions.billing import bill, release
from prepaid.models import CustomerContract, DeferralLine


def register_all() -> None:
    """Called once, when the apps are ready."""
    register("customer-contract.actions", billing_of_contract, order=10)
    register("customer-contract.figures", deferred_of_contract, order=10, permission="prepaid.view_contractdeferral")


def billing_of_contract(request: Request, contract: CustomerContract) -> list[Action]:
    return [bill(contract), release(contract)]


def deferred_of_contract(request: Request, contract: CustomerContract) -> Figure:
    waits: Any = DeferralLine.objects.open().filter(deferral__contract=contract).aggregate(sum=Sum("amount"))
    listed = f"{reverse('prepaid:deferral-list')}?{urlencode({'contract': contract.number})}"
    return Figure("Deferred", markup.money(waits["sum"] or ZERO, contract.currency), listed)
