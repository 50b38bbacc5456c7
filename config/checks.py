"""Every check of the books and of the sub-ledgers against them, as the apps have registered them."""

from ledger.tie_outs import Checked, check_books, every_check

__all__ = ["Checked", "check_books", "every_check"]
