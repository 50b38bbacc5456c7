import json
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models


class ExactDecoder(json.JSONDecoder):
    """Amounts and rates stay what they are: no float is made of them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, parse_float=Decimal, **kwargs)


class ChangeLogEntry(models.Model):
    """Who changed which row, when, from what to what, and why. Written by the triggers of `ledger/sql/changes.sql` in the
    transaction of the change, whoever makes it; append-only.

    `changes` is {column: [before, after]}. Without a user it was the night or somebody with SQL, as `database_user`.
    """

    class Kind(models.TextChoices):
        INSERT = "insert", "Created"
        UPDATE = "update", "Changed"
        DELETE = "delete", "Deleted"

    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    database_user = models.CharField(max_length=63)
    action = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    table = models.CharField(max_length=63)
    row = models.CharField(max_length=40)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    changes = models.JSONField(decoder=ExactDecoder)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "change log entries"
        indexes = [models.Index(fields=["table", "row"], name="change_log_row")]

    def __str__(self):
        return f"{self.table} {self.row}: {self.get_kind_display()}"
