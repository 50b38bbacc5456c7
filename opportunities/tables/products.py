from django.urls import reverse

from opportunities.models import Product
from pages.tables import CreditsColumn, LinkColumn, MoneyColumn, Table


def edit_address(record: Product, table: Table) -> str | None:
    """A product has no page but its form; who may not change it reads the row."""
    may = table.request.user.has_perm("opportunities.manage_customers")
    return reverse("opportunities:product-edit", args=[record.pk]) if may else None


class ProductTable(Table):
    code = LinkColumn(linkify=edit_address)
    services_credits = CreditsColumn(verbose_name="Services credits")
    unit_price = MoneyColumn()

    class Meta:
        model = Product
        fields = ("code", "name", "services_credits", "unit_price", "product_group")
