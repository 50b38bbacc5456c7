"""A year of a customer contract on one page: a timeline, the same as a table, and as a file."""

import calendar
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from ledger.money import round_to
from ledger.reports.groups import last_day, months
from ledger.views.reports import ReportOfOne
from pages import exports, formats, markup
from pages.charts import Column, Lane, Mark
from pages.elements import Action, Crumb, Figure
from pages.formats import NOTHING
from prepaid.forms.contract_reports import YearForm
from prepaid.models import CustomerContract, PrepaidService
from prepaid.reports import contract_year as told
from prepaid.reports.contract_year import Event, Year, contract_year
from prepaid.shown import quantity, units

# The lanes of the timeline, and what stands in each.
LANES = {
    "Invoices": (told.INVOICE,),
    "Top-ups": (told.TOP_UP, told.BACK, told.BY_HAND),
    "Usage": (told.USAGE, told.GIVEN_BACK),
    "Expiry": (told.LAPSE,),
    "Releases": (told.RELEASE, told.UNDONE),
    "Credit memos": (told.CREDIT,),
    "Terms": (told.START, told.PRICE, told.CANCELLED, told.END),
}
SHOWN = 500  # events on the page; the file has all of them
HEADER = ["Date", "Event", "About", "Document", "Currency", "Amount", "Prepaid service", "In or out", "Unit", "Balance",
          "Still deferred"]  # fmt: skip


