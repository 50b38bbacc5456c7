from opportunities.models import Project
from pages.filters import FilterSet, SearchFilter


class ProjectFilter(FilterSet):
    search = SearchFilter(fields=("number", "name", "account__name"))

    class Meta:
        model = Project
        fields = ("search", "account", "currency")
