import django_filters

from ledger.filters.days import CompanyDayFilter
from opportunities.filters import OfAccount
from pages.filters import DayRangeFilter, FilterSet, NumberedFilter, SearchFilter
from prepaid.models import EntryRequest
from prepaid.models.requests import State


class EntryRequestFilter(FilterSet):
    state = django_filters.ChoiceFilter(choices=State.choices, label="State", empty_label="Any")
    entry_type = django_filters.ChoiceFilter(choices=EntryRequest.Type.choices, label="Type", empty_label="Any")
    service = NumberedFilter(label="Prepaid service", field_name="service__number")
    account = OfAccount(field_name="service__account")
    posted_on = DayRangeFilter(label="Posting date")
    requested_at = CompanyDayFilter(label="Asked for")
    search = SearchFilter(fields=("service__number", "service__account__name", "document_no", "reason"))

    class Meta:
        model = EntryRequest
        fields = ("state", "entry_type", "service", "account", "posted_on", "requested_at", "search")
