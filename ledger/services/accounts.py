"""Which account a posting takes: always from the general posting setup, never from code."""

from ledger.exceptions import MissingAccount
from ledger.models import PostingSetup


def posting_accounts(*, business_group: str, product_group: str, needed: tuple[str, ...]) -> PostingSetup:
    """The cell of the matrix, with every account of `needed` filled. Refused (MissingAccount) naming what is empty."""
    setup = PostingSetup.objects.filter(business_group=business_group, product_group=product_group).first()
    for name in needed:
        if setup is None or getattr(setup, f"{name}_id") is None:
            raise MissingAccount(business_group, product_group, name)
    return setup
