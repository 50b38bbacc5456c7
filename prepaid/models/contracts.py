"""Service objects, their commitments, and the customer contracts that bill them."""

import datetime

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse

from ledger.fields import PriceField
from ledger.models import Currency
from opportunities.models import Account, Product
from prepaid.models.documents import DeliveryLine
from prepaid.models.fields import QuantityField
from prepaid.models.packages import CommitmentPackage, CommitmentTerms, rules_of_terms
from prepaid.models.services import PrepaidService


class CustomerContract(models.Model):
    """What an account has agreed to be billed for period by period: the service commitments that it collects, billed together
    in one currency."""

    number = models.CharField("no.", max_length=20, unique=True)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="customer_contracts", verbose_name="sell-to account"
    )
    bill_to = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", verbose_name="bill-to account")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    description = models.CharField(max_length=250, blank=True, help_text="Printed on its invoices.")
    external_reference = models.CharField(max_length=60, blank=True, default="", help_text="The customer's own number.")
    closed = models.BooleanField(default=False, help_text="A closed contract bills nothing and is hidden from lists.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("bill_contracts", "Can bill customer contracts"),
            ("release_deferrals", "Can release contract deferrals"),
        ]
        constraints = [models.CheckConstraint(condition=~Q(number=""), name="customer_contract_has_number")]

    def __str__(self):
        return f"{self.number} {self.description}".strip()

    def get_absolute_url(self):
        return reverse("prepaid:contract", args=[self.pk])


class ServiceObject(models.Model):
    """What the customer has: made by the delivery of a service commitment item, or by hand."""

    number = models.CharField("no.", max_length=20, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="service_objects")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    description = models.CharField(max_length=250)
    reference = models.CharField(
        max_length=60, blank=True, default="", help_text="A serial number, or how the customer calls it."
    )
    quantity = QuantityField(default=1)
    unit_of_measure = models.CharField(max_length=10, blank=True, default="")
    provided_on = models.DateField("provided on", help_text="The day of its delivery.")
    delivery_line = models.OneToOneField(
        DeliveryLine, on_delete=models.PROTECT, null=True, editable=False, related_name="service_object"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(number="") & Q(quantity__gt=0), name="service_object_numbered_quantity"
            ),
        ]

    def __str__(self):
        return f"{self.number} {self.description}".strip()

    def get_absolute_url(self):
        return reverse("prepaid:service-object", args=[self.pk])


class ServiceCommitmentQuerySet(models.QuerySet):
    def billed_by_contract(self):
        return self.filter(partner="customer", invoicing_via="contract")

    def unassigned(self):
        """What a contract could bill and none does."""
        return self.billed_by_contract().filter(contract=None)

    def due(self, until: datetime.date):
        """What an open contract can bill up to a day: something of it begins by then."""
        found = self.filter(contract__isnull=False, contract__closed=False, next_billing_on__lte=until)
        return found.filter(Q(ends_on=None) | Q(next_billing_on__lte=F("ends_on")))


class ServiceCommitment(CommitmentTerms):
    """What is agreed for a service object, billed period by period. Periods are counted from `anchor_on`, never chained.

    `next_billing_on`, the first day that no invoice bills, follows the billed periods inside the database. Prices are rows
    of their own, each from a day on.
    """

    object = models.ForeignKey(ServiceObject, on_delete=models.PROTECT, related_name="commitments")
    package = models.ForeignKey(CommitmentPackage, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    contract = models.ForeignKey(
        CustomerContract, on_delete=models.PROTECT, null=True, blank=True, related_name="commitments"
    )
    prepaid_service = models.ForeignKey(
        PrepaidService,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="commitments",
        help_text="What each billed period tops up.",
    )
    starts_on = models.DateField("start date")
    anchor_on = models.DateField("periods from", help_text="The day from which periods are counted.")
    ends_on = models.DateField("end date", null=True, blank=True, help_text="The last day. Empty: it goes on.")
    cancelled_on = models.DateField(null=True, blank=True, editable=False, help_text="The day of the notice.")
    agreed_end = models.DateField(
        null=True, blank=True, editable=False, help_text="The end as it was before the notice, which may be taken back."
    )
    next_billing_on = models.DateField("next billing date", editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ServiceCommitmentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            *rules_of_terms("service_commitment"),
            models.CheckConstraint(condition=Q(anchor_on__lte=F("starts_on")), name="service_commitment_anchor"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="service_commitment_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(contract=None) | Q(partner="customer", invoicing_via="contract"),
                name="service_commitment_billed_by_contract",
            ),
            models.CheckConstraint(
                condition=Q(prepaid_service=None)
                | Q(partner="customer", invoicing_via="contract", invoicing_item=None, base_percent=100),
                name="service_commitment_tops_up",
            ),
        ]
        indexes = [models.Index(fields=["next_billing_on"], name="service_commitment_next")]

    def __str__(self):
        return f"{self.object.number}: {self.description}"

    def get_absolute_url(self):
        return reverse("prepaid:commitment", args=[self.pk])

    @property
    def product(self) -> Product:
        """What its invoices name."""
        return self.invoicing_item or self.object.product

    @property
    def is_over(self) -> bool:
        """Whether every day of it is billed."""
        return self.ends_on is not None and self.next_billing_on > self.ends_on


class CommitmentPrice(models.Model):
    """What a commitment costs from a day on, for each base period: quantity × price, less the discount. What of it is billed
    stays as it was billed."""

    logged_under = "commitment"

    commitment = models.ForeignKey(ServiceCommitment, on_delete=models.CASCADE, related_name="prices")
    from_on = models.DateField("from")
    quantity = QuantityField(default=1)
    price = PriceField(help_text="For one, and for each base period.")
    discount_percent = models.DecimalField(
        "discount %",
        max_digits=6,
        decimal_places=3,
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    quantity_per_period = QuantityField(
        "quantity per base period",
        default=1,
        help_text="What one of it tops up in each base period, where its prepaid service is a quantity.",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["commitment", "from_on"]
        constraints = [
            models.UniqueConstraint(fields=["commitment", "from_on"], name="commitment_price_of_a_day_once"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, price__gte=0, quantity_per_period__gt=0, discount_percent__range=(0, 100)),
                name="commitment_price_not_negative",
            ),
        ]

    def __str__(self):
        return f"{self.price} from {self.from_on}"
