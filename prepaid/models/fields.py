"""Columns for quantities."""

from django.db import models

QUANTITY_DECIMALS = 4


class QuantityField(models.DecimalField):
    """Hours, days or pieces, in ten-thousandths."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_digits", 20)
        kwargs.setdefault("decimal_places", QUANTITY_DECIMALS)
        super().__init__(*args, **kwargs)
