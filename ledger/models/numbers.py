from django.db import models


class NumberSeries(models.Model):
    """The last number given of a series such as SCP-000001. Written only by `ledger.services.numbers`."""

    code = models.CharField(max_length=20, primary_key=True)
    description = models.CharField(max_length=120)
    prefix = models.CharField(max_length=10)
    digits = models.PositiveSmallIntegerField(default=6)
    last_number = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "number series"

    def __str__(self):
        return self.code

    def format(self, number: int) -> str:
        return f"{self.prefix}{number:0{self.digits}d}"

    @property
    def next_number(self) -> str:
        """As things stand; it is drawn under a lock."""
        return self.format(self.last_number + 1)
