"""The choice of dimension values in a form: one field for each dimension, none where the company has none.

class PurchaseForm(WithDimensions, PageForm):
    def terms(self): return Terms(**self.entered())

PurchaseForm(initial={"dimensions": {"REGION": "NORTH"}})
"""

from collections.abc import Mapping
from typing import Any

from django import forms

from ledger.models import Dimension
from ledger.services.dimensions import field_name

NONE = ("", "None")
NOTHING = "-"  # no value, where an empty choice stands for something else
PREFIX = field_name("")


def dimension_fields(chosen: Mapping[str, str], unchosen: str = "") -> dict[str, forms.ChoiceField]:
    """A field for each dimension, its values without the blocked ones, except for what is chosen already. `unchosen` says
    what an empty choice stands for, where it does not mean none. Two queries."""
    empty = [("", unchosen), (NOTHING, "None")] if unchosen else [NONE]
    return {
        field_name(dimension.code): forms.ChoiceField(
            label=dimension.name,
            required=False,
            initial=chosen.get(dimension.code, ""),
            choices=[*empty, *values_of(dimension, chosen.get(dimension.code, ""))],
        )
        for dimension in Dimension.objects.prefetch_related("values")
    }


def values_of(dimension: Dimension, chosen: str) -> list[tuple[str, str]]:
    return [(value.code, str(value)) for value in dimension.values.all() if not value.blocked or value.code == chosen]


def chosen_values(cleaned: Mapping[str, Any]) -> dict[str, str]:
    """{dimension: value} of what was chosen in a form that has these fields; an empty value where none was wanted."""
    chosen = {name.removeprefix(PREFIX): value for name, value in cleaned.items() if name.startswith(PREFIX) and value}
    return {dimension: "" if value == NOTHING else value for dimension, value in chosen.items()}


class WithDimensions(forms.BaseForm):
    """Adds the fields below the others, two in a row, and reads them as {dimension: value}."""

    layout: tuple
    locked: dict[str, str]
    unchosen = ""  # what an empty choice stands for, where it does not mean none

    def __init__(self, *args: Any, locked: dict[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, locked=locked, **kwargs)  # type: ignore[call-arg]
        own = getattr(getattr(self, "instance", None), "dimensions", None)
        fields = dimension_fields(self.initial.get("dimensions") or own or {}, self.unchosen)
        self.fields.update(fields)
        if reason := (locked or {}).get("dimensions"):
            self.lock(fields, reason)
        names = list(fields)
        self.layout = (*self.layout, *(tuple(names[at : at + 2]) for at in range(0, len(names), 2)))

    def lock(self, fields: Mapping[str, forms.Field], reason: str) -> None:
        for name, field in fields.items():
            field.disabled, self.locked[name] = True, reason

    def entered(self) -> dict[str, Any]:
        """What was typed, the dimensions as one value."""
        others = {name: value for name, value in self.cleaned_data.items() if not name.startswith(PREFIX)}
        return others | {"dimensions": self.dimensions()}

    def dimensions(self) -> dict[str, str]:
        return chosen_values(self.cleaned_data)
