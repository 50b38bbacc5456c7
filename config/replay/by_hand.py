"""Entries by hand, as the posting rules tell them. Standard library only."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import NamedTuple

from config.replay.lot import cut
from config.replay.model import ZERO, Company, Entry, Line


class ManualLine(NamedTuple):
    """A line of an entry by hand."""

    account: str
    product_group: str | None
    debit: Decimal
    credit: Decimal
    dimensions: dict[str, str]


def manual(
    company: Company, key: str, currency: str, on: datetime.date, lines: Sequence[ManualLine], at: datetime.datetime
) -> Entry:
    """An entry by hand: its total in LCY at the rate of its day, shared by the lines of each side cumulatively."""
    shares = {side: _shares(company, currency, on, lines, side, at) for side in ("debit", "credit")}
    return Entry(
        key,
        on,
        [
            Line(
                line.account, line.product_group, currency, line.debit, line.credit,
                shares["debit"][place], shares["credit"][place], "", "", line.dimensions,
            )
            for place, line in enumerate(lines)
        ],
    )  # fmt: skip


def _shares(
    company: Company, currency: str, on: datetime.date, lines: Sequence[ManualLine], side: str, at: datetime.datetime
) -> list[Decimal]:
    amounts = [company.minor(getattr(line, side), currency) for line in lines]
    whole = sum(amounts)
    total = company.in_lcy(whole, currency, company.rates.on(currency, on, at) or ZERO)
    levels = [cut(total, reached, whole) if whole else 0 for reached in accumulate(amounts, initial=0)]
    return [company.major(after - before, company.lcy) for before, after in pairwise(levels)]
