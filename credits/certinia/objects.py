"""The objects of a data export and their columns, under the API names of Certinia PSA."""

from dataclasses import dataclass

ACCOUNT_NUMBER, NAME, CURRENCY = "AccountNumber", "Name", "CurrencyIsoCode"
ACCOUNT = "Account__c"
CREATED, STARTS, EXPIRES = "CreatedDate", "Start_Date__c", "Expiry_Date__c"
NUMBER, VALUE, PAID = "Number_of_Services_Credits__c", "Internal_Value_per_Credit__c", "Amount_Paid_per_Credit__c"
DRAFT, DESCRIPTION = "Draft__c", "Description__c"
PRODUCT_GROUP = "Product_Posting_Group__c"  # of our own export, as are the columns of `credits.certinia.setup`
ID, PROJECT, NEEDED = "Id", "Project__c", "Services_Credits__c"
TARGET, STATUS, ACTUAL = "Target_Date__c", "Status__c", "Actual_Date__c"


@dataclass(frozen=True)
class ExportedObject:
    """`name` is that of its file and sheet; `key` the column that says which record a line is."""

    name: str
    noun: str
    columns: tuple[str, ...]
    key: str


ACCOUNTS = ExportedObject("Account", "accounts", (ACCOUNT_NUMBER, NAME, CURRENCY), ACCOUNT_NUMBER)
PURCHASES = ExportedObject(
    "Services_Credits_Purchase__c",
    "purchases",
    (NAME, ACCOUNT, CURRENCY, CREATED, STARTS, EXPIRES, NUMBER, VALUE, PAID, DRAFT, DESCRIPTION),
    NAME,
)
MILESTONES = ExportedObject(
    "Milestone__c", "milestones", (ID, NAME, ACCOUNT, PROJECT, CURRENCY, NEEDED, TARGET, STATUS, ACTUAL), ID
)
RATES_NAME = "exchange-rates"
FILE_NAMES = (RATES_NAME, ACCOUNTS.name, PURCHASES.name, MILESTONES.name)


def rate_columns(lcy: str) -> tuple[str, str, str]:
    """The last one says in which currency the rates are."""
    return ("currency", "starting_date", f"rate_to_{lcy.lower()}")
