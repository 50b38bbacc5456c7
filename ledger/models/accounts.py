from django.db import models


class LedgerAccount(models.Model):
    """An account of the books (the customer is opportunities.Account)."""

    class Category(models.TextChoices):
        ASSET = "asset", "Asset"
        LIABILITY = "liability", "Liability"
        EQUITY = "equity", "Equity"
        REVENUE = "revenue", "Revenue"
        EXPENSE = "expense", "Expense"

    code = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(max_length=120)
    category = models.CharField(max_length=10, choices=Category.choices)
    blocked = models.BooleanField(default=False, help_text="A blocked account takes no posting.")
    direct_posting = models.BooleanField(
        default=True,
        db_default=True,
        help_text="Whether entries by hand may use it. Not where another list explains its balance.",
    )

    class Meta:
        ordering = ["code"]

    def __str__(self):
        return f"{self.code} {self.name}"


class PostingGroup(models.Model):
    code = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(max_length=120)

    class Meta:
        abstract = True
        ordering = ["code"]

    def __str__(self):
        return self.code


class BusinessPostingGroup(PostingGroup):
    """General business posting group: what kind of customer (domestic, EU, export)."""

    class Meta(PostingGroup.Meta):
        verbose_name = "general business posting group"


class ProductPostingGroup(PostingGroup):
    """General product posting group: what kind of product."""

    class Meta(PostingGroup.Meta):
        verbose_name = "general product posting group"


def _account(**kwargs):
    return models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="+", null=True, blank=True, **kwargs)


class PostingSetup(models.Model):
    """General posting setup: the accounts of one business group and one product group. An empty account refuses the
    postings that need it, naming this cell; a blocked combination refuses all of them."""

    business_group = models.ForeignKey(BusinessPostingGroup, on_delete=models.PROTECT, related_name="setups")
    product_group = models.ForeignKey(ProductPostingGroup, on_delete=models.PROTECT, related_name="setups")
    receivable = _account(verbose_name="receivables account")
    deferral = _account(verbose_name="deferral account")
    sales = _account(verbose_name="sales account")
    breakage = _account(verbose_name="breakage account")
    refund = _account(verbose_name="refund liability account")
    unclaimed = _account(verbose_name="unclaimed property account")

    blocked = models.BooleanField(default=False, db_default=False, help_text="A blocked combination takes no posting.")

    ACCOUNTS = ("receivable", "deferral", "sales", "breakage", "refund", "unclaimed")

    class Meta:
        ordering = ["business_group", "product_group"]
        verbose_name = verbose_name_plural = "general posting setup"
        constraints = [
            models.UniqueConstraint(fields=["business_group", "product_group"], name="posting_setup_one_cell_per_pair")
        ]

    def __str__(self):
        return f"{self.business_group_id} × {self.product_group_id}"
