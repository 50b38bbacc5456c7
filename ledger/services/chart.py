"""The default chart of accounts, with the posting setup that uses it: a start for a new company and for the tests.

Which account a posting takes comes from the posting setup, never from these codes.
"""

from django.db import transaction

from ledger.models import BusinessPostingGroup, Currency, LedgerAccount, LedgerSetup, PostingSetup, ProductPostingGroup

ASSET, LIABILITY = LedgerAccount.Category.ASSET, LedgerAccount.Category.LIABILITY
REVENUE, EXPENSE = LedgerAccount.Category.REVENUE, LedgerAccount.Category.EXPENSE

ACCOUNTS = [
    ("1000", "Bank", ASSET),
    ("1100", "Receivables", ASSET),
    ("2400", "Deferred revenue, services credits", LIABILITY),
    ("2410", "Deferred revenue, prepaid services", LIABILITY),
    ("2420", "Contract deferrals", LIABILITY),
    ("2450", "Refund liability", LIABILITY),
    ("2460", "Unclaimed property", LIABILITY),
    ("2700", "VAT payable", LIABILITY),
    ("4000", "Services revenue", REVENUE),
    ("4010", "Prepaid services revenue", REVENUE),
    ("4020", "Recurring services revenue", REVENUE),
    ("4090", "Breakage revenue", REVENUE),
    ("4095", "Revenue reductions", REVENUE),
    ("6100", "FX gains and losses", EXPENSE),
]
POSTING_SETUP = {
    "receivable": "1100",
    "deferral": "2400",
    "sales": "4000",
    "breakage": "4090",
    "refund": "2450",
    "unclaimed": "2460",
}
PREPAID_SETUP = {**POSTING_SETUP, "deferral": "2410", "sales": "4010"}
CONTRACT_SETUP = {**POSTING_SETUP, "deferral": "2420", "sales": "4020", "breakage": "4020"}
CELLS = {
    "CONTRACTS": CONTRACT_SETUP,
    "CREDITS": POSTING_SETUP,
    "PREPAID": PREPAID_SETUP,
    "PREPAID-DEF": PREPAID_SETUP,
    "SERVICES": POSTING_SETUP,
}
EXCHANGE_DIFFERENCE = "6100"
EXPLAINED_ELSEWHERE = {"1100", "2400", "2410", "2420"}  # by lots and what customers owe: no entries by hand
CURRENCIES = [
    ("EUR", "Euro", 2),
    ("GBP", "Pound sterling", 2),
    ("JPY", "Yen", 0),
    ("KWD", "Kuwaiti dinar", 3),
    ("USD", "US dollar", 2),
]
BUSINESS_GROUPS = [("DOMESTIC", "Customers at home"), ("EXPORT", "Customers abroad")]
PRODUCT_GROUPS = [
    ("CONTRACTS", "Recurring services"),
    ("CREDITS", "Services credits"),
    ("PREPAID", "Prepaid services"),
    ("PREPAID-DEF", "Prepaid services, deferred"),
    ("SERVICES", "Services"),
]


@transaction.atomic
def install_chart(*, company_name: str, lcy: str, lcy_decimals: int = 2, time_zone: str = "UTC") -> LedgerSetup:
    """Fills what is missing of currencies, accounts, groups and posting setup, and makes the general ledger setup; what
    is there stays as it is. Safe to repeat. An LCY that is not known yet is made with `lcy_decimals`; a code or number of
    decimals that no currency has is refused (ValidationError)."""
    for code, name, decimals in CURRENCIES:
        Currency.objects.get_or_create(code=code, defaults={"name": name, "decimals": decimals})
    if not Currency.objects.filter(code=lcy).exists():
        own = Currency(code=lcy, name=lcy, decimals=lcy_decimals)
        own.full_clean()
        own.save()
    for code, name, category in ACCOUNTS:
        by_hand = {"direct_posting": code not in EXPLAINED_ELSEWHERE}
        LedgerAccount.objects.get_or_create(code=code, defaults={"name": name, "category": category, **by_hand})
    for model, groups in ((BusinessPostingGroup, BUSINESS_GROUPS), (ProductPostingGroup, PRODUCT_GROUPS)):
        for code, name in groups:
            model.objects.get_or_create(code=code, defaults={"name": name})
    for code, _ in BUSINESS_GROUPS:
        for group, accounts in CELLS.items():
            PostingSetup.objects.get_or_create(
                business_group_id=code,
                product_group_id=group,
                defaults={f"{purpose}_id": account for purpose, account in accounts.items()},
            )
    setup, _ = LedgerSetup.objects.get_or_create(
        id=1,
        defaults={
            "company_name": company_name,
            "lcy_id": lcy,
            "time_zone": time_zone,
            "exchange_difference_id": EXCHANGE_DIFFERENCE,
        },
    )
    return setup
