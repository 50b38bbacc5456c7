import django_filters

from opportunities.models import Product
from pages.filters import FilterSet, SearchFilter


class ProductFilter(FilterSet):
    search = SearchFilter(fields=("code", "name"))
    with_credits = django_filters.BooleanFilter(
        "services_credits", "isnull", exclude=True, label="With services credits"
    )

    class Meta:
        model = Product
        fields = ("search", "with_credits", "currency", "product_group")
