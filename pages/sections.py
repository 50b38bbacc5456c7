"""How an app puts something on a page of an app below it.

The page names its slots, the upper app registers in its `apps.py`, and the lower app imports nothing:

    class CreditsConfig(AppConfig):
        def ready(self):
            from credits import sections          # late: models are ready only now
            register("account", sections.account_credits, order=10, permission="credits.view_purchase")

    def account_credits(request, account):        # credits/sections.py
        return render_to_string("credits/account_section.html", {...}, request)

A template places them with `{% sections "account" object %}`. A detail page with `slot = "account"` also takes
`Action` objects from "account.actions" and `Figure` objects from "account.figures"; a function may answer with one,
with a list or with None for "nothing to show here".
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pages.http import Request

Render = Callable[[Request, Any], Any]


@dataclass(order=True, frozen=True)
class Section:
    order: int
    name: str
    render: Render = field(compare=False)
    permission: str | None = field(compare=False, default=None)


_slots: dict[str, list[Section]] = defaultdict(list)


def register(slot: str, render: Render, *, order: int = 0, permission: str | None = None) -> None:
    name = f"{render.__module__}.{render.__qualname__}"
    if all(section.name != name for section in _slots[slot]):
        insort(_slots[slot], Section(order, name, render, permission))


def collect(slot: str, request: Request, obj: Any = None) -> Iterator[Any]:
    """What the registered functions answer, in order, for what this person may see."""
    for section in _slots.get(slot, ()):
        if section.permission and not request.user.has_perm(section.permission):
            continue
        answer = section.render(request, obj)
        yield from answer if isinstance(answer, (list, tuple)) else [answer] if answer else []
