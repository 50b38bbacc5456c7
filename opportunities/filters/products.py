import django_filters
from django.db.models import QuerySet

from opportunities.models import Product
from pages.filters import FilterSet, SearchFilter


class ProductFilter(FilterSet):
    search = SearchFilter(fields=("code", "name"))
    credits = django_filters.ChoiceFilter(
        label="Services credits", choices=[("with", "With credits"), ("without", "Without")], method="filter_credits"
    )

    class Meta:
        model = Product
        fields = ("search", "credits", "prepaid_service", "currency", "product_group", "commitment_option")

    def filter_credits(self, queryset: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        return queryset.filter(services_credits__isnull=value == "without")
