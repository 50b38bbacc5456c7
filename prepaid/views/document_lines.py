"""The lines of a sales document that is not posted: added, edited, deleted; balance lines by hand. Nothing is posted.

While a line is typed the page is asked what choosing a product proposes and what the line comes to, and answers with the
parts that change.
"""

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from pages.elements import Crumb
from pages.forms import PageForm
from pages.preview import Preview
from pages.views import ActionPage, FormPage
from prepaid.forms.documents import BalanceLineForm, LineForm, line_of, proposed
from prepaid.models import SalesDocument, SalesLine
from prepaid.previews.documents import delete_line_and_describe
from prepaid.services.balance_lines import add_balance_line
from prepaid.services.document_lines import add_line, edit_line, refusal_to_edit
from prepaid.services.document_state import refusal_to_change
from prepaid.services.pricing import net_of
from prepaid.views.document_entry import ABOVE, RELATED, WRITE, OfDocument

ORDERED = "The order and what was delivered or invoiced of it name the same product."


class Proposing(FormPage):
    """The page of a line. `document` is the one it stands on."""

    template_name = "prepaid/document_line_form.html"
    form_class = LineForm

    @property
    def document(self) -> SalesDocument:
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.object = self.get_object()
        if refusal := refusal_to_change(self.document):
            raise refusal
        return super().get(request, *args, **kwargs)

    def answer(self, form: LineForm) -> HttpResponse:
        return self.propose(form) if self.request.htmx else super().answer(form)

    def propose(self, form: LineForm) -> HttpResponse:
        """What stands in the form with the proposal of another product, and what the line comes to."""
        chosen = form.chosen
        context: dict[str, Any] = {"currency": self.document.currency, "net": net(form)}
        if chosen is not None and form["filled"].value() != str(chosen.pk):
            typed = {name: form[name].value() for name in ("quantity", "discount_percent", "prepaid_service")}
            kwargs = self.get_form_kwargs()
            refilled = LineForm(initial=typed | proposed(chosen, self.document.currency), **kwargs)
            again = LineForm(as_typed(refilled), **kwargs)
            context |= {"form": refilled, "refilled": True, "net": net(again)}
        return render(self.request, "prepaid/document_line_answer.html", context)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs["form"]
        typed = form if form.is_bound else LineForm(as_typed(form), **self.get_form_kwargs())
        more = {"net": net(typed), "currency": self.document.currency}
        return super().get_context_data(**kwargs, **more)


def as_typed(form: LineForm) -> dict[str, Any]:
    return {name: form[name].value() for name in form.fields if form[name].value() is not None}


def net(form: LineForm) -> Decimal | None:
    """What the line as it is typed comes to, where that can be told."""
    if not form.is_valid():
        return None
    terms = form.terms()
    price = terms.unit_price
    if price is None and terms.product.currency_id == form.document.currency_id:
        price = terms.product.unit_price
    if price is None:
        return None
    line = SalesLine(quantity=terms.quantity, unit_price=price, discount_percent=terms.discount_percent)
    return net_of(line, form.document.currency.decimals)


class LineCreate(Proposing, OfDocument):
    submit_label = "Add line"
    success_message = "The line is added."

    @property
    def document(self) -> SalesDocument:
        return self.object

    def get_title(self) -> str:
        return f"New line of {self.object}"

    def get_initial(self) -> dict[str, Any]:
        return {"quantity": 1, "discount_percent": 0}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"document": self.object}

    def save(self, form: LineForm) -> SalesDocument:
        return add_line(self.object, form.terms(), actor=self.request.user).document


class OfLine:
    """A page about a line: it leads back to its document."""

    permission_required = WRITE
    queryset: Any = SalesLine.objects.select_related("product", *(f"document__{name}" for name in RELATED))
    object: SalesLine

    def get_breadcrumb(self) -> list[Crumb]:
        document = self.object.document
        return [*super().get_breadcrumb(), Crumb(str(document), document.get_absolute_url())]  # type: ignore[misc]

    def get_cancel_url(self) -> str:
        return self.object.document.get_absolute_url()


class LineEdit(OfLine, Proposing):
    above = ABOVE
    submit_label = "Save line"
    success_message = "The line is saved."

    @property
    def document(self) -> SalesDocument:
        return self.object.document

    def get_title(self) -> str:
        return f"Line {self.object.line_no} of {self.object.document}"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if refusal := refusal_to_edit(self.get_object()):
            raise refusal
        return super().get(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return line_of(self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        line = self.object
        fixed = line.order_line_id or line.quantity_shipped or line.quantity_invoiced
        return {"document": line.document, "line": line, "locked": {"product": ORDERED} if fixed else {}}

    def save(self, form: LineForm) -> SalesDocument:
        return edit_line(self.object, form.terms(), actor=self.request.user).document


class LineDelete(OfLine, ActionPage):
    above = ABOVE
    success_message = "The line is deleted."

    def get_title(self) -> str:
        return f"Delete line {self.object.line_no} of {self.object.document}"

    def get_success_url(self) -> str:
        return self.object.document.get_absolute_url()

    def run(self, form: PageForm) -> Preview:
        return delete_line_and_describe(self.object, actor=self.request.user)


class BalanceLineCreate(OfDocument):
    form_class = BalanceLineForm
    lead = (
        "A prepaid service pays for its lines as far as it reaches, and the balance line is written when the invoice is "
        "posted. Add one by hand to have less of it used."
    )
    submit_label = "Add balance line"
    success_message = "The balance line is added."

    def get_title(self) -> str:
        return f"New balance line of {self.object}"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if refusal := refusal_to_change(self.get_object()):
            raise refusal
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"document": self.object}

    def save(self, form: BalanceLineForm) -> SalesDocument:
        return add_balance_line(self.object, **form.terms(), actor=self.request.user).document
