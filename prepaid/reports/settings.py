"""The settings of prepaid services as they are read: each with its default and what it does, in the order of the page."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pages import formats
from prepaid.models import PrepaidSetup
from prepaid.shown import quantity

# Each sheet of the page with its settings, by field.
GROUPS = {
    "Deferral": ("deferral_group", "revenue_from"),
    "Dimension": ("insert_dimension_value", "dimension"),
    "Expiry": ("post_manual_dissolution", "post_automatic_dissolution"),
    "Entries by hand": ("approve_amounts_above", "approve_quantities_above"),
    "Contracts": ("automatic_billing", "release_day", "by_equal_months"),
}
WITHOUT_DEFAULT = ("deferral_group", "dimension")


@dataclass(frozen=True)
class Setting:
    """One setting: what it says now, what it says in a new company, what it does."""

    field: str
    label: str
    value: str
    default: str
    effect: str

    @property
    def changed(self) -> bool:
        return bool(self.default) and self.value != self.default


def grouped(setup: PrepaidSetup) -> list[tuple[str, list[Setting]]]:
    """The sheets of the page."""
    return [(title, [_setting(name, setup) for name in names]) for title, names in GROUPS.items()]


def every(setup: PrepaidSetup) -> list[Setting]:
    return [setting for _, settings in grouped(setup) for setting in settings]


def _setting(name: str, setup: PrepaidSetup) -> Setting:
    default = "" if name in WITHOUT_DEFAULT else readable(name, getattr(PrepaidSetup(), name))
    return Setting(name, label_of(name), shown(name, setup), default, effect_of(name))


def label_of(name: str) -> str:
    label = str(_field(name).verbose_name)
    return label[0].upper() + label[1:]


def effect_of(name: str) -> str:
    """What the setting does, in a sentence."""
    return str(_field(name).help_text)


def _field(name: str) -> Any:
    return PrepaidSetup._meta.get_field(name)


def shown(name: str, setup: PrepaidSetup) -> str:
    if name in WITHOUT_DEFAULT:
        return str(getattr(setup, name)) if getattr(setup, f"{name}_id") else formats.NOTHING
    return readable(name, getattr(setup, name))


def readable(name: str, value: Any) -> str:
    """A value in words."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (int, Decimal)):
        return quantity(Decimal(value))
    return str(dict(_field(name).choices)[value])
