"""A company as a data export holds it, and what must come of it: `export/`, with the two expected files beside it."""

import csv
import datetime
from pathlib import Path

import pytest

EXPORT = Path(__file__).parent / "export"
TODAY = datetime.date(2026, 11, 24)
HEADERS = {
    "Account": "AccountNumber,Name,CurrencyIsoCode",
    "Services_Credits_Purchase__c": (
        "Name,Account__c,CurrencyIsoCode,CreatedDate,Start_Date__c,Expiry_Date__c,Number_of_Services_Credits__c,"
        "Internal_Value_per_Credit__c,Amount_Paid_per_Credit__c,Draft__c,Description__c"
    ),
    "Milestone__c": (
        "Id,Name,Account__c,Project__c,CurrencyIsoCode,Services_Credits__c,Target_Date__c,Status__c,Actual_Date__c"
    ),
    "exchange-rates": "currency,starting_date,rate_to_usd",
}
ACCOUNT, PURCHASE, MILESTONE = "Account", "Services_Credits_Purchase__c", "Milestone__c"


def rows_of(name: str) -> list[dict[str, str]]:
    with (EXPORT / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def export_of(**lines: list[str]) -> list[tuple[str, bytes]]:
    """Files of these lines, by object; `rates` are the exchange rates."""
    named = {{"rates": "exchange-rates"}.get(name, name): each for name, each in lines.items()}
    return [(f"{name}.csv", "\n".join([HEADERS[name], *each, ""]).encode()) for name, each in named.items()]


@pytest.fixture
def today(time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC))
    return time_machine
