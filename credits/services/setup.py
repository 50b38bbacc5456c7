"""Changes to the services credits setup: what holds for every customer from now on.

Books and balances: none. What is posted, allocated and bought already stays as it is; what each setting does is said by its
field (`credits.models.setup`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from credits.exceptions import BadSetting
from credits.models import CreditsSetup
from credits.models.milestones import Status
from credits.models.purchases import MAX_CREDITS
from credits.models.setup import AmountFrom, Recognition
from ledger.models import ProductPostingGroup
from ledger.services.changes import made_by
from pages.refusals import Refused

MAX_DAYS = 9_999


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting, as the setup says after a change. Without `low_balance_credits` no account counts as low."""

    product_group: ProductPostingGroup
    sync_paid_with_value: bool
    new_purchases_are_drafts: bool
    manual_allocation: bool
    allocate_past_expiry: bool
    grace_period_days: int
    statuses_without_allocation: list[str]
    milestone_amount_from: str
    recognise_revenue: str
    expiring_soon_days: int
    notice_days: list[int]
    low_balance_credits: int | None
    notice_recipients: list[str]

    @classmethod
    def of(cls, setup: CreditsSetup) -> "Settings":
        return cls(**{field.name: getattr(setup, field.name) for field in fields(cls)})


@transaction.atomic
def change_setup(settings: Settings, *, actor) -> CreditsSetup:
    """Makes the settings hold from now on, and fills in the setup where there is none. Refused (BadSetting): what
    `refusal_to_change` says."""
    setup = CreditsSetup.objects.select_for_update().first() or CreditsSetup(pk=1)
    if refusal := refusal_to_change(settings):
        raise refusal
    made_by(actor, "Change services credits setup")
    before = {name: getattr(setup, name, None) for name in vars(settings)}
    changed = [name for name, value in vars(settings).items() if not _same(before[name], value)]
    for name in changed:
        setattr(setup, name, getattr(settings, name))
    setup.save(update_fields=None if setup._state.adding else changed)
    return setup


def _same(before: object, after: object) -> bool:
    """Lists in another order say the same."""
    if isinstance(before, list) and isinstance(after, list):
        return sorted(before) == sorted(after)
    return before == after


def refusal_to_change(settings: Settings) -> Refused | None:
    """Why the setup cannot say that: the first setting that means nothing."""
    return (
        refusal_of_days("grace_period_days", "grace period", settings.grace_period_days)
        or refusal_of_days("expiring_soon_days", "window of what expires soon", settings.expiring_soon_days)
        or _refusal_of_statuses(settings.statuses_without_allocation)
        or _refusal_of_choices(settings)
        or _refusal_of_notice_days(settings.notice_days)
        or refusal_of_low_balance(settings.low_balance_credits)
        or _refusal_of_recipients(settings.notice_recipients)
    )


def refusal_of_days(field: str, label: str, days: int) -> Refused | None:
    """Why a number of days is none."""
    if 0 <= days <= MAX_DAYS:
        return None
    return BadSetting(f"A {label} of {days:,} days: enter 0 to {MAX_DAYS:,}.", field=field)


def refusal_of_low_balance(credits: int | None) -> Refused | None:
    """Why a number of credits says of no account that it is low."""
    if credits is None or 1 <= credits <= MAX_CREDITS:
        return None
    return BadSetting(
        f"A low balance of {credits:,} credits: enter 1 or more, or leave it empty.", field="low_balance_credits"
    )


def _refusal_of_statuses(statuses: list[str]) -> Refused | None:
    for status in statuses:
        if status not in Status.values:
            return BadSetting(f"“{status}” is no status of a milestone.", field="statuses_without_allocation")
    return _refusal_of_repeats("statuses_without_allocation", statuses)


def _refusal_of_choices(settings: Settings) -> Refused | None:
    for field, known in (("milestone_amount_from", AmountFrom), ("recognise_revenue", Recognition)):
        if getattr(settings, field) not in known.values:
            return BadSetting(f"“{getattr(settings, field)}” is none of: {', '.join(known.values)}.", field=field)
    return None


def _refusal_of_notice_days(days: list[int]) -> Refused | None:
    for number in days:
        if not 1 <= number <= MAX_DAYS:
            return BadSetting(
                f"A notice {number:,} days before the expiry date: enter 1 to {MAX_DAYS:,}.", field="notice_days"
            )
    return _refusal_of_repeats("notice_days", days)


def _refusal_of_recipients(addresses: list[str]) -> Refused | None:
    for address in addresses:
        try:
            validate_email(address)
        except ValidationError:
            return BadSetting(f"“{address}” is not an e-mail address.", field="notice_recipients")
    return _refusal_of_repeats("notice_recipients", [address.lower() for address in addresses])


def _refusal_of_repeats(field: str, values: Iterable[object]) -> Refused | None:
    seen: set[object] = set()
    for value in values:
        if value in seen:
            return BadSetting(f"“{value}” is there twice. Enter it once.", field=field)
        seen.add(value)
    return None
