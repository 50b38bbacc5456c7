import django_filters
from django.db.models import QuerySet

from opportunities.filters import OfAccount
from pages.filters import DayRangeFilter, FilterSet, NumberedFilter, NumberFilter, SearchFilter
from prepaid.models import SalesDocument


class DocumentFilter(FilterSet):
    search = SearchFilter(fields=("number", "posted_number", "external_reference", "account__number", "account__name"))
    type = django_filters.ChoiceFilter(choices=SalesDocument.Type.choices, label="Type", empty_label="Any")
    state = django_filters.ChoiceFilter(choices=SalesDocument.State.choices, label="State", empty_label="Any")
    posted_on = DayRangeFilter(label="Posting date")
    account = OfAccount()
    bill_to = OfAccount(field_name="bill_to", label="Bill-to account")
    billing_run = NumberFilter(label="Billing run", field_name="billing_run", lookup_expr="exact")
    service = NumberedFilter(label="Prepaid service", method="of_service")

    class Meta:
        model = SalesDocument
        fields = ("search", "type", "state", "posted_on", "account", "bill_to", "currency", "service", "billing_run")

    def of_service(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(pk__in=SalesDocument.objects.filter(lines__prepaid_service__number=value.upper()))
