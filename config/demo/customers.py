"""Who buys, and what is sold. Prices that divide by their credits, and prices that do not."""

from decimal import Decimal
from typing import Any

from ledger.models import BusinessPostingGroup, Currency, ProductPostingGroup, VatBusinessGroup, VatProductGroup
from opportunities.models import Account, CommitmentOption, Product
from opportunities.services.accounts import Billing, create_account
from opportunities.services.products import Selling, create_product

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

# Code: name, price, currency, product posting group, VAT group, unit, how it is sold.
ONCE, BY_CONTRACT = CommitmentOption.SALES_WITHOUT, CommitmentOption.COMMITMENT_ITEM
PREPAID_PRODUCTS = {
    "BUDGET": ("Support budget", "5000.00", "USD", "PREPAID", "FULL", "", ONCE),
    "BUDGET-7": ("Training budget", "1000.00", "USD", "PREPAID", "REDUCED", "", ONCE),
    "BUDGET-EUR": ("Support budget", "5000.00", "EUR", "PREPAID", "FULL", "", ONCE),
    "BUDGET-GBP": ("Advisory budget", "4000.00", "GBP", "PREPAID", "FULL", "", ONCE),
    "HOURS-M": ("Support hours, by the month", "60.00", "USD", "CONTRACTS", "FULL", "HOUR", BY_CONTRACT),
    "HOURS-M-EUR": ("Support hours, by the month", "55.00", "EUR", "CONTRACTS", "FULL", "HOUR", BY_CONTRACT),
    "PLAN-Y": ("Support plan, by the year", "6000.00", "USD", "CONTRACTS", "FULL", "", BY_CONTRACT),
    "PLAN-Y-EUR": ("Support plan, by the year", "4800.00", "EUR", "CONTRACTS", "FULL", "", BY_CONTRACT),
    "SUPPORT-H": ("Support, per hour", "120.00", "USD", "SERVICES", "FULL", "HOUR", ONCE),
    "SUPPORT-H-EUR": ("Support, per hour", "110.00", "EUR", "SERVICES", "FULL", "HOUR", ONCE),
    "CONSULT-H": ("Consulting, per hour", "180.00", "USD", "SERVICES", "FULL", "HOUR", ONCE),
    "TRAVEL-KM": ("Travel, per kilometre", "0.42", "USD", "SERVICES", "FULL", "KM", ONCE),
    "HANDBOOK": ("Handbook for participants", "45.00", "USD", "SERVICES", "REDUCED", "PIECE", ONCE),
}

# Where documents are sent, and how soon they are to be paid.
ADDRESSES = {
    "harbour": ("14 Pier Road\nBaltimore, MD 21230", 30),
    "marlowe": ("220 Lakeside Avenue\nBurlington, VT 05401", 30),
    "alder": ("9 Courthouse Square\nSalem, MA 01970", 14),
    "meridian": ("Meridian Tower\n500 Grid Street\nToledo, OH 43604", 45),
    "bluejay": ("Hangar 3, Airport Way\nPortland, ME 04102", 30),
    "cedar": ("71 Cedar Street\nAlbany, NY 12207", 14),
    "harbour_eu": ("Kade 12\n3011 Rotterdam\nNetherlands", 30),
    "lindqvist": ("Industrigatan 8\n331 35 Värnamo\nSweden", 30),
    "rhein": ("Am Kanal 21\n68159 Mannheim\nGermany", 30),
    "castle": ("Castle Gate House\nYork YO1 9RN\nUnited Kingdom", 30),
    "thistle": ("3 Rowan Close\nEdinburgh EH3 6AA\nUnited Kingdom", 14),
    "sakura": ("2-4-1 Sakuragawa\nOsaka 556-0022\nJapan", 60),
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
            billing=billing(key, group),
            actor=actor,
        )
    return made


def billing(key: str, group: str) -> Billing:
    address, days = ADDRESSES[key]
    return Billing(
        vat_business_group=VatBusinessGroup.objects.get(pk=group),
        address=address,
        email=f"accounts@{key.replace('_', '-')}.example.com",
        payment_days=days,
    )


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
    } | make_prepaid_products(actor)


def make_prepaid_products(actor: Any) -> dict[str, Product]:
    """What tops up a prepaid service, and what it is used for."""
    return {
        code: create_product(
            code=code,
            name=name,
            unit_price=Decimal(price),
            currency=Currency.objects.get(pk=currency),
            product_group=ProductPostingGroup.objects.get(pk=group),
            selling=Selling(
                vat_product_group=VatProductGroup.objects.get(pk=vat),
                unit_of_measure=unit,
                commitment_option=option,
                prepaid_service=group in ("PREPAID", "CONTRACTS"),
            ),
            actor=actor,
        )
        for code, (name, price, currency, group, vat, unit, option) in PREPAID_PRODUCTS.items()
    }
