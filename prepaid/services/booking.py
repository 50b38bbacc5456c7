"""The journal lines of a sales document, gathered while it is posted: what its lines owe, and what leaves or enters deferred
revenue. Lines of one account and lot are one line of the books; the receivable is the sum of what stands against it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ledger.models import JournalEntry
from ledger.money import ZERO
from ledger.services.posting import Line, post
from prepaid.models import PrepaidService, PrepaidSetup, SalesDocument

Key = tuple[
    str, str, str | None, str, bool, tuple[tuple[str, str], ...]
]  # account, lot, group, party, debit, dimensions


@dataclass
class Booking:
    """Amounts by account, in the order in which they came. A line has the dimensions of the customer and of its service as
    they are now, or those that are given: of what was posted under them and leaves again."""

    document: SalesDocument
    setup: PrepaidSetup
    receivables: dict[Key, list[Decimal]] = field(default_factory=dict)
    others: dict[Key, list[Decimal]] = field(default_factory=dict)

    def owe(
        self, *, receivable, account, amount, lcy, group=None, lot="", service=None, dimensions=None, back=False
    ) -> None:
        """The customer owes an amount, against an account; `back`: the other way round."""
        self.add(account, amount, lcy, debit=back, group=group, lot=lot, service=service, dimensions=dimensions)
        party = self.document.bill_to.party
        key = (str(receivable), lot, None, party, not back, self._dimensions(service, dimensions))
        self._add(self.receivables, key, amount, lcy)

    def move(
        self, *, debit, credit, amount, lcy, debit_group=None, credit_group=None, lot="", service=None, dimensions=None
    ) -> None:
        """An amount from one account to another."""
        shared = {"lot": lot, "service": service, "dimensions": dimensions}
        self.add(debit, amount, lcy, debit=True, group=debit_group, **shared)
        self.add(credit, amount, lcy, debit=False, group=credit_group, **shared)

    def add(self, account, amount, lcy, *, debit, group=None, lot="", service=None, dimensions=None) -> None:
        party = self.document.account.party
        key = (str(account), lot, group, party, debit, self._dimensions(service, dimensions))
        self._add(self.others, key, amount, lcy)

    def post(self, *, kind: str, description: str, actor, reason: str = "") -> JournalEntry | None:
        """Posts what was gathered under the document's event key; nothing where nothing moved."""
        rows = sorted([*self.receivables.items(), *self.others.items()], key=lambda row: not row[0][4])  # debits first
        return post(
            event_key=self.document.event_key,
            kind=kind,
            effective_on=self.document.posted_on,
            currency=self.document.currency,
            description=description,
            lines=[_line(key, *amounts) for key, amounts in rows],
            actor=actor,
            reason=reason,
        )

    def _add(self, rows: dict[Key, list[Decimal]], key: Key, amount: Decimal, lcy: Decimal) -> None:
        row = rows.setdefault(key, [ZERO, ZERO])
        row[0] += amount
        row[1] += lcy

    def dimensions(self, service: PrepaidService | None) -> dict[str, str]:
        """Those of the customer, and of the service."""
        own = service_dimensions(service, self.setup) if service else {}
        return {**self.document.account.dimensions, **own}

    def _dimensions(
        self, service: PrepaidService | None, given: Mapping[str, str] | None
    ) -> tuple[tuple[str, str], ...]:
        return tuple(sorted((self.dimensions(service) if given is None else given).items()))


def service_dimensions(service: PrepaidService, setup: PrepaidSetup) -> Mapping[str, str]:
    """The dimension value that every posting of the service carries."""
    if setup.dimension_id is None or not service.dimension_value:
        return {}
    return {setup.dimension_id: service.dimension_value}


def _line(key: Key, amount: Decimal, lcy: Decimal) -> Line:
    account, lot, group, party, debit, dimensions = key
    sides = {"debit": amount, "debit_lcy": lcy} if debit else {"credit": amount, "credit_lcy": lcy}
    return Line(account=account, product_group=group, party=party, lot=lot, dimensions=dict(dimensions), **sides)
