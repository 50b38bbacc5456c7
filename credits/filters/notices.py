import django_filters
from django.db.models import QuerySet

from credits.models import Notice, NoticeMail
from opportunities.filters import OfAccount
from pages.filters import DayRangeFilter, FilterSet, NumberFilter, SearchFilter

STATES = [("open", "Open"), ("settled", "Settled")]
SENT = [("yes", "Sent"), ("no", "Not sent")]


class NoticeFilter(FilterSet):
    search = SearchFilter(fields=("purchase__number", "milestone__number", "milestone__name", "account__name"))
    kind = django_filters.ChoiceFilter(choices=Notice.Kind.choices, empty_label="Any")
    state = django_filters.ChoiceFilter(choices=STATES, method="in_state", label="State", empty_label="Any")
    account = OfAccount()
    due_on = DayRangeFilter(label="Date")
    raised_on = DayRangeFilter(label="Told on")
    mail = NumberFilter(label="Mail")

    class Meta:
        model = Notice
        fields = ("search", "kind", "state", "account", "currency", "due_on", "raised_on", "mail")

    def in_state(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(settled_on__isnull=value == "open")


class NoticeMailFilter(FilterSet):
    search = SearchFilter(fields=("subject", "text"))
    sent = django_filters.ChoiceFilter(choices=SENT, method="was_sent", label="State", empty_label="Any")

    class Meta:
        model = NoticeMail
        fields = ("search", "sent")

    def was_sent(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(sent_at__isnull=value == "no")
