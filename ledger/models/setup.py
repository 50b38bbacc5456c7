import zoneinfo

from django.core.exceptions import ValidationError
from django.db import models

from ledger.models.accounts import LedgerAccount
from ledger.models.currencies import Currency


def validate_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"“{name}” is not a time zone; write it as in Europe/Berlin.")


class LedgerSetup(models.Model):
    """General ledger setup: the one row that says whose books these are, and when they may be written."""

    class GroupsFrom(models.TextChoices):
        SELL_TO = "sell_to", "The customer sold to"
        BILL_TO = "bill_to", "The customer billed"

    company_name = models.CharField(max_length=120)
    address = models.TextField(
        blank=True, default="", db_default="", help_text="Printed on documents, as it is written."
    )
    lcy = models.ForeignKey(
        Currency,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="local currency (LCY)",
        help_text="The company's own currency. Fixed once anything is posted.",
    )
    time_zone = models.CharField(
        max_length=60,
        default="UTC",
        validators=[validate_time_zone],
        help_text="Decides when a business day ends: an expiry date is the last usable day here.",
    )
    posting_from = models.DateField(
        "posting allowed from", null=True, blank=True, help_text="Events of earlier days are posted on this day."
    )
    posting_to = models.DateField(
        "posting allowed to", null=True, blank=True, help_text="A posting after this day is refused."
    )
    groups_from = models.CharField(
        "business posting group from",
        max_length=10,
        choices=GroupsFrom.choices,
        default=GroupsFrom.SELL_TO,
        db_default=GroupsFrom.SELL_TO,
        help_text="Whose business posting group a sale takes, where another customer pays for it.",
    )
    exchange_difference = models.ForeignKey(
        LedgerAccount,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="exchange difference account",
        help_text="Where a deferral is refunded at another rate than the one it arose at.",
    )

    class Meta:
        verbose_name = verbose_name_plural = "general ledger setup"
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="ledger_setup_is_one_row"),
            models.CheckConstraint(
                condition=models.Q(posting_to__gte=models.F("posting_from")), name="ledger_setup_posting_range"
            ),
        ]

    def __str__(self):
        return self.company_name
