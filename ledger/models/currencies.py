from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models

from ledger.fields import RateField


class Currency(models.Model):
    """A currency that the company knows, with the decimals of its smallest unit (JPY 0, USD 2, KWD 3)."""

    code = models.CharField(
        max_length=3, primary_key=True, validators=[RegexValidator(r"^[A-Z]{3}\Z", "Three capital letters, as in USD.")]
    )
    name = models.CharField(max_length=60)
    decimals = models.PositiveSmallIntegerField(default=2, validators=[MaxValueValidator(3)])

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "currencies"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^[A-Z]{3}$"), name="currency_code_is_three_letters"
            ),
            models.CheckConstraint(condition=models.Q(decimals__lte=3), name="currency_decimals_at_most_three"),
        ]

    def __str__(self):
        return self.code


class ExchangeRate(models.Model):
    """LCY per unit of the currency, from its starting date until the next one."""

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="rates")
    starting_on = models.DateField("starting date")
    rate = RateField("LCY per unit")

    class Meta:
        ordering = ["currency", "-starting_on"]
        constraints = [
            models.UniqueConstraint(fields=["currency", "starting_on"], name="exchange_rate_once_a_day"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="exchange_rate_above_zero"),
        ]

    def __str__(self):
        return f"{self.currency_id} {self.starting_on}"
