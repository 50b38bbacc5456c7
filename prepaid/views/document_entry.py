"""A sales document entered and edited, and a credit memo made of a posted invoice. Nothing is posted."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property

from ledger.dates import business_date
from opportunities.models import Account, Project
from opportunities.views.named import asked
from pages.views import FormPage
from prepaid.exceptions import BadDocument
from prepaid.forms.documents import CreditForm, HeaderForm, header_of, locks_of
from prepaid.models import SalesDocument
from prepaid.reports.billing import not_again
from prepaid.reports.crediting import CreditRow, credit_rows
from prepaid.services.credit_memos import create_credit_memo, refusal_to_credit
from prepaid.services.document_state import refusal_to_change
from prepaid.services.documents import create_document, edit_header

Type = SalesDocument.Type
ABOVE = ("Sales documents", "prepaid:document-list")
WRITE = "prepaid.write_documents"
RELATED = ("account", "bill_to", "currency", "project", "corrects")


class DocumentCreate(FormPage):
    above = ABOVE
    permission_required = WRITE
    form_class = HeaderForm
    success_message = "The document is there. Add what is sold."

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if kwargs["type"] not in (Type.QUOTE, Type.ORDER, Type.INVOICE):
            raise Http404("A credit memo is made from its invoice.")
        return super().dispatch(request, *args, **kwargs)

    @property
    def noun(self) -> str:
        return Type(self.kwargs["type"]).label.lower()

    @property
    def submit_label(self) -> str:  # type: ignore[override]
        return f"Create {self.noun}"

    def get_title(self) -> str:
        return f"New {self.noun}"

    def get_initial(self) -> dict[str, Any]:
        """For the account, or the project, that a link names."""
        project = asked(Project, self.request.GET.get("project"))
        account = project.account if project else asked(Account, self.request.GET.get("account"))
        today = business_date()
        dates = {"document_on": today, "posted_on": today}
        if account is None:
            return dates
        currency = project.currency_id if project else account.currency_id
        return dates | {
            "account": account,
            "bill_to": account.bill_to or account,
            "currency": currency,
            "project": project,
        }

    def save(self, form: HeaderForm) -> SalesDocument:
        return create_document(self.kwargs["type"], form.header(), actor=self.request.user)


class OfDocument(FormPage):
    above = ABOVE
    permission_required = WRITE
    queryset = SalesDocument.objects.select_related(*RELATED)


class DocumentEdit(OfDocument):
    form_class = HeaderForm
    submit_label = "Save header"
    success_message = "The header is saved."

    def get_title(self) -> str:
        return f"Edit {self.object.get_type_display().lower()} {self.object}"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if refusal := refusal_to_change(self.get_object()):
            raise refusal
        return super().get(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return header_of(self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"locked": locks_of(self.object)}

    def save(self, form: HeaderForm) -> SalesDocument:
        return edit_header(self.object, form.header(), actor=self.request.user)


class DocumentCredit(OfDocument):
    """Which lines of a posted invoice are credited, and how much of each."""

    template_name = "prepaid/document_credit.html"
    form_class = CreditForm
    submit_label = "Create credit memo"
    success_message = "The credit memo is there. Nothing is posted before you post it."

    def get_title(self) -> str:
        return f"Credit {self.object}"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        invoice = self.get_object()
        if refusal := refusal_to_credit(invoice):
            raise refusal
        if not any(row.is_something for row in credit_rows(invoice)):
            raise BadDocument(
                f"Nothing of {invoice} is left to be credited: it is credited, used or lapsed. Usage is credited with the "
                "invoice that used it."
            )
        return super().get(request, *args, **kwargs)

    @cached_property
    def rows(self) -> list[CreditRow]:
        return credit_rows(self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"rows": self.rows, "currency": self.object.currency}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(not_again=not_again(self.object), **kwargs)

    def save(self, form: CreditForm) -> SalesDocument:
        return create_credit_memo(
            self.object,
            credit=form.credit(),
            scope=form.chosen_scope(),
            reason=form.cleaned_data["reason"],
            actor=self.request.user,
        )
