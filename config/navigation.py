"""The left side of every page, and what else the shell shows.

An entry is shown when its page exists and the role may see it. The path of the page decides which entry is current.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from pages.clock import business_date
from pages.http import Request


@dataclass(frozen=True)
class Entry:
    label: str
    url_name: str
    permission: str = ""
    also: tuple[str, ...] = ()  # lists without an entry of their own, which are found behind this one


@dataclass(frozen=True)
class Shown:
    label: str
    url: str
    current: bool


BEHIND_SETUP = (
    "ledger:setup",
    "ledger:vat-setup",
    "ledger:chart",
    "ledger:rate-list",
    "ledger:currency-list",
    "ledger:number-series",
    "ledger:dimension-list",
)
NAVIGATION: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("", (Entry("Home", "home"),)),
    (
        "Customers",
        (
            Entry("Accounts", "opportunities:account-list", "opportunities.view_account"),
            Entry("Opportunities", "opportunities:opportunity-list", "opportunities.view_opportunity"),
            Entry("Projects", "opportunities:project-list", "opportunities.view_project"),
            Entry("Products", "opportunities:product-list", "opportunities.view_product"),
        ),
    ),
    (
        "Services credits",
        (
            Entry("Purchases", "credits:purchase-list", "credits.view_purchase"),
            Entry("Milestones", "credits:milestone-list", "credits.view_milestone"),
            Entry("Allocations", "credits:allocation-list", "credits.view_allocation"),
            Entry("Consumptions", "credits:consumption-list", "credits.view_consumption"),
            Entry("Corrections", "credits:correction-list", "credits.view_correction"),
            Entry("Breakage estimates", "credits:estimate-list", "credits.view_breakageestimate"),
            Entry("Notices", "credits:notice-list", "credits.view_notice"),
        ),
    ),
    (
        "Prepaid services",
        (
            Entry("Services", "prepaid:service-list", "prepaid.view_prepaidservice"),
            Entry("Sales documents", "prepaid:document-list", "prepaid.view_salesdocument"),
            Entry("Customer contracts", "prepaid:contract-list", "prepaid.view_customercontract"),
            Entry("Service objects", "prepaid:service-object-list", "prepaid.view_serviceobject"),
            Entry("Service commitments", "prepaid:commitment-list", "prepaid.view_servicecommitment"),
            Entry("Packages", "prepaid:package-list", "prepaid.view_commitmentpackage"),
            Entry("Billing runs", "prepaid:billing-run-list", "prepaid.view_billingrun", ("prepaid:contract-billing",)),
            Entry(
                "Contract deferrals",
                "prepaid:deferral-list",
                "prepaid.view_contractdeferral",
                ("prepaid:release-run-list", "prepaid:release"),
            ),
            Entry("Contract analysis", "prepaid:contract-analysis", "prepaid.view_contractdeferral"),
            Entry("Ledger entries", "prepaid:entry-list", "prepaid.view_prepaidentry"),
            Entry("Entries by hand", "prepaid:entry-request-list", "prepaid.view_entryrequest"),
            Entry("Residuals for review", "prepaid:dissolution-list", "prepaid.view_dissolutionproposal"),
        ),
    ),
    (
        "Books",
        (
            Entry("Journal", "ledger:journal", "ledger.view_journalentry", ("ledger:register",)),
            Entry("Manual entries", "ledger:manual-entry-list", "ledger.view_manualentry"),
            Entry("Trial balance", "ledger:trial-balance", "ledger.view_journalentry"),
            Entry("Roll-forward", "ledger:roll-forward", "ledger.view_journalentry"),
            Entry("Waterfall", "ledger:waterfall", "ledger.view_journalentry"),
            Entry("Aging", "ledger:aging", "ledger.view_journalentry"),
            Entry("Periods", "ledger:period-list", "ledger.view_accountingperiod"),
            Entry("Posting setup", "ledger:posting-setup", "ledger.view_postingsetup", BEHIND_SETUP),
        ),
    ),
    (
        "Administration",
        (
            Entry("Change log", "ledger:change-log", "ledger.view_changelogentry"),
            Entry("Nights", "night-list", "ledger.view_batchrun"),
            Entry("Import from Certinia", "credits:certinia-import", "credits.import_certinia"),
            Entry("Settings", "credits:settings", "credits.view_creditssetup"),
            Entry("Prepaid settings", "prepaid:settings", "prepaid.view_prepaidsetup"),
            Entry("Admin", "admin:index", "staff"),
        ),
    ),
)


def shell(request: Request) -> dict[str, Any]:
    """Context of every page with a shell."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {"navigation": (), "second_factor_off": not settings.REQUIRE_SECOND_FACTOR}
    return {
        "navigation": navigation(request),
        "business_date": business_date(request),
        "search_url": address("search"),
        "second_factor_off": not settings.REQUIRE_SECOND_FACTOR,
    }


def navigation(request: Request) -> list[dict[str, Any]]:
    groups = ((label, [entry for entry in entries if allowed(request.user, entry)]) for label, entries in NAVIGATION)
    shown = [(label, [(entry.label, addresses(entry)) for entry in entries]) for label, entries in groups]
    current = longest_prefix(request.path, [url for _, entries in shown for _, urls in entries for url in urls if url])
    return [
        {"label": label, "entries": [Shown(name, urls[0], current in urls) for name, urls in entries if urls[0]]}
        for label, entries in shown
        if any(urls[0] for _, urls in entries)
    ]


def allowed(user: Any, entry: Entry) -> bool:
    if entry.permission == "staff":
        return user.is_staff
    return not entry.permission or user.has_perm(entry.permission)


def addresses(entry: Entry) -> list[str]:
    return [address(name) for name in (entry.url_name, *entry.also)]


def address(url_name: str) -> str:
    """The page's path, or nothing while there is no such page."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def longest_prefix(path: str, urls: list[str]) -> str:
    return max((url for url in urls if path == url or (url != "/" and path.startswith(url))), key=len, default="")
