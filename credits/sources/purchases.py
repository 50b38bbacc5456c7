"""Which page answers for lots, and for the events of purchases, in the books."""

from credits.models import Purchase

PREFIXES = ("purchase:", "credits-expiry:", "breakage:")


def purchases(keys: list[str]) -> dict[str, tuple[str, str]]:
    """The purchase behind each key: a lot (`purchase:17`), an event of it
    (`purchase:17:confirm:1`), an expiry, or what is recognised ahead of one (`breakage:17:0`)."""
    ids = {key: int(key.split(":")[1]) for key in keys}
    found = Purchase.objects.in_bulk(set(ids.values()))
    return {key: (f"Purchase {found[pk]}", found[pk].get_absolute_url()) for key, pk in ids.items() if pk in found}
