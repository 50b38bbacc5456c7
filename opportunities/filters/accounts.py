from opportunities.models import Account
from pages.filters import FilterSet, SearchFilter


class AccountFilter(FilterSet):
    search = SearchFilter(fields=("number", "name"))

    class Meta:
        model = Account
        fields = ("search", "currency", "business_group", "bill_to")
