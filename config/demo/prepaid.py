"""Prepaid services: budgets and hours that were sold, used, corrected and left to lapse, and what is on its way."""

import datetime
from decimal import Decimal
from typing import Any

from ledger.models import LedgerAccount, ProductPostingGroup
from ledger.services.dimensions import create_dimension
from opportunities.models import Account, Product, Project, ProjectEntry
from opportunities.services.project_entries import Work, create_project_entry
from prepaid.models import PrepaidService, PrepaidSetup, SalesDocument
from prepaid.services.convert import invoice_order
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.deliver import deliver
from prepaid.services.document_lines import LineTerms, add_line
from prepaid.services.document_state import release
from prepaid.services.documents import Header, create_document
from prepaid.services.expire import expire_residuals
from prepaid.services.manual import EntryTerms, request_entry
from prepaid.services.post_document import post_document
from prepaid.services.services import Card, assign_projects, create_service
from prepaid.services.setup import Settings, change_setup

Type, TIME = SalesDocument.Type, ProjectEntry.Kind.TIME
PERIODIC, QUANTITY = PrepaidService.Accrual.PERIODIC, PrepaidService.Type.QUANTITY
HOURS: dict[str, Any] = {"accrual": PERIODIC, "type": QUANTITY, "unit_of_measure": "HOUR"}

# Account, description, what else the card says.
SERVICES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "harbour": ("harbour", "Support budget", {"valid_until_formula": "1Y"}),
    "training": ("harbour", "Training budget", {"valid_until_formula": "6M+CM"}),
    "alder": ("alder", "Support budget", {}),
    "bluejay": ("bluejay", "Pilot budget", {"valid_until_formula": "3M"}),
    "cedar": ("cedar", "Support budget", {"valid_until_formula": "1M"}),
    "meridian": ("meridian", "Consulting budget", {"valid_until_formula": "1Y+CM"}),
    "lindqvist": ("lindqvist", "Support budget", {"valid_until_formula": "CY+1Y"}),
    "castle": ("castle", "Advisory budget", {"valid_until_formula": "1Y"}),
    "marlowe": ("marlowe", "Support hours by contract", HOURS | {"valid_until_formula": "CQ+1Q"}),
}

# Service, days from today, lines (product, quantity, price when not the product's).
INVOICES: tuple[tuple[str, int, list[tuple[str, str, str | None]]], ...] = (
    ("harbour", -300, [("BUDGET", "1", None)]),
    ("harbour", -210, [("SUPPORT-H", "12.5", None), ("TRAVEL-KM", "84", None)]),
    ("bluejay", -140, [("BUDGET", "1", "800.00")]),
    ("alder", -120, [("BUDGET", "1", "1500.00")]),
    ("bluejay", -110, [("SUPPORT-H", "2.5", None)]),
    ("lindqvist", -100, [("BUDGET-EUR", "1", "6000.00")]),
    ("harbour", -95, [("CONSULT-H", "6", None)]),
    ("alder", -90, [("SUPPORT-H", "7.5", None)]),
    ("training", -80, [("BUDGET-7", "1", "900.00")]),
    ("lindqvist", -50, [("SUPPORT-H-EUR", "18", None)]),
    ("marlowe", -30, [("SUPPORT-H", "6", None)]),
    ("training", -25, [("HANDBOOK", "8", None)]),
    ("alder", -20, [("SUPPORT-H", "4", None), ("CONSULT-H", "2", None)]),  # more than was left
    ("marlowe", -10, [("SUPPORT-H", "7.5", None)]),  # more hours than were left
    ("harbour", -4, [("SUPPORT-H", "3", None)]),
)

# Project, days from today, product, quantity, what was done.
WORK = (
    ("berth", -6, "SUPPORT-H", "2.5", "Berth calendar shows the tide of the wrong day"),
    ("berth", -3, "SUPPORT-H", "1.25", "Question about roles"),
    ("berth", -1, "TRAVEL-KM", "36", "To the terminal and back"),
    ("meters", -2, "CONSULT-H", "4", "Workshop on plausibility rules"),
)


def set_up(people: dict[str, Any]) -> None:
    """Each service is a value of a dimension; what somebody expires by hand waits for review; the night bills contracts."""
    dimension = create_dimension(code="PREPAID", name="Prepaid service", actor=people["controller"])
    settings = Settings.of(PrepaidSetup.objects.get())
    changed = vars(settings) | {"dimension": dimension, "post_manual_dissolution": False, "automatic_billing": "post"}
    change_setup(Settings(**changed), actor=people["controller"])


def sell(
    accounts: dict[str, Account], products: dict[str, Product], people: dict[str, Any], today: datetime.date
) -> dict[str, PrepaidService]:
    """Before the nights, which let lapse what was not used in time."""
    services = {
        key: create_service(Card(account=accounts[account], description=text, **card), actor=people["sales"])
        for key, (account, text, card) in SERVICES.items()
    }
    by_hand(services["marlowe"], today, -60, "Hours of the old contract", people["finance"], quantity=Decimal(10))
    for key, days, lines in INVOICES:
        invoice(services[key], products, lines, today + datetime.timedelta(days=days), people)
    return services


