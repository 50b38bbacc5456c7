"""The story of lots A, B and C (posting rules, "As one story"), to the cent, with the books equal after every event."""

import datetime
from decimal import Decimal

import pytest
import time_machine

from config.night import run_nights
from credits.reports.proposal import propose
from credits.services.allocate import adjust, allocate
from credits.services.dates import change_dates
from credits.services.from_opportunity import Row, create_from_opportunity
from credits.services.milestones import complete, reopen
from credits.services.purchases import confirm_purchase, create_purchase, return_to_draft
from ledger.models import JournalEntry
from tests import builders
from tests.builders import trial_balance

pytestmark = pytest.mark.django_db

A_BOUGHT = {"1100": {"LCY": 800, "USD": 800}, "2400": {"LCY": -800, "USD": -800}}


def at(year, month, day):
    return time_machine.travel(datetime.datetime(year, month, day, 12, tzinfo=datetime.UTC), tick=False)


def night(day):
    """The night of a day, which must go through."""
    *_, run = run_nights(day)
    assert run.state == "done", list(run.steps.values_list("chunks__errors", flat=True))


def lines(event_key):
    """{(account, side): amount in the currency} of one entry, and the same in LCY."""
    entry = JournalEntry.objects.get(event_key=event_key)
    amounts = {}
    for line in entry.lines.all():
        side = "debit" if line.debit or line.debit_lcy else "credit"
        amounts.setdefault((line.account_id, side), []).append(
            (line.debit + line.credit, line.debit_lcy + line.credit_lcy)
        )
    return amounts


def money(*pairs):
    return [(Decimal(amount), Decimal(lcy)) for amount, lcy in pairs]


@pytest.fixture
def company():
    builders.make_company(lcy="USD")
    builders.make_rate("GBP", "1.2711")


@pytest.fixture
def sam():
    return builders.make_user("sam")


@pytest.fixture
def account(company):
    return builders.make_account()


def buy(opportunity, sam):
    proposal = propose(opportunity, on=datetime.date(2026, 11, 24))
    rows = [
        Row(
            line=row.line, credits=row.credits, value_per_credit=row.price, amount_paid_per_credit=row.price,
            starts_on=row.starts_on, expires_on=row.expires_on, description=row.line.description, exact=True,
        )
        for row in proposal.lines
    ]  # fmt: skip
    return create_from_opportunity(opportunity, rows, draft=proposal.draft, actor=sam)


