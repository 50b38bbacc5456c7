"""A month of thousands of generated events closes, is opened by two and closes again; one row changed behind the triggers
keeps it open, and is named."""

import datetime

import pytest
from django.db import connection

from config.night import run_nights
from config.scale.company import generate
from credits.models import Purchase
from ledger.exceptions import TieOutDiffers
from ledger.models import AccountingPeriod, JournalEntry, JournalLine
from ledger.services.periods import approve_reopening, close_period, request_reopening
from ledger.tie_outs import check_books, tie_outs
from tests.builders import books, make_user

pytestmark = pytest.mark.django_db
D = datetime.date
FIRST, LAST = D(2026, 11, 1), D(2026, 11, 30)
LOTS = 6000


@pytest.fixture
def month(db, time_machine):
    """6,000 lots of the last thirteen months; the first night ever expires and earns a third of them, late, in the one month
    that is open."""
    time_machine.move_to(datetime.datetime(2026, 12, 1, 12, tzinfo=datetime.UTC))
    generate(accounts=200, purchases=LOTS, seed="close", on=D(2026, 11, 24))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as after every large import; without it the planner guesses
    AccountingPeriod.objects.create(name="2015 to 2026-10", starts_on=D(2015, 1, 1), ends_on=D(2026, 10, 31))
    close_period(AccountingPeriod.objects.get(), actor=make_user("ann"))
    list(run_nights(D(2026, 11, 30)))
    return AccountingPeriod.objects.create(name="2026-11", starts_on=FIRST, ends_on=LAST)


def behind_the_triggers(sql: str, *params) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_a_month_of_thousands_of_events_closes_opens_and_closes_and_no_changed_row_slips_through(month):
    ann, bob = make_user("ann"), make_user("bob")
    in_november = JournalEntry.objects.filter(posting_date__range=(FIRST, LAST))
    assert in_november.count() > 2000
    rows, account = tie_outs(LAST), books(LAST)["2400"]
    assert all(row.agrees for row in rows) and sum(row.units.sold for row in rows) == credits_sold()
    assert {row.currency.code: -row.books for row in rows if row.books} == {
        code: amount for code, amount in account.items() if code != "LCY"
    }
    assert sum(row.books_lcy for row in rows) == -account["LCY"]
    assert all(sum(getattr(row.units, name) for row in rows) > 0 for name in ("consumed", "expired", "remaining"))

    assert close_period(month, actor=ann).is_closed
    opened = approve_reopening(request_reopening(month, actor=ann, reason="A late invoice"), actor=bob)
    assert not opened.is_closed
    assert close_period(month, actor=bob).closed_by == bob
    approve_reopening(request_reopening(month, actor=ann, reason="Another"), actor=bob)

    line = JournalLine.objects.filter(entry__in=in_november, debit__gt=10, account="2400").order_by("pk").first()
    changed = "UPDATE ledger_journalline SET debit = debit + %s, debit_lcy = debit_lcy + %s WHERE id = %s"
    behind_the_triggers(changed, 1, 1, line.pk)
    with pytest.raises(TieOutDiffers, match=f"2026-11 stays open: {line.entry.event_key} breaks the rule"):
        close_period(month, actor=ann)
    assert number_of(line) in {offender.subject for check in check_books() for offender in check.offenders}
    behind_the_triggers(changed, -1, -1, line.pk)

    lot = Purchase.objects.filter(credits_available__gt=2).order_by("-pk").first()
    behind_the_triggers("UPDATE credits_purchase SET credits_expired = credits_expired + 2 WHERE id = %s", lot.pk)
    with pytest.raises(TieOutDiffers, match=f"2026-11 stays open: {lot.number} breaks the rule .* says? .*"):
        close_period(month, actor=ann)
    behind_the_triggers("UPDATE credits_purchase SET credits_expired = credits_expired - 2 WHERE id = %s", lot.pk)
    assert close_period(month, actor=ann).is_closed


def credits_sold() -> int:
    return sum(Purchase.objects.filter(draft=False).values_list("number_of_credits", flat=True))


def number_of(line: JournalLine) -> str:
    """The lot that a line belongs to."""
    return Purchase.objects.values_list("number", flat=True).get(pk=line.lot.split(":")[1])
