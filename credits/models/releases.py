from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from credits.models.milestones import Milestone
from credits.models.purchases import Purchase
from ledger.fields import AmountField
from ledger.models import JournalEntry


class Release(models.Model):
    """Units of a lot that left deferred revenue by one event, and the money that left with them; below zero: they came
    back. Append-only: the lot's released totals are kept from these rows by the database.

    `amount` is cut over the units (posting rules, "Cutting a lot's total"); `estimated` is what the event recognised of
    the breakage expected of the credits that are still there (rule 12). An event posts one entry, under its key; one for
    which nothing was paid posts none.
    """

    class Cause(models.TextChoices):
        CONSUMED = "consumed", "Consumed"
        EXPIRED = "expired", "Expired"
        REFUNDED = "refunded", "Refunded"
        ESTIMATED = "estimated", "Breakage estimate"

    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="releases")
    event_key = models.CharField(max_length=120)
    cause = models.CharField(max_length=10, choices=Cause.choices)
    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, null=True, related_name="releases")
    units = models.BigIntegerField()
    amount = AmountField()
    amount_lcy = AmountField()
    estimated = AmountField(default=0, db_default=0)
    estimated_lcy = AmountField(default=0, db_default=0)
    breakage_rate = models.DecimalField(
        max_digits=4,
        decimal_places=2,
        null=True,
        help_text="Of a breakage estimate: the percentage of the lot's credits expected to stay unused, from here on.",
    )
    effective_on = models.DateField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["event_key", "purchase"], name="release_once_per_event_and_lot"),
            models.CheckConstraint(
                condition=Q(cause="consumed", milestone__isnull=False, breakage_rate=None) & ~Q(units=0)
                | Q(cause__in=["expired", "refunded"], milestone=None, breakage_rate=None) & ~Q(units=0)
                | Q(cause="estimated", milestone=None, breakage_rate__isnull=False, units=0, amount=0, amount_lcy=0)
                & Q(breakage_rate__gte=0),
                name="release_fits_its_cause",
            ),
        ]
        indexes = [
            models.Index(fields=["milestone"], condition=Q(milestone__isnull=False), name="release_of_milestone")
        ]

    def __str__(self):
        return f"{self.event_key}: {self.units} of {self.purchase}"

    @property
    def entry(self) -> JournalEntry | None:
        """The journal entry of the event."""
        return JournalEntry.objects.filter(event_key=self.event_key).first()
