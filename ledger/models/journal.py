from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now

from ledger.fields import AmountField
from ledger.models.accounts import LedgerAccount, ProductPostingGroup
from ledger.models.currencies import Currency


class JournalEntry(models.Model):
    """A dated, balanced document of the books. Append-only, written by `ledger.services.posting` alone.

    The event key names the business event and exists once. `effective_on` is the day the event belongs to,
    `posting_date` the day the books took it: the same, or the first open day after it.
    """

    event_key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)
    posting_date = models.DateField()
    effective_on = models.DateField("effective on")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    description = models.CharField(max_length=200)
    line_count = models.PositiveIntegerField(editable=False)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")
    reason = models.CharField(max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", help_text="Empty: the night."
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "journal entries"
        constraints = [
            models.CheckConstraint(condition=Q(line_count__gte=2), name="journal_entry_has_two_lines"),
            models.CheckConstraint(condition=~Q(event_key=""), name="journal_entry_has_event_key"),
            models.CheckConstraint(
                condition=Q(posting_date__gte=F("effective_on")), name="journal_entry_posted_on_or_after_its_day"
            ),
        ]
        indexes = [models.Index(fields=["posting_date"], name="journal_entry_posting_date")]

    def __str__(self):
        return f"JE-{self.pk:07d}"


class JournalLine(models.Model):
    """One debit or one credit, in the entry's currency and in LCY. `party` and `lot` are opaque keys of the upper apps
    (who, and which lot), so that the books can be cut by customer and lot without knowing either; `dimensions` are codes
    of dimension values by the code of their dimension."""

    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="lines", db_index=False)
    line_no = models.PositiveIntegerField()
    account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="lines", db_index=False)
    product_group = models.ForeignKey(
        ProductPostingGroup, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", db_index=False)
    debit = AmountField(default=0)
    credit = AmountField(default=0)
    debit_lcy = AmountField("debit (LCY)", default=0)
    credit_lcy = AmountField("credit (LCY)", default=0)
    party = models.CharField(max_length=40, blank=True)
    lot = models.CharField(max_length=40, blank=True)
    dimensions = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField()), help_text="{dimension: value}"
    )

    class Meta:
        # The entry itself would be ordered newest first.
        ordering = ["entry_id", "line_no"]
        constraints = [
            # Serves as the index on the entry as well.
            models.UniqueConstraint(fields=["entry", "line_no"], name="journal_line_numbered_within_entry"),
            models.CheckConstraint(condition=Q(line_no__gte=1), name="journal_line_no_from_one"),
            models.CheckConstraint(
                condition=Q(debit__gte=0, credit__gte=0, debit_lcy__gte=0, credit_lcy__gte=0),
                name="journal_line_never_negative",
            ),
            models.CheckConstraint(
                condition=Q(credit=0, credit_lcy=0) | Q(debit=0, debit_lcy=0), name="journal_line_on_one_side"
            ),
            models.CheckConstraint(
                condition=Q(debit__gt=0) | Q(credit__gt=0) | Q(debit_lcy__gt=0) | Q(credit_lcy__gt=0),
                name="journal_line_not_zero",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "entry"], name="journal_line_account"),
            models.Index(fields=["lot"], condition=~Q(lot=""), name="journal_line_lot"),
        ]

    def __str__(self):
        return f"{self.entry_id}/{self.line_no}"
