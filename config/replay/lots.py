"""A customer's stored events, told to the model in the order in which they happened."""

import datetime
from collections.abc import Callable
from decimal import Decimal

from config.replay.events import Told, read
from config.replay.lot import Lot, Terms
from config.replay.model import Company, Customer
from config.replay.releases import releases
from config.replay.times import ALWAYS, Row, states

DayOf = Callable[[datetime.datetime], datetime.date]


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


def worked_out(company: Company, lot: Lot) -> Row:
    """What the row of a lot has to say."""
    terms, currency = lot.terms, lot.terms.currency if lot.terms else company.lcy
    own, lcy = zip(lot.out, lot.ahead, strict=True)
    said = {
        "draft": lot.draft,
        "confirmations": lot.confirmations,
        "credits_allocated": lot.allocated,
        "credits_expired": lot.expired,
        "credits_refunded": lot.refunded,
        "credits_released": lot.gone,
        "credits_consumed": lot.consumed,
        "released": company.major(sum(own), currency),
        "released_lcy": company.major(sum(lcy), company.lcy),
        "estimated": company.major(lot.ahead.own, currency),
        "estimated_lcy": company.major(lot.ahead.lcy, company.lcy),
        "breakage_rate": lot.rate,
    }
    return said if lot.draft or terms is None else said | sold_as(company, lot, terms)


def sold_as(company: Company, lot: Lot, terms: Terms) -> Row:
    """What a confirmed lot says beside that."""
    starts_on, expires_on = lot.dates_at()
    return {
        "number_of_credits": terms.number,
        "amount_paid_per_credit": terms.price,
        "purchased_on": terms.purchased_on,
        "currency_id": terms.currency,
        "product_group_id": terms.product_group,
        "business_group_id": terms.business_group,
        "starts_on": starts_on,
        "expires_on": expires_on,
        "credits_available": terms.number - lot.allocated - lot.expired - lot.refunded,
        "exchange_rate": lot.rate_of_exchange,
        "deferral_account_id": lot.deferral,
        "paid_total_lcy": company.major(lot.total.lcy, company.lcy),
        "deferred": company.major(lot.total.own - lot.out.own - lot.ahead.own, terms.currency),
    }
