"""Opening balances from a file: posted once, all or nothing, with the books or without."""

import datetime
import re
import uuid
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from ledger.models import JournalEntry, LedgerAccount, LedgerSetup
from pages.imports import FileRefused
from prepaid.exceptions import OwnRequest
from prepaid.models import EntryRequest, PrepaidEntry, PrepaidService, PrepaidSetup
from prepaid.services.import_balances import import_balances
from prepaid.services.manual import approve_entry, decline_entry
from tests.builders import make_account, make_rate, make_user, trial_balance
from tests.prepaid.desk import signed_in
from tests.prepaid.selling import make_service

HEADER = (
    "Prepaid Service No.,Posting Date,Document No.,Amount,Quantity,Valid until,"
    "Gen. Prod. Posting Group,Bal. Account No.,Reason"
)


def balances(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows]).encode()


def bring(*rows, actor, header=HEADER):
    return import_balances(balances(*rows, header=header), file_name="old.csv", actor=actor)


def refused(*rows, actor, header=HEADER):
    """What stands against a file of these lines; nothing of it is written, in the books neither."""
    before = counts()
    with pytest.raises(FileRefused) as refusal:
        bring(*rows, actor=actor, header=header)
    assert counts() == before
    return [str(problem) for problem in refusal.value.problems]


def counts():
    return EntryRequest.objects.count(), PrepaidEntry.objects.count(), JournalEntry.objects.count()


def left(service):
    found = PrepaidService.objects.with_balances().get(pk=service.pk)
    return found.outstanding, found.outstanding_lcy, found.outstanding_quantity


def test_an_amount_with_a_balancing_account_is_posted(service, finance):
    """By rule 24, at once up to the threshold."""
    PrepaidSetup.objects.update(approve_amounts_above=Decimal("123456.78"))
    imported = bring(f"{service.number},2026-11-01,OB-1,123456.78,,2027-06-30,PREPAID,1000,", actor=finance)
    assert imported.said == "The opening balances are imported: 1 new."
    entry = PrepaidEntry.objects.get()
    assert (entry.document_type, entry.document_no, entry.amount) == ("opening", "OB-1", Decimal("123456.78"))
    assert (entry.valid_until, entry.product_group_id) == (datetime.date(2027, 6, 30), "PREPAID")
    assert entry.reason == "Opening balance, from the file old.csv"
    assert {code: row["LCY"] for code, row in trial_balance().items()} == {
        "1000": Decimal("123456.78"),
        "2410": Decimal("-123456.78"),
    }
    assert left(service) == (Decimal("123456.78"), Decimal("123456.78"), 0)


def test_without_a_balancing_account_nothing_is_posted(service, account, finance):
    hours = make_service(account, accrual="periodic", type="quantity", unit_of_measure="HOUR", valid_until_formula="CY")
    bring(
        f"{service.number},2026-11-01,OB-1,50,,,,,Goodwill", f"{hours.number},2026-11-01,OB-1,,7.25,,,,", actor=finance
    )
    assert not JournalEntry.objects.exists()
    assert (left(service)[0], left(hours)[2]) == (Decimal(50), Decimal("7.25"))
    assert PrepaidEntry.objects.get(service=hours).valid_until == datetime.date(2026, 12, 31)  # by the card's formula


def test_the_same_file_again_posts_nothing(service, finance):
    row = f"{service.number},2026-11-01,OB-1,50.00,,,PREPAID,1000,Taken over"
    bring(row, actor=finance)
    before = counts()
    again = bring(row, f"{service.number},2026-11-01,OB-2,5.00,,,PREPAID,1000,", actor=finance)
    assert again.said == "The opening balances are imported: 1 new, 1 imported before."
    assert counts() == tuple(count + 1 for count in before)
    assert bring(row, actor=finance).said == "Nothing is posted: all that the file says was imported before."


def test_what_is_above_the_threshold_waits_for_somebody_else_and_is_not_brought_twice(service, finance):
    controller = make_user("controller")
    rows = [f"{service.number},2026-11-01,OB-{at},{amount},,,PREPAID,1000," for at, amount in ((1, 250000), (2, 50))]
    imported = bring(*rows, actor=finance)
    assert imported.said == "The opening balances are imported: 2 new, 1 of them to be approved."
    assert (trial_balance()["2410"]["LCY"], counts()) == (-50, (2, 1, 1))
    again = bring(*rows, actor=finance)
    assert (again.new, [each.waits for each in again.unchanged], counts()) == ([], [True, False], (2, 1, 1))
    told = refused(rows[0].replace("250000", "250001"), actor=finance)
    assert told[0].endswith("waits for approval with 250000, not 250001. Take the line out; have it declined or withdrawn"
                            " first.")  # fmt: skip
    waiting = EntryRequest.objects.get(state="requested")
    with pytest.raises(OwnRequest):
        approve_entry(waiting, actor=finance)
    decline_entry(waiting, note="Not what the old books say", actor=controller)
    assert bring(rows[0].replace("250000", "200000"), actor=finance).waiting
    approve_entry(EntryRequest.objects.get(state="requested"), actor=controller)
    assert trial_balance()["2410"]["LCY"] == -200050
    assert set(PrepaidEntry.objects.values_list("document_type", flat=True)) == {"opening"}


def test_a_document_that_says_something_else_now_is_refused(service, finance):
    bring(f"{service.number},2026-11-01,OB-1,50.00,,2026-12-31,PREPAID,1000,", actor=finance)
    told = refused(f"{service.number},2026-11-02,OB-1,60.00,,,PREPAID,4095,", actor=finance)
    assert [problem.split(":")[0] for problem in told] == [
        "Line 2, Posting Date",
        "Line 2, Amount",
        "Line 2, Bal. Account No.",
    ]
    assert told[1] == (
        f"Line 2, Amount: OB-1 of {service.number} was posted with 50, not 60. Take the line out; correct what is posted with"
        " an entry by hand."
    )