def test_three_lots_from_sale_to_last_expiry(account, sam):
    with at(2026, 11, 24):
        # 1: a draft posts nothing. 2: confirming posts what was paid, never the value.
        a = create_purchase(builders.make_terms(account), actor=sam, draft=True)
        assert trial_balance() == {}
        a = confirm_purchase(a, actor=sam)
        assert trial_balance() == A_BOUGHT
        # 3: back to draft is the mirror; 2 again is a new event.
        a = return_to_draft(a, actor=sam)
        assert trial_balance() == {}
        a = confirm_purchase(a, actor=sam)
        assert trial_balance() == A_BOUGHT

        # B: one line of 1,000.00 for 7 credits becomes 5 x 142.86 and 2 x 142.85, exactly the line total together.
        b = buy(builders.make_opportunity(account), sam)
        assert [(lot.number_of_credits, lot.value_per_credit, lot.amount_paid_per_credit) for lot in b] == [
            (5, Decimal("142.86"), Decimal("142.86")),
            (2, Decimal("142.85"), Decimal("142.85")),
        ]
        assert [(lot.starts_on, lot.expires_on) for lot in b] == [
            (datetime.date(2026, 11, 24), datetime.date(2027, 11, 24))
        ] * 2
        assert trial_balance()["2400"] == {"LCY": -1800, "USD": -1800}

        # 2c: C is paid in another currency; its rate is the day's, for good.
        c = builders.make_purchase(
            account, currency="GBP", number_of_credits=5, amount_paid_per_credit="50.00", actor=sam
        )
        assert lines(f"purchase:{c.pk}:confirm:1") == {
            ("1100", "debit"): money(("250.00", "317.78")),
            ("2400", "credit"): money(("250.00", "317.78")),
        }
        # 4: free credits are counted and not posted.
        before = JournalEntry.objects.count()
        builders.make_purchase(builders.make_account(), amount_paid_per_credit="0", actor=sam)
        assert JournalEntry.objects.count() == before

        # 5: allocating posts nothing. 6: the night earns what was paid for the four credits.
        project = builders.make_project(account)
        first = builders.make_milestone(project, 4)
        allocate(first, actor=sam)
        complete(first, actor=sam)
        assert JournalEntry.objects.count() == before
        night(datetime.date(2026, 11, 24))
        assert lines(f"milestone:{first.pk}:complete:1") == {
            ("2400", "debit"): money(("320.00", "320.00")),
            ("4000", "credit"): money(("320.00", "320.00")),
        }

        # 6b: C is cut cumulatively in LCY, at its own rate, whatever today's rate is.
        builders.make_rate("GBP", "1.9999", starting_on=datetime.date(2026, 11, 24))
        pounds = builders.make_project(account, currency="GBP")
        for _ in range(2):
            milestone = builders.make_milestone(pounds, 2)
            allocate(milestone, actor=sam)
            complete(milestone, actor=sam)
            night(datetime.date(2026, 11, 24))
            assert lines(f"milestone:{milestone.pk}:complete:1") == {
                ("2400", "debit"): money(("100.00", "127.11")),
                ("4000", "credit"): money(("100.00", "127.11")),
            }

        # 6c: eight credits span A, which expires first, and B: a pair of lines per lot.
        spanning = builders.make_milestone(project, 8)
        allocate(spanning, actor=sam)
        complete(spanning, actor=sam)
        night(datetime.date(2026, 11, 24))
        spanned = {
            ("2400", "debit"): money(("480.00", "480.00"), ("285.72", "285.72")),
            ("4000", "credit"): money(("480.00", "480.00"), ("285.72", "285.72")),
        }
        assert lines(f"milestone:{spanning.pk}:complete:1") == spanned
        # 7: reopening mirrors the stored amounts, once; the credits stay allocated until they are given back.
        reopen(spanning, actor=sam, reason="Scope changed")
        assert lines(f"milestone:{spanning.pk}:reopen:1") == {
            ("2400", "credit"): spanned["2400", "debit"],
            ("4000", "debit"): spanned["4000", "credit"],
        }
        adjust(spanning, total=0, actor=sam)

        # 9: extending B before it expires changes no books, and is kept with its reason.
        before = JournalEntry.objects.count()
        change_dates(
            b[0],
            starts_on=b[0].starts_on,
            expires_on=datetime.date(2027, 12, 31),
            reason="Agreed with the customer",
            actor=sam,
        )
        assert JournalEntry.objects.count() == before
        assert b[0].date_changes.get().old_expires_on == datetime.date(2027, 11, 24)

    with at(2027, 11, 2):
        # 8 and 8b: the day after expiry the night lapses what is left; the last part takes the rest of the LCY amount.
        night(datetime.date(2027, 11, 2))
        assert lines(f"credits-expiry:{a.pk}:2027-11-01:0") == {
            ("2400", "debit"): money(("480.00", "480.00")),
            ("4090", "credit"): money(("480.00", "480.00")),
        }
        assert lines(f"credits-expiry:{c.pk}:2027-11-01:0") == {
            ("2400", "debit"): money(("50.00", "63.56")),
            ("4090", "credit"): money(("50.00", "63.56")),
        }
        expired = JournalEntry.objects.get(event_key=f"credits-expiry:{a.pk}:2027-11-01:0")
        assert (expired.effective_on, expired.posting_date) == (datetime.date(2027, 11, 2),) * 2
    with at(2028, 1, 1):
        night(datetime.date(2028, 1, 1))
    assert trial_balance() == {
        "1100": {"LCY": Decimal("2117.78"), "USD": 1800, "GBP": 250},
        "4000": {"LCY": Decimal("-574.22"), "USD": -320, "GBP": -200},
        "4090": {"LCY": Decimal("-1543.56"), "USD": -1480, "GBP": -50},
    }
