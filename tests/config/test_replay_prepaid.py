"""The replay works prepaid services out anew: it agrees with the books that the product made, and names what was changed
behind its back, and by how much. An independent program adds them up as well."""

import datetime
import io
import json

import pytest
from beancount import loader
from django.core.management import call_command
from django.db import connection, transaction

from config.replay.compare import Replayed, replay
from ledger.models import Dimension, DimensionValue, JournalEntry, PostingSetup
from prepaid.models import PrepaidEntry, PrepaidSetup, SalesDocument
from prepaid.services.balance_lines import add_balance_line
from prepaid.services.post_document import post_document
from tests import builders
from tests.prepaid import selling
from tests.prepaid.year import D, a_year, by_hand

TODAY = datetime.date(2026, 11, 24)
pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]


def differences() -> list[str]:
    return [str(difference) for difference in replay(Replayed(), day_of=lambda at: TODAY)]


@pytest.fixture
def finance(db):
    selling.make_company()
    return builders.make_user("finance")


def after(sql: str) -> list[str]:
    """What it finds where somebody with a backup in hand did that; nothing of it stays."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql)
        assert cursor.rowcount > 0, sql
        found = differences()
        transaction.set_rollback(True)
    return found


BROKEN = [
    ("UPDATE prepaid_inflowbalance SET remaining_lcy = 63.55 WHERE remaining = 50",
     "remaining lcy: 63.56 by the events, 63.55 as stored"),
    ("UPDATE prepaid_inflowbalance SET remaining_quantity = 7 WHERE remaining_quantity = 6",
     "remaining quantity: 6 by the events, 7 as stored"),
    ("UPDATE prepaid_application SET amount_lcy = 127.12 WHERE amount = 100 AND amount_lcy = 127.11",
     "amount lcy: 127.11 by the events, 127.12 as stored"),
    ("UPDATE prepaid_application SET revenue_account_id = '4000' WHERE amount = 1234.56 AND used_line_id > 0",
     "revenue account: 4010 by the events, 4000 as stored"),
    ("UPDATE ledger_journalline SET debit_lcy = 1234.55 WHERE debit = 1234.56 AND account_id = '2410'",
     "debit lcy: 1234.56 by the events, 1234.55 as stored"),
    ("UPDATE ledger_journalline SET account_id = '4090' WHERE credit = 200 AND account_id = '4090' OR credit = 150",
     "account: 2410 by the events, 4090 as stored"),
    ("UPDATE ledger_journalentry SET effective_on = '2026-10-14' WHERE effective_on = '2026-10-15'",
     "effective on: 2026-10-15 by the events, 2026-10-14 as stored"),
    ("UPDATE ledger_journalentry SET event_key = 'sales-document:0' WHERE effective_on = '2026-11-02' AND kind LIKE 'sales%'",
     "entry sales-document:0, the entry: not posted by the events, there as stored"),
    ("UPDATE prepaid_salesline SET covered_vat = 0 WHERE covered_net = 1234.56 AND kind = 'item' AND due_lcy = 0",
     "covered vat: 234.57 by the events, 0 as stored"),
    ("UPDATE prepaid_salesline SET quantity = 2 WHERE net = 1234.56 AND corrects_line_id IS NULL",
     "net: 2469.12 by the events, 1234.56 as stored"),
    ("UPDATE prepaid_entryrequest SET amount = 151 WHERE amount = 150",
     "amount: 151 by the events, 150 as stored"),
    ("UPDATE prepaid_application SET revenue_group_id = 'SERVICES' WHERE amount = 1234.56 AND used_line_id > 0",
     "revenue group: PREPAID by the events, SERVICES as stored"),
    ("UPDATE prepaid_salesline SET role = 'usage' WHERE id = (SELECT min(line_id) FROM prepaid_prepaidentry)",
     "ledger account: 4010 by the events, 2410 as stored"),
    ("DELETE FROM prepaid_application WHERE amount = 200", "it: there by the events, missing as stored"),
]  # fmt: skip


def test_it_agrees_with_a_year_of_events_and_names_what_was_changed(finance):
    a_year(actor=finance, second=builders.make_user("controller"))
    assert differences() == []
    out = io.StringIO()
    call_command("replay", "--json", stdout=out)
    told = json.loads(out.getvalue())
    inflows = PrepaidEntry.objects.inflows().count()
    assert (told["ok"], told["inflows"], told["entries"]) == (True, inflows, JournalEntry.objects.count())
    said = [(sql, sentence, after(sql)) for sql, sentence in BROKEN]
    missed = [row for row in said if not any(line.endswith(row[1]) for line in row[2])]
    assert missed == [], "\n".join(map(str, missed))
    out = io.StringIO()
    call_command("export_beancount", on=D(2026, 12, 31), stdout=out)
    assert loader.load_string(out.getvalue())[1] == []


def test_what_was_true_then_is_taken_and_not_what_is_true_now(finance):
    """Dimensions, accounts, where revenue goes, another who pays, a balance line by hand, and revenue of the item used."""
    area = Dimension.objects.create(code="SERVICE", name="Service")
    region = Dimension.objects.create(code="REGION", name="Region")
    DimensionValue.objects.create(dimension=region, code="NORTH", name="North")
    PrepaidSetup.objects.update(dimension=area)
    payer, account = builders.make_account("Payer"), builders.make_account()
    account.dimensions = {"REGION": "NORTH"}
    account.save()
    service = selling.make_service(account, actor=finance, valid_until_formula="1M")
    selling.top_up(service, "500.00", actor=finance, bill_to=payer)
    part = selling.usage(service, "120.00", "30.00", actor=finance, bill_to=payer)
    add_balance_line(part, service, amount=part.lines.first().net / 2, actor=finance)
    post_document(part, actor=finance)
    PrepaidSetup.objects.update(revenue_from="consumed", dimension=None)
    PostingSetup.objects.filter(product_group_id="SERVICES").update(sales_id="4020")
    account.dimensions = {}
    account.save()
    selling.use(service, "77.77", "500.00", actor=finance)
    by_hand(service, "12.34", actor=finance, on=TODAY)
    assert SalesDocument.objects.filter(state="posted").count() == 3
    assert differences() == []
