"""The settings of services credits as they are read: each with its default and what it does, in the order of the page."""

from dataclasses import dataclass
from typing import Any

from credits.models import CreditsSetup
from credits.models.milestones import Status
from pages import formats

# Each sheet of the page with its settings, by field.
GROUPS = {
    "Purchases": ("product_group", "sync_paid_with_value", "new_purchases_are_drafts"),
    "Allocation": (
        "manual_allocation",
        "allocate_past_expiry",
        "statuses_without_allocation",
        "milestone_amount_from",
    ),
    "Expiry": ("grace_period_days", "expiring_soon_days"),
    "Revenue": ("recognise_revenue",),
    "Notices": ("notice_days", "low_balance_credits", "notice_recipients"),
}
DAYS = ("grace_period_days", "expiring_soon_days")
GATE = (
    "Milestones in these statuses do not wait for credits. One that needs credits is not completed before it has them,"
    " whatever its status."
)


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


def grouped(setup: CreditsSetup) -> list[tuple[str, list[Setting]]]:
    """The sheets of the page."""
    return [(title, [_setting(name, setup) for name in names]) for title, names in GROUPS.items()]


def every(setup: CreditsSetup) -> list[Setting]:
    return [setting for _, settings in grouped(setup) for setting in settings]


def _setting(name: str, setup: CreditsSetup) -> Setting:
    default = "" if name == "product_group" else readable(name, getattr(CreditsSetup(), name))
    return Setting(name, label_of(name), shown(name, setup), default, effect_of(name))


def label_of(name: str) -> str:
    label = str(_field(name).verbose_name)
    return label[0].upper() + label[1:]


def effect_of(name: str) -> str:
    """What the setting does, in a sentence."""
    return GATE if name == "statuses_without_allocation" else str(_field(name).help_text)


def _field(name: str) -> Any:
    return CreditsSetup._meta.get_field(name)


def shown(name: str, setup: CreditsSetup) -> str:
    if name == "product_group":
        return str(setup.product_group) if setup.product_group_id else "–"
    return readable(name, getattr(setup, name))


def readable(name: str, value: Any) -> str:
    """A value in words."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None or value == []:
        return "nobody" if name == "notice_recipients" else "none"
    if name == "statuses_without_allocation":
        return ", ".join(_status(status) for status in Status.values[1:] + Status.values[:1] if status in value)
    if name == "notice_days":
        return f"{', '.join(formats.number(days) for days in value)} days before"
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    if name in DAYS:
        return formats.counted(value, "days")
    if isinstance(value, int):
        return f"{formats.number(value)} credits"
    return str(dict(_field(name).choices)[value])


def _status(status: str) -> str:
    return str(Status(status).label) if status else "no status"
