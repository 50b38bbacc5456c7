"""Lots picked by hand: a field for each, under the name by which a refusal of the service finds it."""

import re
from typing import Any

from credits.forms.fields import WholeNumberField
from credits.forms.milestones import DatedForm
from credits.models import Purchase
from credits.services.pick import field_of

PICKED = re.compile(r"lot-([0-9]{1,18})")


class PicksForm(DatedForm):
    layout = ("on",)

    def __init__(self, *args: Any, lots: list[Purchase], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for lot in lots:
            field = WholeNumberField(label=lot.number, required=False)
            look = "form-control form-control-sm num w-auto ms-auto"
            field.widget.attrs |= {"class": look, "size": 9, "aria-label": f"Credits of {lot}"}
            self.fields[field_of(lot.pk)] = field

    @property
    def picks(self) -> dict[int, int]:
        """Credits by the id of the purchase: those of the form as it is shown for the first time, or as far as what was sent
        can be read."""
        values = getattr(self, "cleaned_data", {}) if self.is_bound else self.initial
        named = ((PICKED.fullmatch(name), count) for name, count in values.items())
        return {int(match[1]): count for match, count in named if match and count}


def picked_in(data: Any) -> list[int]:
    """The ids of the purchases that a form was sent for."""
    return [int(match[1]) for name in data or () if (match := PICKED.fullmatch(name))]
