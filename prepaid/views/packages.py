"""The catalogue of service commitments: templates, packages and their lines, and the products that they are sold with."""

from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from opportunities.models import Product
from pages.elements import Action, Crumb
from pages.forms import PageForm
from pages.preview import Preview
from pages.views import ActionPage, DetailPage, FormPage, ListPage
from prepaid.actions.packages import MANAGE, actions_of, line_actions
from prepaid.filters.packages import PackageFilter, TemplateFilter
from prepaid.forms.packages import (
    AssignForm,
    PackageForm,
    PackageLineForm,
    StandardForm,
    TemplateForm,
    package_line_as_typed,
    proposed,
    template_as_typed,
)
from prepaid.forms.terms import terms_as_typed
from prepaid.models import CommitmentPackage, CommitmentTemplate, PackageLine, ProductPackage
from prepaid.previews import packages as previews
from prepaid.services.contracts import packages as services
from prepaid.tables.packages import PackageTable, TemplateTable

PACKAGES = ("Packages", "prepaid:package-list")
TEMPLATES = ("Templates", "prepaid:template-list")


class TemplateList(ListPage):
    permission_required = "prepaid.view_commitmenttemplate"
    title = "Service commitment templates"
    queryset = CommitmentTemplate.objects.select_related("invoicing_item")
    filterset_class = TemplateFilter
    table_class = TemplateTable
    empty = "A template is what lines of packages begin with, so that they are typed once."

    def get_actions(self) -> list[Action]:
        return [
            Action("New template", reverse("prepaid:template-new"), permission=MANAGE, primary=True),
            Action("Packages", reverse("prepaid:package-list"), permission="prepaid.view_commitmentpackage"),
        ]


class TemplateNew(FormPage):
    above = TEMPLATES
    permission_required = MANAGE
    form_class = TemplateForm
    title = "New template"
    submit_label = "Create template"
    success_message = "The template is there."

    def get_initial(self) -> dict[str, Any]:
        return template_as_typed(CommitmentTemplate())

    def save(self, form: TemplateForm) -> CommitmentTemplate:
        return services.create_template(form.terms(), actor=self.request.user)


class TemplateEdit(FormPage):
    above = TEMPLATES
    permission_required = MANAGE
    queryset = CommitmentTemplate.objects.select_related("invoicing_item")
    form_class = TemplateForm
    lead = "For lines that begin with it from now on: those that did keep what they say."
    submit_label = "Save template"
    success_message = "The template is saved."

    def get_title(self) -> str:
        return f"Edit template {self.object.pk}"

    def get_initial(self) -> dict[str, Any]:
        return template_as_typed(self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"template": self.object}

    def save(self, form: TemplateForm) -> CommitmentTemplate:
        return services.edit_template(self.object, form.terms(), actor=self.request.user)


class TemplateDelete(ActionPage):
    above = TEMPLATES
    permission_required = MANAGE
    model = CommitmentTemplate
    success_message = "The template is deleted."

    def get_title(self) -> str:
        return f"Delete template {self.object.pk}"

    def run(self, form: PageForm) -> Preview:
        return previews.delete_template_and_describe(self.object, actor=self.request.user)


class PackageList(ListPage):
    permission_required = "prepaid.view_commitmentpackage"
    title = "Service commitment packages"
    filterset_class = PackageFilter
    table_class = PackageTable
    empty = "A package says what is agreed when a product is sold: what is billed, how often, and for how long."

    def get_queryset(self) -> QuerySet[CommitmentPackage]:
        return CommitmentPackage.objects.annotate(
            line_count=Count("lines", distinct=True), product_count=Count("products", distinct=True)
        )

    def get_actions(self) -> list[Action]:
        return [
            Action("New package", reverse("prepaid:package-new"), permission=MANAGE, primary=True),
            Action("Templates", reverse("prepaid:template-list"), permission="prepaid.view_commitmenttemplate"),
        ]


class PackageDetail(DetailPage):
    permission_required = "prepaid.view_commitmentpackage"
    model = CommitmentPackage
    template_name = "prepaid/package.html"

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("Packages", reverse("prepaid:package-list"))]

    def get_actions(self) -> list[Action]:
        return actions_of(self.object)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may = self.request.user.has_perm(MANAGE)
        lines = self.object.lines.select_related("template", "invoicing_item").order_by("line_no")
        rows = [(line, line_actions(line) if may else []) for line in lines]
        sold_with = self.object.products.select_related("product").order_by("product__code")
        why_not = services.why_not_a_prepaid_item(self.object)
        return super().get_context_data(rows=rows, sold_with=sold_with, editable=may, why_not=why_not, **kwargs)


class PackageNew(FormPage):
    above = PACKAGES
    permission_required = MANAGE
    form_class = PackageForm
    title = "New package"
    submit_label = "Create package"
    success_message = "The package is there. Add what is agreed."

    def save(self, form: PackageForm) -> CommitmentPackage:
        return services.create_package(**form.cleaned_data, actor=self.request.user)


class PackageEdit(FormPage):
    above = PACKAGES
    permission_required = MANAGE
    model = CommitmentPackage
    form_class = PackageForm
    submit_label = "Save package"
    success_message = "The package is saved."

    def get_title(self) -> str:
        return f"Edit package {self.object.pk}"

    def get_initial(self) -> dict[str, Any]:
        return {"code": self.object.code, "description": self.object.description}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"package": self.object}

    def save(self, form: PackageForm) -> CommitmentPackage:
        return services.edit_package(self.object, form.cleaned_data["description"], actor=self.request.user)


