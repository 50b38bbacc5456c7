import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse

from ledger.fields import AmountField, RateField
from ledger.models import BusinessPostingGroup, Currency, LedgerAccount, ProductPostingGroup
from prepaid.models.fields import QuantityField
from prepaid.models.services import PrepaidService


class PrepaidEntryQuerySet(models.QuerySet):
    def inflows(self):
        return self.filter(entry_type=PrepaidEntry.Type.POSITIVE)

    def used(self):
        """Consumption, and what credit memos gave back of it."""
        return self.filter(Q(entry_type=PrepaidEntry.Type.CONSUMPTION) | Q(came_from__isnull=False))


class PrepaidEntry(models.Model):
    """Prepaid ledger entry: one inflow (above zero) or outflow (below zero) of a prepaid service. Append-only; what is left
    of an inflow stands in its balance.

    `event_key` is that of the journal entry, where the event posts one; an event may make several entries. An inflow that is
    held on a deferral account names it; one without money behind it never touches the books. LCY is at the rate of the day
    the money came in, for what leaves as well. Written by `prepaid.services` alone.
    """

    class Type(models.TextChoices):
        POSITIVE = "positive", "Positive Adjmt."
        CONSUMPTION = "consumption", "Consumption"
        NEGATIVE = "negative", "Negative Adjmt."
        DISSOLUTION = "dissolution", "Dissolution"

    class DocumentType(models.TextChoices):
        INVOICE = "invoice", "Invoice"
        CREDIT_MEMO = "credit_memo", "Credit memo"
        BY_HAND = "by_hand", "By hand"
        OPENING = "opening", "Opening balance"
        EXPIRY = "expiry", "Expiry"

    service = models.ForeignKey(PrepaidService, on_delete=models.PROTECT, related_name="entries")
    entry_type = models.CharField(max_length=12, choices=Type.choices)
    posted_on = models.DateField("posting date")
    document_type = models.CharField(max_length=12, choices=DocumentType.choices)
    document_no = models.CharField("document no.", max_length=30, blank=True, default="")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    amount = AmountField(default=0)
    amount_lcy = AmountField("amount (LCY)", default=0)
    quantity = QuantityField(default=0)
    valid_until = models.DateField(null=True, blank=True, help_text="The last day of use. Empty: unlimited.")
    product_group = models.ForeignKey(
        ProductPostingGroup,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="product posting group",
        help_text="Of the item used for the receipt.",
    )
    business_group = models.ForeignKey(BusinessPostingGroup, on_delete=models.PROTECT, null=True, related_name="+")
    deferral_account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, null=True, related_name="+")
    deferral_group = models.ForeignKey(
        ProductPostingGroup,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="The product posting group under which it stands on the deferral account.",
    )
    exchange_rate = RateField(null=True)
    came_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="given_back",
        help_text="What was used of it came back.",
    )
    document = models.ForeignKey(
        "prepaid.SalesDocument", on_delete=models.PROTECT, null=True, related_name="prepaid_entries"
    )
    line = models.ForeignKey("prepaid.SalesLine", on_delete=models.PROTECT, null=True, related_name="prepaid_entries")
    event_key = models.CharField(max_length=120, db_index=True)
    reason = models.CharField(max_length=500, blank=True, default="")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", help_text="Empty: the night."
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = PrepaidEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "prepaid ledger entries"
        permissions = [
            ("create_entries", "Can create prepaid ledger entries by hand"),
            ("approve_entries", "Can approve entries and residuals of others"),
            ("expire_residuals", "Can expire residuals of prepaid services"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(entry_type="positive")
                & (Q(amount__gt=0, amount_lcy__gte=0, quantity=0) | Q(amount=0, amount_lcy=0, quantity__gt=0))
                | ~Q(entry_type="positive")
                & (Q(amount__lt=0, amount_lcy__lte=0, quantity=0) | Q(amount=0, amount_lcy=0, quantity__lt=0)),
                name="prepaid_entry_amount_or_quantity",
            ),
            models.CheckConstraint(
                condition=Q(entry_type="positive") | Q(valid_until=None, deferral_account=None, came_from=None),
                name="prepaid_entry_outflow_has_no_validity",
            ),
            models.CheckConstraint(
                condition=Q(came_from__isnull=False) | Q(valid_until=None) | Q(valid_until__gte=F("posted_on")),
                name="prepaid_entry_valid_from_its_day",
            ),
            models.CheckConstraint(
                condition=Q(deferral_account=None, deferral_group=None)
                | Q(deferral_account__isnull=False, deferral_group__isnull=False)
                & Q(
                    amount__gt=0, product_group__isnull=False, business_group__isnull=False, exchange_rate__isnull=False
                ),
                name="prepaid_entry_deferred_has_its_groups",
            ),
            models.CheckConstraint(condition=~Q(event_key=""), name="prepaid_entry_has_event_key"),
        ]
        indexes = [models.Index(fields=["service", "posted_on"], name="prepaid_entry_of_service")]

    def __str__(self):
        return f"PE-{self.pk:07d}"

    def get_absolute_url(self):
        return reverse("prepaid:entry", args=[self.pk])

    @property
    def billed_period(self) -> Any:
        """The days of a contract that it topped up its service for; nothing of other entries."""
        return getattr(self.line, "billed_period", None)

    @property
    def lot(self) -> str:
        """The key of this inflow in the books."""
        return f"prepaid:{self.pk}"


