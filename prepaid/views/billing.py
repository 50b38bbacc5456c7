"""Billing customer contracts: the proposal and its confirmation, the runs and what each made, and undoing one."""

from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from ledger.dates import business_date
from ledger.reports.company import with_company, zone_of
from opportunities.models import Account
from opportunities.views.named import asked
from pages import formats, markup
from pages.elements import Action, Badge, Crumb, Figure
from pages.forms import PageForm
from pages.preview import Preview
from pages.views import ActionPage, DetailPage, ListPage
from prepaid.actions.billing import BILL, POST, actions_of_billing_run, bill
from prepaid.filters.billing import BillingRunFilter
from prepaid.forms.billing import BillForm
from prepaid.models import BillingRun, CustomerContract, SalesDocument
from prepaid.previews import billing as previews
from prepaid.tables.billing import BillingRunTable
from prepaid.tables.documents import DocumentTable

ABOVE = ("Billing runs", "prepaid:billing-run-list")
VIEW = "prepaid.view_billingrun"
SHOWN = 100  # invoices on the page of a run


def contract_asked(number: str | None) -> str:
    """The number of the contract that a link names, where there is one."""
    found = asked(CustomerContract, number)
    return found.number if found else ""


class ContractBilling(ActionPage):
    """The billing proposal: what is due up to a day, and the invoices that confirming it makes."""

    above = ABOVE
    permission_required = BILL
    form_class = BillForm
    title = "Bill contracts"
    wide = True
    made: BillingRun | None = None

    def get_initial(self) -> dict[str, Any]:
        today = business_date()
        return {
            "until": today,
            "posted_on": today,
            "account": asked(Account, self.request.GET.get("account")),
            "contract": contract_asked(self.request.GET.get("contract")),
        }

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"may_post": self.request.user.has_perm(POST)}

    def run(self, form: BillForm) -> Preview:
        self.made, preview = previews.bill_and_describe(form.commitments(), **form.terms(), actor=self.request.user)
        return preview

    def get_success_url(self) -> str:
        return self.page_of(self.made)

    def get_success_message(self, preview: Preview) -> str:
        if preview.postings:
            return "The contracts are billed, and the invoices are posted."
        return "The contracts are billed. Nothing is posted before you post the invoices."


def with_counts(runs: QuerySet[BillingRun]) -> QuerySet[BillingRun]:
    """Each with `invoice_count` and `unposted_count`."""
    return runs.select_related("created_by").annotate(
        invoice_count=_count(SalesDocument.objects.all()), unposted_count=_count(SalesDocument.objects.unposted())
    )


def _count(invoices: QuerySet[SalesDocument]) -> Coalesce:
    of_run = invoices.filter(billing_run=OuterRef("pk")).order_by().values("billing_run")
    return Coalesce(Subquery(of_run.annotate(count=Count("pk")).values("count")), 0)


class BillingRunList(ListPage):
    permission_required = VIEW
    title = "Billing runs"
    filterset_class = BillingRunFilter
    table_class = BillingRunTable
    currency = None
    empty = "A billing run makes contract invoices of every period that begins by a day and that no invoice bills yet."

    def get_queryset(self) -> QuerySet[BillingRun]:
        return with_counts(BillingRun.objects.all())

    def get_actions(self) -> list[Action]:
        return [bill(primary=True)]


class BillingRunPage(DetailPage):
    permission_required = VIEW
    template_name = "prepaid/billing_run.html"

    def get_queryset(self) -> QuerySet[BillingRun]:
        return with_company(with_counts(BillingRun.objects.all()))

    def get_title(self) -> str:
        return f"Billing run {self.object}"

    def get_badge(self) -> Badge:
        run: Any = self.object
        if not run.invoice_count:
            return Badge("Undone")
        return Badge("To be posted", "warn") if run.unposted_count else Badge("Posted", "good")

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb(ABOVE[0], reverse(ABOVE[1]))]

    def get_actions(self) -> list[Action]:
        return actions_of_billing_run(self.object)

    def get_figures(self) -> list[Figure]:
        run: Any = self.object
        listed = f"{reverse('prepaid:document-list')}?billing_run={run.pk}"
        return [
            Figure("Invoices", formats.number(run.invoice_count), listed),
            Figure("Not posted", formats.number(run.unposted_count), listed),
            Figure("Billed up to", markup.day(run.billed_until)),
            Figure("Posting date", markup.day(run.posted_on)),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run: Any = self.object
        invoices = run.invoices.select_related("account", "bill_to", "currency", "corrects").with_totals()
        table = DocumentTable(list(invoices.order_by("pk")[:SHOWN]), orderable=False, request=self.request)
        more = f"{reverse('prepaid:document-list')}?billing_run={run.pk}" if run.invoice_count > SHOWN else ""
        return super().get_context_data(table=table, all_url=more, zone=zone_of(run), **kwargs)


class PostBilling(ActionPage):
    """Every invoice of the run that is not posted; one that cannot be posted stays as it is, and is named."""

    above = ABOVE
    permission_required = POST
    queryset = BillingRun.objects.all()

    def get_title(self) -> str:
        return f"Post billing run {self.object}"

    def run(self, form: PageForm) -> Preview:
        return previews.post_run_and_describe(self.object, actor=self.request.user)

    def get_success_message(self, preview: Preview) -> str:
        if preview.left_out:
            return "What could be posted is posted. The other invoices wait, each with its reason in the receipt."
        return "The invoices are posted."


class UndoBilling(ActionPage):
    """What nobody has posted is deleted, and its periods can be billed again."""

    above = ABOVE
    permission_required = BILL
    queryset = BillingRun.objects.all()
    success_message = "What was not posted is deleted."

    def get_title(self) -> str:
        return f"Undo billing run {self.object}"

    def run(self, form: PageForm) -> Preview:
        return previews.undo_billing_and_describe(self.object, actor=self.request.user)
