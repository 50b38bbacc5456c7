"""Who buys, and what is sold. Prices that divide by their credits, and prices that do not."""

from decimal import Decimal
from typing import Any

from ledger.models import BusinessPostingGroup, Currency, ProductPostingGroup
from opportunities.models import Account, Product
from opportunities.services.accounts import create_account
from opportunities.services.products import create_product

# Short name: name, currency, business posting group, payer.
ACCOUNTS = {
    "harbour": ("Harbour Logistics", "USD", "DOMESTIC", None),
    "marlowe": ("Marlowe Clinics", "USD", "DOMESTIC", None),
    "alder": ("Alder & Finch Legal", "USD", "DOMESTIC", None),
    "meridian": ("Meridian Power & Light", "USD", "DOMESTIC", None),
    "bluejay": ("Bluejay Airways", "USD", "DOMESTIC", None),
    "cedar": ("Cedar Street Foods", "USD", "DOMESTIC", None),
    "harbour_eu": ("Harbour Logistics Europe", "EUR", "EXPORT", "harbour"),
    "lindqvist": ("Lindqvist Möbel", "EUR", "EXPORT", None),
    "rhein": ("Rheintal Turbinen", "EUR", "EXPORT", None),
    "castle": ("Castlegate Insurance", "GBP", "EXPORT", None),
    "thistle": ("Thistle & Rowan Media", "GBP", "EXPORT", None),
    "sakura": ("Sakuragawa Robotics", "JPY", "EXPORT", None),
}

# Code: name, price, currency, services credits, product posting group.
PRODUCTS = {
    "CR-3": ("Try-out pack, 3 credits", "400.00", "USD", 3, "CREDITS"),
    "CR-7": ("Starter pack, 7 credits", "1000.00", "USD", 7, "CREDITS"),
    "CR-10": ("Small pack, 10 credits", "1250.00", "USD", 10, "CREDITS"),
    "CR-25": ("Team pack, 25 credits", "2900.00", "USD", 25, "CREDITS"),
    "CR-50": ("Department pack, 50 credits", "5500.00", "USD", 50, "CREDITS"),
    "CR-100": ("Company pack, 100 credits", "10400.00", "USD", 100, "CREDITS"),
    "CR-250": ("Group pack, 250 credits", "24000.00", "USD", 250, "CREDITS"),
    "CR-10-EUR": ("Small pack, 10 credits", "1150.00", "EUR", 10, "CREDITS"),
    "CR-60-EUR": ("Department pack, 60 credits", "6250.00", "EUR", 60, "CREDITS"),
    "CR-20-GBP": ("Team pack, 20 credits", "2050.00", "GBP", 20, "CREDITS"),
    "CR-30-JPY": ("Team pack, 30 credits", "500000", "JPY", 30, "CREDITS"),
    "WELCOME": ("Welcome credits, 2 credits", "0.00", "USD", 2, "CREDITS"),
    "TRAIN-DAY": ("Training day on site", "1800.00", "USD", None, "SERVICES"),
    "REVIEW": ("Architecture review", "3500.00", "USD", None, "SERVICES"),
    "SUPPORT-Y": ("Support desk, one year", "6000.00", "USD", None, "SERVICES"),
}


REGION = {"EUR": "EUROPE", "GBP": "EUROPE", "JPY": "ASIA"}


def make_accounts(actor: Any) -> dict[str, Account]:
    made: dict[str, Account] = {}
    for key, (name, currency, group, payer) in ACCOUNTS.items():
        made[key] = create_account(
            name=name,
            currency=Currency.objects.get(pk=currency),
            business_group=BusinessPostingGroup.objects.get(pk=group),
            bill_to=made.get(payer or ""),
            dimensions={"REGION": REGION.get(currency, "AMERICAS")},
            actor=actor,
        )
    return made


def make_products(actor: Any) -> dict[str, Product]:
    return {
        code: create_product(
            code=code,
            name=name,
            unit_price=Decimal(price),
            currency=Currency.objects.get(pk=currency),
            services_credits=credits,
            product_group=ProductPostingGroup.objects.get(pk=group),
            actor=actor,
        )
        for code, (name, price, currency, credits, group) in PRODUCTS.items()
    }
