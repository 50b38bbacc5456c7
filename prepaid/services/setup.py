"""Changes to the prepaid services setup: what holds for every customer from now on.

Books and balances: none. What is posted stays where it is; what each setting does is said by its field
(`prepaid.models.setup`).
"""

from dataclasses import dataclass, fields
from decimal import Decimal

from django.db import transaction

from ledger.dates import ledger_setup
from ledger.models import Dimension, DimensionValue, ProductPostingGroup
from ledger.money import has_decimals
from ledger.services.changes import made_by
from pages import formats
from pages.refusals import Refused
from prepaid.exceptions import BadSetting
from prepaid.models import AutomaticBilling, PrepaidService, PrepaidSetup, ReleaseDay, RevenueFrom
from prepaid.models.fields import QUANTITY_DECIMALS

MOST = Decimal(10) ** 15


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting, as the setup says after a change."""

    deferral_group: ProductPostingGroup
    insert_dimension_value: bool
    dimension: Dimension | None
    post_manual_dissolution: bool
    post_automatic_dissolution: bool
    revenue_from: str
    approve_amounts_above: Decimal
    approve_quantities_above: Decimal
    automatic_billing: str
    release_day: str
    by_equal_months: bool

    @classmethod
    def of(cls, setup: PrepaidSetup) -> "Settings":
        return cls(**{field.name: getattr(setup, field.name) for field in fields(cls)})


@transaction.atomic
def change_setup(settings: Settings, *, actor) -> PrepaidSetup:
    """Makes the settings hold from now on, and fills in the setup where there is none. Refused (BadSetting): what
    `refusal_to_change` says."""
    setup = PrepaidSetup.objects.select_for_update().first() or PrepaidSetup(pk=1)
    if refusal := refusal_to_change(settings):
        raise refusal
    made_by(actor, "Change prepaid services setup")
    changed = [name for name, value in vars(settings).items() if getattr(setup, name, None) != value]
    for name in changed:
        setattr(setup, name, getattr(settings, name))
    setup.save(update_fields=None if setup._state.adding else changed)
    return setup


def refusal_to_change(settings: Settings) -> Refused | None:
    """Why the setup cannot say that: the first setting that means nothing."""
    return (
        _refusal_of_choice("revenue_from", settings.revenue_from, RevenueFrom.values)
        or _refusal_of_choice("automatic_billing", settings.automatic_billing, AutomaticBilling.values)
        or _refusal_of_choice("release_day", settings.release_day, ReleaseDay.values)
        or _refusal_of_threshold("approve_amounts_above", settings.approve_amounts_above, ledger_setup().lcy.decimals)
        or _refusal_of_threshold("approve_quantities_above", settings.approve_quantities_above, QUANTITY_DECIMALS)
        or _refusal_of_dimension(settings.dimension)
    )


def _refusal_of_choice(field: str, value: str, choices: list[str]) -> Refused | None:
    return None if value in choices else BadSetting(f"“{value}” is none of: {', '.join(choices)}.", field=field)


def _refusal_of_threshold(field: str, value: Decimal, decimals: int) -> Refused | None:
    shown = formats.exact(value)
    if value < 0:
        return BadSetting(f"An approval above {shown}: enter 0 for every entry, or more.", field=field)
    if not has_decimals(value, decimals):
        allowed = f"at most {decimals} decimals" if decimals else "no decimals"
        return BadSetting(f"An approval above {shown}: it has {allowed}.", field=field)
    if value >= MOST:
        return BadSetting(f"An approval above {shown}: it has at most 15 digits before the point.", field=field)
    return None


def _refusal_of_dimension(dimension: Dimension | None) -> Refused | None:
    """Open services keep the value that they carry, so the dimension has to have it."""
    if dimension is None:
        return None
    known = DimensionValue.objects.filter(dimension=dimension).values("code")
    missing = PrepaidService.objects.open().exclude(dimension_value="").exclude(dimension_value__in=known)
    first = missing.order_by("number").first()
    if first is None:
        return None
    more = missing.count() - 1
    others = f" and {formats.counted(more, 'more')}" if more else ""
    return BadSetting(
        f"{dimension} has not every value that open prepaid services carry: {first.dimension_value} of {first.number}"
        f"{others}. Create them there first.",
        field="dimension",
    )
