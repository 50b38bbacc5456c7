import django_filters

from credits.models import Correction
from ledger.filters.days import CompanyDayFilter
from opportunities.filters import OfAccount
from pages.filters import FilterSet, NumberedFilter, SearchFilter


class CorrectionFilter(FilterSet):
    state = django_filters.ChoiceFilter(choices=Correction.State.choices, label="State", empty_label="Any")
    kind = django_filters.ChoiceFilter(choices=Correction.Kind.choices, label="Kind", empty_label="Any")
    account = OfAccount(field_name="purchase__account")
    purchase = NumberedFilter(label="Purchase", field_name="purchase__number")
    requested_at = CompanyDayFilter(label="Asked for")
    search = SearchFilter(fields=("purchase__number", "purchase__account__name", "reason", "decision_note"))

    class Meta:
        model = Correction
        fields = ("state", "kind", "account", "purchase", "requested_at", "search")
