"""Whoever confirms a form signs what it changes: once, for everything in the transaction.

The kit knows no app: the setting SIGN_CHANGES names the function that keeps the signature with the changes.
"""

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


def sign(user: Any, action: str, *, reason: str = "") -> None:
    """In the transaction that is open: `user` does `action`, as the title of the page says it, for that reason."""
    import_string(settings.SIGN_CHANGES)(user, action, reason=reason)


def reason_in(form: Any) -> str:
    """What was typed as the reason, where the form asks for one."""
    entered = getattr(form, "cleaned_data", None)
    return str(entered.get("reason") or "") if isinstance(entered, dict) else ""
