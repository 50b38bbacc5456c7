from pages.filters import FilterSet, SearchFilter
from prepaid.models import CommitmentPackage, CommitmentTemplate


class PackageFilter(FilterSet):
    search = SearchFilter(fields=("code", "description"))

    class Meta:
        model = CommitmentPackage
        fields = ("search",)


class TemplateFilter(FilterSet):
    search = SearchFilter(fields=("code", "description"))

    class Meta:
        model = CommitmentTemplate
        fields = ("search", "invoicing_via")
