"""Columns for quantities."""

from decimal import Decimal

from django.db import models

QUANTITY_DECIMALS = 4
QUANTITY_DIGITS = 20
QUANTITY_LIMIT = Decimal(10) ** (QUANTITY_DIGITS - QUANTITY_DECIMALS)  # and more has no room


class QuantityField(models.DecimalField):
    """Hours, days or pieces, in ten-thousandths."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_digits", QUANTITY_DIGITS)
        kwargs.setdefault("decimal_places", QUANTITY_DECIMALS)
        super().__init__(*args, **kwargs)
