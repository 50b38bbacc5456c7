"""Numbers and dates as they are typed. What cannot be read is refused here, with the value; what breaks a rule is refused
by the service."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")
WHOLE = re.compile(r"-?[0-9]+")
LONGEST = 60


class PlainField(forms.Field):
    """A number in plain digits: no formula, no exponent, no thousands separator that another country reads as a point."""

    pattern, mode, kind = PLAIN, "decimal", "plain number"
    number: type = Decimal
    remedy = "Write digits, with a point before any decimals, as in 1250.00."

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": self.mode, "autocomplete": "off", "class": "num", "maxlength": LONGEST}
        super().__init__(widget=forms.TextInput(attrs=attrs), **kwargs)

    def to_python(self, value: Any) -> Any:
        text = str(self.prepare_value(value)).strip() if value is not None else ""
        if text in self.empty_values:
            return None
        if len(text) > LONGEST or not self.pattern.fullmatch(text):
            shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
            raise ValidationError(f"“{shown}” is not a {self.kind}. {self.remedy}", code="invalid")
        return self.number(text)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:f}" if isinstance(value, Decimal) else value


class PlainDecimalField(PlainField):
    pass


class WholeNumberField(PlainField):
    pattern, mode, kind = WHOLE, "numeric", "whole number"
    number = int
    remedy = "Write digits alone, as in 1250."


class DayField(forms.DateField):
    def to_python(self, value: Any) -> date | None:
        try:
            return super().to_python(value)
        except ValidationError:
            raise ValidationError(f"“{value}” is not a date. Write it as in 2026-11-24.", code="invalid") from None
