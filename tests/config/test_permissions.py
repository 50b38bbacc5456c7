"""Every address, every role: who may read it and who may send to it.

A new address needs a line in PAGES: its name, the roles that may GET it, the roles that may POST to it. One that carries a
key also needs an object in `scene`, found by the beginning of the address's name.
"""

import dataclasses
import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from config.roles import ROLES, VIEWED_APPS
from credits.certinia.files import packed
from credits.models import CreditsSetup, NoticeMail
from credits.services.allocate import allocate
from credits.services.corrections import request_refund
from credits.services.estimates import propose_estimate
from ledger.models import (
    AccountingPeriod,
    BatchRun,
    Dimension,
    JournalEntry,
    PeriodReopening,
    VatBusinessGroup,
    VatProductGroup,
)
from opportunities.services.lines import LineTerms
from opportunities.services.opportunities import OpportunityTerms, create_opportunity
from opportunities.services.products import create_product
from opportunities.services.project_entries import Work, create_project_entry
from pages.jobs import request_job
from pages.models import Upload
from prepaid.models import (
    BillingRun,
    CommitmentTemplate,
    ContractDeferral,
    DissolutionProposal,
    EntryRequest,
    PrepaidEntry,
    PrepaidSetup,
    ReleaseRun,
    StatementMail,
)
from prepaid.services.deliver import deliver
from prepaid.services.document_lines import LineTerms as Sold
from tests.builders import (
    make_account,
    make_company,
    make_manual_entry,
    make_milestone,
    make_project,
    make_purchase,
    make_rate,
    make_user,
)
from tests.prepaid.contracting import agree, billed
from tests.prepaid.selling import make_document, make_package, make_service, top_up

ALL = set(ROLES)
NONE: set[str] = set()
SALES, DELIVERY, FINANCE, CONTROLLER = {"sales", "finance"}, {"delivery"}, {"finance"}, {"controller"}
BOOKKEEPING = FINANCE | CONTROLLER
RECORDING = WRITING = SALES | DELIVERY

