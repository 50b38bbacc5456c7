"""What postings are made with: the posting setup, exchange rates, currencies, the chart of accounts."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.generic import TemplateView

from ledger.filters.setup import ChartFilter, RateFilter
from ledger.forms.setup import PostingSetupForm, RateForm
from ledger.models import BusinessPostingGroup, Currency, ExchangeRate, LedgerAccount, PostingSetup, ProductPostingGroup
from ledger.reports.posting_setup import posting_matrix
from ledger.services.setup import set_accounts, set_rate
from ledger.tables.setup import ChartTable, CurrencyTable, RateTable
from ledger.views.rate_import import PERMISSIONS as RATE_IMPORT_PERMISSIONS
from pages.elements import Action, Badge, Crumb
from pages.views import FormPage, ListPage, Page

LISTS = (
    ("General ledger setup", "ledger:setup", "ledger.view_ledgersetup"),
    ("VAT posting setup", "ledger:vat-setup", "ledger.view_vatpostingsetup"),
    ("Number series", "ledger:number-series", "ledger.view_numberseries"),
    ("Chart of accounts", "ledger:chart", "ledger.view_ledgeraccount"),
    ("Exchange rates", "ledger:rate-list", "ledger.view_exchangerate"),
    ("Currencies", "ledger:currency-list", "ledger.view_currency"),
    ("Dimensions", "ledger:dimension-list", "ledger.view_dimension"),
)


class PostingSetupPage(Page, TemplateView):
    permission_required = "ledger.view_postingsetup"
    title = "General posting setup"
    lead = "Which accounts a posting takes, by the customer's business group and the product's group."
    template_name = "ledger/posting_setup.html"

    def get_actions(self) -> list[Action]:
        return [Action(label, reverse(name), permission=permission) for label, name, permission in LISTS]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.matrix = posting_matrix()
        return super().get_context_data(matrix=self.matrix, **kwargs)

    def get_badge(self) -> Badge:
        missing = self.matrix.missing
        return Badge(f"{missing} missing", "warn") if missing else Badge("Complete", "good")


class PostingSetupEdit(FormPage):
    above = ("General posting setup", "ledger:posting-setup")
    permission_required = "ledger.change_postingsetup"
    form_class = PostingSetupForm
    submit_label = "Save accounts"
    success_message = "The cell is saved. Postings follow it from now on."

    def get_object(self, queryset: Any = None) -> PostingSetup:
        business = get_object_or_404(BusinessPostingGroup, pk=self.request.GET.get("business"))
        product = get_object_or_404(ProductPostingGroup, pk=self.request.GET.get("product"))
        cell = {"business_group": business, "product_group": product}
        return PostingSetup.objects.filter(**cell).first() or PostingSetup(**cell)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"instance": self.object}

    def get_title(self) -> str:
        return f"Accounts of {self.object.business_group.name} × {self.object.product_group.name}"

    def save(self, form: PostingSetupForm) -> PostingSetup:
        cell = {"business_group": self.object.business_group, "product_group": self.object.product_group}
        return set_accounts(**cell, **form.cleaned_data, actor=self.request.user)


class SetupList(ListPage):
    """A list that stands below the posting setup."""

    currency = None

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("General posting setup", reverse("ledger:posting-setup"))]


class RateList(SetupList):
    permission_required = "ledger.view_exchangerate"
    title = "Exchange rates"
    lead = "What one unit of a currency is worth in the company's own, from a day until the next rate."
    filterset_class = RateFilter
    table_class = RateTable
    empty = "Without a rate nothing can be posted in a currency other than the company's own."

    def get_queryset(self) -> QuerySet[ExchangeRate]:
        return ExchangeRate.objects.select_related("currency")

    def get_actions(self) -> list[Action]:
        new = Action("New rate", reverse("ledger:rate-create"), primary=True, permission="ledger.add_exchangerate")
        may_import = self.request.user.has_perms(RATE_IMPORT_PERMISSIONS)
        return [new, Action("Import", reverse("ledger:rate-import"))] if may_import else [new]


class RateCreate(FormPage):
    above = ("Exchange rates", "ledger:rate-list")
    permission_required = "ledger.add_exchangerate"
    form_class = RateForm
    title = "New exchange rate"
    submit_label = "Save rate"
    success_message = "The rate is saved. Postings from its starting date on take it."

    def save(self, form: RateForm) -> ExchangeRate:
        entered = form.cleaned_data
        pair = {"currency": entered["currency"], "starting_on": entered["starting_on"]}
        return set_rate(rate=self.object, per_unit=entered["rate"], **pair, actor=self.request.user)


class RateEdit(RateCreate):
    permission_required = "ledger.change_exchangerate"
    model = ExchangeRate
    title = "Correct the exchange rate"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"instance": self.object, "locked": {"currency": "A rate keeps its currency."}}

    def get_initial(self) -> dict[str, Any]:
        return {"rate": format(self.object.rate.normalize(), "f")}


class CurrencyList(SetupList):
    permission_required = "ledger.view_currency"
    title = "Currencies"
    queryset = Currency.objects.all()
    table_class = CurrencyTable
    empty = "The currencies in which customers are billed."


class Chart(SetupList):
    permission_required = "ledger.view_ledgeraccount"
    title = "Chart of accounts"
    queryset = LedgerAccount.objects.all()
    filterset_class = ChartFilter
    table_class = ChartTable
    empty = "The accounts of the books."
