"""An account, typed: a list of all customers would be too long to choose from."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy

from opportunities.models import Account

LONGEST = 120


class AccountInput(forms.TextInput):
    """With suggestions, which come as one types."""

    template_name = "opportunities/account_input.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        listed = f"{(attrs or {}).get('id', name)}-options"
        asking = {
            "list": listed,
            "hx-get": f"{reverse_lazy('opportunities:account-options')}?from={name}",
            "hx-trigger": "input changed delay:150ms",
            "hx-target": f"#{listed}",
            "hx-swap": "innerHTML",
            "hx-sync": "this:replace",
        }
        return super().get_context(name, value, {"autocomplete": "off", **(attrs or {}), **asking}) | {"listed": listed}


class AccountField(forms.Field):
    """By its number or its whole name; a form's first value is the account or its key."""

    widget = AccountInput

    def to_python(self, value: Any) -> Account | None:
        if value in self.empty_values or isinstance(value, Account):
            return value or None
        if isinstance(value, int):
            return Account.objects.select_related("currency").get(pk=value)
        text = str(value).strip()
        accounts = Account.objects.select_related("currency", "bill_to")
        found = accounts.filter(number__iexact=text)[:2] or accounts.filter(name__iexact=text)[:2]
        if len(found) != 1:
            raise ValidationError(
                f"There is no one account “{text[:LONGEST]}”. Type its number, or choose from the list."
            )
        return found[0]

    def prepare_value(self, value: Any) -> Any:
        account = self.to_python(value) if isinstance(value, (int, Account)) else None
        if account is None:
            return value
        return str(account) if self.disabled else account.number