# Address: (may GET, may POST). A page that takes no POST has NONE there.
PAGES: dict[str, tuple[set[str], set[str]]] = {
    "home": (ALL, NONE),
    "search": (ALL, NONE),
    "second-factor": (ALL, ALL),
    "second-factor-verify": (ALL, ALL),
    "password_change": (ALL, ALL),
    "logout": (NONE, ALL),
    "opportunities:account-list": (ALL, NONE),
    "opportunities:account-create": (SALES, SALES),
    "opportunities:account-options": (ALL, NONE),
    "opportunities:account": (ALL, NONE),
    "opportunities:account-edit": (SALES, SALES),
    "opportunities:product-list": (ALL, NONE),
    "opportunities:product-create": (SALES, SALES),
    "opportunities:product-edit": (SALES, SALES),
    "opportunities:opportunity-list": (ALL, NONE),
    "opportunities:opportunity-create": (SALES, SALES),
    "opportunities:opportunity": (ALL, NONE),
    "opportunities:opportunity-edit": (SALES, SALES),
    "opportunities:opportunity-lines": (NONE, SALES),
    "opportunities:project-list": (ALL, NONE),
    "opportunities:project-options": (ALL, NONE),
    "opportunities:project-create": (SALES, SALES),
    "opportunities:project": (ALL, NONE),
    "opportunities:project-edit": (SALES, SALES),
    "opportunities:project-entry-list": (ALL, NONE),
    "opportunities:project-entry-create": (RECORDING, RECORDING),
    "opportunities:project-entry-edit": (RECORDING, RECORDING),
    "opportunities:project-entry-delete": (RECORDING, RECORDING),
    "credits:purchase-list": (ALL, NONE),
    "credits:purchase-why-not": (ALL, NONE),
    "credits:purchase-create": (SALES, SALES),
    "credits:purchase": (ALL, NONE),
    "credits:purchase-edit": (SALES, SALES),
    "credits:purchase-clone": (SALES, SALES),
    "credits:purchase-confirm": (SALES, SALES),
    "credits:purchase-draft": (SALES, SALES),
    "credits:purchase-delete": (SALES, SALES),
    "credits:purchase-dates": (FINANCE, FINANCE),
    "credits:purchase-expire": (FINANCE, FINANCE),
    "credits:purchases-expire": (FINANCE, FINANCE),
    "credits:purchase-refund": (FINANCE, FINANCE),
    "credits:purchase-reinstate": (FINANCE, FINANCE),
    "credits:correction-list": (ALL, NONE),
    "credits:correction": (ALL, NONE),
    "credits:correction-approve": (CONTROLLER, CONTROLLER),
    "credits:correction-decline": (CONTROLLER, CONTROLLER),
    "credits:correction-withdraw": (FINANCE, FINANCE),
    "credits:estimate-list": (ALL, NONE),
    "credits:estimate-create": (FINANCE, FINANCE),
    "credits:estimate-approve": (CONTROLLER, CONTROLLER),
    "credits:estimate-withdraw": (FINANCE, FINANCE),
    "credits:opportunity-purchases": (SALES, SALES),
    "credits:account-why-not": (ALL, NONE),
    "credits:account-rules": (CONTROLLER, CONTROLLER),
    "credits:settings": (ALL, NONE),
    "credits:settings-edit": (CONTROLLER, CONTROLLER),
    "credits:planner": (ALL, NONE),
    "credits:allocation-list": (ALL, NONE),
    "credits:consumption-list": (ALL, NONE),
    "credits:notice-list": (ALL, NONE),
    "credits:notice-mail-list": (ALL, NONE),
    "credits:notice-mail": (ALL, NONE),
    "credits:milestone-list": (ALL, NONE),
    "credits:milestone-why-not": (ALL, NONE),
    "credits:milestone-create": (DELIVERY, DELIVERY),
    "credits:milestone": (ALL, NONE),
    "credits:milestone-edit": (DELIVERY, DELIVERY),
    "credits:milestone-credits": (DELIVERY, DELIVERY),
    "credits:milestone-pick": (DELIVERY, DELIVERY),
    "credits:project-allocate": (DELIVERY, DELIVERY),
    "credits:milestone-complete": (DELIVERY, DELIVERY),
    "credits:milestone-reopen": (DELIVERY, DELIVERY),
    "credits:account": (ALL, NONE),
    "credits:statement": (ALL, NONE),
    "credits:certinia-import": (BOOKKEEPING, BOOKKEEPING),
    "credits:certinia-import-review": (BOOKKEEPING, BOOKKEEPING),
    "credits:certinia-export": (ALL, NONE),
    "prepaid:service-list": (ALL, NONE),
    "prepaid:service-create": (SALES, SALES),
    "prepaid:service-valid-until": (SALES, NONE),
    "prepaid:service": (ALL, NONE),
    "prepaid:service-edit": (SALES, SALES),
    "prepaid:service-projects": (SALES, SALES),
    "prepaid:service-close": (SALES, SALES),
    "prepaid:service-reopen": (SALES, SALES),
    "prepaid:service-import": (SALES, SALES),
    "prepaid:service-import-review": (SALES, SALES),
    "prepaid:service-export": (ALL, NONE),
    "prepaid:balance-import": (FINANCE, FINANCE),
    "prepaid:balance-import-review": (FINANCE, FINANCE),
    "prepaid:entry-list": (ALL, NONE),
    "prepaid:entry": (ALL, NONE),
    "prepaid:entry-create": (FINANCE, FINANCE),
    "prepaid:entry-request-list": (ALL, NONE),
    "prepaid:entry-request": (ALL, NONE),
    "prepaid:entry-request-approve": (CONTROLLER, CONTROLLER),
    "prepaid:entry-request-decline": (CONTROLLER, CONTROLLER),
    "prepaid:entry-request-withdraw": (FINANCE, FINANCE),
    "prepaid:service-expire": (FINANCE, FINANCE),
    "prepaid:expire-selection": (FINANCE, FINANCE),
    "prepaid:expire-all": (FINANCE, FINANCE),
    "prepaid:dissolution-list": (ALL, NONE),
    "prepaid:dissolution-approve": (CONTROLLER, CONTROLLER),
    "prepaid:dissolution-dismiss": (CONTROLLER, CONTROLLER),
    "prepaid:statement": (ALL, NONE),
    "prepaid:statement-send": (FINANCE, FINANCE),
    "prepaid:statement-mail": (ALL, NONE),
    "prepaid:account-statement": (ALL, NONE),
    "prepaid:account-statement-send": (FINANCE, FINANCE),
    "prepaid:settings": (ALL, NONE),
    "prepaid:settings-edit": (CONTROLLER, CONTROLLER),
    "prepaid:template-list": (ALL, NONE),
    "prepaid:template-new": (SALES, SALES),
    "prepaid:template-edit": (SALES, SALES),
    "prepaid:template-delete": (SALES, SALES),
    "prepaid:package-list": (ALL, NONE),
    "prepaid:package-new": (SALES, SALES),
    "prepaid:package": (ALL, NONE),
    "prepaid:package-edit": (SALES, SALES),
    "prepaid:package-delete": (SALES, SALES),
    "prepaid:package-line-new": (SALES, SALES),
    "prepaid:package-line-edit": (SALES, SALES),
    "prepaid:package-line-delete": (SALES, SALES),
    "prepaid:product-package-new": (SALES, SALES),
    "prepaid:product-package-edit": (SALES, SALES),
    "prepaid:product-package-remove": (SALES, SALES),
    "prepaid:line-package-new": (WRITING, WRITING),
    "prepaid:line-package-remove": (WRITING, WRITING),
    "prepaid:service-object-list": (ALL, NONE),
    "prepaid:service-object-new": (SALES, SALES),
    "prepaid:service-object": (ALL, NONE),
    "prepaid:service-object-edit": (SALES, SALES),
    "prepaid:commitment-list": (ALL, NONE),
    "prepaid:commitment-new": (SALES, SALES),
    "prepaid:commitment": (ALL, NONE),
    "prepaid:commitment-edit": (SALES, SALES),
    "prepaid:commitment-price": (SALES, SALES),
    "prepaid:commitment-cancel": (SALES, SALES),
    "prepaid:commitment-withdraw": (SALES, SALES),
    "prepaid:commitment-assign": (SALES, SALES),
    "prepaid:commitment-take-out": (SALES, SALES),
    "prepaid:contract-list": (ALL, NONE),
    "prepaid:contract-new": (SALES, SALES),
    "prepaid:contract": (ALL, NONE),
    "prepaid:contract-edit": (SALES, SALES),
    "prepaid:contract-assign": (SALES, SALES),
    "prepaid:contract-close": (SALES, SALES),
    "prepaid:contract-reopen": (SALES, SALES),
    "prepaid:contract-analysis": (ALL, NONE),
    "prepaid:contract-year": (ALL, NONE),
    "prepaid:contract-billing": (FINANCE, FINANCE),
    "prepaid:billing-run-list": (ALL, NONE),
    "prepaid:billing-run": (ALL, NONE),
    "prepaid:billing-run-post": (BOOKKEEPING, BOOKKEEPING),
    "prepaid:billing-run-undo": (FINANCE, FINANCE),
    "prepaid:deferral-list": (ALL, NONE),
    "prepaid:deferral": (ALL, NONE),
    "prepaid:release": (FINANCE, FINANCE),
    "prepaid:release-run-list": (ALL, NONE),
    "prepaid:release-run": (ALL, NONE),
    "prepaid:release-run-undo": (FINANCE, FINANCE),
    "prepaid:document-list": (ALL, NONE),
    "prepaid:document-create": (WRITING, WRITING),
    "prepaid:document": (ALL, NONE),
    "prepaid:document-edit": (WRITING, WRITING),
    "prepaid:document-credit": (WRITING, WRITING),
    "prepaid:document-post": (BOOKKEEPING, BOOKKEEPING),
    "prepaid:document-release": (WRITING, WRITING),
    "prepaid:document-reopen": (WRITING, WRITING),
    "prepaid:document-delete": (WRITING, WRITING),
    "prepaid:line-create": (WRITING, WRITING),
    "prepaid:line-edit": (WRITING, WRITING),
    "prepaid:line-delete": (WRITING, WRITING),
    "prepaid:balance-line-create": (WRITING, WRITING),
    "prepaid:document-convert": (WRITING, WRITING),
    "prepaid:document-invoice": (WRITING, WRITING),
    "prepaid:document-deliver": (WRITING, WRITING),
    "prepaid:document-pdf": (ALL, NONE),
    "prepaid:delivery": (ALL, NONE),
    "prepaid:delivery-pdf": (ALL, NONE),
    "prepaid:project-invoice": (WRITING, WRITING),
    "ledger:journal": (ALL, NONE),
    "ledger:entry": (ALL, NONE),
    "ledger:entry-reverse": (BOOKKEEPING, BOOKKEEPING),
    "ledger:manual-entry-list": (ALL, NONE),
    "ledger:manual-entry": (ALL, NONE),
    "ledger:manual-entry-create": (BOOKKEEPING, BOOKKEEPING),
    "ledger:manual-entry-lines": (NONE, BOOKKEEPING),
    "ledger:manual-entry-edit": (BOOKKEEPING, BOOKKEEPING),
    "ledger:manual-entry-submit": (BOOKKEEPING, BOOKKEEPING),
    "ledger:manual-entry-approve": (CONTROLLER, CONTROLLER),
    "ledger:manual-entry-send-back": (BOOKKEEPING, BOOKKEEPING),
    "ledger:manual-entry-post": (BOOKKEEPING, BOOKKEEPING),
    "ledger:manual-entry-delete": (BOOKKEEPING, BOOKKEEPING),
    "ledger:manual-entry-copy": (BOOKKEEPING, BOOKKEEPING),
    "ledger:register": (ALL, NONE),
    "ledger:trial-balance": (ALL, NONE),
    "ledger:roll-forward": (ALL, NONE),
    "ledger:deferral-entries": (ALL, NONE),
    "ledger:waterfall": (ALL, NONE),
    "ledger:aging": (ALL, NONE),
    "ledger:deferral-lines": (ALL, NONE),
    "ledger:knowledge": (ALL, NONE),
    "ledger:chart": (ALL, NONE),
    "ledger:account": (ALL, NONE),
    "ledger:period-list": (ALL, NONE),
    "ledger:period": (ALL, NONE),
    "ledger:period-create": (CONTROLLER, CONTROLLER),
    "ledger:period-close": (CONTROLLER, CONTROLLER),
    "ledger:period-soft-close": (CONTROLLER, CONTROLLER),
    "ledger:period-open": (CONTROLLER, CONTROLLER),
    "ledger:period-reopen": (CONTROLLER, CONTROLLER),
    "ledger:reopening-approve": (CONTROLLER, CONTROLLER),
    "ledger:reopening-decline": (CONTROLLER, CONTROLLER),
    "ledger:setup": (ALL, NONE),
    "ledger:setup-edit": (CONTROLLER, CONTROLLER),
    "ledger:number-series": (ALL, NONE),
    "ledger:number-series-edit": (CONTROLLER, CONTROLLER),
    "ledger:posting-setup": (ALL, NONE),
    "ledger:posting-setup-edit": (CONTROLLER, CONTROLLER),
    "ledger:vat-setup": (ALL, NONE),
    "ledger:vat-setup-edit": (CONTROLLER, CONTROLLER),
    "ledger:vat-business-group-create": (CONTROLLER, CONTROLLER),
    "ledger:vat-product-group-create": (CONTROLLER, CONTROLLER),
    "ledger:rate-list": (ALL, NONE),
    "ledger:rate-create": (FINANCE, FINANCE),
    "ledger:rate-edit": (FINANCE, FINANCE),
    "ledger:rate-import": (FINANCE, FINANCE),
    "ledger:rate-import-review": (FINANCE, FINANCE),
    "ledger:currency-list": (ALL, NONE),
    "ledger:change-log": (ALL, NONE),
    "ledger:dimension-list": (ALL, NONE),
    "ledger:dimension-create": (CONTROLLER, CONTROLLER),
    "ledger:value-create": (CONTROLLER, CONTROLLER),
    "ledger:value-edit": (CONTROLLER, CONTROLLER),
    "night-list": (ALL, NONE),
    "night": (ALL, NONE),
    "night-progress": (ALL, NONE),
    "night-start": (FINANCE, FINANCE),
    "job": (BOOKKEEPING, NONE),
    "job-progress": (BOOKKEEPING, NONE),
}
# What an address needs behind a question mark.
QUERIES = {
    "ledger:posting-setup-edit": "?business=DOMESTIC&product=CREDITS",
    "ledger:vat-setup-edit": "?business=HOME&product=STANDARD",
}
# Open to people who are not signed in.
PUBLIC = {"health", "favicon", "login"}
# Doors of the admin that lead elsewhere.
UNNAMED = {"admin/login/", "admin/logout/", "admin/password_change/"}