class PackageDelete(ActionPage):
    above = PACKAGES
    permission_required = MANAGE
    model = CommitmentPackage
    success_message = "The package is deleted."

    def get_title(self) -> str:
        return f"Delete package {self.object.pk}"

    def get_success_url(self) -> str:
        return reverse("prepaid:package-list")

    def run(self, form: PageForm) -> Preview:
        return previews.delete_package_and_describe(self.object, actor=self.request.user)


class PackageLinePage(FormPage):
    """While a line is typed, choosing a template puts its values into the line."""

    above = PACKAGES
    permission_required = MANAGE
    form_class = PackageLineForm
    template_name = "prepaid/package_line_form.html"

    def answer(self, form: PackageLineForm) -> HttpResponse:
        return self.propose(form) if self.request.htmx else super().answer(form)

    def propose(self, form: PackageLineForm) -> HttpResponse:
        """What stands in the form, with the values of another template."""
        chosen = form.chosen
        if chosen is None or form["filled"].value() == chosen.pk:
            return HttpResponse(status=204)
        typed = {name: form[name].value() for name in form.fields}
        filled = PackageLineForm(initial=typed | proposed(chosen))
        return render(self.request, "prepaid/package_line_fields.html", {"form": filled})


class PackageLineNew(PackageLinePage):
    model = CommitmentPackage
    submit_label = "Add line"
    success_message = "The line is added."

    def get_title(self) -> str:
        return f"New line of {self.object.pk}"

    def get_initial(self) -> dict[str, Any]:
        return terms_as_typed(PackageLine())

    def save(self, form: PackageLineForm) -> CommitmentPackage:
        return services.add_package_line(self.object, form.line(), actor=self.request.user).package


class OfPackageLine:
    """A page about a line: it leads back to its package."""

    permission_required = MANAGE
    queryset: Any = PackageLine.objects.select_related("package", "template", "invoicing_item")
    object: PackageLine

    def get_breadcrumb(self) -> list[Crumb]:
        package = self.object.package
        above = super().get_breadcrumb()  # type: ignore[misc]
        return [*above, Crumb(str(package), package.get_absolute_url())]

    def get_cancel_url(self) -> str:
        return self.object.package.get_absolute_url()


class PackageLineEdit(OfPackageLine, PackageLinePage):
    lead = "For what is sold from now on: what is agreed already keeps its terms."
    submit_label = "Save line"
    success_message = "The line is saved."

    def get_title(self) -> str:
        return f"Line {self.object.line_no} of {self.object.package_id}"

    def get_initial(self) -> dict[str, Any]:
        return package_line_as_typed(self.object)

    def save(self, form: PackageLineForm) -> CommitmentPackage:
        return services.edit_package_line(self.object, form.line(), actor=self.request.user).package


class PackageLineDelete(OfPackageLine, ActionPage):
    above = PACKAGES
    success_message = "The line is deleted."

    def get_title(self) -> str:
        return f"Delete line {self.object.line_no} of {self.object.package_id}"

    def get_success_url(self) -> str:
        return self.object.package.get_absolute_url()

    def run(self, form: PageForm) -> Preview:
        return previews.delete_line_and_describe(self.object, actor=self.request.user)


class OfProduct:
    """A page about what is sold with a product: it leads back to the product."""

    above: tuple[str, str] | None = ("Products", "opportunities:product-list")
    permission_required = MANAGE

    @property
    def product(self) -> Product:
        raise NotImplementedError

    def get_breadcrumb(self) -> list[Crumb]:
        above = Crumb("Products", reverse("opportunities:product-list"))
        return [above, Crumb(str(self.product), self.product_url)]

    @property
    def product_url(self) -> str:
        return reverse("opportunities:product-edit", args=[self.product.pk])

    def get_cancel_url(self) -> str:
        return self.product_url


class ProductPackageNew(OfProduct, FormPage):
    model = Product
    form_class = AssignForm
    submit_label = "Assign package"
    success_message = "The package is assigned."

    @property
    def product(self) -> Product:
        return self.object

    def get_title(self) -> str:
        return f"Assign a package to {self.object.code}"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"product": self.object}

    def get_success_url(self, saved: Any) -> str:
        return self.product_url

    def save(self, form: AssignForm) -> ProductPackage:
        return services.assign_package(self.object, **form.cleaned_data, actor=self.request.user)


class OfAssigned(OfProduct):
    queryset: Any = ProductPackage.objects.select_related("product", "package")
    object: ProductPackage

    @property
    def product(self) -> Product:
        return self.object.product


class ProductPackageEdit(OfAssigned, FormPage):
    form_class = StandardForm
    submit_label = "Save"
    success_message = "Saved."

    def get_title(self) -> str:
        return f"{self.object.package_id} with {self.object.product.code}"

    def get_initial(self) -> dict[str, Any]:
        return {"standard": self.object.standard}

    def get_success_url(self, saved: Any) -> str:
        return self.product_url

    def save(self, form: StandardForm) -> ProductPackage:
        terms = {"standard": form.cleaned_data["standard"], "actor": self.request.user}
        return services.assign_package(self.object.product, self.object.package, **terms)


class ProductPackageRemove(OfAssigned, ActionPage):
    success_message = "The package is removed."

    def get_title(self) -> str:
        return f"Remove {self.object.package_id} from {self.object.product.code}"

    def get_success_url(self) -> str:
        return self.product_url

    def run(self, form: PageForm) -> Preview:
        return previews.unassign_and_describe(self.object, actor=self.request.user)
