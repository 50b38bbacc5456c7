from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from ledger.fields import PriceField
from ledger.models import Currency, ProductPostingGroup, VatProductGroup


class CommitmentOption(models.TextChoices):
    """How a product goes with service commitments."""

    SALES_WITHOUT = "sales_without", "Sales without service commitment"
    SALES_WITH = "sales_with", "Sales with service commitment"
    COMMITMENT_ITEM = "commitment_item", "Service commitment item"
    INVOICING_ITEM = "invoicing_item", "Invoicing item"


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
    vat_product_group = models.ForeignKey(
        VatProductGroup,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="VAT product posting group",
        help_text="Chooses the VAT rate, together with the customer's group. Empty: no VAT.",
    )
    unit_of_measure = models.CharField(
        max_length=10, blank=True, default="", db_default="", help_text="What one of it is: HOUR, DAY, PIECE."
    )
    inventory = models.BooleanField(
        "inventory product", default=False, db_default=False, help_text="It is kept in stock."
    )
    commitment_option = models.CharField(
        "service commitment option",
        max_length=20,
        choices=CommitmentOption.choices,
        default=CommitmentOption.SALES_WITHOUT,
        db_default=CommitmentOption.SALES_WITHOUT,
    )
    prepaid_service = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Sold, it tops up a prepaid service: once by its invoice, or by the periods of a contract.",
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="product_price_not_negative"),
            models.CheckConstraint(
                condition=Q(services_credits=None) | Q(services_credits__range=(1, 10**18 - 1)),
                name="product_credits_one_or_more",
            ),
            models.CheckConstraint(
                condition=Q(prepaid_service=False)
                | Q(inventory=False, commitment_option__in=["sales_without", "commitment_item"]),
                name="product_can_be_a_prepaid_service",
            ),
        ]

    def __str__(self):
        return f"{self.code} {self.name}"

    @property
    def tops_up_once(self) -> bool:
        """Whether its invoice tops up a one-time prepaid service."""
        return self.prepaid_service and self.commitment_option == CommitmentOption.SALES_WITHOUT

    @property
    def is_commitment_item(self) -> bool:
        """Whether it is billed by a contract and never by a sales document."""
        return self.commitment_option == CommitmentOption.COMMITMENT_ITEM
