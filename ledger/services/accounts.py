"""Which account a posting takes: always from the general posting setup, never from code."""

from ledger.exceptions import BlockedCombination, MissingAccount
from ledger.models import PostingSetup


def posting_accounts(*, business_group: str, product_group: str, needed: tuple[str, ...]) -> dict[str, str]:
    """The codes of the accounts of `needed` (receivable, deferral, sales, breakage) in the cell of the two groups. Refused:
    a blocked combination (BlockedCombination); an empty account (MissingAccount), naming the first."""
    setup = PostingSetup.objects.filter(business_group=business_group, product_group=product_group).first()
    if setup is not None and setup.blocked:
        raise BlockedCombination(business_group, product_group)
    accounts = {}
    for name in needed:
        code = getattr(setup, f"{name}_id", None)
        if code is None:
            raise MissingAccount(business_group, product_group, name)
        accounts[name] = code
    return accounts
