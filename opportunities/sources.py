"""Which pages answer for the keys that customers have in the books."""

from django.db.models import Q

from opportunities.models import Account

FOUND = 200  # accounts that a search of the journal looks behind


def accounts(keys: list[str]) -> dict[str, tuple[str, str]]:
    """The account behind each party (`account:17`)."""
    found = Account.objects.in_bulk({int(key.removeprefix("account:")) for key in keys})
    return {account.party: (account.name, account.get_absolute_url()) for account in found.values()}


def find_accounts(text: str) -> list[str]:
    """The parties whose account holds the text in its name or number."""
    named = Account.objects.filter(Q(name__icontains=text) | Q(number__icontains=text))
    return [account.party for account in named.only("pk")[:FOUND]]
