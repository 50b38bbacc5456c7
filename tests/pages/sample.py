"""Pages over models of Django and one of the books, to try the kit with."""

from decimal import Decimal

from django import forms
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.urls import include, path, reverse

from config.urls import handler400, handler403, handler404, handler500  # noqa: F401 (the handlers of these addresses)
from config.urls import urlpatterns as product
from ledger.models import ExchangeRate
from pages.elements import Action, Badge, Crumb, Figure, Tab, Total
from pages.filters import DayRangeFilter, FilterSet, NumberFilter, SearchFilter
from pages.forms import PageForm
from pages.preview import Change, LeftOut, Link, PostingLine, Preview
from pages.refusals import Refused
from pages.tables import BadgeColumn, CreditsColumn, DayColumn, LinkColumn, MoneyColumn, Table
from pages.views import ActionPage, DetailPage, ListPage


class RateFilter(FilterSet):
    search = SearchFilter(fields=("currency__code", "currency__name"))
    rate = NumberFilter(label="Rate")
    starting_on = DayRangeFilter(label="From")

    class Meta:
        model = ExchangeRate
        fields = ("search", "currency", "starting_on", "rate")


class RateTable(Table):
    currency = LinkColumn(linkify=lambda record: f"/sample/rates/{record.pk}/")
    name = LinkColumn(accessor="currency__name", linkify=False)
    starting_on = DayColumn(away=True)
    rate = MoneyColumn(currency="currency")
    pk = CreditsColumn(verbose_name="Key")
    state = BadgeColumn(accessor="currency__code", tones={"USD": "good"})

    class Meta:
        model = ExchangeRate
        fields = ("currency", "name", "starting_on", "rate", "pk", "state")


class RateList(ListPage):
    permission_required = "ledger.view_exchangerate"
    title = "Exchange rates"
    queryset = ExchangeRate.objects.select_related("currency")
    filterset_class = RateFilter
    table_class = RateTable
    totals = (Total("Sum", "rate"), Total("Keys", "id", kind="credits"))
    empty = "A rate turns a currency into the company's own."

    def get_actions(self) -> list[Action]:
        return [
            Action("New rate", "/new/", primary=True, permission="ledger.add_exchangerate"),
            Action("Close", "/close/", disabled_reason="The year is not over."),
        ]


class RateDetail(DetailPage):
    permission_required = "ledger.view_exchangerate"
    queryset = ExchangeRate.objects.select_related("currency")
    slot = "sample"
    tabs = (Tab("overview", "Overview", "pages/empty.html"), Tab("rows", "Rows", "pages/empty.html"))

    def get_badge(self) -> Badge:
        return Badge("Current", "good")

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb("Rates", reverse("sample-list"))]

    def get_figures(self) -> list[Figure]:
        return [Figure("Available", "1,200", "/rows/", note="of 2,000"), Figure("Expires", "24 Nov 2026", tone="warn")]

    def tab_rows(self) -> dict:
        return {"text": "Only when open."}


class GroupForm(PageForm):
    name = forms.CharField(max_length=20)
    on = forms.DateField(label="Date", required=False)
    size = forms.IntegerField(help_text="How many.")

    layout = (("name", "size"), ("on",))


class CreateGroups(ActionPage):
    """Makes `size` groups; 13 is refused at its field, and so is a name that is taken."""

    permission_required = "auth.add_group"
    form_class = GroupForm
    title = "Create groups"
    success_message = "The groups are there."

    def get_initial(self) -> dict:
        return {"name": self.request.GET.get("name", ""), "size": 2}

    def get_success_url(self) -> str:
        return reverse("sample-list")

    def run(self, form: GroupForm) -> Preview:
        name, size = form.cleaned_data["name"], form.cleaned_data["size"]
        made = [Group.objects.create(name=f"{name} {number}") for number in range(size)]
        if size == 13:
            raise Refused("13 is one too many. Take 12.", field="size")
        if User.objects.filter(username=name).exists():
            raise Refused(f"{name} is a person. Take another name.")
        return Preview(
            changes=[Change(group.name, "nothing", "a group", url=f"/{group.pk}/") for group in made],
            postings=posting(Decimal(size)),
            left_out=[LeftOut("Others", f"there are {Group.objects.count() - size} already")],
            confirm_label=f"Create {size} groups",
            made=[Link("The groups", "/sample/rates/")],
        )


def posting(amount: Decimal) -> list[PostingLine]:
    nothing = Decimal(0)
    return [
        PostingLine("1200", "Receivables", amount, nothing, "USD", 2, amount * 2, nothing, "EUR"),
        PostingLine("2400", "Deferred revenue", nothing, amount, "USD", 2, nothing, amount * 2, "EUR"),
    ]


class JustConfirm(ActionPage):
    permission_required = "auth.delete_group"
    model = Group
    title = "Delete the group"

    def get_success_url(self) -> str:
        return reverse("sample-list")

    def run(self, form: PageForm) -> Preview:
        self.object.delete()
        return Preview(changes=[Change(self.object.name, "there", "gone")], confirm_label="Delete")


def broken(request: HttpRequest) -> None:
    raise RuntimeError("secret detail")


sample = [
    path("rates/", RateList.as_view(), name="sample-list"),
    path("rates/<int:pk>/", RateDetail.as_view(), name="sample-detail"),
    path("groups/", CreateGroups.as_view(), name="sample-action"),
    path("groups/<int:pk>/delete/", JustConfirm.as_view(), name="sample-confirm"),
    path("broken/", broken),
]
urlpatterns = [*product, path("sample/", include(sample))]
