from opportunities.filters.accounts import OfAccount
from opportunities.models import Project
from pages.filters import FilterSet, SearchFilter


class ProjectFilter(FilterSet):
    search = SearchFilter(fields=("number", "name", "account__name"))
    account = OfAccount()

    class Meta:
        model = Project
        fields = ("search", "account", "currency")
