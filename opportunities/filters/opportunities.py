from opportunities.filters.accounts import OfAccount
from opportunities.models import Opportunity
from pages.filters import DayRangeFilter, FilterSet, SearchFilter


class OpportunityFilter(FilterSet):
    search = SearchFilter(fields=("number", "name", "account__name"))
    account = OfAccount()
    closes_on = DayRangeFilter(label="Close date")

    class Meta:
        model = Opportunity
        fields = ("search", "stage", "closes_on", "account", "currency")
