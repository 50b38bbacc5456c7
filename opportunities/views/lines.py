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
from opportunities.reports.line_proposal import propose_line
from opportunities.services.lines import COPIED
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
        rows = [Row(form, currency) for form in lines.forms]
        total = sum((row.total for row in rows if row.total is not None), ZERO)
        added = "add" in request.POST and LineForms(initial=[{}] * len(rows)).forms[len(rows)]
        context = {"rows": rows, "total": total, "currency": currency, "added": added, "count": len(rows) + 1}
        return render(request, "opportunities/lines_answer.html", context)


class Row:
    """One line as it stands: its total, and its fields filled with the proposal when another product was chosen."""

    def __init__(self, form: LineForm, currency: Currency | None) -> None:
        self.form, self.currency, self.product = form, currency, None
        self.valid = form.is_valid() and bool(form.cleaned_data.get("product"))
        cleaned = form.cleaned_data
        if cleaned.get("product") and "quantity" in cleaned:
            self.product, self.quantity = cleaned["product"], cleaned["quantity"]
            self.typed = form["services_credits"].value() or ""

    @property
    def proposed(self) -> str:
        """The product and the credits that it proposes, as the form remembers them."""
        credits = propose_line(self.product, quantity=self.quantity, currency=self.currency).services_credits
        return f"{self.product.pk}:{credits or ''}"

    @property
    def remembered(self) -> str:
        return self.form["filled"].value() or ""

    @cached_property
    def refilled(self) -> LineForm | None:
        """The row anew, after another product was chosen."""
        if self.product is None or self.remembered.split(":")[0] == str(self.product.pk):
            return None
        return self._with(vars(propose_line(self.product, quantity=self.quantity, currency=self.currency)))

    @cached_property
    def recounted(self) -> LineForm | None:
        """The credits anew, after the quantity changed: unless somebody has typed other ones."""
        if self.product is None or self.remembered in ("", self.proposed) or self.refilled:
            return None
        is_proposal = str(self.typed) == self.remembered.split(":")[1]
        return self._with({"services_credits": self.proposed.split(":")[1]} if is_proposal else {})

    def _with(self, values: dict[str, Any]) -> LineForm:
        kept = {name: self.form[name].value() for name in self.form.fields}
        initial = kept | values | {"filled": self.proposed}
        return LineForms(initial=[{}] * self.place + [initial]).forms[self.place]

    @property
    def place(self) -> int:
        return int(self.form.prefix.split("-")[1])

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
