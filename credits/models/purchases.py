from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxLengthValidator, MinValueValidator
from django.db import models
from django.db.models import Case, ExpressionWrapper, F, Q, Value, When
from django.urls import reverse

from ledger.fields import AmountField, PriceField, RateField
from ledger.models import BusinessPostingGroup, Currency, LedgerAccount, ProductPostingGroup
from opportunities.models import Account, OpportunityLine

MAX_CREDITS = 10**18 - 1


class PurchaseQuerySet(models.QuerySet):
    def confirmed(self):
        return self.filter(draft=False)

    def with_credits_left(self):
        return self.confirmed().filter(credits_available__gt=0)

    def in_drawing_order(self):
        """First to expire first; then the earlier start, the earlier purchase, the lower number."""
        return self.order_by("expires_on", "starts_on", "purchased_on", "number")

    def expiring_soon(self, on, days):
        return self.with_credits_left().filter(expires_on__gte=on, expires_on__lte=on + timedelta(days=days))


class Purchase(models.Model):
    """Services Credits Customer Purchase: one lot of credits with one value, one price, one start and one expiry.

    The value prices milestones; the books follow the amount paid. Totals of credits are kept by the database from the
    consumptions and cancellations; the released totals, from the releases, say how much of the lot has left deferred
    revenue. What is fixed when, is held by `credits/sql/purchases.sql`.
    """

    number = models.CharField(max_length=20, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="purchases")
    purchased_on = models.DateField(help_text="Decides the posting date and the exchange rate.")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField("start date", null=True, blank=True, help_text="First usable day.")
    expires_on = models.DateField("expiry date", null=True, blank=True, help_text="Last usable day.")
    number_of_credits = models.BigIntegerField("number of services credits", validators=[MinValueValidator(1)])
    value_per_credit = PriceField(
        "value per credit", validators=[MinValueValidator(0)], help_text="Prices milestones; never posted."
    )
    amount_paid_per_credit = PriceField(
        "amount paid per credit",
        validators=[MinValueValidator(0)],
        help_text="What the customer pays; less than the value is a discount, 0 is free.",
    )
    description = models.TextField(blank=True, validators=[MaxLengthValidator(32_000)])
    draft = models.BooleanField(default=False)
    confirmations = models.PositiveIntegerField(default=0, editable=False)
    product_group = models.ForeignKey(ProductPostingGroup, on_delete=models.PROTECT, related_name="+")
    opportunity_line = models.ForeignKey(
        OpportunityLine, on_delete=models.PROTECT, null=True, blank=True, related_name="purchases"
    )
    line_part = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    dimensions = models.JSONField(default=dict, blank=True, help_text="Carried by every line of the books of this lot.")

    # Kept by the database from the consumptions.
    credits_allocated = models.BigIntegerField("services credits allocated", default=0, editable=False)
    credits_expired = models.BigIntegerField("services credits expired", default=0, editable=False)
    credits_refunded = models.BigIntegerField("services credits refunded", default=0, editable=False)
    credits_available = models.GeneratedField(
        expression=F("number_of_credits") - F("credits_allocated") - F("credits_expired") - F("credits_refunded"),
        output_field=models.BigIntegerField(),
        db_persist=True,
        verbose_name="services credits available",
    )

    # Fixed by confirming: where the money waits, and what it is worth in LCY.
    business_group = models.ForeignKey(
        BusinessPostingGroup, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    deferral_account = models.ForeignKey(
        LedgerAccount, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    exchange_rate = RateField(null=True, editable=False)
    paid_total_lcy = AmountField(null=True, editable=False)
    paid_total = models.GeneratedField(
        expression=ExpressionWrapper(F("number_of_credits") * F("amount_paid_per_credit"), output_field=AmountField()),
        output_field=AmountField(),
        db_persist=True,
    )

    # What has left the deferral, kept by the database from the releases: units consumed, expired and refunded, net of
    # reversals, and their amounts; those of them that were consumed; and what is recognised already of the breakage expected
    # of credits that are still there.
    credits_released = models.BigIntegerField(default=0, editable=False)
    credits_consumed = models.BigIntegerField(default=0, db_default=0, editable=False)
    released = AmountField(default=0, editable=False)
    released_lcy = AmountField(default=0, editable=False)
    estimated = AmountField(default=0, db_default=0, editable=False)
    estimated_lcy = AmountField(default=0, db_default=0, editable=False)
    breakage_rate = models.DecimalField(
        max_digits=4,
        decimal_places=2,
        default=0,
        db_default=0,
        editable=False,
        help_text="Percent of the credits expected to stay unused, as last applied to this lot.",
    )
    deferred = models.GeneratedField(
        expression=Case(
            When(draft=True, then=Value(0)),
            default=ExpressionWrapper(
                F("number_of_credits") * F("amount_paid_per_credit") - F("released"), output_field=AmountField()
            ),
            output_field=AmountField(),
        ),
        output_field=AmountField(),
        db_persist=True,
    )

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(db_default=models.functions.Now(), editable=False)

    objects = PurchaseQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = "services credits customer purchase"
        permissions = [
            ("manage_purchases", "Can create, edit, confirm and clone purchases"),
            ("expire_purchases", "Can expire purchases and change the dates of confirmed ones"),
            ("import_certinia", "Can import a data export of Certinia"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(number=""), name="purchase_has_number"),
            models.CheckConstraint(
                condition=Q(number_of_credits__range=(1, MAX_CREDITS)), name="purchase_has_one_credit_or_more"
            ),
            models.CheckConstraint(
                condition=Q(value_per_credit__gte=0, amount_paid_per_credit__gte=0), name="purchase_prices_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(expires_on__gte=F("starts_on")), name="purchase_expires_on_or_after_its_start"
            ),
            models.CheckConstraint(
                condition=Q(credits_allocated__gte=0, credits_expired__gte=0, credits_refunded__gte=0),
                name="purchase_totals_not_negative",
            ),
            models.CheckConstraint(condition=Q(credits_available__gte=0), name="purchase_never_overdrawn"),
            models.CheckConstraint(
                condition=Q(draft=False)
                | Q(credits_allocated=0, credits_expired=0, credits_refunded=0, credits_released=0, released=0)
                & Q(paid_total_lcy=None),
                name="purchase_draft_has_no_history",
            ),
            models.CheckConstraint(
                condition=Q(draft=True)
                | Q(starts_on__isnull=False, expires_on__isnull=False, business_group__isnull=False)
                & Q(paid_total_lcy__isnull=False, confirmations__gte=1),
                name="purchase_confirmed_is_complete",
            ),
            models.CheckConstraint(
                condition=Q(draft=True)
                | Q(amount_paid_per_credit=0, paid_total_lcy=0)
                | Q(exchange_rate__isnull=False, deferral_account__isnull=False),
                name="purchase_paid_has_rate_and_deferral",
            ),
            models.CheckConstraint(
                condition=Q(credits_released__gte=0, released__gte=0, released_lcy__gte=0)
                & Q(credits_released__lte=F("number_of_credits"), deferred__gte=0)
                & (Q(paid_total_lcy=None) | Q(released_lcy__lte=F("paid_total_lcy"))),
                name="purchase_releases_no_more_than_paid",
            ),
            models.CheckConstraint(
                condition=Q(credits_released__lt=F("number_of_credits"))
                | Q(deferred=0, released_lcy=F("paid_total_lcy")),
                name="purchase_liability_ends_at_zero",
            ),
            models.CheckConstraint(
                condition=Q(credits_released__lt=F("number_of_credits")) | Q(estimated=0, estimated_lcy=0),
                name="purchase_nothing_expected_of_a_spent_lot",
            ),
            models.CheckConstraint(
                condition=Q(breakage_rate__gte=0, breakage_rate__lte=99), name="purchase_breakage_rate_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(credits_consumed__gte=0, credits_consumed__lte=F("credits_released")),
                name="purchase_consumed_is_released",
            ),
            models.UniqueConstraint(fields=["opportunity_line", "line_part"], name="purchase_once_per_line_part"),
            models.CheckConstraint(
                condition=Q(opportunity_line=None, line_part=None)
                | Q(opportunity_line__isnull=False, line_part__isnull=False),
                name="purchase_line_has_part",
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "currency", "expires_on"],
                condition=Q(draft=False, credits_available__gt=0),
                name="purchase_available",
            ),
            models.Index(
                fields=["expires_on"], condition=Q(draft=False, credits_available__gt=0), name="purchase_due_to_expire"
            ),
        ]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return reverse("credits:purchase", args=[self.pk])

    @property
    def lot(self) -> str:
        """The key of this lot in the books."""
        return f"purchase:{self.pk}"

    @property
    def deferred_lcy(self) -> Decimal:
        """What is still deferred, in LCY, at the rate of the day of purchase."""
        return (self.paid_total_lcy or Decimal(0)) - self.released_lcy


class PurchaseDateChange(models.Model):
    """A renegotiation of a confirmed purchase's dates: who, when, from what to what, why. Append-only."""

    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="date_changes")
    old_starts_on = models.DateField("old start date")
    new_starts_on = models.DateField("new start date")
    old_expires_on = models.DateField("old expiry date")
    new_expires_on = models.DateField("new expiry date")
    reason = models.CharField(max_length=500)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="date_change_has_reason")]

    def __str__(self):
        return f"{self.purchase}: {self.old_expires_on} → {self.new_expires_on}"
