"""An account or a project, typed: a list of all of them would be too long to choose from."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse

from opportunities.models import Account, Project

LONGEST = 120


class NameInput(forms.TextInput):
    """With suggestions, which come as one types."""

    template_name = "opportunities/name_input.html"

    def __init__(self, options: str) -> None:
        super().__init__()
        self.options = options

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        listed = f"{(attrs or {}).get('id', name)}-options"
        asking = {
            "list": listed,
            "hx-get": f"{reverse(self.options)}?from={name}",
            "hx-trigger": "input changed delay:150ms",
            "hx-target": f"#{listed}",
            "hx-swap": "innerHTML",
            "hx-sync": "this:replace",
        }
        return super().get_context(name, value, {"autocomplete": "off", **(attrs or {}), **asking}) | {"listed": listed}


class NamedField(forms.Field):
    """By its number or its whole name; a form's first value is the object or its key."""

    model: Any
    noun = ""
    related: tuple[str, ...] = ()
    options = ""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=NameInput(self.options), **kwargs)

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values or isinstance(value, self.model):
            return value or None
        known = self.model.objects.select_related(*self.related)
        if isinstance(value, int):
            return known.get(pk=value)
        text = str(value).replace("\0", "").strip()
        found = known.filter(number=text.upper())[:2] or known.filter(name__iexact=text)[:2]
        if len(found) != 1:
            raise ValidationError(
                f"There is no one {self.noun} “{text[:LONGEST]}”. Type its number, or choose from the list."
            )
        return found[0]

    def prepare_value(self, value: Any) -> Any:
        named = self.to_python(value) if isinstance(value, (int, self.model)) else None
        if named is None:
            return value
        return str(named) if self.disabled else named.number


class AccountField(NamedField):
    model, noun, options = Account, "account", "opportunities:account-options"
    related = ("currency", "business_group", "bill_to")


class ProjectField(NamedField):
    model, noun, options = Project, "project", "opportunities:project-options"
    related = ("account", "currency")
