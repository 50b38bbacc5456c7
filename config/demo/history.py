"""What happened since: purchases entered by hand, projects, milestones, and the nights that expired and earned."""

import datetime
from decimal import Decimal

from config.night import run_nights
from credits.models import Milestone
from credits.models.milestones import Status
from credits.services.allocate import adjust, allocate
from credits.services.dates import change_dates
from credits.services.edit_milestone import Details, create_milestone, edit_milestone
from credits.services.milestones import complete
from credits.services.purchases import create_purchase
from credits.services.terms import Terms
from ledger.models import Currency
from opportunities.models import Account, Project
from opportunities.services.projects import create_project

APPROVED, PROGRESS, PLANNED = Status.APPROVED, Status.IN_PROGRESS, Status.PLANNED

# Account, credits, value, paid, currency, days from today to purchase, start and expiry, description, draft.
PURCHASES = (
    ("marlowe", 40, "110.00", "99.00", None, -420, -420, -56, "Annual pack with 10 % discount", False),
    ("cedar", 30, "120.00", "120.00", None, -400, -400, -36, "First pack", False),
    ("thistle", 20, "100.00", "95.00", None, -380, -380, -16, "Launch pack", False),
    ("bluejay", 60, "115.00", "103.50", None, -250, -250, 11, "Pilot credits", False),
    ("harbour", 5, "118.18", "0.00", None, -40, -40, 140, "Goodwill after the March outage", False),
    ("harbour", 25, "105.00", "105.00", "EUR", -70, -70, 290, "For the project in Rotterdam", False),
    ("lindqvist", 80, "110.00", "88.00", None, -160, -160, 205, "Volume pack", False),
    ("lindqvist", 10, "110.00", "0.00", None, -160, -160, 24, "Welcome credits", False),
    ("harbour_eu", 15, "112.00", "112.00", None, -30, 20, 385, "Starts with the new contract year", False),
    ("cedar", 12, "120.00", "108.00", None, -20, -20, 5, "Bridge until the framework is signed", False),
    ("sakura", 45, "16000", "15000", None, -90, -90, 275, "Second pack", False),
    ("castle", 50, "101.00", "92.50", None, 0, 0, 364, "Waiting for the purchase order", True),
    ("alder", 30, "116.00", "116.00", None, 0, None, None, "Dates to be agreed", True),
    ("meridian", 20, "115.00", "0.00", None, -15, -15, 75, "Free credits for the pilot group", False),
)

# Project: account, name, currency when not the account's.
PROJECTS = {
    "berth": ("harbour", "Berth scheduling", None),
    "rotterdam": ("harbour", "Rotterdam terminal", "EUR"),
    "portal": ("marlowe", "Patient portal", None),
    "intake": ("alder", "Matter intake", None),
    "meters": ("meridian", "Meter data hub", None),
    "crew": ("bluejay", "Crew planning", None),
    "recipes": ("cedar", "Recipe traceability", None),
    "showroom": ("lindqvist", "Showroom configurator", None),
    "passport": ("rhein", "Turbine passport", None),
    "brokers": ("castle", "Broker extranet", None),
    "analytics": ("thistle", "Subscriber analytics", None),
    "parts": ("sakura", "Spare parts shop", None),
    "customs": ("harbour_eu", "Customs filing", None),
}

