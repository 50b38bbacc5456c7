import django_tables2 as tables
from django.urls import reverse

from opportunities.models import Product
from pages.formats import NOTHING
from pages.tables import CreditsColumn, LinkColumn, MoneyColumn, Table


def edit_address(record: Product, table: Table) -> str | None:
    """A product has no page but its form; who may not change it reads the row."""
    may = table.request.user.has_perm("opportunities.manage_customers")
    return reverse("opportunities:product-edit", args=[record.pk]) if may else None


class ProductTable(Table):
    code = LinkColumn(linkify=edit_address)
    services_credits = CreditsColumn(verbose_name="Services credits")
    unit_price = MoneyColumn()
    prepaid_service = tables.Column(verbose_name="Prepaid service")

    vat_product_group = tables.Column(accessor="vat_product_group_id", visible=False)
    inventory = tables.Column(visible=False)
    commitment_option = tables.Column(visible=False)

    class Meta:
        model = Product
        fields = (
            "code", "name", "services_credits", "unit_price", "unit_of_measure", "product_group", "prepaid_service",
        )  # fmt: skip

    def render_prepaid_service(self, value: bool, record: Product) -> str:
        if not value:
            return NOTHING
        return "Once, by invoice" if record.tops_up_once else "By contract"

    def value_prepaid_service(self, value: bool) -> bool:
        return value
