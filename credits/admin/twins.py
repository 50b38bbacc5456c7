"""Amounts as plain numbers, beside those with their currency."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin

from ledger.money import round_to


def twin(name: str, label: str) -> Callable:
    """The amount as a plain number, with the decimals of its currency."""

    @admin.display(description=label)
    def number(self: Any, obj: Any) -> str:
        return f"{round_to(getattr(obj, name), obj.currency.decimals):f}"

    return number
