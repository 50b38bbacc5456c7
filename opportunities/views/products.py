from typing import Any

from django.urls import reverse

from opportunities.filters import ProductFilter
from opportunities.forms import ProductForm
from opportunities.models import Product
from opportunities.services.products import create_product, edit_product
from opportunities.tables import ProductTable
from pages.elements import Action
from pages.views import FormPage, ListPage

MANAGE = "opportunities.manage_customers"


class ProductList(ListPage):
    permission_required = "opportunities.view_product"
    title = "Products"
    queryset = Product.objects.select_related("currency", "product_group")
    filterset_class = ProductFilter
    table_class = ProductTable
    empty = "A product is what is sold. With a number of services credits it can become a purchase."

    def get_actions(self) -> list[Action]:
        return [Action("New product", reverse("opportunities:product-create"), primary=True, permission=MANAGE)]


class ProductPage(FormPage):
    """A product has no page of its own: its form leads back to the list."""

    above = ("Products", "opportunities:product-list")
    permission_required = MANAGE
    form_class = ProductForm


class ProductCreate(ProductPage):
    title = "New product"
    submit_label = "Create product"
    success_message = "The product is there."

    def save(self, form: ProductForm) -> Product:
        return create_product(**form.entered(), actor=self.request.user)


class ProductEdit(ProductPage):
    """With what upper apps know of the product below its form: the slot `product`."""

    model = Product
    template_name = "opportunities/product_form.html"
    title = "Edit product"
    lead = "Lines and purchases that were made from it keep what they say."
    submit_label = "Save product"
    success_message = "The product is saved; existing lines keep what they say."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"instance": self.object}

    def save(self, form: ProductForm) -> Product:
        return edit_product(self.object, **form.entered(), actor=self.request.user)
