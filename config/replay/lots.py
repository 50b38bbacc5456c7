"""A customer's stored events, told to the model in the order in which they happened."""

import datetime
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial

from config.replay.events import Completion, Told, read
from config.replay.model import Company, Customer, Lot, Terms
from config.replay.times import ALWAYS, Row, states

DayOf = Callable[[datetime.datetime], datetime.date]
NEVER = 2**63
LAST = datetime.date.max


def replayed(company: Company, told: Told, day_of: DayOf) -> Customer:
    """The customer as the events make it. What a lot was sold as comes first: it is fixed once a credit leaves it."""
    customer = Customer(company, told.account)
    for row in told.lots:
        lot = customer.lots[row["id"]] = Lot(row["id"])
        tell_terms(customer, lot, row, told, day_of)
    for pk, at, starts_on, expires_on in told.dates:
        customer.lots[pk].renegotiate(starts_on, expires_on, at)
    for drawn in told.drawn:
        if drawn.kind != "expiry":
            customer.lots[drawn.lot].allocated += drawn.credits
    for _, tell in sorted(releases(customer, told), key=lambda release: release[0]):
        tell()
    return customer


def tell_terms(customer: Customer, lot: Lot, row: Row, told: Told, day_of: DayOf) -> None:
    """Every confirmation with the terms of its moment, every return to draft: from the change log, and where that knows
    nothing of the lot, from what it says now."""
    log = told.history.get(lot.id, [])
    was_draft = True
    for at, state in zip([ALWAYS, *(change.at for change in log)], states(plain(row), log), strict=True):
        if state is None or state["draft"] == was_draft:
            continue
        was_draft = state["draft"]
        if was_draft:
            customer.to_draft(lot, day_of(at))
        else:
            lot.confirmations = state["confirmations"] - 1
            customer.confirm(lot, terms_of(state), at)


def plain(row: Row) -> Row:
    """A lot's row as the change log writes it."""
    texts = {name: value.isoformat() for name, value in row.items() if isinstance(value, datetime.date)}
    return {**row, **texts, "dimensions": read(row["dimensions"])}


def terms_of(state: Row) -> Terms:
    date = datetime.date.fromisoformat
    return Terms(
        currency=state["currency_id"],
        purchased_on=date(state["purchased_on"]),
        starts_on=date(state["starts_on"]),
        expires_on=date(state["expires_on"]),
        number=state["number_of_credits"],
        price=Decimal(state["amount_paid_per_credit"]),
        product_group=state["product_group_id"],
        business_group=state["business_group_id"],
        dimensions=state["dimensions"],
    )


Release = tuple[tuple, Callable[[], None]]


def releases(customer: Customer, told: Told) -> Iterator[Release]:
    """What left the lots, each with its place. Entries of a customer are numbered in the order of its events, as they are
    drawn under the customer's lock; those of one statement, which all say the same moment, are in the order of their days.
    What is not in the books, because nothing was paid for it, may stand anywhere."""
    books = {entry.key: entry for entry in told.journal}
    first: dict[datetime.datetime, int] = {}
    for entry in told.journal:
        first[entry.at] = min(entry.id, first.get(entry.at, entry.id))

    def place(key: str) -> tuple[int, datetime.datetime]:
        return (first[books[key].at], books[key].at) if key in books else (NEVER, ALWAYS)

    for lot, units, on, key in expiries(customer, told):
        number, at = place(key)
        yield (number, on, 0), partial(customer.expire, lot, units, on, at)
    for done, key, again in completions(told):
        number, at = place(key)
        yield (
            (number, done.actual_on, done.id),
            partial(customer.earn, key, drawn_by(customer, done, told), done.actual_on, at),
        )
        if done.reopened_at:
            on = done.reopened_at.astimezone(customer.company.zone).date()
            yield (max(number, place(again)[0]), LAST, done.id), partial(customer.reopen, again, key, on)


def expiries(customer: Customer, told: Told) -> Iterator[tuple[Lot, int, datetime.date, str]]:
    """(lot, units, day, event key) of every expiry; its dates are fixed from the first on."""
    before: Counter[int] = Counter()
    for drawn in told.drawn:
        if drawn.kind == "expiry":
            lot = customer.lots[drawn.lot]
            yield lot, drawn.credits, drawn.on, f"credits-expiry:{lot.id}:{lot.expires_on}:{before[lot.id]}"
            before[lot.id] += 1


def completions(told: Told) -> Iterator[tuple[Completion, str, str]]:
    """Every completion that was earned, with the keys of its earning and of its reopening."""
    for done in told.completed:
        if done.earned_on is not None:
            milestone = f"milestone:{done.milestone}"
            yield done, f"{milestone}:complete:{done.sequence}", f"{milestone}:reopen:{done.sequence}"


def drawn_by(customer: Customer, done: Completion, told: Told) -> list[tuple[Lot, int]]:
    """What the milestone held when it was completed, lot by lot."""
    held: Counter[int] = Counter()
    for drawn in told.by_milestone.get(done.milestone, ()):
        if drawn.at <= done.completed_at:
            held[drawn.lot] += drawn.credits
    return [(customer.lots[lot], units) for lot, units in held.items() if units]


def worked_out(company: Company, lot: Lot) -> Row:
    """What the row of a lot has to say."""
    terms, currency = lot.terms, lot.terms.currency if lot.terms else company.lcy
    number = terms.number if terms else 0
    return {
        "draft": lot.draft,
        "confirmations": lot.confirmations,
        "credits_allocated": lot.allocated,
        "credits_expired": lot.expired,
        "credits_refunded": 0,
        "credits_released": lot.released,
        "released": company.major(lot.out, currency),
        "released_lcy": company.major(lot.out_lcy, company.lcy),
    } | ({} if lot.draft or terms is None else {
        "number_of_credits": number,
        "amount_paid_per_credit": terms.price,
        "purchased_on": terms.purchased_on,
        "currency_id": terms.currency,
        "product_group_id": terms.product_group,
        "business_group_id": terms.business_group,
        "starts_on": lot.starts_on,
        "expires_on": lot.expires_on,
        "credits_available": number - lot.allocated - lot.expired,
        "exchange_rate": lot.rate,
        "deferral_account_id": lot.deferral,
        "paid_total_lcy": company.major(lot.total_lcy, company.lcy),
        "deferred": company.major(lot.total - lot.out, currency),
    })  # fmt: skip
