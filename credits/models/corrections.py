from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse

from credits.models.purchases import Purchase
from ledger.fields import AmountField, RateField


class CorrectionQuerySet(models.QuerySet):
    def waiting(self):
        return self.filter(state=Correction.State.REQUESTED)


class Correction(models.Model):
    """A correction of a purchase that takes effect when another person approves it: expired credits are reinstated, or
    unused ones canceled and refunded. Never approved by whoever asked for it."""

    class Kind(models.TextChoices):
        REINSTATEMENT = "reinstatement", "Reinstatement"
        REFUND = "refund", "Cancellation and refund"

    class State(models.TextChoices):
        REQUESTED = "requested", "Waiting for approval"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="corrections")
    kind = models.CharField(max_length=15, choices=Kind.choices)
    new_expires_on = models.DateField("new expiry date", null=True, blank=True, help_text="Today or later.")
    credits = models.BigIntegerField(
        "credits to cancel",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Of the available ones.",
    )
    kept_percent = models.DecimalField(
        "kept",
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="Percentage of what was paid for them that is not refunded.",
    )
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(db_default=Now())
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.CharField(max_length=500, blank=True)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [("approve_correction", "Can approve reinstatements, refunds and breakage estimates of others")]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="correction_has_reason"),
            models.CheckConstraint(
                condition=Q(kind="reinstatement", new_expires_on__isnull=False, credits=None, kept_percent=None)
                | Q(kind="refund", new_expires_on=None, credits__isnull=False, kept_percent__isnull=False)
                & Q(credits__gte=1, kept_percent__range=(0, 100)),
                name="correction_says_what_its_kind_needs",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(decided_by=F("requested_by")), name="correction_by_a_second_person"
            ),
            models.CheckConstraint(
                condition=Q(state="requested", decided_by=None, decided_at=None)
                | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(state="requested"),
                name="correction_decided_by_someone",
            ),
            models.UniqueConstraint(
                fields=["purchase"], condition=Q(state="requested"), name="correction_asked_for_once"
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} of {self.purchase}"

    def get_absolute_url(self):
        return reverse("credits:correction", args=[self.pk])


class Cancellation(models.Model):
    """Unused credits of a lot that the customer gave back for money. Append-only; the lot's *credits refunded* is kept from
    these rows by the database. The refund is owed from here on; paying it out is the payment system's."""

    correction = models.OneToOneField(Correction, on_delete=models.PROTECT, related_name="cancellation")
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="cancellations")
    credits = models.BigIntegerField("services credits refunded")
    refunded = AmountField(help_text="What is owed to the customer.")
    kept = AmountField(help_text="What was paid for the credits and is not refunded.")
    refunded_lcy = AmountField(help_text="At the rate of the day.")
    exchange_rate = RateField(null=True)
    canceled_on = models.DateField("date")
    event_key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(credits__gte=1, refunded__gte=0, kept__gte=0, refunded_lcy__gte=0),
                name="cancellation_not_negative",
            )
        ]

    def __str__(self):
        return f"{self.credits} of {self.purchase}"
