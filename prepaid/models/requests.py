from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse

from ledger.fields import AmountField
from ledger.models import LedgerAccount, ProductPostingGroup
from prepaid.models.entries import PrepaidEntry
from prepaid.models.fields import QuantityField
from prepaid.models.services import PrepaidService


class State(models.TextChoices):
    """Of what may need a second person."""

    REQUESTED = "requested", "Waiting for approval"
    POSTED = "posted", "Posted"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"


def _decided() -> Q:
    return Q(state="requested", decided_by=None, decided_at=None) | ~Q(state="requested") & Q(decided_at__isnull=False)


class EntryRequest(models.Model):
    """A prepaid ledger entry by hand. Up to the thresholds of the setup it is posted at once; above them it waits for
    somebody else's approval. `needs_approval` is stamped when it is asked for."""

    class Type(models.TextChoices):
        POSITIVE = "positive", "Positive Adjmt."
        NEGATIVE = "negative", "Negative Adjmt."

    service = models.ForeignKey(PrepaidService, on_delete=models.PROTECT, related_name="requests")
    entry_type = models.CharField(max_length=12, choices=Type.choices, default=Type.POSITIVE)
    posted_on = models.DateField("posting date")
    amount = AmountField(default=0, help_text="In the currency of the service.")
    quantity = QuantityField(default=0)
    valid_until = models.DateField(
        null=True, blank=True, help_text="Of a receipt; empty: as the service's formula says."
    )
    quantity_only = models.BooleanField(
        "quantity only", default=False, help_text="Nothing is posted to the books: no money stands behind it."
    )
    product_group = models.ForeignKey(
        ProductPostingGroup,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="product posting group",
        help_text="Chooses the accounts for its later use and expiry.",
    )
    balancing_account = models.ForeignKey(
        LedgerAccount,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The other side in the books.",
    )
    document_no = models.CharField("document no.", max_length=30, blank=True, default="")
    document_type = models.CharField(
        max_length=12,
        choices=PrepaidEntry.DocumentType.choices,
        default=PrepaidEntry.DocumentType.BY_HAND,
        editable=False,
    )
    reason = models.CharField(max_length=500)
    needs_approval = models.BooleanField(editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, editable=False, related_name="+"
    )
    requested_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, editable=False)
    decision_note = models.CharField(max_length=500, blank=True, default="", editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="entry_request_has_reason"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, quantity=0) | Q(amount=0, quantity__gt=0),
                name="entry_request_amount_or_quantity",
            ),
            models.CheckConstraint(
                condition=Q(quantity_only=True, balancing_account=None) | Q(quantity_only=False),
                name="entry_request_posts_or_not",
            ),
            models.CheckConstraint(condition=_decided(), name="entry_request_decided_by_someone"),
            models.CheckConstraint(
                condition=~Q(state="posted")
                | Q(needs_approval=False)
                | Q(decided_by__isnull=False) & ~Q(decided_by=F("requested_by")),
                name="entry_request_by_a_second_person",
            ),
        ]

    def __str__(self):
        return f"{self.get_entry_type_display()} of {self.service}"

    def get_absolute_url(self):
        return reverse("prepaid:entry-request", args=[self.pk])

    @property
    def event_key(self) -> str:
        return f"prepaid-entry:{self.pk}"

    @property
    def currency(self):
        """The service's, which the first request fixes."""
        return self.service.currency


class DissolutionProposal(models.Model):
    """A residual that expired and waits for review, where the setup says so: its entry and its journal are written together
    on approval. It was no longer usable from the day after its valid-until on, whatever becomes of this."""

    inflow = models.ForeignKey(PrepaidEntry, on_delete=models.PROTECT, related_name="proposals")
    proposed_on = models.DateField("date")
    by_night = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED, editable=False)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField(db_default=Now())
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["inflow"], condition=Q(state="requested"), name="dissolution_proposed_once"
            ),
            models.CheckConstraint(condition=_decided(), name="dissolution_decided_by_someone"),
        ]

    def __str__(self):
        return f"Residual of {self.inflow}"

    @property
    def currency(self):
        return self.inflow.currency


class StatementMail(models.Model):
    """A record of a statement that was sent: what, to whom, when. Append-only."""

    account = models.ForeignKey("opportunities.Account", on_delete=models.PROTECT, related_name="+")
    service = models.ForeignKey(PrepaidService, on_delete=models.PROTECT, null=True, related_name="statement_mails")
    period_from = models.DateField()
    period_to = models.DateField()
    recipient = models.EmailField()
    file = models.BinaryField(help_text="The PDF as it was sent.")
    message_id = models.CharField(max_length=200, blank=True, default="")
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    sent_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        permissions = [("send_statements", "Can send statements to customers")]

    def __str__(self):
        return f"Statement to {self.recipient}"
