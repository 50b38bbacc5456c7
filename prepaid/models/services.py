from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.urls import reverse

from ledger.fields import AmountField
from ledger.models import Currency
from opportunities.models import Account, Project


class PrepaidServiceQuerySet(models.QuerySet):
    def open(self):
        return self.filter(closed=False)

    def with_balances(self, on=None):
        """`outstanding`, `outstanding_lcy`, `outstanding_quantity` and `used`, `used_lcy`, `used_quantity`: sums of the
        entries. With `on`, `usable`, `usable_quantity` as well: what can be used on that day."""
        found = self.annotate(
            outstanding=_left("remaining"),
            outstanding_lcy=_left("remaining_lcy"),
            outstanding_quantity=_left("remaining_quantity"),
            used=_used("amount"),
            used_lcy=_used("amount_lcy"),
            used_quantity=_used("quantity"),
        )
        if on is None:
            return found
        return found.annotate(usable=_left("remaining", on), usable_quantity=_left("remaining_quantity", on))


def _left(column: str, on=None) -> Coalesce:
    from prepaid.models.entries import InflowBalance

    balances = InflowBalance.objects.filter(service=OuterRef("pk"))
    rows = (balances.usable(on) if on else balances).order_by().values("service")
    return Coalesce(Subquery(rows.annotate(sum=Sum(column)).values("sum")), Value(0), output_field=AmountField())


def _used(column: str) -> Coalesce:
    """What was consumed, less what credit memos gave back."""
    from prepaid.models.entries import PrepaidEntry

    rows = PrepaidEntry.objects.filter(service=OuterRef("pk")).used().order_by().values("service")
    return Coalesce(Subquery(rows.annotate(sum=-Sum(column)).values("sum")), Value(0), output_field=AmountField())


class PrepaidService(models.Model):
    """The card of a prepaid service: what an account has paid for and not used, as an amount or a quantity. Its balances are
    sums of its entries and never typed."""

    class Accrual(models.TextChoices):
        ONE_TIME = "one_time", "One-time"
        PERIODIC = "periodic", "Periodic"

    class Type(models.TextChoices):
        AMOUNT = "amount", "Amount"
        QUANTITY = "quantity", "Quantity"

    number = models.CharField("no.", max_length=20, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="prepaid_services")
    description = models.CharField(max_length=250, blank=True, help_text="Printed on the statement.")
    accrual = models.CharField(max_length=10, choices=Accrual.choices, default=Accrual.ONE_TIME)
    type = models.CharField(max_length=10, choices=Type.choices, default=Type.AMOUNT)
    currency = models.ForeignKey(
        Currency,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Fixed by the first entry. Empty: the first entry decides.",
    )
    unit_of_measure = models.CharField(
        max_length=10, blank=True, default="", help_text="Of a quantity: only usage in the same unit is covered."
    )
    starts_on = models.DateField("start date", null=True, blank=True)
    ends_on = models.DateField("end date", null=True, blank=True)
    closed = models.BooleanField(default=False, help_text="A closed service takes no entry and is hidden from lists.")
    valid_until_formula = models.CharField(
        "valid until dateformula",
        max_length=20,
        blank=True,
        default="",
        help_text="Applied to the posting date of each new receipt. Empty: unlimited, or to the end of a contract's period.",
    )
    dimension_value = models.CharField(
        max_length=20, blank=True, default="", help_text="Carried by every posting of this service."
    )
    projects = models.ManyToManyField(Project, through="ServiceProject", related_name="prepaid_services")

    objects = PrepaidServiceQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        permissions = [("manage_services", "Can create, edit and close prepaid services")]
        constraints = [
            models.CheckConstraint(condition=~Q(number=""), name="prepaid_service_has_number"),
            models.CheckConstraint(
                condition=Q(accrual="one_time", type="amount") | Q(accrual="periodic", type__in=["amount", "quantity"]),
                name="prepaid_service_one_time_is_an_amount",
            ),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="prepaid_service_ends_after_start"),
            models.CheckConstraint(
                condition=Q(type="quantity") | Q(unit_of_measure=""), name="prepaid_service_unit_of_a_quantity"
            ),
        ]

    def __str__(self):
        return f"{self.number} {self.description}".strip()

    def get_absolute_url(self):
        return reverse("prepaid:service", args=[self.pk])

    @property
    def is_amount(self) -> bool:
        return self.type == self.Type.AMOUNT

    @property
    def is_periodic(self) -> bool:
        return self.accrual == self.Accrual.PERIODIC


class ServiceProject(models.Model):
    """A project of the account whose time and material the service pays for."""

    logged_under = "service"  # in the change log

    service = models.ForeignKey(PrepaidService, on_delete=models.CASCADE, related_name="assignments")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["project"]
        constraints = [
            models.UniqueConstraint(fields=["service", "project"], name="service_project_assigned_once"),
        ]

    def __str__(self):
        return f"{self.service} – {self.project}"