class ContractYearPage(ReportOfOne):
    """This year unless asked for another; of all commitments or of one."""

    permission_required = "prepaid.view_customercontract"
    template_name = "prepaid/contract_year.html"
    object: CustomerContract
    report: Year | None

    def get_queryset(self) -> QuerySet[CustomerContract]:
        return CustomerContract.objects.select_related("account", "currency")

    def get_title(self) -> str:
        return f"A year of {self.object.number}"

    @property
    def form_class(self) -> Any:  # type: ignore[override]
        return partial(YearForm, contract=self.object)

    @property
    def file_name(self) -> str:  # type: ignore[override]
        return f"contract-year-{self.object.number}"

    @property
    def empty(self) -> str:  # type: ignore[override]
        return f"Nothing happened to {self.object.number} in this year. Look at another one."

    def get_breadcrumb(self) -> list[Crumb]:
        listed = Crumb("Customer contracts", reverse("prepaid:contract-list"))
        return [listed, Crumb(str(self.object), self.object.get_absolute_url())]

    def get_actions(self) -> list[Action]:
        analysis = f"{reverse('prepaid:contract-analysis')}?{urlencode({'contract': self.object.number})}"
        return [Action("Contract analysis", analysis, permission="prepaid.view_contractdeferral")]

    def defaults(self) -> dict[str, Any]:
        return {"year": self.today.year}

    def read(self, **asked: Any) -> Year:
        return contract_year(self.object, **asked)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.form.is_valid():
            year = self.form.cleaned_data["year"].year
            kwargs["years"] = [(each, self.asked_for(each)) for each in (year - 1, year + 1)]
        if self.report:
            levels = self.levels(self.report)
            most = max(levels, key=lambda level: abs(level.value))
            kwargs |= {"lanes": self.lanes(self.report), "levels": levels}
            kwargs["chart_title"] = f"{self.object} in {self.report.first.year}"
            kwargs["level"] = f"Still deferred at the end of each month, at most {most.text}"
            kwargs |= {"figures": self.figures(self.report), "count": len(self.report.events)}
            kwargs["events"] = [self.shown(event) for event in self.report.events[:SHOWN]]
            kwargs["balances"] = [
                (service, *(self.units(service, each) for each in sides)) for service, *sides in self.report.balances
            ]
        return super().get_context_data(currency=self.object.currency, **kwargs)

    def asked_for(self, year: int) -> str:
        chosen = self.form.cleaned_data["commitment"]
        return f"?{urlencode({'year': year, **({'commitment': chosen.pk} if chosen else {})})}"

    def figures(self, year: Year) -> list[Figure]:
        """The sums of the year, each with the rows behind it where they are rows of the books."""
        analysis = reverse("prepaid:contract-analysis")
        days = {"contract": self.object.number, "first": year.first, "last": year.last}
        url = f"{analysis}?{urlencode(days)}"
        money = [
            ("Invoiced", year.amount(told.INVOICE)),
            ("Credited", -year.amount(told.CREDIT)),
            ("Released", year.amount(told.RELEASE, told.UNDONE)),
            ("Still deferred", year.deferred_on(min(year.last, self.today))),
        ]
        return [Figure(label, markup.money(amount, self.object.currency), url) for label, amount in money]

    def lanes(self, year: Year) -> list[Lane]:
        """Those in which something happened, each with what it comes to."""
        found = [(label, year.of(*names)) for label, names in LANES.items()]
        return [Lane(self.summed(label, events), [self.mark(year, event) for event in events])
                for label, events in found if events]  # fmt: skip

    def summed(self, label: str, events: list[Event]) -> str:
        money = sum((event.amount for event in events if event.amount is not None), Decimal(0))
        counts: dict[str, Decimal] = {}
        for event in events:
            if event.service:
                service = event.service
                name = str(service.currency_id) if service.is_amount else service.unit_of_measure
                counts[name] = counts.get(name, Decimal(0)) + event.units
        sums = [quantity(count, name) for name, count in counts.items()]
        if any(event.amount is not None for event in events):
            sums.insert(0, formats.money(money, self.object.currency))
        return f"{label}, {len(events)}" + (f": {', '.join(sums)}" if sums else "")

    def mark(self, year: Year, event: Event) -> Mark:
        """At the middle of its day, each month as wide as the others."""
        days = calendar.monthrange(event.day.year, event.day.month)[1]
        at = (event.day.month - 1 + (Decimal(event.day.day) - Decimal("0.5")) / days) / 12
        amount = formats.money(event.amount, self.object.currency) if event.amount is not None else ""
        came = str(self.units(event.service, event.units)) if event.service and not amount else ""
        return Mark(at, " ".join(filter(None, (f"{formats.day(event.day)}: {event.what}", amount or came))))

    def levels(self, year: Year) -> list[Column]:
        """What is still deferred at the end of each month that has begun."""
        ends = [(month, last_day(month)) for month in months(year.first, year.last)]
        levels = [(month, year.deferred_on(end) if month <= self.today else Decimal(0)) for month, end in ends]
        return [Column(f"{month:%b}", level, formats.money(level, self.object.currency)) for month, level in levels]

    def units(self, service: PrepaidService | None, count: Decimal) -> Any:
        return units(service, count, count) if service else NOTHING

    def shown(self, event: Event) -> dict[str, Any]:
        source = event.source
        return {
            "event": event,
            "source": source,
            "url": source.get_absolute_url(),
            "document": self.number_of(event),
            "units": self.units(event.service, event.units) if event.service else "",
            "balance": self.units(event.service, event.balance) if event.service else "",
        }

    def number_of(self, event: Event) -> str:
        """The number of what is behind the event."""
        if event.service:
            return event.source.document_no or str(event.source)
        return event.source.object.number if event.what in LANES["Terms"] else str(event.source)

    def lines(self) -> Iterator[list]:
        yield HEADER
        assert self.report is not None
        currency = self.object.currency
        for event in self.report.events:
            service = event.service
            names = [event.what, event.text, self.number_of(event), currency.code]
            amount = "" if event.amount is None else round_to(event.amount, currency.decimals)
            counted: list[Any] = ["", "", "", ""]
            if service:
                unit = service.currency.code if service.is_amount and service.currency else service.unit_of_measure
                counted = [service.number, event.units, unit, event.balance]
            deferred = round_to(event.deferred, currency.decimals)
            yield [event.day, *map(exports.safe, names), amount, *map(exports.safe, counted), deferred]
