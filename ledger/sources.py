"""Which page answers for a key of the books. The ledger stores the keys and knows none of the pages.

An upper app says so in its `apps.py`, for the keys of its events, lots and parties:

    def ready(self):
        from credits import sources                    # late: models are ready only now
        register("purchase:", sources.purchase)        # purchase:17 and purchase:17:confirm:1
        register("credits-expiry:", sources.purchase)

    def purchase(key: str) -> tuple[str, str] | None:  # credits/sources.py
        pk = key.split(":")[1]
        return f"Purchase {pk}", reverse("credits:purchase", args=[pk])

A resolver is asked once for each key of a page. One that has to ask the database answers all keys together instead:
`register("account:", many=sources.accounts)`, where `accounts(keys) -> {key: (label, url)}`. With `find=`, a function
from what a person typed to keys, the journal can be searched for the names behind the keys.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple


class Source(NamedTuple):
    label: str
    url: str


Resolver = Callable[[str], tuple[str, str] | None]
ManyResolver = Callable[[list[str]], dict[str, tuple[str, str]]]
Finder = Callable[[str], Iterable[str]]

_resolvers: dict[str, ManyResolver] = {}
_finders: dict[str, Finder] = {}


def register(
    kind_prefix: str,
    resolver: Resolver | None = None,
    *,
    many: ManyResolver | None = None,
    find: Finder | None = None,
) -> None:
    """`resolver` (or `many`) answers for the keys that begin with `kind_prefix`; of two prefixes the longer one."""
    many = many or (_each(resolver) if resolver else None)
    if many is None:
        raise TypeError("register() needs a resolver, or many=.")
    _resolvers[kind_prefix] = many
    if find is not None:
        _finders[kind_prefix] = find


def _each(resolver: Resolver) -> ManyResolver:
    def many(keys: list[str]) -> dict[str, tuple[str, str]]:
        return {key: source for key in keys if (source := resolver(key))}

    return many


def source_of(key: str) -> Source | None:
    """The page behind one key, if any."""
    return sources_of([key]).get(key)


def sources_of(keys: Iterable[str]) -> dict[str, Source]:
    """The pages behind many keys, each resolver asked once; keys that nobody knows are left out."""
    asked: dict[str, list[str]] = {}
    for key in dict.fromkeys(filter(None, keys)):
        known = [prefix for prefix in _resolvers if key.startswith(prefix)]
        if known:
            asked.setdefault(max(known, key=len), []).append(key)
    found = {key: source for prefix, group in asked.items() for key, source in _resolvers[prefix](group).items()}
    return {key: Source(*source) for key, source in found.items()}


def find(text: str) -> list[str]:
    """The keys whose names hold the text, as far as the upper apps can tell."""
    return [key for finder in _finders.values() for key in finder(text)]
