"""People by what they may do, and by name."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

BACKEND = "django.contrib.auth.backends.ModelBackend"  # the one that knows who may do what


def who_may(permission: str) -> QuerySet[Any]:
    """Whoever is active and has the permission ("ledger.close_accountingperiod"), by themselves or by a role."""
    people = get_user_model()._default_manager
    return people.with_perm(permission, backend=BACKEND).order_by("first_name", "last_name", "username")


def named(person: Any) -> str:
    return person.get_full_name() or person.get_username()
