from django.conf import settings
from django.db import models
from django.db.models import ExpressionWrapper, F, Func, Q, Sum
from django.db.models.functions import Coalesce

from credits.models.corrections import Correction
from credits.models.milestones import Milestone
from credits.models.purchases import Purchase
from credits.models.setup import Recognition
from ledger.fields import AmountField, PriceField
from ledger.models import Currency
from opportunities.models import Account


class AllocationNumber(Func):
    """The next number of the series SCA, drawn by the database so that the night can number by the set."""

    template = "credits_allocation_number()"
    output_field = models.CharField()


class AllocationQuerySet(models.QuerySet):
    def with_totals(self):
        """`credits`, `value_amount` and `paid_amount`: the sums of the consumptions."""
        zero = {"output_field": AmountField()}
        return self.annotate(
            credits=Coalesce(Sum("consumptions__credits"), 0, output_field=models.BigIntegerField()),
            value_amount=Coalesce(Sum("consumptions__value_amount"), 0, **zero),
            paid_amount=Coalesce(Sum("consumptions__paid_amount"), 0, **zero),
        )


class Allocation(models.Model):
    """Credits assigned to a milestone, one per milestone; or one expiry of one lot. Made by the processes alone; its
    totals are the sums of its consumptions."""

    class Type(models.TextChoices):
        ALLOCATION = "allocation", "Allocation"
        EXPIRY = "expiry", "Expiry"

    number = models.CharField(max_length=24, unique=True, db_default=AllocationNumber())
    event_key = models.CharField(max_length=120, unique=True)
    allocation_type = models.CharField("type", max_length=12, choices=Type.choices)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="allocations")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    milestone = models.OneToOneField(Milestone, on_delete=models.PROTECT, null=True, related_name="allocation")
    allocated_on = models.DateField("date")
    recognise = models.CharField(
        "revenue recognised",
        max_length=10,
        choices=Recognition.choices,
        default=Recognition.NIGHT,
        db_default=Recognition.NIGHT,
        help_text="As the setup said when the credits were allocated.",
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=models.functions.Now())

    objects = AllocationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [("allocate_credits", "Can allocate and adjust credits, complete and reopen milestones")]
        constraints = [
            models.CheckConstraint(
                condition=Q(allocation_type="allocation", milestone__isnull=False)
                | Q(allocation_type="expiry", milestone=None),
                name="allocation_has_milestone_unless_expiry",
            )
        ]

    def __str__(self):
        return self.number


class ConsumptionQuerySet(models.QuerySet):
    def net_by_lot(self):
        """Rows of (purchase, credits): what is still drawn from each lot, lots given back entirely left out."""
        return self.values("purchase").annotate(net=Sum("credits")).filter(net__gt=0).order_by("purchase")


class Consumption(models.Model):
    """The part of an allocation that is drawn from one lot; negative where it was given back. Append-only: the lot's
    and the milestone's totals are kept from these rows by the database."""

    class Type(models.TextChoices):
        CONSUMPTION = "consumption", "Consumption"
        ADJUSTMENT = "adjustment", "Consumption Adjustment"
        EXPIRY = "expiry", "Expiry"

    allocation = models.ForeignKey(Allocation, on_delete=models.PROTECT, related_name="consumptions")
    consumption_type = models.CharField("type", max_length=12, choices=Type.choices)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="consumptions")
    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, null=True, related_name="consumptions")
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="consumptions")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", db_index=False)
    credits = models.BigIntegerField("services credits consumed")
    value_per_credit = PriceField("internal value per credit")
    amount_paid_per_credit = PriceField()
    value_amount = models.GeneratedField(
        expression=ExpressionWrapper(F("credits") * F("value_per_credit"), output_field=AmountField()),
        output_field=AmountField(),
        db_persist=True,
        verbose_name="internal value of credits",
    )
    paid_amount = models.GeneratedField(
        expression=ExpressionWrapper(F("credits") * F("amount_paid_per_credit"), output_field=AmountField()),
        output_field=AmountField(),
        db_persist=True,
        verbose_name="amount paid for credits",
    )
    consumed_on = models.DateField("date")
    correction = models.ForeignKey(
        Correction, on_delete=models.PROTECT, null=True, related_name="consumptions", db_index=False
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=models.functions.Now())

    objects = ConsumptionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(consumption_type="consumption", credits__gt=0, milestone__isnull=False)
                | Q(consumption_type="adjustment", milestone__isnull=False) & ~Q(credits=0)
                | Q(consumption_type="expiry", milestone=None) & ~Q(credits=0),
                name="consumption_sign_and_milestone_fit_its_type",
            ),
            models.CheckConstraint(
                condition=Q(consumption_type="expiry", credits__lt=0, correction__isnull=False)
                | Q(correction=None) & (~Q(consumption_type="expiry") | Q(credits__gt=0)),
                name="consumption_reinstated_by_a_correction",
            ),
        ]
        indexes = [
            models.Index(fields=["correction"], condition=Q(correction__isnull=False), name="consumption_of_correction")
        ]

    def __str__(self):
        return f"{self.credits} of {self.purchase}"
