"""One box for everything: by number or by name, each kind of record for those who may see it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import NoReverseMatch, reverse
from django.views.generic import TemplateView

from credits.models import Milestone, Purchase
from ledger.models import JournalEntry
from opportunities.models import Account, Opportunity, Product, Project
from pages.elements import Action
from pages.views import Page
from prepaid.models import (
    BillingRun,
    CommitmentPackage,
    ContractDeferral,
    CustomerContract,
    PrepaidService,
    ReleaseRun,
    SalesDocument,
    ServiceObject,
)

SHOWN = 10  # of each kind
LONGEST = 100  # characters
REPORT_WORDS = {"prepaid", "service", "services", "statement", "statements", "of", "for"}
YEAR_WORDS = {"customer", "contract", "contracts", "year", "years", "analysis", "a", "of", "for"}


@dataclass(frozen=True)
class Hit:
    label: str
    note: str
    url: str


@dataclass(frozen=True)
class Kind:
    """A kind of record: who may see it, how it is looked for, how a hit reads, and the list with all of its rows."""

    label: str
    permission: str
    look: Callable[[str], QuerySet[Any]]
    hit: Callable[[Any], Hit]
    list_name: str


def named(queryset: QuerySet[Any], number: str = "number") -> Callable[[str], QuerySet[Any]]:
    """By the beginning of the number, which has an index, or by any part of the name."""

    def look(text: str) -> QuerySet[Any]:
        return queryset.filter(Q(**{f"{number}__startswith": text.upper()}) | Q(name__icontains=text))

    return look


def numbered_purchases(text: str) -> QuerySet[Purchase]:
    return Purchase.objects.select_related("account").filter(number__startswith=text.upper())


def prepaid_services(text: str) -> QuerySet[PrepaidService]:
    """By number, description or account."""
    number, account = Q(number__startswith=text.upper()), Q(account__number__startswith=text.upper())
    named = Q(description__icontains=text) | Q(account__name__icontains=text)
    return PrepaidService.objects.select_related("account").filter(number | account | named)


def statements(text: str) -> QuerySet[PrepaidService]:
    """“Prepaid services statement”, with or without whose: the services that the other words find."""
    words = text.lower().split()
    if not any(word.startswith("statement") for word in words):
        return PrepaidService.objects.none()
    rest = " ".join(word for word in words if word not in REPORT_WORDS)
    return prepaid_services(rest) if rest else PrepaidService.objects.select_related("account").filter(closed=False)


def sales_documents(text: str) -> QuerySet[SalesDocument]:
    """By either number, or by the customer's own."""
    number, posted = Q(number__startswith=text.upper()), Q(posted_number__startswith=text.upper())
    theirs = Q(external_reference__icontains=text)
    return SalesDocument.objects.select_related("account").filter(number | posted | theirs)


def customer_contracts(text: str) -> QuerySet[CustomerContract]:
    """By number, description, the customer's own number or account."""
    return _of_account(CustomerContract.objects.all(), text, Q(external_reference__icontains=text))


def contract_years(text: str) -> QuerySet[CustomerContract]:
    """“Contract year” or “contract analysis”, with or without which: the contracts that the other words find."""
    words = text.lower().split()
    if not {"year", "years", "analysis"} & set(words):
        return CustomerContract.objects.none()
    rest = " ".join(word for word in words if word not in YEAR_WORDS)
    return customer_contracts(rest) if rest else CustomerContract.objects.select_related("account").filter(closed=False)


def service_objects(text: str) -> QuerySet[ServiceObject]:
    """By number, description, reference or account."""
    return _of_account(ServiceObject.objects.all(), text, Q(reference__icontains=text))


def _of_account(rows: QuerySet[Any], text: str, more: Q) -> QuerySet[Any]:
    number, account = Q(number__startswith=text.upper()), Q(account__number__startswith=text.upper())
    named = Q(description__icontains=text) | Q(account__name__icontains=text)
    return rows.select_related("account").filter(number | account | named | more)


def packages(text: str) -> QuerySet[CommitmentPackage]:
    return CommitmentPackage.objects.filter(Q(code__startswith=text.upper()) | Q(description__icontains=text))


def entries(text: str) -> QuerySet[JournalEntry]:
    """JE-0000012, or the number alone."""
    return _keyed(JournalEntry.objects.all(), text.upper().removeprefix("JE-"))


def prefixed(queryset: QuerySet[Any], prefix: str) -> Callable[[str], QuerySet[Any]]:
    """By the whole number, as CD-000012."""

    def look(text: str) -> QuerySet[Any]:
        is_one = text.upper().startswith(prefix)
        return _keyed(queryset, text[len(prefix) :]) if is_one else queryset.none()

    return look


