from django.contrib.postgres.fields import ArrayField
from django.db import models

from credits.models.milestones import Status
from ledger.models import ProductPostingGroup


def statuses_without_allocation() -> list[str]:
    return [Status.PLANNED.value, Status.CANCELED.value, Status.NONE.value]


class CreditsSetup(models.Model):
    """Services credits setup: the one row of settings of this app."""

    product_group = models.ForeignKey(
        ProductPostingGroup,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="product posting group",
        help_text="Of purchases that do not come from a product.",
    )
    grace_period_days = models.PositiveSmallIntegerField(
        default=0,
        help_text="Days after the expiry date before the night expires what is left. Nothing is spendable then.",
    )
    expiring_soon_days = models.PositiveSmallIntegerField(
        default=30, help_text="From how many days before its expiry date a purchase counts as expiring soon."
    )
    statuses_without_allocation = ArrayField(
        models.CharField(max_length=20, blank=True),
        default=statuses_without_allocation,
        blank=True,
        help_text="Milestones in these statuses do not wait for credits. An empty entry stands for no status.",
    )

    class Meta:
        verbose_name = verbose_name_plural = "services credits setup"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="credits_setup_is_one_row")]

    def __str__(self):
        return "Services credits setup"
