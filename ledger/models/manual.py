from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now
from django.urls import reverse

from ledger.fields import AmountField
from ledger.models.accounts import LedgerAccount, ProductPostingGroup
from ledger.models.currencies import Currency
from ledger.models.journal import JournalEntry

UNPOSTED = Q(entry=None, number="", sequence=None)
NUMBERED = Q(entry__isnull=False, sequence__isnull=False, sequence__gte=1) & ~Q(number="")


def _user(*, null: bool = True) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=null, editable=False, related_name="+"
    )


def _is_maker(user: str, *, expected: bool) -> Q:
    """Whether the user of that field is among the makers."""
    found = "IS NOT NULL" if expected else "IS NULL"
    template = f"array_position(%(expressions)s) {found}"
    return Q(Func(F("makers"), F(user), template=template, output_field=models.BooleanField()))


class ManualEntry(models.Model):
    """A journal entry by hand, on its way to the books: drafted, submitted, approved by somebody who had no hand in it,
    posted. Its lines change only while it is a draft; its number, without a gap, comes with the posting. `sequence` is the
    place of the number in its series, however the number is written.

    `makers` are all who created, edited or submitted it.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"
        APPROVED = "approved", "Approved"
        POSTED = "posted", "Posted"

    number = models.CharField(max_length=20, blank=True, editable=False)
    sequence = models.BigIntegerField(null=True, unique=True, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    effective_on = models.DateField("effective on", help_text="Posted on this day, or the first open day after it.")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    description = models.CharField(max_length=200)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it is posted by hand. Kept with the entry.")
    makers = ArrayField(models.IntegerField(), default=list, editable=False)
    created_by = _user(null=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    submitted_by = _user()
    submitted_at = models.DateTimeField(null=True, editable=False)
    approved_by = _user()
    approved_at = models.DateTimeField(null=True, editable=False)
    sent_back_because = models.CharField(max_length=500, blank=True, editable=False)
    entry = models.OneToOneField(
        JournalEntry, on_delete=models.PROTECT, null=True, editable=False, related_name="manual_entry"
    )

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "manual entries"
        permissions = [
            ("write_manualentry", "Can draft, submit and post manual entries"),
            ("approve_manualentry", "Can approve manual entries of others"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft", submitted_by=None, approved_by=None) & UNPOSTED
                | Q(state="submitted", submitted_by__isnull=False, approved_by=None) & UNPOSTED
                | Q(state="approved", submitted_by__isnull=False, approved_by__isnull=False) & UNPOSTED
                | Q(state="posted", submitted_by__isnull=False, approved_by__isnull=False) & NUMBERED,
                name="manual_entry_state_has_its_people",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | _is_maker("approved_by", expected=False),
                name="manual_entry_approver_is_no_maker",
            ),
            models.CheckConstraint(
                condition=_is_maker("created_by", expected=True)
                & (Q(submitted_by=None) | _is_maker("submitted_by", expected=True)),
                name="manual_entry_makers_are_known",
            ),
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="manual_entry_numbered_once"),
            models.CheckConstraint(condition=Q(state="draft") | ~Q(reason=""), name="manual_entry_has_reason"),
        ]

    def __str__(self):
        return self.number or f"Manual entry {self.pk}"

    def get_absolute_url(self):
        return reverse("ledger:manual-entry", args=[self.pk])


class ManualEntryLine(models.Model):
    """One debit or credit of a manual entry, in the entry's currency. LCY is worked out when it is posted."""

    logged_under = "manual_entry"  # in the change log

    manual_entry = models.ForeignKey(ManualEntry, on_delete=models.CASCADE, related_name="lines", db_index=False)
    line_no = models.PositiveIntegerField(editable=False)
    account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="+")
    product_group = models.ForeignKey(
        ProductPostingGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    debit = AmountField(default=0)
    credit = AmountField(default=0)
    dimensions = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["manual_entry", "line_no"]
        constraints = [
            models.UniqueConstraint(fields=["manual_entry", "line_no"], name="manual_line_numbered_within_entry"),
            models.CheckConstraint(
                condition=Q(debit__gt=0, credit=0) | Q(debit=0, credit__gt=0), name="manual_line_on_one_side"
            ),
        ]

    def __str__(self):
        return f"{self.manual_entry_id}/{self.line_no}"
