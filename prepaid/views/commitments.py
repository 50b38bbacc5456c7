"""Service commitments: the list, the page of one with its prices and what is billed of it, and what changes its billing.
Nothing is posted."""

import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from ledger.money import EXACT, round_to
from opportunities.models import Account
from pages import formats, markup
from pages.clock import business_date
from pages.elements import Action, Badge, Crumb, Figure
from pages.formats import NOTHING
from pages.forms import PageForm
from pages.preview import Preview
from pages.views import ActionPage, DetailPage, FormPage, ListPage
from prepaid.actions.contracts import MANAGE, actions_of_commitment
from prepaid.filters.contracts import CommitmentFilter
from prepaid.forms.contracts import (
    CancelForm,
    CommitmentForm,
    IntoContractForm,
    NewCommitmentForm,
    PriceForm,
    commitment_as_typed,
    fitting_contracts,
    price_as_typed,
)
from prepaid.forms.terms import terms_as_typed
from prepaid.models import ServiceCommitment, ServiceObject
from prepaid.previews import contracts as previews
from prepaid.reports.commitments import RELATED, per_period, running, with_price
from prepaid.services.contracts.billed import is_billed, last_billed
from prepaid.services.contracts.commitments import create_commitment, edit_commitment
from prepaid.services.contracts.prices import price_on
from prepaid.tables.contracts import CommitmentTable

ABOVE = ("Service commitments", "prepaid:commitment-list")
VIEW = "prepaid.view_servicecommitment"


class CommitmentList(ListPage):
    permission_required = VIEW
    title = "Service commitments"
    filterset_class = CommitmentFilter
    table_class = CommitmentTable
    empty = "What is agreed for a service object. A customer contract collects commitments and bills them."

    def get_queryset(self) -> QuerySet[ServiceCommitment]:
        return with_price(ServiceCommitment.objects.select_related(*RELATED), business_date(self.request))

    def get_actions(self) -> list[Action]:
        listed = reverse("prepaid:service-object-list")
        return [Action("Service objects", listed, permission="prepaid.view_serviceobject")]


class CommitmentDetail(DetailPage):
    permission_required = VIEW
    queryset = ServiceCommitment.objects.select_related(*RELATED, "created_by")
    template_name = "prepaid/commitment.html"
    slot = "service-commitment"

    def get_breadcrumb(self) -> list[Crumb]:
        account, made = self.object.object.account, self.object.object
        return [
            Crumb("Service objects", reverse("prepaid:service-object-list")),
            Crumb(str(account), account.get_absolute_url()),
            Crumb(made.number, made.get_absolute_url()),
        ]

    def get_badge(self) -> Badge | None:
        return badge_of(self.object, business_date(self.request))

    def get_figures(self) -> list[Figure]:
        return figures(self.object, business_date(self.request))

    def get_actions(self) -> list[Action]:
        return actions_of_commitment(self.object)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        decimals, service = self.object.currency.decimals, self.object.prepaid_service
        shown = {
            "prices": [
                (price, per_period(price, decimals), EXACT.multiply(price.quantity, price.quantity_per_period))
                for price in self.object.prices.order_by("from_on")
            ],
            "counted": service is not None and not service.is_amount,
            "periods": self.object.billed_periods.select_related("line__document").order_by("-starts_on", "-pk"),
            "running": running(self.object, business_date(self.request)),
        }
        return super().get_context_data(**shown, **kwargs)


def badge_of(commitment: ServiceCommitment, on: datetime.date) -> Badge:
    if commitment.ends_on is not None and commitment.ends_on < on:
        return Badge("Ended")
    if commitment.cancelled_on is not None:
        return Badge("Cancelled", "warn")
    return Badge("Starts later", "info") if commitment.starts_on > on else Badge("Running", "good")


def figures(commitment: ServiceCommitment, on: datetime.date) -> list[Figure]:
    """Each leads to the rows behind it."""
    price, found, last = price_on(commitment, on), running(commitment, on), last_billed(commitment)
    costs = markup.money(per_period(price, commitment.currency.decimals), commitment.currency) if price else NOTHING
    return [
        Figure("Price", costs, "#prices", f"for each {commitment.base_period}" if price else "none yet"),
        Figure(
            "Next billing date",
            NOTHING
            if not commitment.is_billed_by_contract or commitment.is_over
            else markup.day(commitment.next_billing_on),
            "#periods",
            "" if commitment.contract_id else "in no contract",
            "" if commitment.contract_id or not commitment.is_billed_by_contract else "warn",
        ),
        Figure("Billed until", markup.day(last) if last else NOTHING, "#periods"),
        Figure(
            "Runs until",
            markup.day(found.until) if found.until else "No end",
            "#terms",
            f"cancel by {formats.day(found.last_notice)}" if found.last_notice else "",
        ),
    ]


