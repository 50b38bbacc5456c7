from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse

from ledger.fields import AmountField, PriceField
from ledger.models import Currency
from ledger.money import EXACT, product, round_to
from opportunities.models.accounts import Account
from opportunities.models.products import Product


class OpportunityQuerySet(models.QuerySet):
    def with_totals(self):
        """`amount` and `credits`: the sums of the lines."""
        return self.annotate(
            amount=_sum_of("total", AmountField()), credits=_sum_of("services_credits", models.BigIntegerField())
        )


def _sum_of(column: str, kind: models.Field) -> Coalesce:
    """A subquery rather than a join, so that rows can still be counted and summed."""
    lines = OpportunityLine.objects.filter(opportunity=OuterRef("pk")).order_by().values("opportunity")
    return Coalesce(Subquery(lines.annotate(sum=Sum(column)).values("sum")), 0, output_field=kind)


class Opportunity(models.Model):
    """A sale to an account, open until it is won or lost. Its currency is the currency of every line."""

    class Stage(models.TextChoices):
        OPEN = "open", "Open"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    number = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="opportunities")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.OPEN)
    closes_on = models.DateField("close date")

    objects = OpportunityQuerySet.as_manager()

    class Meta:
        ordering = ["-closes_on", "-id"]
        verbose_name_plural = "opportunities"

    def __str__(self):
        return f"{self.number} {self.name}"

    def get_absolute_url(self):
        return reverse("opportunities:opportunity", args=[self.pk])


class OpportunityLine(models.Model):
    """A product on an opportunity. The total is worked out by `price()` and stored, in the opportunity's currency."""

    opportunity = models.ForeignKey(Opportunity, on_delete=models.CASCADE, related_name="lines")
    line_no = models.PositiveIntegerField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    description = models.CharField(max_length=250)
    quantity = models.DecimalField(
        max_digits=15, decimal_places=4, default=1, validators=[MinValueValidator(Decimal("0.0001"))]
    )
    unit_price = PriceField(validators=[MinValueValidator(0)])
    discount_percent = models.DecimalField(
        max_digits=6, decimal_places=3, default=0, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    total = AmountField(editable=False)
    services_credits = models.BigIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Proposed from the product: its credits × the quantity.",
    )

    class Meta:
        ordering = ["opportunity", "line_no"]
        constraints = [
            models.UniqueConstraint(fields=["opportunity", "line_no"], name="opportunity_line_numbered"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="opportunity_line_quantity_above_zero"),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0, total__gte=0), name="opportunity_line_price_not_negative"
            ),
            models.CheckConstraint(condition=Q(discount_percent__range=(0, 100)), name="opportunity_line_discount"),
            models.CheckConstraint(
                condition=Q(services_credits=None) | Q(services_credits__range=(1, 10**18 - 1)),
                name="opportunity_line_credits_one_or_more",
            ),
        ]

    def __str__(self):
        return f"{self.opportunity.number}/{self.line_no} {self.description}"

    def price(self) -> None:
        """Works out the total: quantity × unit price less the discount, rounded half up to the currency's decimals."""
        kept = EXACT.divide(EXACT.subtract(Decimal(100), self.discount_percent), Decimal(100))
        gross = product(self.quantity, self.unit_price)
        self.total = round_to(EXACT.multiply(gross, kept), self.opportunity.currency.decimals)

    def proposed_credits(self) -> int | None:
        """The product's credits × the quantity, where that is a whole number of at least one."""
        credits = product(self.quantity, Decimal(self.product.services_credits or 0))
        return int(credits) if credits >= 1 and credits == int(credits) else None
