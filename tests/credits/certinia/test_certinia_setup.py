"""What a purchase says beyond Certinia: product posting group and dimensions, in columns that may be left out."""

import csv

import pytest
from django.core.management import call_command

from credits.certinia.exporting import tables
from credits.certinia.files import by_object
from credits.certinia.importing import import_export
from credits.models import Purchase
from ledger.models import Dimension, JournalLine, LedgerAccount, PostingSetup, ProductPostingGroup
from opportunities.models import Account
from pages.imports import FileRefused
from tests.builders import make_company, trial_balance
from tests.credits.certinia.conftest import HEADERS, PURCHASE, export_of

pytestmark = pytest.mark.django_db
GROUP, REGION = "Product_Posting_Group__c", "Dimension_REGION__c"
LOT = "SCP-000001,A1,USD,2026-01-05,2026-01-05,2027-01-04,10,100.00,80.00,false,"


@pytest.fixture(autouse=True)
def company(today):
    """Regions north and south, and a second product group whose sales are deferred on 2490."""
    make_company()
    region = Dimension.objects.create(code="REGION", name="Region")
    for code in ("NORTH", "SOUTH"):
        region.values.create(code=code, name=code.title())
    usual = PostingSetup.objects.get(business_group="DOMESTIC", product_group="CREDITS")
    group = ProductPostingGroup.objects.create(code="WORKSHOPS", name="Workshops")
    workshops = LedgerAccount.objects.create(code="2490", name="Deferred revenue, workshops", category="liability")
    PostingSetup.objects.create(
        business_group=usual.business_group, product_group=group, receivable=usual.receivable, deferral=workshops
    )
    Account.objects.create(
        number="A1", name="Harbour", currency_id="USD", business_group_id="DOMESTIC", dimensions={"REGION": "NORTH"}
    )


def lots(*lines, columns=(GROUP, REGION)):
    header = ",".join([HEADERS[PURCHASE], *columns])
    return by_object([(f"{PURCHASE}.csv", "\n".join([header, *lines, ""]).encode())])


def imported(*lines, **kwargs):
    return import_export(lots(*lines, **kwargs), actor=None)


def refused(*lines):
    with pytest.raises(FileRefused) as refusal:
        imported(*lines)
    assert not Purchase.objects.exists()
    return [str(problem) for problem in refusal.value.problems]


def carried():
    """Of the lot, and of every line of its books."""
    lot = Purchase.objects.get()
    lines = JournalLine.objects.filter(lot=f"purchase:{lot.pk}").values_list("product_group", "dimensions")
    assert all(line == (lot.product_group_id, lot.dimensions) for line in lines) and lines
    return lot.product_group_id, lot.dimensions


def test_without_the_columns_the_setup_and_the_customer_decide():
    import_export(by_object(export_of(**{PURCHASE: [LOT]})), actor=None)
    assert carried() == ("CREDITS", {"REGION": "NORTH"})


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ("WORKSHOPS,SOUTH", ("WORKSHOPS", {"REGION": "SOUTH"})),
        (",", ("CREDITS", {})),
        ("CREDITS,NORTH", ("CREDITS", {"REGION": "NORTH"})),
    ],
)
def test_the_columns_decide_where_they_are_there_and_the_books_follow(cells, found):
    imported(f"{LOT},{cells}")
    assert carried() == found
    deferral = PostingSetup.objects.get(business_group="DOMESTIC", product_group=found[0]).deferral_id
    assert trial_balance()[deferral]["USD"] == -800


def test_one_of_the_columns_alone_leaves_the_other_to_the_customer():
    imported(f"{LOT},WORKSHOPS", columns=(GROUP,))
    assert carried() == ("WORKSHOPS", {"REGION": "NORTH"})


def test_a_code_that_is_not_set_up_is_refused_where_it_stands():
    assert refused(f"{LOT},SHIPS,EAST") == [
        f"{PURCHASE}.csv, line 2, {GROUP}: “SHIPS” is not known. There is no product posting group of that code.",
        f"{PURCHASE}.csv, line 2, {REGION}: “EAST” is not known. The dimension has no such value: take it out, or set it up.",
    ]


def test_a_blocked_value_is_refused_for_what_is_new_and_kept_by_what_is_stored():
    values = Dimension.objects.get().values
    values.update(blocked=True)
    assert refused(f"{LOT},,SOUTH") == [f"{PURCHASE}.csv, line 2, {REGION}: The value SOUTH of REGION is blocked."]
    values.update(blocked=False)
    imported(f"{LOT},,SOUTH")
    values.update(blocked=True)
    assert imported(f"{LOT},,SOUTH").unchanged == 1


def test_another_group_or_value_than_the_stored_one_is_refused_and_none_said_is_none_compared():
    imported(f"{LOT},WORKSHOPS,SOUTH")
    with pytest.raises(FileRefused) as refusal:
        imported(f"{LOT},CREDITS,")
    assert [(problem.column, problem.sentence.split(". ")[0]) for problem in refusal.value.problems] == [
        (GROUP, "SCP-000001 is stored already with “WORKSHOPS”, not with “CREDITS”"),
        (REGION, "SCP-000001 is stored already with “SOUTH”, not with nothing"),
    ]
    assert import_export(by_object(export_of(**{PURCHASE: [LOT]})), actor=None).unchanged == 1


def test_what_a_sale_of_that_group_lacks_in_the_posting_setup_is_refused_by_line():
    PostingSetup.objects.filter(product_group="WORKSHOPS").update(deferral=None)
    (sentence,) = refused(f"{LOT},WORKSHOPS,")
    assert sentence.startswith(f"{PURCHASE}.csv, line 2, Account__c:") and "WORKSHOPS" in sentence


def test_what_is_exported_carries_them_and_is_found_unchanged(tmp_path, capsys):
    imported(f"{LOT},WORKSHOPS,SOUTH", f"{LOT},,".replace("SCP-000001", "SCP-000002"))
    call_command("export_certinia", str(tmp_path))
    with (tmp_path / f"{PURCHASE}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row[GROUP], row[REGION]) for row in rows] == [("WORKSHOPS", "SOUTH"), ("CREDITS", "")]
    assert list(rows[0])[: len(HEADERS[PURCHASE].split(","))] == HEADERS[PURCHASE].split(",")
    capsys.readouterr()
    call_command("import_certinia", str(tmp_path))
    assert capsys.readouterr().out.strip() == "Nothing is changed: 3 lines said what is stored already."


def test_an_export_makes_the_same_lots_again_where_they_are_gone():
    lines = [f"{LOT},WORKSHOPS,SOUTH"]
    imported(*lines)
    before = [list(rows) for name, rows in tables() if name == f"{PURCHASE}.csv"]
    content = "\n".join(",".join(row) for row in before[0]).replace("SCP-000001", "SCP-000002").encode()
    import_export(by_object([(f"{PURCHASE}.csv", content)]), actor=None)
    first, second = Purchase.objects.order_by("number").values("product_group", "dimensions", "deferral_account")
    assert first == second
