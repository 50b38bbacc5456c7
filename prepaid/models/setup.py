from django.core.validators import MinValueValidator
from django.db import models

from ledger.fields import AmountField
from ledger.models import Dimension, ProductPostingGroup


class RevenueFrom(models.TextChoices):
    """Whose product posting group chooses the revenue account of what is covered by a balance."""

    RECEIPT = "receipt", "The item of the top-up"
    CONSUMED = "consumed", "The item used"


class AutomaticBilling(models.TextChoices):
    """What the night does with contracts that are due to be billed."""

    OFF = "off", "Nothing"
    MAKE = "make", "Make invoices"
    POST = "post", "Make and post invoices"


class ReleaseDay(models.TextChoices):
    """When the part of a month is earned."""

    LAST = "last", "Last day of its part"
    FIRST = "first", "First day of its part"


class PrepaidSetup(models.Model):
    """Prepaid services setup: the one row of settings of this app."""

    deferral_group = models.ForeignKey(
        ProductPostingGroup,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="gen. prod. posting group deferrals",
        help_text="Its deferral accounts hold what was paid for one-time prepaid services and is not used yet.",
    )
    insert_dimension_value = models.BooleanField(
        "auto-insert dimension value",
        default=True,
        db_default=True,
        help_text="The number of each new prepaid service becomes a value of the dimension below.",
    )
    dimension = models.ForeignKey(
        Dimension,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="dimension for prepaid services",
        help_text="Every posting of a prepaid service carries the service's value of it.",
    )
    post_manual_dissolution = models.BooleanField(
        default=True,
        db_default=True,
        help_text="Residuals that somebody expires are posted at once. Otherwise they wait for review.",
    )
    post_automatic_dissolution = models.BooleanField(
        default=True,
        db_default=True,
        help_text="Residuals that the night expires are posted at once. Otherwise they wait for review.",
    )
    revenue_from = models.CharField(
        "revenue of a consumption",
        max_length=10,
        choices=RevenueFrom.choices,
        default=RevenueFrom.RECEIPT,
        db_default=RevenueFrom.RECEIPT,
        help_text="Whose product posting group chooses the revenue account of what a balance covers.",
    )
    approve_amounts_above = AmountField(
        "approval of amounts above",
        default=1000,
        db_default=1000,
        validators=[MinValueValidator(0)],
        help_text="In LCY. An entry by hand or an opening balance of more waits for somebody else's approval.",
    )
    approve_quantities_above = models.DecimalField(
        "approval of quantities above",
        max_digits=20,
        decimal_places=4,
        default=10,
        db_default=10,
        validators=[MinValueValidator(0)],
        help_text="An entry by hand or an opening balance of more waits for somebody else's approval.",
    )

    automatic_billing = models.CharField(
        max_length=5,
        choices=AutomaticBilling.choices,
        default=AutomaticBilling.OFF,
        db_default=AutomaticBilling.OFF,
        help_text="What the night does with customer contracts that are due to be billed.",
    )
    release_day = models.CharField(
        "contract deferrals are due on",
        max_length=5,
        choices=ReleaseDay.choices,
        default=ReleaseDay.LAST,
        db_default=ReleaseDay.LAST,
        help_text="Of each calendar month of a billing period. Business Central releases on the first day.",
    )
    by_equal_months = models.BooleanField(
        "contract deferrals by equal months",
        default=False,
        db_default=False,
        help_text="Parts are cut as Business Central cuts them: rounded months, and the last line takes the rest.",
    )

    class Meta:
        verbose_name = verbose_name_plural = "prepaid services setup"
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="prepaid_setup_is_one_row"),
            models.CheckConstraint(
                condition=models.Q(approve_amounts_above__gte=0, approve_quantities_above__gte=0),
                name="prepaid_setup_approval_not_negative",
            ),
        ]

    def __str__(self):
        return "Prepaid services setup"
