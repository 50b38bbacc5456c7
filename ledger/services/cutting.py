"""One amount cut into parts by the rule of the whole product: cumulatively, so that the parts end at exactly the whole."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate, pairwise

from django.db import connection

from ledger.money import ZERO


def cut(total: Decimal, weights: Sequence[Decimal], *, decimals: int) -> list[Decimal]:
    """`total` in parts as the `weights` are to each other, each with so many decimals; together they are `total`. With
    1, 1 and 1 a total of 0.50 is cut into 0.17, 0.16 and 0.17."""
    reached = list(accumulate(weights))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_cumulative(%s, units, %s, %s)"
            " FROM unnest(%s::numeric[]) WITH ORDINALITY AS part (units, place) ORDER BY place",
            [total, reached[-1], decimals, reached],
        )
        levels = [ZERO, *(level for (level,) in cursor.fetchall())]
    return [after - before for before, after in pairwise(levels)]