ADMIN_ADD = {
    "opportunities.account": SALES,
    "opportunities.opportunity": SALES,
    "opportunities.product": SALES,
    "opportunities.project": SALES,
    "ledger.exchangerate": FINANCE,
    "ledger.postingsetup": CONTROLLER,
    "ledger.vatpostingsetup": CONTROLLER,
}


def addresses(resolver: URLResolver, namespace: str = "", route: str = "") -> Iterator[tuple[str, str, URLPattern]]:
    """Every (name, route, pattern) outside the admin, which is tested by its models."""
    for entry in resolver.url_patterns:
        path = route + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield f"{namespace}{entry.name or ''}", path, entry
        elif entry.namespace != "admin":
            yield from addresses(entry, f"{entry.namespace}:" if entry.namespace else namespace, path)


ADDRESSES = {name: pattern for name, _, pattern in addresses(get_resolver()) if name}


@dataclasses.dataclass(frozen=True)
class Scene:
    """One of each thing that an address can be about."""

    keys: dict[str, Any]

    def path(self, name: str) -> str:
        if not ADDRESSES[name].pattern.converters:
            return reverse(name) + QUERIES.get(name, "")
        known = [beginning for beginning in self.keys if name.startswith(beginning)]
        assert known, f"{name} carries a key: give `scene` an object for it in {__file__}."
        return reverse(name, args=[self.keys[max(known, key=len)]])


