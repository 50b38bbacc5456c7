"""What was ticked in a list and sent in the address."""

from typing import Any

MOST = 200  # rows that a person ticks


def picked(request: Any, name: str) -> list[int]:
    """The keys of the address; what is none is passed over."""
    return [int(pk) for pk in request.GET.getlist(name) if pk.isdecimal() and len(pk) < 19][:MOST]
