"""The planner as a file: a row for each draw, each milestone that is short, each lot that lapses and each suggestion."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from credits.models import Milestone
from credits.reports.planned import CurrencyPlan, PlannedMilestone
from ledger.models import Currency
from ledger.money import product, round_to
from pages import exports, formats

HEADER = [
    "Currency",
    "Plan",
    "What",
    "Purchase",
    "Expiry date",
    "Milestone",
    "Day",
    "New date",
    "Credits",
    "Amount paid",
]
USUAL, BEST, CHANGE = "As things stand", "Best choice", "Suggestion"


def lines_of(each: CurrencyPlan) -> Iterator[list]:
    for milestone in each.milestones:
        for label, draws, short in (
            (USUAL, milestone.draws, milestone.short),
            (BEST, milestone.best_draws, milestone.best_short),
        ):
            yield from funding(each.currency, label, milestone, draws, short)
    yield from lapsing(each)
    yield from suggestions(each)
    yield from sales(each)


def funding(currency: Currency, label: str, milestone: PlannedMilestone, draws: Iterable, short: int) -> Iterator[list]:
    name, day = exports.safe(str(milestone.milestone)), milestone.on
    for lot, credits in draws:
        amount = product(credits, lot.amount_paid_per_credit)
        lot_cells = [exports.safe(lot.number), lot.expires_on]
        yield [currency.code, label, "Draws", *lot_cells, name, day, "", credits, rounded(amount, currency)]
    if short:
        yield [currency.code, label, "Short", "", "", name, day, "", short, ""]


def lapsing(each: CurrencyPlan) -> Iterator[list]:
    currency = each.currency
    for lot, credits, money, in_best in each.lapsing:
        in_best_money = product(in_best, lot.amount_paid_per_credit)
        for label, lapsed, amount in ((USUAL, credits, money), (BEST, in_best, in_best_money)):
            if lapsed:
                cells = [exports.safe(lot.number), lot.expires_on, "", "", ""]
                yield [currency.code, label, "Lapses", *cells, lapsed, rounded(amount, currency)]


def suggestions(each: CurrencyPlan) -> Iterator[list]:
    currency = each.currency
    for advice in each.extend:
        cells = [exports.safe(str(advice.subject)), advice.was, "", "", advice.to, advice.credits]
        yield [currency.code, CHANGE, "Extend", *cells, rounded(advice.money, currency)]
    for advice in each.bring_forward:
        cells = ["", "", exports.safe(str(advice.subject)), advice.was, advice.to, advice.credits]
        yield [currency.code, CHANGE, "Bring forward", *cells, rounded(advice.money, currency)]


def sales(each: CurrencyPlan) -> Iterator[list]:
    """The credits to be sold, and what they keep from lapsing."""
    for sale in each.sell:
        cells = ["", "", exports.safe(str(sale.milestone)), sale.on, "", sale.credits]
        label = f"Sell {formats.counted(sale.missing, 'credits')}"
        yield [each.currency.code, CHANGE, label, *cells, rounded(sale.money, each.currency)]


def undated_lines(milestones: Iterable[Milestone]) -> Iterator[list]:
    for each in milestones:
        needed = (each.credits_needed or 0) - each.credits_allocated
        name, code = exports.safe(str(each)), each.project.currency_id
        yield [code, "", "Not planned: no target date", "", "", name, "", "", needed, ""]


def rounded(amount: Decimal, currency: Currency) -> Decimal:
    return round_to(amount, currency.decimals)
