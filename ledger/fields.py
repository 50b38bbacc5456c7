"""Columns for money. Amounts carry the three decimals of the finest currencies; the currency's own number of decimals
is checked where an amount is entered, and kept by every posting because parts are cut with `ledger.money`."""

from django.db import models


class AmountField(models.DecimalField):
    """An amount of the books: exact, and wide enough for a lot of 18 digits at a price of 18 digits in any LCY."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_digits", 60)
        kwargs.setdefault("decimal_places", 3)
        super().__init__(*args, **kwargs)


class PriceField(models.DecimalField):
    """A price per unit: at most 18 digits in the decimals of its currency."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_digits", 21)
        kwargs.setdefault("decimal_places", 3)
        super().__init__(*args, **kwargs)


class RateField(models.DecimalField):
    """LCY per unit of a currency."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_digits", 24)
        kwargs.setdefault("decimal_places", 12)
        super().__init__(*args, **kwargs)
