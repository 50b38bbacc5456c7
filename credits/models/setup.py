from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models

from credits.models.milestones import Status
from ledger.models import ProductPostingGroup


def statuses_without_allocation() -> list[str]:
    return [Status.PLANNED.value, Status.CANCELED.value, Status.NONE.value]


def notice_days() -> list[int]:
    return [90, 60, 30]


class Recognition(models.TextChoices):
    """When the amount paid for allocated credits becomes revenue."""

    NIGHT = "night", "When the milestone is completed, by the night"
    COMPLETION = "completion", "When the milestone is completed, at once"
    ALLOCATION = "allocation", "When the credits are allocated"


class AmountFrom(models.TextChoices):
    """What the amount of a milestone is set to when credits are allocated."""

    VALUE = "value", "The internal value of its credits"
    PAID = "paid", "The amount paid for its credits"
    NOTHING = "nothing", "Nothing: it is left alone"


class CreditsSetup(models.Model):
    """Services credits setup: the one row of settings of this app."""

    product_group = models.ForeignKey(
        ProductPostingGroup,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="product posting group",
        help_text="Of purchases that do not come from a product. It chooses the accounts for deferral, revenue, breakage and "
        "refunds, together with the customer's group.",
    )
    sync_paid_with_value = models.BooleanField(
        "sync amount paid with value",
        default=False,
        db_default=False,
        help_text="The amount paid per credit is not asked for: it is the value per credit.",
    )
    new_purchases_are_drafts = models.BooleanField(
        default=False, db_default=False, help_text="A new purchase is a draft unless whoever enters it says otherwise."
    )
    manual_allocation = models.BooleanField(
        "enable manual allocation",
        default=False,
        db_default=False,
        help_text="Lots and counts may be picked by hand, also lots that start later; never drafts.",
    )
    allocate_past_expiry = models.BooleanField(
        "allocate credits with past expiry date",
        default=False,
        db_default=False,
        help_text="Credits past their expiry date can be allocated until the night has expired them.",
    )
    grace_period_days = models.PositiveSmallIntegerField(
        default=0,
        help_text="Days after the expiry date before the night expires what is left. Nothing is spendable then.",
    )
    statuses_without_allocation = ArrayField(
        models.CharField(max_length=20, blank=True),
        default=statuses_without_allocation,
        blank=True,
        help_text="Milestones in these statuses do not wait for credits. An empty entry stands for no status.",
    )
    milestone_amount_from = models.CharField(
        max_length=10,
        choices=AmountFrom.choices,
        default=AmountFrom.VALUE,
        db_default=AmountFrom.VALUE,
        help_text="Set whenever credits are allocated or adjusted.",
    )
    recognise_revenue = models.CharField(
        max_length=10,
        choices=Recognition.choices,
        default=Recognition.NIGHT,
        db_default=Recognition.NIGHT,
        help_text="Stamped on each new allocation: a change touches nothing that exists.",
    )
    expiring_soon_days = models.PositiveSmallIntegerField(
        default=30, help_text="From how many days before its expiry date a purchase counts as expiring soon."
    )
    notice_days = ArrayField(
        models.PositiveSmallIntegerField(),
        default=notice_days,
        db_default=[90, 60, 30],
        blank=True,
        help_text="Days before the expiry date at which a notice is given, once for each purchase and number.",
    )
    low_balance_credits = models.BigIntegerField(
        "low balance",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="A notice is given when an account has fewer credits available than this. Empty: no notice.",
    )
    notice_recipients = ArrayField(
        models.EmailField(),
        default=list,
        db_default=[],
        blank=True,
        help_text="Who gets the notices by mail as well. Empty: nobody.",
    )

    class Meta:
        verbose_name = verbose_name_plural = "services credits setup"
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="credits_setup_is_one_row"),
            models.CheckConstraint(
                condition=models.Q(low_balance_credits=None) | models.Q(low_balance_credits__gte=1),
                name="credits_setup_low_balance_positive",
            ),
        ]

    def __str__(self):
        return "Services credits setup"

    @classmethod
    def current(cls) -> "CreditsSetup":
        """The row, or the defaults before there is one."""
        return cls.objects.first() or cls()