def go_on(
    services: dict[str, PrepaidService], products: dict[str, Product], people: dict[str, Any], today: datetime.date
) -> None:
    """After the nights: what was entered late, and what is on its way."""
    late = today - datetime.timedelta(days=45)
    invoice(services["cedar"], products, [("BUDGET", "1", "600.00")], late, people)
    expire_residuals([services["cedar"]], actor=people["finance"])
    by_hand(services["alder"], today, 0, "Goodwill after the outage", people["finance"], amount=Decimal("2500.00"))
    hours = {"lines__prepaid_service": services["lindqvist"], "lines__product": products["SUPPORT-H-EUR"]}
    used = SalesDocument.objects.get(**hours)
    memo = create_credit_memo(
        used, credit={used.lines.get(kind="item").pk: Decimal(3)}, reason="Three hours were ours", actor=people["sales"]
    )
    post_document(memo, actor=people["finance"])
    quote(services["castle"], products, today, people["sales"])
    order(services["meridian"], products, today, people)
    draft(services["harbour"], products, today, people["sales"])
    work(services, products, people, today)


def invoice(
    service: PrepaidService, products: dict[str, Product], lines: list, on: datetime.date, people: dict[str, Any]
) -> SalesDocument:
    made = document(Type.INVOICE, service, products, lines, on, people["sales"])
    return post_document(made, actor=people["finance"])


def document(type_: str, service: PrepaidService, products: dict[str, Product], lines, on, actor, **header):
    account = service.account
    said = Header(account=account, currency=account.currency, document_on=on, posted_on=on, **header)
    made = create_document(type_, said, actor=actor)
    for code, quantity, price in lines:
        terms = LineTerms(
            product=products[code],
            quantity=Decimal(quantity),
            unit_price=Decimal(price) if price else None,
            prepaid_service=service,
        )
        add_line(made, terms, actor=actor)
    return made


def by_hand(
    service: PrepaidService, today: datetime.date, days: int, reason: str, actor: Any, **units: Decimal
) -> None:
    """Of an amount above the threshold: it waits for approval."""
    backed = {
        "product_group": ProductPostingGroup.objects.get(pk="PREPAID"),
        "balancing_account": LedgerAccount.objects.get(pk="4095"),
    }
    terms = EntryTerms(
        entry_type="positive",
        posted_on=today + datetime.timedelta(days=days),
        reason=reason,
        **units,  # type: ignore[arg-type]
        **(backed if service.is_amount else {}),  # type: ignore[arg-type]
    )
    request_entry(service, terms, actor=actor)


def quote(service: PrepaidService, products: dict[str, Product], today: datetime.date, actor: Any) -> None:
    lines = [("BUDGET-GBP", "1", "4000.00")]
    document(Type.QUOTE, service, products, lines, today, actor, text="As discussed on Monday.")


def order(service: PrepaidService, products: dict[str, Product], today: datetime.date, people: dict[str, Any]) -> None:
    """The budget and some of the hours are invoiced, more of them delivered."""
    ordered = today - datetime.timedelta(days=12)
    lines = [("BUDGET", "1", "8000.00"), ("CONSULT-H", "40", None)]
    made = document(Type.ORDER, service, products, lines, ordered, people["sales"], external_reference="PO 4500-1182")
    budget, hours = made.lines.all()
    for part, days in (({budget.pk: Decimal(1)}, -11), ({hours.pk: Decimal(10)}, -5)):
        on = today + datetime.timedelta(days=days)
        post_document(invoice_order(made, part, on=on, actor=people["sales"]), actor=people["finance"])
    deliver(made, {hours.pk: Decimal(25)}, on=today - datetime.timedelta(days=1), actor=people["delivery"])


def draft(service: PrepaidService, products: dict[str, Product], today: datetime.date, actor: Any) -> None:
    """Released, and waiting to be posted."""
    release(document(Type.INVOICE, service, products, [("SUPPORT-H", "5", None)], today, actor), actor=actor)


def work(
    services: dict[str, PrepaidService], products: dict[str, Product], people: dict[str, Any], today: datetime.date
) -> None:
    projects = {
        "berth": Project.objects.get(name="Berth scheduling"),
        "meters": Project.objects.get(name="Meter data hub"),
    }
    assign_projects(services["harbour"], [projects["berth"]], actor=people["sales"])
    assign_projects(services["meridian"], [projects["meters"]], actor=people["sales"])
    for key, days, code, quantity, text in WORK:
        done = Work(
            product=products[code],
            quantity=Decimal(quantity),
            worked_on=today + datetime.timedelta(days=days),
            kind=TIME if products[code].unit_of_measure == "HOUR" else ProjectEntry.Kind.MATERIAL,
            description=text,
        )
        create_project_entry(projects[key], done, actor=people["delivery"])
