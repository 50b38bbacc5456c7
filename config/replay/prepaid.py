"""What the events of prepaid services make of balances, sales lines and books, against what is stored."""

import datetime
from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from config.replay import contracts, contracts_events, prepaid_events
from config.replay.contracts_events import KEY
from config.replay.contracts_model import Contracts
from config.replay.model import EXACT, Company, Entry, Line
from config.replay.prepaid_events import Document, SoldLine, Told, Written
from config.replay.prepaid_parts import AMOUNTS, QUANTITY
from config.replay.times import ALWAYS, Version

Found = Iterator[tuple[str, dict[str, Any], dict[str, Any]]]  # a subject, what it has to say, and what it says


def is_ours(key: str) -> bool:
    return key.startswith(prepaid_events.KEYS)


class Customers:
    """The prepaid services of all customers, one at a time."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.setup = prepaid_events.setup()
        self.accounts = prepaid_events.dimensions("opportunities_account")
        self.services = prepaid_events.dimensions("prepaid_prepaidservice")
        self.runs = contracts_events.runs()

    def replayed(self) -> Iterator[tuple[Told, Contracts]]:
        for told in prepaid_events.customers():
            accounts = self.accounts.get(told.account, [])
            yield told, replayed(self.company, self.setup, accounts, self.services, self.runs, told)


def replayed(
    company: Company, setup: list[Version], accounts: list[Version], services: dict, runs: contracts.Runs, told: Told
) -> Contracts:
    """The customer's prepaid services and contracts as the events make them, told in their order."""
    ids = {identity(e): e.id for e in told.entries if plus(e)}
    made = Contracts(company, told.account, setup, accounts, services, ids, **contracts.told_to(told))
    sold = {line.id: line for lines in told.lines.values() for line in lines}
    written = {entry.key: entry for entry in reversed(told.entries)}
    requests = {asked.key: asked for asked in told.requests}
    for key in in_order(told, contracts.release_keys(told, runs)):
        name, _, number = key.partition(":")
        at = moment(told, written, key)
        if name == "sales-document" and int(number) in told.documents:
            tell_document(made, told, told.documents[int(number)], sold, at)
        elif key in requests:
            asked = requests[key]
            group = written[key].business_group if key in written else None
            made.by_hand(asked, told.services[asked.service], group, at)
        elif name == "prepaid-expiry" and int(number) in made.inflows:
            inflow = made.inflows[int(number)]
            made.expire(inflow.id, told.services[inflow.service].currency, at)
        elif key.startswith(KEY):
            contracts.tell_release(made, key, runs)
    return made


def tell_document(made: Contracts, told: Told, document: Document, sold: dict[int, SoldLine], at) -> None:
    lines = told.lines.get(document.id, [])
    if document.type == "invoice":
        made.invoice(document, lines, told.services, at)
        give_validity(made, told, document)
    else:
        made.credit_memo(document, lines, sold, at)


def give_validity(made: Contracts, told: Told, document: Document) -> None:
    """What a formula gave on its day is kept with the receipt: it is part of the event."""
    for entry in told.entries:
        if entry.key == document.key and plus(entry) and entry.id in made.inflows:
            made.inflows[entry.id].valid_until = entry.valid_until


def plus(entry: Written) -> bool:
    return entry.entry_type == "positive"


def identity(entry: Written) -> tuple[str, int]:
    """What an inflow of an event is called: by its line, or by where it came from."""
    if entry.came_from is not None:
        return entry.key, -entry.came_from
    return entry.key, entry.line or 0


def in_order(told: Told, releases: set[str]) -> list[str]:
    """The events in the order in which they happened: by their prepaid entries; one without any before the first that was
    posted after it."""
    first: dict[str, int] = {}
    for entry in told.entries:
        first.setdefault(entry.key, entry.id)
    known = {document.key for document in told.documents.values()} | {asked.key for asked in told.requests} | releases
    last = 2**63
    place = {key: entry.id for key, entry in told.journal.items()}
    without = deque(sorted(known - first.keys(), key=lambda key: (place.get(key, last), key)))
    order: list[str] = []
    for key in sorted(first, key=lambda key: first[key]):
        while without and place.get(without[0], last) < place.get(key, 0):
            order.append(without.popleft())
        order.append(key)
    return [*order, *without]


