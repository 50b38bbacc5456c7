"""The figures of the page of an account's services credits, each with the address of the rows behind it."""

import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.safestring import SafeString

from credits.reports.account import WINDOWS, AtRisk, Balance
from credits.reports.burn_down import BurnDown, Past
from credits.reports.forecast import Coming
from credits.sections.purchases import stacked
from opportunities.models import Account
from pages import formats, markup
from pages.charts import Part, Stack
from pages.elements import Figure

DAY = datetime.timedelta(days=1)
COLUMNS = {
    "bought": "Bought",
    "available": "Available",
    "not_started": "Not started",
    "past_expiry": "Past expiry",
    "allocated": "Allocated",
    "expired": "Expired",
    "refunded": "Refunded",
}
WAS, WILL = "As it was", "Forecast"
SERIES = {WAS: "lot-consumed", WILL: "lot-available"}


def listed(name: str, account: Account, **asked: object) -> str:
    return f"{reverse(f'credits:{name}')}?{urlencode({'account': account.number, **asked})}"


def purchases(account: Account, **asked: object) -> str:
    return listed("purchase-list", account, **asked)


def figures(account: Account, found: list[Balance], on: datetime.date) -> list[Figure]:
    """Over all currencies, one below the other."""
    (first, *_), soon = WINDOWS, [each.at_risk[0] for each in found]
    expiring = [(each, risk.credits) for each, risk in zip(found, soon, strict=True) if risk.credits]
    window = {"state": "confirmed", "expires_on_after": on, "expires_on_before": on + datetime.timedelta(days=first)}
    return [
        Figure("Available", counted((each, each.available) for each in found), purchases(account, available="yes")),
        Figure(
            f"Expiring in {first} days",
            counted(expiring),
            purchases(account, **window),
            tone="warn" if expiring else "",
        ),
        Figure("Allocated", counted((each, each.allocated) for each in found), links(account, None, on)["allocated"]),
        Figure("Deferred", stacked([markup.money(each.deferred, each.currency) for each in found]), purchases(account)),
    ]


def counted(found: Any) -> SafeString | str:
    """1,200 EUR, 40 GBP: credits of one currency cannot pay for another's work."""
    return stacked([f"{credits:,} {each.currency.code}" for each, credits in found])


def balance_row(account: Account, balance: Balance, on: datetime.date) -> dict[str, Any]:
    to = links(account, balance.currency.code, on)
    return {
        "currency": balance.currency,
        "cells": [(getattr(balance, column), to[column]) for column in COLUMNS],
        "deferred": balance.deferred,
        "purchases": to["bought"],
        "at_risk": [(each, at_risk_url(account, balance, each, on)) for each in balance.at_risk],
    }


def links(account: Account, currency: str | None, on: datetime.date) -> dict[str, str]:
    """The list whose total is the figure, for each column of the balance."""
    of = {"currency": currency} if currency else {}
    return {
        "bought": purchases(account, **of),
        "available": purchases(account, available="yes", **of),
        "not_started": purchases(account, state="confirmed", starts_on_after=on + DAY, **of),
        "past_expiry": purchases(account, state="past", **of),
        "allocated": listed("allocation-list", account, allocation_type="allocation", **of),
        "expired": listed("consumption-list", account, consumption_type="expiry", **of),
        "refunded": listed("correction-list", account, kind="refund", state="approved"),
    }


def at_risk_url(account: Account, balance: Balance, risk: AtRisk, on: datetime.date) -> str:
    window = {"expires_on_after": on, "expires_on_before": risk.last}
    return purchases(account, state="confirmed", currency=balance.currency.code, **window)


def chart(burn: BurnDown) -> list[Stack]:
    """One column for each day that has been, the last of them today, and for the end of each coming month."""
    *past, today = burn.past
    was = [stack(month(point.day), point.available, WAS) for point in past]
    will = [stack(month(coming.last), coming.available, WILL) for coming in burn.coming]
    return [*was, stack("Today", today.available, WAS), *will]


def month(day: datetime.date) -> str:
    return f"{day:%b %y}"


def stack(label: str, available: int, series: str) -> Stack:
    text = formats.number(available)
    parts = [Part(name, Decimal(available if name == series else 0), text, pattern) for name, pattern in SERIES.items()]
    return Stack(label, text, parts)


def rows_of(account: Account, burn: BurnDown) -> tuple[list[tuple[Past, str]], list[tuple[Coming, dict[str, str]]]]:
    """What the chart shows, as rows: each day that has been with the statement that ends with it, and each coming month with
    what will happen in it."""
    page, code = reverse("credits:statement", args=[account.pk]), burn.currency.code
    days = [urlencode({"first": point.day.replace(day=1), "last": point.day}) for point in burn.past]
    past = [(point, f"{page}?{asked}") for point, asked in zip(burn.past, days, strict=True)]
    return past, [(month, month_links(account, code, month)) for month in burn.coming]


def month_links(account: Account, currency: str, month: Coming) -> dict[str, str]:
    """Where the parts of a month come from: lots by their dates, and the open milestones due up to its end."""
    starts = {"starts_on_after": month.first, "starts_on_before": month.last}
    expires = {"expires_on_after": month.first - DAY, "expires_on_before": month.last - DAY}
    return {
        "starting": purchases(account, currency=currency, state="confirmed", **starts),
        "drawn": listed("milestone-list", account, currency=currency, target_on_before=month.last),
        "lapsing": purchases(account, currency=currency, state="confirmed", **expires),
    }
