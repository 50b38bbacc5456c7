"""What keeps the books from taking a release of a lot, found by the set before anything is written, so that one lot that they
cannot take stops no night."""

import datetime

from ledger.exceptions import BlockedAccount, BlockedCombination, MissingAccount, PostingNotAllowed
from pages.refusals import Refused

# The account that a release of lot `p` is posted against, as a name of the general posting setup. Customers under
# unclaimed-property rules keep a claim on what expires: rule 8c.
CONTRAS = {
    "sales": "'sales'",
    "expected": "'breakage'",
    "breakage": "CASE WHEN rules.unclaimed_property THEN 'unclaimed' ELSE 'breakage' END",
}

# Selected beside its JOINS. `cause` names what is wrong: a blocked combination, an empty cell (`detail`: its name), a day
# after the last one allowed (that day), a blocked account (its code); NULL where the books can take it.
JOINS = """
LEFT JOIN credits_accountrules rules ON rules.account_id = p.account_id
LEFT JOIN ledger_postingsetup g ON g.business_group_id = p.business_group_id AND g.product_group_id = p.product_group_id
LEFT JOIN LATERAL (
    SELECT {contra} AS name
) against ON true
LEFT JOIN ledger_ledgeraccount contra ON contra.code = CASE against.name
    WHEN 'sales' THEN g.sales_id WHEN 'breakage' THEN g.breakage_id WHEN 'unclaimed' THEN g.unclaimed_id END
LEFT JOIN ledger_ledgeraccount expected ON expected.code = g.breakage_id
LEFT JOIN ledger_ledgeraccount deferral ON deferral.code = p.deferral_account_id
LEFT JOIN ledger_ledgersetup books ON true
LEFT JOIN LATERAL (
    SELECT CASE WHEN p.amount_paid_per_credit = 0 THEN NULL
                WHEN g.blocked THEN 'combination'
                WHEN contra.code IS NULL OR (expected.code IS NULL AND estimates.apply) THEN 'empty'
                WHEN books.posting_to IS NOT NULL  -- asked first: the function takes longer than all else here
                     AND ledger_first_open_day({effective}, {poster}) > books.posting_to THEN 'day'
                WHEN contra.blocked OR deferral.blocked OR (expected.blocked AND estimates.apply) THEN 'account' END AS cause
    FROM (SELECT p.breakage_rate > 0 OR p.estimated <> 0 AS apply) estimates
) found ON true
LEFT JOIN LATERAL (
    SELECT CASE found.cause
           WHEN 'empty' THEN CASE WHEN contra.code IS NULL THEN against.name ELSE 'breakage' END
           WHEN 'day' THEN books.posting_to::text
           WHEN 'account' THEN CASE WHEN contra.blocked THEN contra.code WHEN deferral.blocked THEN deferral.code
                                    ELSE expected.code END END AS detail
) about ON true
"""


def joins(contra: str, *, effective: str, poster: str = "NULL") -> str:
    """The JOINS that give `found.cause` and `about.detail` for a lot `p` whose release is effective on `effective`, posted
    against one of CONTRAS by `poster`: a user's id, who may be allowed to post into soft-closed periods, or the night."""
    return JOINS.format(contra=CONTRAS[contra], effective=effective, poster=poster)


def refusal(business_group: str, product_group: str, cause: str, detail: str) -> Refused:
    """What is found, in words."""
    match cause:
        case "combination":
            return BlockedCombination(business_group, product_group)
        case "empty":
            return MissingAccount(business_group, product_group, detail)
        case "day":
            return PostingNotAllowed(datetime.date.fromisoformat(detail))
    return BlockedAccount(detail)