@pytest.fixture
def scene(db) -> Scene:
    make_company()
    CreditsSetup.objects.update(manual_allocation=True)
    rate = make_rate("EUR", "1.09")
    account, day = make_account(), datetime.date(2026, 11, 2)
    purchase, project = make_purchase(account), make_project(account)
    milestone = make_milestone(project)
    allocate(milestone, actor=None, on=day)
    product = create_product(
        code="CR-7", name="Seven", unit_price=Decimal(1000), currency=account.currency, services_credits=7,
        product_group=purchase.product_group, actor=None,
    )  # fmt: skip
    terms = OpportunityTerms(name="Won", account=account, currency=account.currency, stage="won", closes_on=day)
    line = LineTerms(
        product=product, description="Seven", quantity=Decimal(1), unit_price=Decimal(1000), services_credits=7
    )
    opportunity = create_opportunity(terms, lines=[line], actor=None)
    period = AccountingPeriod.objects.create(name="2026-01", starts_on="2026-01-01", ends_on="2026-01-31")
    asked = PeriodReopening.objects.create(
        period=period, closed_at=timezone.now(), reason="Late", requested_by=make_user("asker")
    )
    upload = Upload.objects.create(user=make_user("uploader"), kind="rates", file_name="rates.csv", content=b"Currency")
    export = Upload.objects.create(
        user=upload.user, kind="certinia", file_name="x.csv", content=packed([("x.csv", b"")])
    )
    cards, balances = (
        Upload.objects.create(user=upload.user, kind=kind, file_name="x.csv", content=b"No.")
        for kind in ("prepaid-services", "opening-balances")
    )
    work = create_project_entry(project, Work(product=product, quantity=Decimal(1), worked_on=day), actor=None)
    sold = Sold(product=product, quantity=Decimal(2))
    order, quote = (make_document(account, sold, type_=type_, on=day) for type_ in ("order", "quote"))
    value = Dimension.objects.create(code="REGION", name="Region").values.create(code="NORTH", name="North")
    VatBusinessGroup.objects.create(code="HOME", name="At home")
    VatProductGroup.objects.create(code="STANDARD", name="Standard rate")
    PrepaidSetup.objects.get_or_create(id=1, defaults={"deferral_group_id": "PREPAID-DEF"})
    budget = make_service(account)
    posted, invoice = top_up(budget, "100.00", on=day), make_document(account, sold, on=day)
    agreed = agree(account, starts_on=day)
    billed(day, agreed)
    recurring = agreed.object.product
    package = make_package("MONTHLY", sold_with=recurring)
    offered = make_document(account, Sold(product=recurring), type_="quote", on=day).lines.get()
    night = BatchRun.objects.create(business_date=day, state="done", finished_at=timezone.now())
    return Scene(
        {
            "opportunities:account": account.pk,
            "opportunities:product": product.pk,
            "opportunities:opportunity": opportunity.pk,
            "opportunities:project": project.pk,
            "opportunities:project-entry": work.pk,
            "opportunities:project-entry-create": project.pk,
            "credits:account": account.pk,
            "credits:planner": account.pk,
            "credits:correction": request_refund(purchase, credits=1, reason="They leave", actor=make_user("asker")).pk,
            "credits:estimate": propose_estimate(
                purchase.product_group,
                expected_unused=Decimal(5),
                effective_on=day,
                reason="History",
                actor=make_user("asker"),
            ).pk,
            "credits:purchase": purchase.pk,
            "credits:opportunity": opportunity.pk,
            "credits:notice-mail": NoticeMail.objects.create(recipients=["desk@example.com"]).pk,
            "credits:milestone": milestone.pk,
            "credits:project": project.pk,
            "credits:statement": account.pk,
            "prepaid:document": invoice.pk,
            "prepaid:document-create": "invoice",
            "prepaid:document-credit": posted.pk,
            "prepaid:line": invoice.lines.get().pk,
            "prepaid:line-create": invoice.pk,
            "prepaid:balance-line-create": invoice.pk,
            "prepaid:document-convert": quote.pk,
            "prepaid:document-invoice": order.pk,
            "prepaid:document-deliver": order.pk,
            "prepaid:document-pdf": order.pk,
            "prepaid:delivery": deliver(order, {order.lines.get().pk: Decimal(1)}, on=day, actor=None).pk,
            "prepaid:project-invoice": project.pk,
            "prepaid:service": budget.pk,
            "prepaid:service-import-review": cards.pk,
            "prepaid:balance-import-review": balances.pk,
            "prepaid:entry": PrepaidEntry.objects.get().pk,
            "prepaid:entry-create": budget.pk,
            "prepaid:entry-request": EntryRequest.objects.create(
                service=budget,
                posted_on=day,
                amount=2000,
                reason="x",
                needs_approval=True,
                requested_by=make_user("asker"),
            ).pk,
            "prepaid:dissolution": DissolutionProposal.objects.create(
                inflow=PrepaidEntry.objects.get(), proposed_on=day
            ).pk,
            "prepaid:statement": budget.pk,
            "prepaid:statement-mail": StatementMail.objects.create(
                account=account, period_from=day, period_to=day, recipient="books@example.com", file=b"%PDF"
            ).pk,
            "prepaid:account-statement": account.pk,
            "prepaid:template": CommitmentTemplate.objects.create(code="MONTHLY", description="Monthly").pk,
            "prepaid:package": package.pk,
            "prepaid:package-line": package.lines.get().pk,
            "prepaid:package-line-new": package.pk,
            "prepaid:product-package": recurring.commitment_packages.get().pk,
            "prepaid:product-package-new": recurring.pk,
            "prepaid:line-package-new": offered.pk,
            "prepaid:line-package-remove": offered.commitments.get().pk,
            "prepaid:service-object": agreed.object_id,
            "prepaid:commitment": agreed.pk,
            "prepaid:commitment-new": agreed.object_id,
            "prepaid:contract": agreed.contract_id,
            "prepaid:billing-run": BillingRun.objects.get().pk,
            "prepaid:deferral": ContractDeferral.objects.get().pk,
            "prepaid:release-run": ReleaseRun.objects.create(released_until=day).pk,
            "ledger:entry": JournalEntry.objects.earliest("pk").pk,
            "ledger:manual-entry": make_manual_entry(make_user("drafter")).pk,
            "ledger:account": "1100",
            "ledger:period": period.pk,
            "ledger:reopening": asked.pk,
            "ledger:number-series-edit": "SCP",
            "ledger:rate": rate.pk,
            "ledger:value": value.pk,
            "ledger:rate-import-review": upload.pk,
            "credits:certinia-import-review": export.pk,
            "night": night.pk,
            "job": request_job("certinia-import", {}, key="x", by=upload.user).pk,
        }
    )


