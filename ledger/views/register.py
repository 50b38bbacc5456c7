"""The register: the seals of the journal, each with its hash and the way to its entries."""

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.html import format_html

from ledger.models import JournalSeal
from ledger.tables.journal import BooksTable, MomentColumn, TextColumn
from pages import formats
from pages.elements import Crumb, Total
from pages.filters import DayRangeFilter, FilterSet, NumberFilter
from pages.tables import CreditsColumn, DayColumn, LinkColumn
from pages.views import ListPage


class RegisterFilter(FilterSet):
    day = DayRangeFilter(label="Night of")
    number = NumberFilter(label="Seal")

    class Meta:
        model = JournalSeal
        fields = ("day", "number")


class RegisterTable(BooksTable):
    number = LinkColumn(verbose_name="Seal", linkify=lambda record: f"{reverse('ledger:journal')}?seal={record.pk}")
    day = DayColumn(verbose_name="Night of")
    sealed_at = MomentColumn(verbose_name="Sealed")
    entry_count = CreditsColumn(verbose_name="Entries")
    first_position = CreditsColumn(verbose_name="Positions")
    hash = TextColumn()
    last_position = CreditsColumn(visible=False)
    previous = TextColumn(verbose_name="Hash before", visible=False)

    class Meta:
        model = JournalSeal
        fields = ("number", "day", "sealed_at", "entry_count", "first_position", "hash")

    def render_number(self, value: int) -> str:
        return f"Seal {formats.number(value)}"

    def value_number(self, value: int) -> int:
        return value

    def render_first_position(self, value: int, record: JournalSeal) -> str:
        return f"{formats.number(value)} to {formats.number(record.last_position)}"

    def render_hash(self, value: str) -> str:
        return format_html('<code class="text-break">{}</code>', value)

    def value_hash(self, value: str) -> str:
        return value

    def value_first_position(self, value: int) -> int:
        return value


class Register(ListPage):
    """Who notes the newest number and hash outside of these books can have `check_books --seal` look for them later."""

    permission_required = "ledger.view_journalentry"
    title = "Register"
    lead = (
        "Every night gives the entries posted since the last one their place in the register and seals them with a hash "
        "that contains the hash before. Note the newest number and hash elsewhere: nobody can write these books anew "
        "without it being seen."
    )
    filterset_class = RegisterFilter
    table_class = RegisterTable
    totals = (Total("Entries", "entry_count", kind="credits"),)
    currency = None
    empty = "Nothing is sealed yet. The first night after the first posting does it."

    def get_queryset(self) -> QuerySet[JournalSeal]:
        return JournalSeal.objects.annotate(entry_count=F("last_position") - F("first_position") + 1)

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("Journal", reverse("ledger:journal"))]
