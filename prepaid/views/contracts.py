"""Customer contracts: the list, the page of one with what it bills and its invoices, new, edited, commitments assigned,
closed and opened again. Nothing is posted."""

from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet
from django.urls import reverse

from opportunities.models import Account
from opportunities.views.named import asked
from pages import formats, markup
from pages.clock import business_date
from pages.elements import Action, Badge, Crumb, Figure
from pages.formats import NOTHING
from pages.forms import PageForm
from pages.preview import Preview
from pages.views import ActionPage, DetailPage, FormPage, ListPage
from prepaid.actions.contracts import MANAGE, actions_of_contract, new_contract
from prepaid.exceptions import BadContract
from prepaid.filters.contracts import ContractFilter
from prepaid.forms.contracts import AssignForm, ContractForm, contract_as_typed
from prepaid.models import CustomerContract, ServiceCommitment
from prepaid.previews import contracts as previews
from prepaid.reports.commitments import RELATED, invoices_of, per_base_period, with_price
from prepaid.services.contracts.contracts import create_contract, edit_contract
from prepaid.tables.contracts import ContractTable

ABOVE = ("Customer contracts", "prepaid:contract-list")
VIEW = "prepaid.view_customercontract"
CONTRACTS = CustomerContract.objects.select_related("account__currency", "bill_to", "currency")
INVOICES_SHOWN = 50


class ContractList(ListPage):
    permission_required = VIEW
    title = "Customer contracts"
    filterset_class = ContractFilter
    table_class = ContractTable
    empty = "A customer contract collects service commitments of an account, and bills them together period by period."

    def get_queryset(self) -> QuerySet[CustomerContract]:
        left = Q(commitments__ends_on=None) | Q(commitments__next_billing_on__lte=F("commitments__ends_on"))
        return CONTRACTS.annotate(
            commitment_count=Count("commitments"), next_billing_on=Min("commitments__next_billing_on", filter=left)
        )

    def get_actions(self) -> list[Action]:
        commitments = f"{reverse('prepaid:commitment-list')}?contract=none"
        return [
            new_contract(self.request.GET.get("account", ""), primary=True),
            Action("Commitments in no contract", commitments, permission="prepaid.view_servicecommitment"),
        ]


class ContractDetail(DetailPage):
    permission_required = VIEW
    queryset = CONTRACTS.select_related("created_by")
    template_name = "prepaid/contract.html"
    slot = "customer-contract"

    def get_breadcrumb(self) -> list[Crumb]:
        account = self.object.account
        return [Crumb(ABOVE[0], reverse(ABOVE[1])), Crumb(str(account), account.get_absolute_url())]

    def get_badge(self) -> Badge:
        return Badge("Closed") if self.object.closed else Badge("Open", "good")

    def get_actions(self) -> list[Action]:
        return actions_of_contract(self.object)

    def get_figures(self) -> list[Figure]:
        return figures(self.object, self.commitments())

    def commitments(self) -> list[Any]:
        if not hasattr(self, "_commitments"):
            found = with_price(self.object.commitments.select_related(*RELATED), business_date(self.request))
            self._commitments = list(found.order_by("object__number", "pk"))
        return self._commitments

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        invoices = list(invoices_of(self.object)[: INVOICES_SHOWN + 1])
        shown = {
            "commitments": self.commitments(),
            "sums": per_base_period(self.commitments()),
            "invoices": invoices[:INVOICES_SHOWN],
            "more": len(invoices) > INVOICES_SHOWN,
        }
        return super().get_context_data(**shown, **kwargs)


def figures(contract: CustomerContract, commitments: list[Any]) -> list[Figure]:
    """Each leads to the rows behind it."""
    running = [each for each in commitments if not each.is_over]
    next_day = min((each.next_billing_on for each in running), default=None)
    sums = [
        Figure(
            f"For each {each.base_period}",
            markup.money(each.amount, contract.currency),
            "#commitments",
            f"net, {formats.counted(each.count, 'commitments')}",
        )
        for each in per_base_period(running)
    ]
    return [
        Figure("Commitments", markup.credits(len(commitments)), "#commitments", f"{len(running)} to be billed"),
        Figure("Next billing date", markup.day(next_day) if next_day else NOTHING, "#commitments"),
        *sums[:3],
    ]


class ContractNew(FormPage):
    above = ABOVE
    permission_required = MANAGE
    form_class = ContractForm
    title = "New customer contract"
    submit_label = "Create customer contract"
    success_message = "The contract is there. Assign what it bills."

    def get_initial(self) -> dict[str, Any]:
        return {"account": asked(Account, self.request.GET.get("account"))}

    def save(self, form: ContractForm) -> CustomerContract:
        return create_contract(form.terms(), actor=self.request.user)


class ContractEdit(FormPage):
    above = ABOVE
    permission_required = MANAGE
    queryset = CONTRACTS
    form_class = ContractForm
    lead = "For the invoices to come."
    submit_label = "Save customer contract"
    success_message = "The contract is saved."

    def get_title(self) -> str:
        return f"Edit {self.object.number}"

    def get_initial(self) -> dict[str, Any]:
        return contract_as_typed(self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"contract": self.object}

    def save(self, form: ContractForm) -> CustomerContract:
        return edit_contract(self.object, form.terms(), actor=self.request.user)


class ContractAction(ActionPage):
    above = ABOVE
    permission_required = MANAGE
    queryset = CONTRACTS
    verb = ""

    def get_title(self) -> str:
        return f"{self.verb} {self.object.number}"


class ContractAssign(ContractAction):
    """Commitments of the account that no contract bills, all ticked."""

    verb = "Assign commitments to"
    form_class = AssignForm
    success_message = "The commitments are assigned."

    def get_form_kwargs(self) -> dict[str, Any]:
        contract = self.object
        found = ServiceCommitment.objects.unassigned().select_related("object", "contract")
        fitting = found.filter(object__account=contract.account_id, currency=contract.currency_id)
        return {"commitments": list(fitting.order_by("object__number", "pk"))}

    def run(self, form: AssignForm) -> Preview:
        if not form.commitments:
            raise BadContract(
                f"Every commitment of {self.object.account} in {self.object.currency_id} that a contract can bill is in one."
            )
        chosen = form.chosen()
        if not chosen:
            raise BadContract("Nothing was chosen. Tick what the contract bills.")
        return previews.assign_and_describe(self.object, chosen, actor=self.request.user)


class ContractClose(ContractAction):
    verb = "Close"
    success_message = "The contract is closed."

    def run(self, form: PageForm) -> Preview:
        return previews.close_and_describe(self.object, actor=self.request.user)


class ContractReopen(ContractAction):
    verb = "Reopen"
    success_message = "The contract is open again."

    def run(self, form: PageForm) -> Preview:
        return previews.reopen_and_describe(self.object, actor=self.request.user)
