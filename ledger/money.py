"""Exact arithmetic, rounded half up. (The cumulative cut of a whole into parts is SQL: `ledger_cumulative`.)

Decimal's usual context keeps 28 digits; a lot of 18 digits at a price of 18 digits needs 36, so everything here works
in a context of its own, and sums that reports make with + and - keep all their digits as well.
"""

from decimal import ROUND_HALF_UP, Context, Decimal, DefaultContext, InvalidOperation, getcontext

DIGITS = 96
EXACT = Context(prec=DIGITS, rounding=ROUND_HALF_UP)
ZERO = Decimal(0)


def keep_all_digits() -> None:
    """In this thread and in every one that is started after."""
    DefaultContext.prec = getcontext().prec = DIGITS


def round_to(amount: Decimal, decimals: int) -> Decimal:
    """`amount` with `decimals` decimals, half away from zero (2.5 -> 3, -2.5 -> -3)."""
    return amount.quantize(Decimal(1).scaleb(-decimals), context=EXACT)


def product(quantity: int | Decimal, price: Decimal) -> Decimal:
    """quantity x price, never rounded."""
    return EXACT.multiply(Decimal(quantity), price)


def to_lcy(amount: Decimal, rate: Decimal, decimals: int) -> Decimal:
    """`amount` x `rate`, rounded half up to the `decimals` of the LCY."""
    return round_to(EXACT.multiply(amount, rate), decimals)


def share(total: Decimal, part: Decimal, whole: Decimal, decimals: int) -> Decimal:
    """What falls on `part` of `whole` out of `total`, rounded half up: the cumulative level that parts of an amount are cut
    by. `ledger_cumulative` is the same in SQL."""
    scale = Decimal(1).scaleb(decimals)
    numerator, denominator = (EXACT.multiply(EXACT.multiply(total, part), scale)).as_integer_ratio()
    top, bottom = whole.as_integer_ratio()
    numerator, denominator = numerator * bottom, denominator * top
    return Decimal((2 * numerator + denominator) // (2 * denominator)).scaleb(-decimals, context=EXACT)


def has_decimals(amount: Decimal, decimals: int) -> bool:
    """Whether `amount` can be written with `decimals` decimals without losing anything: 1E+400, beyond all digits that are
    kept, cannot."""
    try:
        return round_to(amount, decimals) == amount
    except InvalidOperation:
        return False