def moment(told: Told, written: dict[str, Written], key: str) -> datetime.datetime:
    if key in told.journal:
        return told.journal[key].at
    return written[key].at if key in written else ALWAYS


def as_stored(expected: Entry, stored: list[tuple]) -> Entry:
    """The same lines, those that are stored in the order in which they are."""
    left, same = list(expected.lines), []
    for line in (Line(*row) for row in stored):
        same.append(line if line in left else None)
        if line in left:
            left.remove(line)
    filled = [line or (left.pop(0) if left else None) for line in same]
    return Entry(expected.key, expected.effective_on, [*filter(None, filled), *left])


def compared(told: Told, made: Contracts) -> Found:
    """Everything but the journal: what is left, what was taken, what the lines come to."""
    yield from balances(told, made)
    yield from draws(told, made)
    yield from lines(told, made)
    yield from contracts.compared(told, made)


def balances(told: Told, made: Contracts) -> Found:
    for entry in told.entries:
        if not plus(entry):
            continue
        subject, inflow = f"prepaid entry {entry.id}", made.inflows.get(entry.id)
        if inflow is None:
            yield subject, {"the entry": "not written"}, {"the entry": "there"}
            continue
        currency = told.services[entry.service].currency
        own, left, gone = (made.units(inflow, n, currency) for n in (inflow.own, inflow.left, inflow.expired))
        lcy = lambda number: made.company.major(number, made.company.lcy)  # noqa: E731
        said = {
            "service": inflow.service,
            "posted_on": inflow.on,
            "valid_until": inflow.valid_until,
            "amount": own[0],
            "amount_lcy": lcy(inflow.lcy),
            "quantity": own[1],
            "remaining": left[0],
            "remaining_lcy": lcy(inflow.left_lcy),
            "remaining_quantity": left[1],
            "expired": gone[0],
            "expired_lcy": lcy(inflow.expired_lcy),
            "expired_quantity": gone[1],
            "product_group": inflow.product_group,
            "business_group": inflow.business_group,
            "deferral_account": inflow.account,
            "deferral_group": inflow.group,
        }
        yield subject, said, entry._asdict()


def draws(told: Told, made: Contracts) -> Found:
    expected = {}
    for draw in made.draws:
        amount, quantity = made.units(draw.inflow, draw.own, told.services[draw.inflow.service].currency)
        lcy = made.company.major(draw.lcy, made.company.lcy)
        said = {"amount": amount, "amount_lcy": lcy, "quantity": quantity, "revenue_account": draw.revenue}
        said["revenue_group"] = draw.revenue_group
        expected[draw.key, draw.inflow.id, draw.line] = said
    found = {(taken.key, taken.inflow, taken.line): taken._asdict() for taken in told.taken}
    for key in sorted(expected.keys() | found.keys()):
        subject = f"what {key[0]} took of prepaid entry {key[1]}"
        if key not in found or key not in expected:
            there = {True: {"it": "there"}, False: {"it": "missing"}}
            yield subject, there[key in expected], there[key in found]
        else:
            yield subject, expected[key], found[key]


def lines(told: Told, made: Contracts) -> Found:
    for document in told.documents.values():
        for line in told.lines.get(document.id, []):
            if line.kind == "item" and line.id in made.worked:
                said = worked_out(made, line, document.currency)
                if (
                    document.key not in told.journal
                ):  # when it was posted is not kept, nor which accounts it would have had
                    said = {name: said[name] for name in AMOUNTS}
                yield f"line {line.id} of {document.key}", said, line._asdict()


def worked_out(made: Contracts, line: SoldLine, currency: str) -> dict[str, Any]:
    found, company = made.worked[line.id], made.company

    def told(name: str) -> Decimal:
        if name == "covered":
            return EXACT.scaleb(Decimal(found.covered), -QUANTITY)
        return company.major(getattr(found, name), company.lcy if name.endswith("lcy") else currency)

    accounts = {"ledger_account": found.ledger_account, "receivable_account": found.receivable_account}
    return {name: told(name) for name in AMOUNTS} | accounts