class CommitmentNew(FormPage):
    above = ("Service objects", "prepaid:service-object-list")
    permission_required = MANAGE
    queryset = ServiceObject.objects.select_related("account__currency", "product__currency")
    form_class = NewCommitmentForm
    submit_label = "Create service commitment"
    success_message = "The service commitment is there."

    def get_title(self) -> str:
        return f"New service commitment of {self.object.number}"

    def get_initial(self) -> dict[str, Any]:
        """The price of the product is proposed only in its own currency."""
        made: ServiceObject = self.object
        product, currency = made.product, Account.objects.get(pk=made.account_id).currency
        own = product.currency_id == currency.pk
        price = round_to(product.unit_price, currency.decimals) if own else None
        begun = terms_as_typed(ServiceCommitment()) | {"description": made.description}
        return begun | {
            "currency": currency,
            "starts_on": made.provided_on,
            "price": price,
            "quantity": formats.exact(made.quantity),
            "discount_percent": 0,
            "quantity_per_period": 1,
        }

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"service_object": self.object}

    def save(self, form: NewCommitmentForm) -> ServiceCommitment:
        return create_commitment(self.object, form.card(form.costs()), actor=self.request.user)


class OfCommitment:
    """A page about a commitment: it leads back to it."""

    above: tuple[str, str] | None = ABOVE
    permission_required = MANAGE
    queryset: Any = ServiceCommitment.objects.select_related(*RELATED)
    object: ServiceCommitment
    verb = ""

    def get_title(self) -> str:
        return f"{self.verb} {self.object}"


class CommitmentEdit(OfCommitment, FormPage):
    verb = "Edit"
    form_class = CommitmentForm
    lead = "For what is billed from now on. Another price is set on its own page, an earlier end by a cancellation."
    submit_label = "Save service commitment"
    success_message = "The service commitment is saved."

    def get_initial(self) -> dict[str, Any]:
        return commitment_as_typed(self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        fixed = is_billed(self.object)
        return {"service_object": self.object.object, "commitment": self.object, "fixed": fixed}

    def save(self, form: CommitmentForm) -> ServiceCommitment:
        return edit_commitment(self.object, form.card(), actor=self.request.user)


class CommitmentPrice(OfCommitment, ActionPage):
    verb = "Change the price of"
    form_class = PriceForm
    success_message = "The price is set."

    def get_initial(self) -> dict[str, Any]:
        """From the first day that is not billed: the next one that an invoice bills."""
        day = self.object.next_billing_on
        return price_as_typed(price_on(self.object, day), self.object.currency, day)

    def run(self, form: PriceForm) -> Preview:
        on = form.cleaned_data["from_on"]
        return previews.set_price_and_describe(self.object, form.costs(), from_on=on, actor=self.request.user)


class CommitmentCancel(OfCommitment, ActionPage):
    verb = "Cancel"
    form_class = CancelForm
    success_message = "The service commitment is cancelled."

    def run(self, form: CancelForm) -> Preview:
        return previews.cancel_and_describe(self.object, **form.cleaned_data, actor=self.request.user)


class CommitmentWithdraw(OfCommitment, ActionPage):
    verb = "Withdraw the cancellation of"
    success_message = "The cancellation is withdrawn."

    def run(self, form: PageForm) -> Preview:
        return previews.withdraw_and_describe(self.object, actor=self.request.user)


class CommitmentTakeOut(OfCommitment, ActionPage):
    verb = "Take out of its contract:"
    success_message = "No contract bills it any more."

    def run(self, form: PageForm) -> Preview:
        return previews.take_out_and_describe(self.object, actor=self.request.user)


class CommitmentAssign(OfCommitment, ActionPage):
    """Into one of the contracts of its account, or a new one."""

    verb = "Assign to a contract:"
    template_name = "prepaid/commitment_assign.html"
    form_class = IntoContractForm
    success_message = "The contract bills it."

    def get_initial(self) -> dict[str, Any]:
        found = list(fitting_contracts(self.object)[:2])
        return {"contract": found[0].pk} if len(found) == 1 else {}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"commitment": self.object}

    @property
    def new_contract_url(self) -> str:
        return f"{reverse('prepaid:contract-new')}?account={self.object.object.account.number}"

    def run(self, form: IntoContractForm) -> Preview:
        return previews.assign_and_describe(form.cleaned_data["contract"], [self.object], actor=self.request.user)
