"""Which credits can pay for a project on a day, and why others cannot, in the words of the shortage, of the window Manage
Services Credits and of "Why not?"."""

import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Case, CharField, Q, QuerySet, Sum, Value, When

from credits.exceptions import HeldBack
from credits.models import CreditsSetup, Purchase
from opportunities.models import Project


class Reason(StrEnum):
    """Where the credits of a lot are. Those that are held back are left in the lot, and still cannot be drawn."""

    AVAILABLE = "available"
    OTHER_CURRENCY = "in another currency"
    DRAFT = "in drafts"
    NOT_STARTED = "not started"
    PAST_EXPIRY = "past expiry"
    ALLOCATED = "allocated"
    CONSUMED = "consumed"
    EXPIRED = "expired"
    REFUNDED = "refunded"

    @property
    def heading(self) -> str:
        return self.value.capitalize()


HELD_BACK = (Reason.OTHER_CURRENCY, Reason.DRAFT, Reason.NOT_STARTED, Reason.PAST_EXPIRY)


def usable(on: datetime.date) -> Q:
    """On which days a confirmed lot can be drawn from, as the setup says. Said here and nowhere else: what it refuses is held
    back."""
    started = Q(starts_on__lte=on)
    return started if CreditsSetup.current().allocate_past_expiry else started & Q(expires_on__gte=on)


def reasons(on: datetime.date, currency: str | None = None) -> dict[Reason, Q]:
    """Why what is left of a lot is held back on the day `on`, from work in that currency where one is given: the first that
    fits."""
    other = {Reason.OTHER_CURRENCY: ~Q(currency=currency)} if currency else {}
    return {
        **other,
        Reason.DRAFT: Q(draft=True),
        Reason.NOT_STARTED: Q(starts_on__gt=on),
        Reason.PAST_EXPIRY: ~usable(on),
    }


def with_reason(lots: QuerySet[Purchase], on: datetime.date, currency: str | None = None) -> Any:
    """`reason`, of what is left of each lot: why it is held back, or that it is available."""
    found = (When(why, then=Value(reason.value)) for reason, why in reasons(on, currency).items())
    return lots.annotate(reason=Case(*found, default=Value(Reason.AVAILABLE.value), output_field=CharField()))


def candidates(project: Project, on: datetime.date) -> QuerySet[Purchase]:
    """The lots that an allocation of the day `on` draws from, in drawing order."""
    lots = Purchase.objects.filter(account=project.account_id, currency=project.currency_id)
    return lots.with_credits_left().filter(usable(on)).in_drawing_order()


def held_back(project: Project, on: datetime.date) -> list[HeldBack]:
    """The credits of the account that cannot be used, summed by reason; reasons without credits are left out."""
    lots = Purchase.objects.filter(account=project.account_id, credits_available__gt=0).order_by()
    sums = with_reason(lots, on, project.currency_id).values("reason").annotate(credits=Sum("credits_available"))
    found = dict(sums.values_list("reason", "credits"))
    return [HeldBack(reason, int(found[reason])) for reason in HELD_BACK if reason in found]
