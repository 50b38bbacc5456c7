"""The VAT posting setup: which rate a sale owes and which account takes it, and the groups that choose both."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.generic import TemplateView

from ledger.forms.vat import VatForm, VatGroupForm, initial_of
from ledger.models import VatBusinessGroup, VatPostingSetup, VatProductGroup
from ledger.reports.vat_setup import vat_matrix
from ledger.services.vat import Group, create_vat_group, set_vat
from pages.elements import Action, Badge, Crumb
from pages.views import FormPage, Page

ABOVE = ("VAT posting setup", "ledger:vat-setup")


class VatSetupPage(Page, TemplateView):
    permission_required = "ledger.view_vatpostingsetup"
    title = "VAT posting setup"
    lead = "Which rate a sale owes and which account takes it, by the VAT groups of customer and product."
    template_name = "ledger/vat_setup.html"

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("General posting setup", reverse("ledger:posting-setup"))]

    def get_actions(self) -> list[Action]:
        add = "ledger.add_vatpostingsetup"
        return [
            Action("New VAT business group", reverse("ledger:vat-business-group-create"), permission=add),
            Action("New VAT product group", reverse("ledger:vat-product-group-create"), permission=add),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.matrix = vat_matrix()
        return super().get_context_data(matrix=self.matrix, **kwargs)

    def get_badge(self) -> Badge | None:
        if not (self.matrix.rows and self.matrix.product_groups):
            return Badge("No VAT")
        missing = self.matrix.missing
        return Badge(f"{missing} missing", "warn") if missing else Badge("Complete", "good")


class VatSetupEdit(FormPage):
    above = ABOVE
    permission_required = "ledger.change_vatpostingsetup"
    form_class = VatForm
    lead = "Documents that are not posted yet take the new rate when they are posted."
    submit_label = "Save VAT"
    success_message = "The cell is saved. Documents are priced by it from now on."

    def get_object(self, queryset: Any = None) -> VatPostingSetup:
        business = get_object_or_404(VatBusinessGroup, pk=self.request.GET.get("business"))
        product = get_object_or_404(VatProductGroup, pk=self.request.GET.get("product"))
        cell = {"business_group": business, "product_group": product}
        return VatPostingSetup.objects.filter(**cell).first() or VatPostingSetup(**cell)

    def get_title(self) -> str:
        return f"VAT of {self.object.business_group.name} × {self.object.product_group.name}"

    def get_initial(self) -> dict[str, Any]:
        return initial_of(self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"cell": self.object}

    def save(self, form: VatForm) -> VatPostingSetup:
        groups = self.object.business_group, self.object.product_group
        return set_vat(*groups, form.terms(), actor=self.request.user)


class VatGroupCreate(FormPage):
    above = ABOVE
    permission_required = "ledger.add_vatpostingsetup"
    form_class = VatGroupForm
    submit_label = "Create group"
    success_message = "The group is there. Fill in its rates before something is sold with it."
    group: Group

    def get_title(self) -> str:
        return f"New {self.group._meta.verbose_name}"

    def save(self, form: VatGroupForm) -> Any:
        return create_vat_group(self.group, **form.cleaned_data, actor=self.request.user)


class VatBusinessGroupCreate(VatGroupCreate):
    lead = "What kind of customer VAT is owed for. Accounts without a group are sold to without VAT."
    group = VatBusinessGroup


class VatProductGroupCreate(VatGroupCreate):
    lead = "What kind of product VAT is owed for. Products without a group are sold without VAT."
    group = VatProductGroup
