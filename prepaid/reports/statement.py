"""The statement of prepaid services: of each service the balance at the beginning, every inflow and outflow of the period
with the balance after it, the balance at the end, and until when what is left of it can be used.

It is made of the prepaid ledger entries and of nothing else: opening and closing balance are their sums to the day before the
period and to its last day, in the service's currency and in LCY, or in its unit. What is left by valid-until comes from the
applications of the same days, and adds up to the closing balance.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import QuerySet, Sum

from ledger.dates import ledger_setup
from ledger.models import Currency
from ledger.money import ZERO
from opportunities.models import Account
from pages import formats
from prepaid.models import Application, PrepaidEntry, PrepaidService

RELATED = ("currency", "document", "line__billed_period")


@dataclass(frozen=True)
class Units:
    """An amount, the same in LCY, and a quantity: a service has the first two or the last."""

    amount: Decimal = ZERO
    amount_lcy: Decimal = ZERO
    quantity: Decimal = ZERO

    def __add__(self, other: "Units") -> "Units":
        return Units(self.amount + other.amount, self.amount_lcy + other.amount_lcy, self.quantity + other.quantity)

    def __sub__(self, other: "Units") -> "Units":
        return self + Units(-other.amount, -other.amount_lcy, -other.quantity)

    def __bool__(self) -> bool:
        return bool(self.amount or self.amount_lcy or self.quantity)


@dataclass(frozen=True)
class Row:
    """An entry, and the balance after it."""

    entry: PrepaidEntry
    moved: Units
    balance: Units

    @property
    def what(self) -> str:
        """Positive Adjmt., and the period for which a contract topped it up."""
        period, kind = self.entry.billed_period, self.entry.get_entry_type_display()
        return f"{kind}, {formats.day(period.starts_on)} – {formats.day(period.ends_on)}" if period else kind

    @property
    def came_in(self) -> bool:
        return self.entry.entry_type == PrepaidEntry.Type.POSITIVE


@dataclass(frozen=True)
class Left:
    """What is left at the end of the period of what can be used until a day; without a day: without end."""

    valid_until: datetime.date | None
    left: Units


@dataclass(frozen=True)
class Section:
    """One service."""

    service: PrepaidService
    currency: Currency | None
    opening: Units
    rows: list[Row] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    @property
    def closing(self) -> Units:
        return self.rows[-1].balance if self.rows else self.opening

    @property
    def came(self) -> Units:
        return sum((row.moved for row in self.rows if row.came_in), Units())

    @property
    def went(self) -> Units:
        return Units() - sum((row.moved for row in self.rows if not row.came_in), Units())


@dataclass(frozen=True)
class Statement:
    account: Account
    first: datetime.date
    last: datetime.date
    lcy: Currency
    sections: list[Section]

    def __bool__(self) -> bool:
        return bool(self.sections)

    def in_lcy(self, section: Section) -> bool:
        """Whether LCY says more than the amounts do."""
        return section.service.is_amount and section.currency is not None and section.currency.code != self.lcy.code


def statement_of_service(service: PrepaidService, *, first: datetime.date, last: datetime.date) -> Statement:
    """From the first to the last day, both included; of a service without entries as well."""
    return _statement(service.account, [service], first, last, empty=True)


def statement_of_account(account: Account, *, first: datetime.date, last: datetime.date) -> Statement:
    """Every service of the account that has a balance at the beginning or an entry in the period, closed ones included. The
    number of queries does not grow with them."""
    services = account.prepaid_services.select_related("currency", "account").order_by("number")
    return _statement(account, list(services), first, last, empty=False)


def _statement(
    account: Account, services: list[PrepaidService], first: datetime.date, last: datetime.date, *, empty: bool
) -> Statement:
    entries = PrepaidEntry.objects.filter(service__in=services, posted_on__lte=last)
    before = _sums(entries.filter(posted_on__lt=first))
    rows: dict[int, list[PrepaidEntry]] = defaultdict(list)
    for entry in entries.filter(posted_on__gte=first).select_related(*RELATED).order_by("posted_on", "pk"):
        rows[entry.service_id].append(entry)
    left = _left(entries, last)
    sections = [
        _section(service, before.get(service.pk, Units()), rows[service.pk], left.get(service.pk, []))
        for service in services
        if empty or before.get(service.pk) or rows[service.pk]
    ]
    return Statement(account, first, last, ledger_setup().lcy, sections)


def _section(service: PrepaidService, opening: Units, entries: Iterable[PrepaidEntry], left: list[Left]) -> Section:
    rows, balance = [], opening
    for entry in entries:
        moved = Units(entry.amount, entry.amount_lcy, entry.quantity)
        balance += moved
        rows.append(Row(entry, moved, balance))
    return Section(service, service.currency, opening, rows, left)


def _sums(entries: QuerySet[PrepaidEntry]) -> dict[int, Units]:
    found = entries.order_by().values("service").annotate(a=Sum("amount"), b=Sum("amount_lcy"), c=Sum("quantity"))
    return {row["service"]: Units(row["a"], row["b"], row["c"]) for row in found}


def _left(entries: QuerySet[PrepaidEntry], last: datetime.date) -> dict[int, list[Left]]:
    """What came in by the last day, less what outflows up to it took, by valid-until: the next first, without end last."""
    sums: dict[tuple[int, datetime.date | None], Units] = defaultdict(Units)
    came = entries.inflows().order_by().values("service", "valid_until")  # type: ignore[attr-defined]
    for row in came.annotate(a=Sum("amount"), b=Sum("amount_lcy"), c=Sum("quantity")):
        sums[row["service"], row["valid_until"]] += Units(row["a"], row["b"], row["c"])
    taken = Application.objects.filter(outflow__in=entries, outflow__posted_on__lte=last).order_by()
    went = taken.values("inflow__service", "inflow__valid_until")
    for row in went.annotate(a=Sum("amount"), b=Sum("amount_lcy"), c=Sum("quantity")):
        sums[row["inflow__service"], row["inflow__valid_until"]] -= Units(row["a"], row["b"], row["c"])
    found: dict[int, list[Left]] = defaultdict(list)
    for (service, until), left in sorted(sums.items(), key=lambda item: item[0][1] or datetime.date.max):
        if left:
            found[service].append(Left(until, left))
    return found