def test_all_problems_are_told_by_line_and_column(service, account, finance):
    hours = make_service(account, accrual="periodic", type="quantity")
    closed = make_service(account)
    PrepaidService.objects.filter(pk=closed.pk).update(closed=True)
    no = service.number
    told = refused(
        "PS-99999,2026-11-01,OB-1,50.00,,,PREPAID,1000,",
        f"{no},1/11/2026,OB-1,50.00,,,PREPAID,1000,",
        f"{no},2026-11-01,,50.00,,,PREPAID,1000,",
        f'{no},2026-11-01,OB-2,"50,00",,,PREPAID,1000,',
        f"{no},2026-11-01,OB-3,50.00,,,NOTHING,9999,",
        f"{no},2026-11-01,OB-3,50.00,,,PREPAID,1000,",
        actor=finance,
    )
    assert [problem.split(":")[0] for problem in told] == [
        "Line 2, Prepaid Service No.",
        "Line 3, Posting Date",
        "Line 4, Document No.",
        "Line 5, Amount",
        "Line 6, Gen. Prod. Posting Group",
        "Line 6, Bal. Account No.",
        "Line 7, Document No.",
    ]
    told = refused(
        f"{no},2026-11-25,OB-1,50.00,,,PREPAID,1000,",
        f"{no},2026-11-01,OB-2,-50.00,,,PREPAID,1000,",
        f"{no},2026-11-01,OB-3,50.001,,,PREPAID,1000,",
        f"{no},2026-11-01,OB-4,50.00,,2026-10-31,PREPAID,1000,",
        f"{no},2026-11-01,OB-5,50.00,,,,1000,",
        f"{no},2026-11-01,OB-6,50.00,,,PREPAID,1100,",
        f"{no},2026-11-01,OB-7,,5,,PREPAID,1000,",
        f"{hours.number},2026-11-01,OB-1,,5,,,1000,",
        f"{closed.number},2026-11-01,OB-1,5.00,,,PREPAID,1000,",
        f"{no},2026-11-01,OB-8,50.00,,,PREPAID,1000,",
        actor=finance,
    )
    assert [problem.split(":")[0] for problem in told] == [
        "Line 2, Posting Date",
        "Line 3, Amount",
        "Line 4, Amount",
        "Line 5, Valid until",
        "Line 6, Gen. Prod. Posting Group",
        "Line 7, Bal. Account No.",
        "Line 8, Quantity",
        "Line 9, Bal. Account No.",
        "Line 10",
    ]


def test_a_long_file_is_to_be_split(service, finance):
    rows = [f"{service.number},2026-11-01,OB-{at},50.00,,,PREPAID,1000," for at in range(501)]
    assert refused(*rows, actor=finance) == ["501 lines: at most 500 are imported at once. Split the file."]


def test_a_card_without_currency_gets_the_one_of_the_file_or_the_lcy(finance):
    make_rate("GBP", "1.25")
    abroad = make_account("Quay & Co.", currency="GBP")
    first, second = make_service(abroad), make_service(abroad)
    header = f"{HEADER},Currency Code"
    bring(f"{first.number},2026-11-01,OB-1,50,,,,,,", f"{second.number},2026-11-01,OB-1,50,,,,,,GBP", header=header,
          actor=finance)  # fmt: skip
    assert list(PrepaidService.objects.order_by("pk").values_list("currency", flat=True)) == ["USD", "GBP"]
    assert (left(first)[1], left(second)[1]) == (Decimal(50), Decimal("62.50"))
    told = refused(f"{first.number},2026-11-01,OB-2,50,,,,,,GBP", header=header, actor=finance)
    assert told[0].startswith("Line 2, Currency Code: Prepaid service")
    third = make_service(abroad)
    told = refused(f"{third.number},2026-11-01,OB-1,50,,,,,,USD", f"{third.number},2026-11-01,OB-2,50,,,,,,GBP",
                   header=header, actor=finance)  # fmt: skip
    assert told[0].startswith("Line 3, Currency Code: Prepaid service")


def test_the_page_shows_what_is_posted_then_posts_it(service):
    page, url = signed_in("finance"), reverse("prepaid:balance-import")
    content = balances(
        f"{service.number},2026-11-01,OB-1,800.00,,2026-11-20,PREPAID,1000,",
        f"{service.number},2026-11-01,OB-2,250000,,,PREPAID,1000,",
        f"{service.number},2026-11-02,OB-3,250000,,,PREPAID,1000,",
    )
    LedgerSetup.objects.update(posting_to=datetime.date(2026, 11, 1))
    review = page.post(url, {"file": SimpleUploadedFile("old.csv", content)})["Location"]
    shown = page.get(review).content.decode()
    read = re.sub(r"\xa0|&nbsp;", " ", shown)
    assert "Import 3 opening balances, ask for approval of 2, post USD 800.00" in read
    assert "250,000.00, waits for approval" in read and "until somebody else approves it" in read
    assert f"{service.number}, OB-3: as things stand it cannot be approved." in read and "OB-2: as" not in read
    assert LedgerAccount.objects.get(pk="2410").name in shown and "they lapse next night" in shown
    assert counts() == (0, 0, 0)
    seen = re.search(r'name="fingerprint"[^>]*value="([^"]*)"', shown)[1]
    page.post(review, {"fingerprint": seen, "submission": uuid.uuid4()})
    assert counts() == (3, 1, 1)
    page.post(review, {"fingerprint": seen, "submission": uuid.uuid4()})
    assert counts() == (3, 1, 1)
