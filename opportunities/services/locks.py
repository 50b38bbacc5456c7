"""The first lock of every change to a customer's balances."""

from opportunities.models import Account


def lock_account(account_id: int) -> Account:
    """Locks the account's row until the commit. Taken before the locks on lots and milestones, always in this order, so
    that two actions on one customer follow each other and never wait in a circle. Rows that merely refer to the account
    can still be written meanwhile (NO KEY)."""
    return Account.objects.select_for_update(no_key=True).get(pk=account_id)
