"""What left a customer's lots, and what came back, each event with its place in the order in which they happened.

Entries of a customer are numbered in the order of its events, as they are drawn under the customer's lock; those of one
statement, which all say the same moment, are in the order of their days. An event that posted nothing stands before the first
entry after its own moment: where all of it was recognised ahead, it moves its lot all the same. Only completions have no
moment of their own; they post nothing where nothing was paid for their credits, and may then stand anywhere.
"""

import datetime
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby

from config.replay.events import Booked, Completion, Drawn, Told
from config.replay.lot import CONSUMED, EXPIRED, Lot
from config.replay.model import Customer
from config.replay.times import ALWAYS, FOREVER

NEVER = 2**63
LAST = datetime.date.max
Place = tuple[int, int, datetime.datetime, datetime.date, int]
Release = tuple[Place, Callable[[], object]]


class Order:
    """Where the events of a customer stand: by the number of their entry, or by their moment."""

    def __init__(self, journal: list[Booked]) -> None:
        self.books = {entry.key: entry for entry in journal}
        self.first: dict[datetime.datetime, int] = {}
        for entry in journal:
            self.first[entry.at] = min(entry.id, self.first.get(entry.at, entry.id))
        self.moments = sorted(self.first)

    def moment(self, key: str, told: datetime.datetime) -> datetime.datetime:
        """That of an event's entry; `told` by the event itself, where it posted nothing."""
        return self.books[key].at if key in self.books else told

    def place(self, key: str, told: datetime.datetime, day: datetime.date, number: int = 0) -> Place:
        """`number` settles the order within a day of one statement."""
        at = self.moment(key, told)
        return (self.first[at], 1, at, day, number) if key in self.books else (self.after(at), 0, at, day, number)

    def after(self, at: datetime.datetime) -> int:
        """The number of the first entry after a moment."""
        later = self.moments[bisect_right(self.moments, at) :]
        return self.first[later[0]] if later else NEVER


def releases(customer: Customer, told: Told) -> Iterator[Release]:
    """Every event with its place."""
    order = Order(told.journal)
    yield from expiries(customer, told, order)
    yield from completions(customer, told, order)
    yield from allocations(customer, told, order)
    yield from refunds(customer, told, order)
    yield from estimates(customer, told, order)


def expiries(customer: Customer, told: Told, order: Order) -> Iterator[Release]:
    """Those of a lot are numbered, and named after the expiry date that they found; a negative one takes back that of its
    allocation."""
    before: Counter[int] = Counter()
    keys: dict[int, str] = {}
    for drawn in told.drawn:
        if drawn.kind != "expiry":
            continue
        lot = customer.lots[drawn.lot]
        if drawn.credits > 0:
            _, expires_on = lot.dates_at(drawn.at)
            key = keys[drawn.allocation] = f"credits-expiry:{lot.id}:{expires_on}:{before[lot.id]}"
            before[lot.id] += 1
            expire = partial(customer.expire, key, lot, drawn.credits, drawn.on, order.moment(key, drawn.at))
            yield order.place(key, drawn.at, drawn.on), expire
        else:
            key, again = keys[drawn.allocation], f"{lot.key}:reinstate:{drawn.allocation}"
            yield order.place(again, drawn.at, LAST), partial(customer.take_back, again, key, EXPIRED, drawn.on)


def completions(customer: Customer, told: Told, order: Order) -> Iterator[Release]:
    """Those that were earned, and their reopenings; what was recognised on allocation is not earned again."""
    on_allocation = {drawn.milestone for drawn in told.drawn if drawn.recognise == "allocation"}
    for done in told.completed:
        if done.earned_on is None or done.milestone in on_allocation:
            continue
        prefix = f"milestone:{done.milestone}"
        key, again = f"{prefix}:complete:{done.sequence}", f"{prefix}:reopen:{done.sequence}"
        earn = partial(customer.earn, key, drawn_by(customer, done, told), done.actual_on, order.moment(key, ALWAYS))
        place = order.place(key, FOREVER, done.actual_on, done.id)
        yield place, earn
        if done.reopened_at:
            on = done.reopened_at.astimezone(customer.company.zone).date()
            place = max(place, order.place(again, FOREVER, LAST, done.id))
            yield place, partial(customer.take_back, again, key, CONSUMED, on)


def drawn_by(customer: Customer, done: Completion, told: Told) -> list[tuple[Lot, int]]:
    """What the milestone held when it was completed, lot by lot."""
    held: Counter[int] = Counter()
    for drawn in told.by_milestone.get(done.milestone, ()):
        if drawn.at <= done.completed_at:
            held[drawn.lot] += drawn.credits
    return [(customer.lots[lot], units) for lot, units in held.items() if units]


def allocations(customer: Customer, told: Told, order: Order) -> Iterator[Release]:
    """Revenue recognised on allocation: what was written together is one event, what was given back in it another before,
    in whatever order its rows were written."""
    for milestone, rows in told.by_milestone.items():
        recognised = sorted((drawn for drawn in rows if drawn.recognise == "allocation"), key=written)
        if milestone is None:
            continue
        for number, (_, together) in enumerate(groupby(recognised, key=written), start=1):
            drawn = list(together)
            key = f"milestone:{milestone}:allocate:{number}"
            lots = [(customer.lots[each.lot], each.credits) for each in drawn]
            on, at, first = drawn[0].on, drawn[0].at, drawn[0].id
            tell = partial(customer.allocate, key, milestone, lots, on, order.moment(key, at))
            yield order.place(key, at, on, first), tell


def written(drawn: Drawn) -> tuple[datetime.datetime, bool]:
    return drawn.at, drawn.credits > 0


def refunds(customer: Customer, told: Told, order: Order) -> Iterator[Release]:
    for canceled in told.canceled:
        lot = customer.lots[canceled.lot]
        key = f"{lot.key}:refund:{canceled.correction}"
        at = order.moment(key, canceled.at)
        refund = partial(customer.refund, key, lot, canceled.credits, canceled.kept_percent, canceled.on, at)
        yield order.place(key, canceled.at, canceled.on), refund


def estimates(customer: Customer, told: Told, order: Order) -> Iterator[Release]:
    for estimate in told.expected:
        lot = customer.lots[estimate.lot]
        at = order.moment(estimate.key, estimate.at)
        expect = partial(customer.expect, estimate.key, lot, estimate.rate, estimate.on, at)
        yield order.place(estimate.key, estimate.at, estimate.on), expect
