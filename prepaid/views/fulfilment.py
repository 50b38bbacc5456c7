"""What is made of quotes, orders and projects, each with its preview, and the delivery notes. Nothing of it is posted."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views import View

from opportunities.models import Project
from pages.elements import Action, Crumb
from pages.pdf import as_pdf
from pages.preview import Preview
from pages.refusals import Refused
from pages.views import ActionPage, Allowed, DetailPage
from prepaid.forms.fulfilment import ConvertForm, DeliverForm, InvoiceOrderForm, ProjectInvoiceForm
from prepaid.models import Delivery, SalesDocument
from prepaid.previews import fulfilment as previews
from prepaid.reports.paper import delivery_note, sales_document
from prepaid.services.convert import refusal_to_convert, refusal_to_invoice
from prepaid.services.deliver import refusal_to_deliver
from prepaid.services.post_document import lines_of
from prepaid.services.project_usage import refusal_to_invoice_project
from prepaid.views.document_entry import ABOVE, RELATED, WRITE


class Making(ActionPage):
    """Leads to what was made. What cannot be made at all says why instead of asking."""

    above = ABOVE
    permission_required = WRITE
    queryset: Any = SalesDocument.objects.select_related(*RELATED)
    made: Any = None

    def refusal(self) -> Refused | None:
        return None

    def get_form(self, data: Any = None) -> Any:
        if data is None and (refusal := self.refusal()):
            raise refusal
        return super().get_form(data)

    def get_success_url(self) -> str:
        return self.made.get_absolute_url()

    def get_success_message(self, preview: Preview) -> str:
        return f"{self.made} is there."


class ConvertDocument(Making):
    """An order, or at once an invoice, of the whole quote."""

    form_class = ConvertForm

    def get_title(self) -> str:
        return f"Convert quote {self.object}"

    def refusal(self) -> Refused | None:
        return refusal_to_convert(self.object)

    def run(self, form: ConvertForm) -> Preview:
        into, on = form.cleaned_data["into"], form.cleaned_data["document_on"]
        self.made, preview = previews.convert_and_describe(self.object, into=into, on=on, actor=self.request.user)
        return preview


class OfOrder(Making):
    template_name = "prepaid/quantities.html"
    wide = True

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"lines": [line for line in lines_of(self.object) if line.kind == "item"]}


class InvoiceOrder(OfOrder):
    """An invoice of all that is left, or of parts."""

    form_class = InvoiceOrderForm
    extra_context = {"done": "Invoiced", "action": "Invoice"}

    def get_title(self) -> str:
        return f"Invoice order {self.object}"

    def refusal(self) -> Refused | None:
        return refusal_to_invoice(self.object)

    def run(self, form: InvoiceOrderForm) -> Preview:
        who = {"on": form.cleaned_data["document_on"], "actor": self.request.user}
        self.made, preview = previews.invoice_and_describe(self.object, form.quantities, **who)
        return preview


class DeliverOrder(OfOrder):
    """A delivery note of all that is left, or of parts."""

    form_class = DeliverForm
    extra_context = {"done": "Delivered", "action": "Deliver"}

    def get_title(self) -> str:
        return f"Deliver order {self.object}"

    def refusal(self) -> Refused | None:
        return refusal_to_deliver(self.object)

    def run(self, form: DeliverForm) -> Preview:
        who = {"on": form.cleaned_data["delivered_on"], "actor": self.request.user}
        self.made, preview = previews.deliver_and_describe(self.object, form.quantities, **who)
        return preview


class ProjectInvoice(Making):
    """The unbilled time and material of a project as a usage invoice."""

    above = ("Projects", "opportunities:project-list")
    queryset = Project.objects.select_related("account", "currency")
    form_class = ProjectInvoiceForm
    title = "Invoice time and material"

    def refusal(self) -> Refused | None:
        return refusal_to_invoice_project(self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"project": self.object}

    def run(self, form: ProjectInvoiceForm) -> Preview:
        typed = form.cleaned_data
        self.made, preview = previews.invoice_project_and_describe(
            self.object,
            service=typed["prepaid_service"],
            until=typed["until"],
            on=typed["document_on"],
            actor=self.request.user,
        )
        return preview


class DeliveryPage(DetailPage):
    permission_required = "prepaid.view_delivery"
    queryset = Delivery.objects.select_related("order__account", "order__currency", "created_by")
    template_name = "prepaid/delivery.html"

    def get_title(self) -> str:
        return f"Delivery note {self.object}"

    def get_breadcrumb(self) -> list[Crumb]:
        order = self.object.order
        listed = Crumb("Sales documents", reverse("prepaid:document-list"))
        return [listed, Crumb(f"Order {order}", order.get_absolute_url())]

    def get_actions(self) -> list[Action]:
        return [Action("Print (PDF)", reverse("prepaid:delivery-pdf", args=[self.object.pk]), primary=True)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lines = self.object.lines.select_related("line__prepaid_service", "service_object").order_by("line__line_no")
        return super().get_context_data(lines=lines, **kwargs)


class DocumentPdf(Allowed, View):
    """The document as the customer gets it."""

    permission_required = "prepaid.view_salesdocument"
    http_method_names = ["get"]

    def get(self, request: Any, pk: int) -> HttpResponse:
        related = (*RELATED, "made_from")
        document = get_object_or_404(SalesDocument.objects.select_related(*related), pk=pk)
        return as_pdf("prepaid/sales_document.typ", sales_document(document), str(document))


class DeliveryPdf(Allowed, View):
    permission_required = "prepaid.view_delivery"
    http_method_names = ["get"]

    def get(self, request: Any, pk: int) -> HttpResponse:
        delivery = get_object_or_404(Delivery.objects.select_related("order__account"), pk=pk)
        return as_pdf("prepaid/delivery_note.typ", delivery_note(delivery), str(delivery))