def signed_in(role: str, **kwargs: Any) -> Client:
    user, client = make_user(f"{role}-person", **kwargs), Client()
    user.groups.set(Group.objects.filter(name=role))
    Upload.objects.update(user=user)  # a file is open to whoever brought it, and to nobody else
    client.force_login(user)
    return client


def answers(client: Client, scene: Scene, names: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    """(name, status of GET, status of an empty POST); signing out comes last."""
    for name in sorted(names, key=lambda name: (name == "logout", name)):
        path = scene.path(name)
        yield name, client.get(path).status_code, client.post(path).status_code


def known() -> set[str]:
    return set(ADDRESSES) & set(PAGES)


def test_every_address_has_a_line():
    missing = sorted(set(ADDRESSES) - set(PAGES) - PUBLIC)
    assert not missing, f"No line in PAGES of {__file__} says who may use: {', '.join(missing)}"


def test_no_line_is_left_of_an_address_that_is_gone():
    assert sorted((set(PAGES) | PUBLIC) - set(ADDRESSES)) == []


def test_no_address_hides_without_a_name():
    assert {route for name, route, _ in addresses(get_resolver()) if not name} <= UNNAMED


@pytest.mark.parametrize("role", sorted(ALL))
def test_each_role_gets_what_its_lines_say(role, scene):
    """Permissions: each role, in the page and in the URL."""
    wrong = []
    for name, got, posted in answers(signed_in(role), scene, known()):
        may_get, may_post = PAGES[name]
        if got not in ((200, 302) if role in may_get else (403, 405)):
            wrong.append(f"{role} GET {name}: {got}")
        if posted not in ((200, 204, 302) if role in may_post else (403, 405)):
            wrong.append(f"{role} POST {name}: {posted}")
    assert wrong == []


def test_who_is_not_signed_in_goes_to_the_sign_in_page(scene):
    for name in known() - {"logout"}:
        path = scene.path(name)
        for response in (Client().get(path), Client().post(path)):
            assert (response.status_code, response["Location"].split("?")[0]) == (302, reverse("login")), path


def test_without_a_role_there_is_only_what_everybody_has(scene):
    """Permissions: everything is denied without one."""
    mine = {"home", "search", "second-factor", "second-factor-verify", "password_change", "logout"}
    found = answers(signed_in("nobody"), scene, known() - mine)
    assert [name for name, got, posted in found if {got, posted} - {403, 405}] == []


OURS = [model for model in admin.site._registry if model._meta.app_label in VIEWED_APPS]


@pytest.mark.parametrize("role", sorted(ALL))
def test_the_admin_shows_and_refuses_as_the_pages_do(role, scene):
    """Permissions: in the admin alike."""
    client, wrong = signed_in(role, is_staff=True), []
    for model in OURS:
        where = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        may = role in ADMIN_ADD.get(model._meta.label_lower, NONE)
        found = [client.get(reverse(f"{where}_{page}")).status_code for page in ("changelist", "add")]
        if found != [200, 200 if may else 403]:
            wrong.append(f"{role} {where}: list and add answer {found}")
    assert wrong == []


def test_the_admin_is_closed_to_staff_without_a_role_and_to_who_is_no_staff(scene):
    staff, finance = signed_in("nobody", is_staff=True), signed_in("finance")
    for model in OURS:
        listing = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert (staff.get(listing).status_code, finance.get(listing).status_code) == (403, 302), listing