class InflowBalanceQuerySet(models.QuerySet):
    def left(self):
        return self.filter(Q(remaining__gt=0) | Q(remaining_quantity__gt=0))

    def usable(self, on: datetime.date):
        """What can be used on a day: received by then, valid on it, and something left."""
        valid = Q(entry__valid_until=None) | Q(entry__valid_until__gte=on)
        return self.left().filter(valid, entry__posted_on__lte=on)

    def lapsed(self, on: datetime.date):
        """What was valid until `on` or a day before, with something left."""
        return self.left().filter(entry__valid_until__lte=on)

    def in_drawing_order(self):
        """Earliest valid-until first, unlimited last, then entry no."""
        return self.order_by(F("entry__valid_until").asc(nulls_last=True), "entry_id")


class InflowBalance(models.Model):
    """What is left of an inflow. Kept by the database from the entries and their applications; nothing else writes it."""

    entry = models.OneToOneField(PrepaidEntry, on_delete=models.PROTECT, primary_key=True, related_name="balance")
    service = models.ForeignKey(PrepaidService, on_delete=models.PROTECT, related_name="balances")
    remaining = AmountField()
    remaining_lcy = AmountField()
    remaining_quantity = QuantityField()
    expired = AmountField(default=0, db_default=0)
    expired_lcy = AmountField(default=0, db_default=0)
    expired_quantity = QuantityField(default=0, db_default=0)

    objects = InflowBalanceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(remaining__gte=0, remaining_lcy__gte=0, remaining_quantity__gte=0)
                & Q(expired__gte=0, expired_lcy__gte=0, expired_quantity__gte=0),
                name="prepaid_balance_never_below_zero",
            ),
            models.CheckConstraint(
                condition=Q(remaining__gt=0) | Q(remaining_lcy=0), name="prepaid_balance_ends_in_lcy_as_well"
            ),
        ]

    def __str__(self):
        return f"left of {self.entry_id}"


class Application(models.Model):
    """What an outflow took of an inflow: of a consumption, for one used line. Append-only; amounts are above zero."""

    outflow = models.ForeignKey(PrepaidEntry, on_delete=models.PROTECT, related_name="applications")
    inflow = models.ForeignKey(PrepaidEntry, on_delete=models.PROTECT, related_name="applied")
    amount = AmountField(default=0)
    amount_lcy = AmountField("amount (LCY)", default=0)
    quantity = QuantityField(default=0)
    used_line = models.ForeignKey(
        "prepaid.SalesLine",
        on_delete=models.PROTECT,
        null=True,
        related_name="covered_by",
        help_text="What it paid for.",
    )
    revenue_account = models.ForeignKey(
        LedgerAccount,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="What was used of it is revenue of this account.",
    )
    revenue_group = models.ForeignKey(
        ProductPostingGroup,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="The product posting group of that revenue: of the receipt, or of the item used.",
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount_lcy__gte=0, quantity=0) | Q(amount=0, amount_lcy=0, quantity__gt=0),
                name="application_amount_or_quantity",
            ),
            models.CheckConstraint(
                condition=Q(revenue_account=None, revenue_group=None)
                | Q(revenue_account__isnull=False, revenue_group__isnull=False),
                name="application_revenue_has_its_group",
            ),
            models.UniqueConstraint(
                fields=["outflow", "inflow", "used_line"], nulls_distinct=False, name="application_once"
            ),
        ]

    def __str__(self):
        return f"{self.outflow_id} of {self.inflow_id}"


class GiveBack(models.Model):
    """What a line of a credit memo gave back of an application, into a new inflow. Append-only; never more than was taken."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="give_backs")
    inflow = models.ForeignKey(PrepaidEntry, on_delete=models.PROTECT, related_name="give_backs")
    line = models.ForeignKey("prepaid.SalesLine", on_delete=models.PROTECT, related_name="give_backs")
    amount = AmountField(default=0)
    amount_lcy = AmountField(default=0)
    quantity = QuantityField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount_lcy__gte=0, quantity=0) | Q(amount=0, amount_lcy=0, quantity__gt=0),
                name="give_back_amount_or_quantity",
            ),
        ]

    def __str__(self):
        return f"{self.application_id} into {self.inflow_id}"
