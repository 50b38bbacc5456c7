"""What the lines of the opportunity form come to while they are typed: proposals, totals, another empty line. Answers with
the parts that change, so that nothing that is being typed is replaced."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import cached_property
from django.views import View

from ledger.models import Currency
from ledger.money import ZERO
from opportunities.forms.fields import AccountField
from opportunities.forms.lines import LineForm, LineForms
from opportunities.models import Opportunity, OpportunityLine
from opportunities.reports.line_proposal import LineProposal, propose_line
from opportunities.services.lines import COPIED
from pages.lines import next_row
from pages.views import Allowed


class LineProposals(Allowed, View):
    """Reads what the form holds and writes nothing."""

    permission_required = "opportunities.manage_customers"
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        lines = LineForms(request.POST)
        lines.currency = currency = currency_of(request.POST)
        if not lines.management_form.is_valid():
            return HttpResponse(status=204)
        rows = [TypedLine(form, currency) for form in lines.forms]
        total = sum((row.total for row in rows if row.total is not None), ZERO)
        added = "add" in request.POST and next_row(LineForms, len(rows))
        context = {"rows": rows, "total": total, "currency": currency, "added": added, "count": len(rows) + 1}
        return render(request, "opportunities/lines_answer.html", context)


class TypedLine:
    """One line as it stands: its total, and its fields filled with the proposal when another product was chosen."""

    def __init__(self, form: LineForm, currency: Currency | None) -> None:
        self.form, self.currency = form, currency
        self.valid = form.is_valid() and bool(form.cleaned_data.get("product"))
        self.proposal: LineProposal | None = None
        chosen, quantity = form.cleaned_data.get("product"), form.cleaned_data.get("quantity")
        if chosen and quantity is not None:
            self.proposal = propose_line(chosen, quantity=quantity, currency=currency)
            self.proposed = (str(chosen.pk), str(self.proposal.services_credits or ""))
        product, _, credits = str(form["filled"].value() or "").partition(":")
        self.remembered = (product, credits)

    @cached_property
    def refilled(self) -> LineForm | None:
        """The row anew, after another product was chosen."""
        if self.proposal is None or self.remembered[0] == self.proposed[0]:
            return None
        return self._with(vars(self.proposal))

    @cached_property
    def recounted(self) -> LineForm | None:
        """The credits anew, after the quantity changed: unless somebody has typed other ones."""
        if self.proposal is None or self.refilled or self.remembered == self.proposed:
            return None
        typed = str(self.form["services_credits"].value() or "")
        return self._with({"services_credits": self.proposed[1]} if typed == self.remembered[1] else {})

    def _with(self, values: dict[str, Any]) -> LineForm:
        place = int(str(self.form.prefix).split("-")[1])
        kept = {name: self.form[name].value() for name in self.form.fields}
        initial = kept | values | {"filled": ":".join(self.proposed)}
        return LineForms(initial=[{}] * place + [initial]).forms[place]

    @cached_property
    def total(self) -> Any:
        if not self.valid or self.currency is None or self.form.cleaned_data.get("DELETE"):
            return None
        terms = {name: self.form.cleaned_data[name] for name in COPIED}
        line = OpportunityLine(opportunity=Opportunity(currency=self.currency), **terms)
        line.price()
        return line.total


def currency_of(data: Any) -> Currency | None:
    """The currency chosen, or the account's."""
    if code := data.get("currency"):
        return Currency.objects.filter(pk=code).first()
    try:
        account = AccountField().clean(data.get("account"))
    except forms.ValidationError:
        return None
    return account.currency
