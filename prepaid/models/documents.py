import datetime
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Now
from django.urls import reverse

from ledger.fields import AmountField, PriceField, RateField
from ledger.models import (
    BusinessPostingGroup,
    Currency,
    LedgerAccount,
    ProductPostingGroup,
    VatBusinessGroup,
    VatProductGroup,
)
from opportunities.models import Account, Product, Project, ProjectEntry
from prepaid.models.fields import QuantityField
from prepaid.models.services import PrepaidService


class SalesDocumentQuerySet(models.QuerySet):
    def with_totals(self):
        """`net`, `vat` and `gross`: sums of the stored lines."""
        return self.annotate(net=_sum("net"), vat=_sum("vat")).annotate(gross=F("net") + F("vat"))

    def unposted(self):
        return self.filter(state__in=[SalesDocument.State.OPEN, SalesDocument.State.RELEASED])


def _sum(column: str) -> Coalesce:
    lines = SalesLine.objects.filter(document=OuterRef("pk")).order_by().values("document")
    return Coalesce(Subquery(lines.annotate(sum=Sum(column)).values("sum")), Value(0), output_field=AmountField())


class CreditScope(models.TextChoices):
    """What a credit memo takes back of what a contract invoice billed."""

    FUTURE = "future", "What is not released"
    EVERYTHING = "everything", "Everything"


class SalesDocument(models.Model):
    """A quote, an order, an invoice or a credit memo. A quote becomes an order, an order is invoiced in one or more parts;
    an invoice can also be made directly. An invoice or credit memo is posted once, under a number without gaps, and never
    changes after; it is corrected by a credit memo.

    Groups and rate are frozen by the posting, which takes them from the customer of that day.
    """

    class Type(models.TextChoices):
        QUOTE = "quote", "Quote"
        ORDER = "order", "Order"
        INVOICE = "invoice", "Invoice"
        CREDIT_MEMO = "credit_memo", "Credit memo"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        RELEASED = "released", "Released"
        POSTED = "posted", "Posted"
        DONE = "done", "Done"

    type = models.CharField(max_length=12, choices=Type.choices)
    number = models.CharField("no.", max_length=20, unique=True)
    posted_number = models.CharField("posted no.", max_length=20, blank=True, default="", editable=False)
    sequence = models.BigIntegerField(
        null=True, editable=False, help_text="The place of the posted number in its series."
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN, editable=False)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="sales_documents", verbose_name="sell-to account"
    )
    bill_to = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="billed_documents", verbose_name="bill-to account"
    )
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    document_on = models.DateField("document date")
    posted_on = models.DateField("posting date", help_text="The day in the books, and of what prepaid services cover.")
    due_on = models.DateField("due date", null=True, blank=True)
    external_reference = models.CharField(max_length=60, blank=True, default="", help_text="The customer's own number.")
    text = models.CharField("text", max_length=500, blank=True, default="", help_text="Printed above the lines.")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    made_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="made_into",
        help_text="The quote or order that it was made from.",
    )
    corrects = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="corrected_by",
        help_text="The posted invoice that a credit memo corrects.",
    )
    reason = models.CharField(max_length=500, blank=True, default="", help_text="Why a posted invoice is corrected.")
    credit_scope = models.CharField(
        max_length=10,
        choices=CreditScope.choices,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="What a credit memo takes back of contract lines.",
    )
    billing_run = models.ForeignKey(
        "prepaid.BillingRun",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="invoices",
        help_text="The billing of contracts that made it.",
    )
    business_group = models.ForeignKey(
        BusinessPostingGroup, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    exchange_rate = RateField(null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    posted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    posted_at = models.DateTimeField(null=True, editable=False)

    objects = SalesDocumentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("write_documents", "Can write quotes, orders, invoices and credit memos"),
            ("post_documents", "Can post invoices and credit memos"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(number=""), name="sales_document_has_number"),
            models.CheckConstraint(
                condition=Q(state="posted", type__in=["invoice", "credit_memo"], sequence__gte=1)
                & Q(
                    sequence__isnull=False,
                    posted_at__isnull=False,
                    business_group__isnull=False,
                    exchange_rate__isnull=False,
                )
                & ~Q(posted_number="")
                | ~Q(state="posted") & Q(posted_number="", sequence=None, posted_at=None, posted_by=None),
                name="sales_document_posted_has_its_number",
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(type__in=["quote", "order"]),
                name="sales_document_done_was_to_be_made_into",
            ),
            models.CheckConstraint(
                condition=Q(type="credit_memo", corrects__isnull=False) | ~Q(type="credit_memo") & Q(corrects=None),
                name="sales_document_credit_memo_corrects",
            ),
            models.CheckConstraint(
                condition=~Q(type="credit_memo") | ~Q(reason=""), name="sales_document_credit_memo_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(credit_scope="") | Q(type="credit_memo"), name="sales_document_scope_of_a_credit_memo"
            ),
            models.CheckConstraint(
                condition=Q(billing_run=None) | Q(type="invoice"), name="sales_document_billing_makes_invoices"
            ),
            models.UniqueConstraint(
                fields=["posted_number"], condition=~Q(posted_number=""), name="sales_document_posted_number_once"
            ),
            models.UniqueConstraint(fields=["type", "sequence"], name="sales_document_sequence_once"),
        ]

    def __str__(self):
        return self.posted_number or self.number

    def get_absolute_url(self):
        return reverse("prepaid:document", args=[self.pk])

    @property
    def event_key(self) -> str:
        return f"sales-document:{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_posted(self) -> bool:
        return self.state == self.State.POSTED

    def due_after(self, days: int) -> datetime.date:
        return self.document_on + datetime.timedelta(days=days)


def _posted_to() -> models.ForeignKey:
    """An account that the posting of the line used; its correction uses it again."""
    return models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, null=True, editable=False, related_name="+")


