from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from opportunities.models import Account


class AccountRules(models.Model):
    """What holds for the services credits of one customer alone. A customer without a row has the setup's rules."""

    account = models.OneToOneField(Account, on_delete=models.PROTECT, primary_key=True, related_name="credit_rules")
    unclaimed_property = models.BooleanField(
        default=False,
        help_text="What expires is owed under unclaimed-property law: it goes to a liability and is never revenue.",
    )
    low_balance_credits = models.BigIntegerField(
        "low balance",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="A notice is given when fewer credits than this are available. Empty: as the setup says.",
    )

    class Meta:
        verbose_name = verbose_name_plural = "services credits rules"
        constraints = [
            models.CheckConstraint(
                condition=Q(low_balance_credits=None) | Q(low_balance_credits__gte=1),
                name="account_rules_low_balance_positive",
            )
        ]

    def __str__(self):
        return f"Services credits rules of {self.account}"
