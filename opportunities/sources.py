"""Which pages answer for the keys that customers have in the books."""

from opportunities.models import Account


def accounts(keys: list[str]) -> dict[str, tuple[str, str]]:
    """The account behind each party (`account:17`)."""
    found = Account.objects.in_bulk({int(key.removeprefix("account:")) for key in keys})
    return {account.party: (account.name, account.get_absolute_url()) for account in found.values()}