class SalesLine(models.Model):
    """A line of a sales document, in its currency: an item, or a balance line by which a prepaid service pays for the items
    above it. `net` and `vat` are worked out and stored; a document's totals are their sums.

    A line of an item that is a prepaid service tops that service up. A line of another item with a prepaid service is usage.
    Which of them it is (`role`) is decided when the line is written, and no later change of the product changes it.
    """

    class Kind(models.TextChoices):
        ITEM = "item", "Item"
        BALANCE = "balance", "Balance line"

    class Role(models.TextChoices):
        SALE = "sale", "Sale"
        TOP_UP = "top_up", "Top-up"
        USAGE = "usage", "Usage"
        COMMITMENT = "commitment", "Service commitment item"
        CONTRACT = "contract", "Contract"
        BALANCE = "balance", "Balance line"

    logged_under = "document"  # in the change log

    document = models.ForeignKey(SalesDocument, on_delete=models.CASCADE, related_name="lines")
    line_no = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.ITEM)
    role = models.CharField(
        max_length=10, choices=Role.choices, default=Role.SALE, editable=False, help_text="What posting the line does."
    )
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    description = models.CharField(max_length=250)
    quantity = QuantityField(default=1)
    unit_of_measure = models.CharField(max_length=10, blank=True, default="")
    unit_price = PriceField(default=0)
    discount_percent = models.DecimalField(
        "discount %",
        max_digits=6,
        decimal_places=3,
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    net = AmountField(default=0, editable=False)
    vat_percent = models.DecimalField("VAT %", max_digits=7, decimal_places=4, default=0, editable=False)
    vat = AmountField("VAT", default=0, editable=False)
    vat_business_group = models.ForeignKey(
        VatBusinessGroup, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    vat_product_group = models.ForeignKey(
        VatProductGroup, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    product_group = models.ForeignKey(
        ProductPostingGroup,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name="product posting group",
    )
    prepaid_service = models.ForeignKey(
        PrepaidService, on_delete=models.PROTECT, null=True, blank=True, related_name="sales_lines"
    )
    by_hand = models.BooleanField(default=False, help_text="A balance line that somebody added.")
    covered = QuantityField(default=0, editable=False, help_text="Quantity that a prepaid service covers.")
    covered_net = AmountField(default=0, editable=False, help_text="Net amount that a prepaid service covers.")
    covered_vat = AmountField(default=0, editable=False)
    due_lcy = AmountField(default=0, editable=False, help_text="What is not covered, net, as it was posted in LCY.")
    due_vat_lcy = AmountField(default=0, editable=False)
    ledger_account = _posted_to()
    receivable_account = _posted_to()
    vat_account = _posted_to()
    quantity_shipped = QuantityField(default=0, editable=False)
    quantity_invoiced = QuantityField(default=0, editable=False)
    order_line = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, editable=False, related_name="invoice_lines"
    )
    corrects_line = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, editable=False, related_name="credit_lines"
    )
    project_entry = models.ForeignKey(
        ProjectEntry, on_delete=models.PROTECT, null=True, editable=False, related_name="sales_lines"
    )

    class Meta:
        ordering = ["document", "line_no"]
        constraints = [
            models.UniqueConstraint(fields=["document", "line_no"], name="sales_line_numbered"),
            models.CheckConstraint(
                condition=Q(
                    kind="item", product__isnull=False, quantity__gt=0, unit_price__gte=0, net__gte=0, vat__gte=0
                )
                & Q(by_hand=False, covered__gte=0, covered_net__range=(0, F("net")), covered_vat__range=(0, F("vat")))
                | Q(kind="balance", product=None, quantity=-1, net__lte=0, vat__lte=0, covered__gte=0)
                & Q(prepaid_service__isnull=False, discount_percent=0),
                name="sales_line_item_or_balance",
            ),
            models.CheckConstraint(
                condition=Q(kind="balance", role="balance")
                | Q(kind="item", role="sale", prepaid_service=None)
                | Q(kind="item", role="usage", prepaid_service__isnull=False)
                | Q(kind="item", role="top_up", quantity=1)
                | Q(kind="item", role__in=["commitment", "contract"]),
                name="sales_line_is_what_its_role_says",
            ),
            models.CheckConstraint(condition=Q(discount_percent__range=(0, 100)), name="sales_line_discount"),
            models.CheckConstraint(
                condition=Q(quantity_shipped__gte=0, quantity_invoiced__gte=0)
                & (Q(kind="balance") | Q(quantity_shipped__lte=F("quantity"), quantity_invoiced__lte=F("quantity"))),
                name="sales_line_no_more_than_ordered",
            ),
        ]

    def __str__(self):
        return f"{self.document}/{self.line_no} {self.description}"

    @property
    def gross(self) -> Decimal:
        return self.net + self.vat

    @property
    def covered_by_hand(self) -> Decimal:
        """What a balance line that somebody added asks for: an amount, or of a service that is a quantity so much of it."""
        assert self.prepaid_service is not None  # a balance line names its service
        return self.unit_price if self.prepaid_service.is_amount else self.covered

    @property
    def covered_units(self) -> Decimal:
        """What its prepaid service covers of it, in the unit of the service."""
        if self.prepaid_service is None:
            return Decimal(0)
        return self.covered_net if self.prepaid_service.is_amount else self.covered

    @property
    def tops_up(self) -> bool:
        """Whether posting it tops up its prepaid service; of a credit memo: whether its invoice did."""
        return self.role == self.Role.TOP_UP

    @property
    def is_usage(self) -> bool:
        """Whether its prepaid service pays for it."""
        return self.role == self.Role.USAGE

    @property
    def is_contract(self) -> bool:
        """Whether it bills a period of a service commitment; of a credit memo: whether its invoice did."""
        return self.role == self.Role.CONTRACT

    @property
    def is_credited_by_amount(self) -> bool:
        """Whether a credit memo takes back an amount of it, and no quantity."""
        return self.tops_up or self.is_contract

    @property
    def is_commitment(self) -> bool:
        """Whether a contract bills it, and no invoice."""
        return self.role == self.Role.COMMITMENT


class Delivery(models.Model):
    """A delivery note: what of an order was handed over. Nothing is posted."""

    number = models.CharField("no.", max_length=20, unique=True)
    order = models.ForeignKey(SalesDocument, on_delete=models.PROTECT, related_name="deliveries")
    delivered_on = models.DateField("delivery date")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return reverse("prepaid:delivery", args=[self.pk])


class DeliveryLine(models.Model):
    """How much of a line of the order was delivered."""

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(SalesLine, on_delete=models.PROTECT, related_name="delivery_lines")
    quantity = QuantityField(validators=[MinValueValidator(Decimal("0.0001"))])

    class Meta:
        ordering = ["line__line_no"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="delivery_line_above_zero"),
            models.UniqueConstraint(fields=["delivery", "line"], name="delivery_line_once"),
        ]

    def __str__(self):
        return f"{self.delivery}: {self.quantity} of {self.line}"