# Project, name, status, target, credits, allocated on, completed on (days from today), credits it needs by now.
MILESTONES = (
    ("berth", "Data model", APPROVED, -250, 30, -290, -240, None),
    ("berth", "Berth calendar", APPROVED, -120, 35, -180, -110, None),
    ("berth", "Tide warnings", APPROVED, -14, 20, -45, -8, None),
    ("berth", "Mobile view", PROGRESS, 25, 18, -6, None, None),
    ("berth", "Harbour master's report", APPROVED, 60, 60, None, None, None),
    ("rotterdam", "Terminal interface", APPROVED, 12, 10, -20, None, None),
    ("rotterdam", "Customs link", PROGRESS, 48, 40, None, None, None),
    ("portal", "Appointments", APPROVED, -300, 22, -390, -310, None),
    ("portal", "Lab results", APPROVED, -90, 20, -150, -85, None),
    ("portal", "Prescriptions", APPROVED, 18, 16, -12, None, 20),
    ("intake", "Conflict check", APPROVED, -200, 12, -300, -195, None),
    ("intake", "Fee proposals", PROGRESS, 10, 8, None, None, None),
    ("meters", "Import of readings", APPROVED, -60, 90, -100, -55, None),
    ("meters", "Plausibility rules", APPROVED, -9, 60, -50, -4, None),
    ("meters", "Tariff engine", PROGRESS, 35, 75, -10, None, None),
    ("meters", "Customer view", PLANNED, 90, 50, None, None, None),
    ("crew", "Roster import", APPROVED, -130, 25, -190, -125, None),
    ("crew", "Swap requests", APPROVED, 20, 50, None, None, None),
    ("recipes", "Batch labels", APPROVED, -220, 18, -350, -230, None),
    ("recipes", "Supplier recall", APPROVED, 4, 10, None, None, None),
    ("showroom", "3D viewer", APPROVED, -70, 45, -140, -66, None),
    ("showroom", "Price rules", PROGRESS, 16, 20, -3, None, None),
    ("passport", "Component history", APPROVED, -180, 40, -330, -170, None),
    ("brokers", "Single sign-on", APPROVED, -40, 24, -80, -38, None),
    ("brokers", "Commission statements", APPROVED, 28, 30, -14, None, None),
    ("analytics", "Churn model", Status.CANCELED, -40, 10, None, None, None),
    ("parts", "Catalogue", APPROVED, -25, 28, -85, -21, None),
    ("parts", "Checkout", APPROVED, 31, 90, None, None, None),
    ("customs", "Declaration form", APPROVED, 8, 12, None, None, None),
    ("customs", "Kick-off workshop", Status.NONE, -10, None, None, -9, None),
)
NIGHTS = 6  # that were run one by one; what happened before was found by the first of them


def live(accounts: dict[str, Account], people: dict, today: datetime.date) -> None:
    for row in PURCHASES:
        purchase(accounts, today, people["sales"], *row)
    projects = {
        key: create_project(
            name=name,
            account=accounts[account],
            currency=Currency.objects.get(pk=currency) if currency else accounts[account].currency,
            actor=people["sales"],
        )
        for key, (account, name, currency) in PROJECTS.items()
    }
    milestones = [milestone(projects, today, people["delivery"], *row) for row in MILESTONES]
    negotiate(accounts["bluejay"], people["finance"], today)
    for until in (today - datetime.timedelta(days=NIGHTS), today):
        list(run_nights(until, actor=people["finance"] if until == today else None))
    finish_today(milestones, people["delivery"], today)


def later(today: datetime.date, days: int | None) -> datetime.date | None:
    return None if days is None else today + datetime.timedelta(days=days)


def purchase(accounts, today, actor, key, credits, value, paid, currency, bought, starts, expires, text, draft) -> None:
    terms = Terms(
        account=accounts[key],
        currency=Currency.objects.get(pk=currency) if currency else accounts[key].currency,
        purchased_on=today + datetime.timedelta(days=bought),
        number_of_credits=credits,
        value_per_credit=Decimal(value),
        amount_paid_per_credit=Decimal(paid),
        starts_on=later(today, starts),
        expires_on=later(today, expires),
        description=text,
    )
    create_purchase(terms, actor=actor, draft=draft)


def milestone(
    projects: dict[str, Project], today, actor, key, name, status, target, needed, allocated, completed, by_now
) -> Milestone:
    details = {"project": projects[key], "name": name, "status": status, "target_on": later(today, target)}
    made = create_milestone(Details(credits_needed=needed, **details), actor=actor)
    if allocated is not None:
        allocate(made, actor=actor, on=later(today, allocated))
    if completed is not None:
        complete(made, actor=actor, actual_on=later(today, completed))
    if by_now is not None:  # it grew after its credits were allocated
        edit_milestone(made, Details(credits_needed=by_now, **details), actor=actor)
    return made


def negotiate(account: Account, actor, today: datetime.date) -> None:
    """A lot that got more time, and a milestone that gave credits back."""
    lot = account.purchases.confirmed().order_by("expires_on").first()
    expires_on = lot.expires_on + datetime.timedelta(days=7)
    change_dates(lot, starts_on=lot.starts_on, expires_on=expires_on, reason="Asked for a week more", actor=actor)


def finish_today(milestones: list[Milestone], actor, today: datetime.date) -> None:
    """Completed after the night: its revenue is what the next night will post."""
    mobile = next(each for each in milestones if each.name == "Mobile view")
    adjust(mobile, total=15, actor=actor, on=today)
    adjust(mobile, total=18, actor=actor, on=today)
    complete(mobile, actor=actor, actual_on=today)
