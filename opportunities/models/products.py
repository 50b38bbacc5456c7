from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from ledger.fields import PriceField
from ledger.models import Currency, ProductPostingGroup


class Product(models.Model):
    """What is sold. With a number of services credits it can become a services credits purchase."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=120)
    unit_price = PriceField(validators=[MinValueValidator(0)])
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    services_credits = models.BigIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Credits per unit; empty: none."
    )
    product_group = models.ForeignKey(
        ProductPostingGroup, on_delete=models.PROTECT, related_name="+", verbose_name="product posting group"
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="product_price_not_negative"),
            models.CheckConstraint(
                condition=Q(services_credits=None) | Q(services_credits__range=(1, 10**18 - 1)),
                name="product_credits_one_or_more",
            ),
        ]

    def __str__(self):
        return f"{self.code} {self.name}"