def _keyed(found: QuerySet[Any], digits: str) -> QuerySet[Any]:
    return (
        found.filter(pk=int(digits)) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else found.none()
    )


def address(name: str, *args: Any) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def of_document(document: SalesDocument) -> Hit:
    note = " · ".join(filter(None, (document.account.name, document.external_reference)))
    return Hit(f"{document.get_type_display()} {document}", note, address("prepaid:document", document.pk))


def of_account(record: Any) -> Hit:
    return Hit(str(record), record.account.name, record.get_absolute_url())


KINDS = (
    Kind(
        "Accounts", "opportunities.view_account", named(Account.objects.all()),
        lambda account: Hit(str(account), "", account.get_absolute_url()), "opportunities:account-list",
    ),
    Kind(
        "Opportunities", "opportunities.view_opportunity", named(Opportunity.objects.select_related("account")),
        of_account, "opportunities:opportunity-list",
    ),
    Kind(
        "Projects", "opportunities.view_project", named(Project.objects.select_related("account")),
        of_account, "opportunities:project-list",
    ),
    Kind("Purchases", "credits.view_purchase", numbered_purchases, of_account, "credits:purchase-list"),
    Kind(
        "Milestones", "credits.view_milestone", named(Milestone.objects.select_related("project")),
        lambda milestone: Hit(str(milestone), milestone.project.name, milestone.get_absolute_url()),
        "credits:milestone-list",
    ),
    Kind(
        "Prepaid services", "prepaid.view_prepaidservice", prepaid_services, of_account, "prepaid:service-list",
    ),
    Kind(
        "Prepaid services statements", "prepaid.view_prepaidentry", statements,
        lambda service: Hit(f"Statement of {service}", service.account.name, address("prepaid:statement", service.pk)),
        "prepaid:service-list",
    ),
    Kind(
        "Sales documents", "prepaid.view_salesdocument", sales_documents, of_document, "prepaid:document-list",
    ),
    Kind(
        "Customer contracts", "prepaid.view_customercontract", customer_contracts, of_account, "prepaid:contract-list",
    ),
    Kind(
        "Contract years", "prepaid.view_customercontract", contract_years,
        lambda contract: Hit(
            f"A year of {contract}", contract.account.name, address("prepaid:contract-year", contract.pk)
        ),
        "prepaid:contract-list",
    ),
    Kind(
        "Service objects", "prepaid.view_serviceobject", service_objects, of_account, "prepaid:service-object-list",
    ),
    Kind(
        "Packages", "prepaid.view_commitmentpackage", packages,
        lambda package: Hit(str(package), "", package.get_absolute_url()), "prepaid:package-list",
    ),
    Kind(
        "Products", "opportunities.view_product", named(Product.objects.all(), "code"),
        lambda product: Hit(str(product), "", f"{reverse('opportunities:product-list')}?search={product.code}"),
        "opportunities:product-list",
    ),
    Kind(
        "Contract deferrals", "prepaid.view_contractdeferral",
        prefixed(ContractDeferral.objects.select_related("account"), "CD-"), of_account, "prepaid:deferral-list",
    ),
    Kind(
        "Billing runs", "prepaid.view_billingrun", prefixed(BillingRun.objects.all(), "BR-"),
        lambda run: Hit(f"Billing run {run}", "", run.get_absolute_url()), "prepaid:billing-run-list",
    ),
    Kind(
        "Release runs", "prepaid.view_releaserun", prefixed(ReleaseRun.objects.all(), "RR-"),
        lambda run: Hit(f"Release run {run}", "", run.get_absolute_url()), "prepaid:release-run-list",
    ),
    Kind(
        "Journal entries", "ledger.view_journalentry", entries,
        lambda entry: Hit(str(entry), entry.description, address("ledger:entry", entry.pk)), "ledger:journal",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Group:
    label: str
    hits: list[Hit]
    more_url: str


class Search(Page, TemplateView):
    """What was found, grouped. Every signed-in person may search; what is found is what the role may see."""

    permission_required = ()
    template_name = "search.html"
    title = "Search"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        text = self.request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]
        groups = list(self.found(text)) if text else []
        return super().get_context_data(text=text, groups=groups, **kwargs)

    def found(self, text: str) -> Iterator[Group]:
        for kind in KINDS:
            rows = list(kind.look(text)[: SHOWN + 1]) if self.request.user.has_perm(kind.permission) else []
            if rows:
                more = f"{address(kind.list_name)}" if len(rows) > SHOWN else ""
                yield Group(kind.label, [kind.hit(row) for row in rows[:SHOWN]], more)

    def get_actions(self) -> list[Action]:
        return []
