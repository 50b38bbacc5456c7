"""The date formula, typed: beside it stands what it gives today."""

import datetime
from dataclasses import dataclass
from typing import Any

from django import forms
from django.urls import reverse

from pages.clock import business_date
from prepaid.dateformula import BadDateFormula, end_of_validity

LONGEST = 60  # as it is typed, with blanks and brackets


@dataclass(frozen=True)
class Told:
    """What a formula gives for a receipt of today: its last day, or why there is none. Neither: unlimited."""

    day: datetime.date | None = None
    refusal: str = ""


def told(formula: str, today: datetime.date) -> Told:
    try:
        return Told(end_of_validity(formula, today))
    except BadDateFormula as bad:
        return Told(refusal=bad.message)


class FormulaInput(forms.TextInput):
    """Asks the server as one types."""

    template_name = "prepaid/formula_input.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        shown = f"{(attrs or {}).get('id', name)}_told"
        asking = {
            "hx-get": reverse("prepaid:service-valid-until"),
            "hx-trigger": "input changed delay:150ms",
            "hx-target": f"#{shown}",
            "hx-swap": "innerHTML",
            "hx-sync": "this:replace",
            "maxlength": LONGEST,
        }
        context = super().get_context(name, value, {"autocomplete": "off", **(attrs or {}), **asking})
        return context | {"told_id": shown, "told": told(str(value or ""), business_date())}


class FormulaField(forms.CharField):
    widget = FormulaInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST, required=False, **kwargs)
