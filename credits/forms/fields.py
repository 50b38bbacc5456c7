"""Numbers and dates as they are typed. What cannot be read is refused here, with the value; what breaks a rule is refused
by the service."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy

from opportunities.models import Account

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


class AccountField(forms.Field):
    """An account by its number or its whole name. Suggestions come as one types: a list of all customers is too long."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {
            "autocomplete": "off",
            "list": "account-options",
            "hx-get": reverse_lazy("credits:account-options"),
            "hx-trigger": "input changed delay:150ms",
            "hx-target": "#account-options",
            "hx-swap": "innerHTML",
            "hx-sync": "this:replace",
        }
        super().__init__(widget=forms.TextInput(attrs=attrs), **kwargs)

    def to_python(self, value: Any) -> Account | None:
        if value in self.empty_values or isinstance(value, Account):
            return value or None
        text = str(value).strip()
        accounts = Account.objects.select_related("currency", "business_group")
        found = accounts.filter(number__iexact=text)[:2] or accounts.filter(name__iexact=text)[:2]
        if len(found) != 1:
            raise ValidationError(
                f"There is no one account “{text[:LONGEST]}”. Type its number, or choose from the list."
            )
        return found[0]

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Account):
            return value
        return str(value) if self.disabled else value.number
