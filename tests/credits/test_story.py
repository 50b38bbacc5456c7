"""The story of lots A, B and C (posting rules, "As one story"), to the cent: after every event the whole trial balance."""

import datetime
from decimal import Decimal

import pytest
import time_machine
from django.db import connection

from config.night import run_nights
from credits.reports.proposal import propose
from credits.services.allocate import adjust, allocate
from credits.services.dates import change_dates
from credits.services.from_opportunity import Row, create_from_opportunity
from credits.services.milestones import complete, reopen
from credits.services.purchases import confirm_purchase, create_purchase, return_to_draft
from ledger.models import JournalEntry
from tests import builders
from tests.builders import books

pytestmark = pytest.mark.django_db
SALE = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)
A_ENDS, B_ENDS = datetime.date(2027, 11, 1), datetime.date(2027, 11, 24)


def stands(usd="0", gbp="0", lcy=None):
    """What stands on an account, zeros left out; without `lcy` it is all in the LCY, which is USD."""
    row = {"USD": Decimal(usd), "GBP": Decimal(gbp), "LCY": Decimal(usd if lcy is None else lcy)}
    return {currency: balance for currency, balance in row.items() if balance}


A_SOLD = {"1100": stands("800.00"), "2400": stands("-800.00")}
RECEIVABLE = stands("1800.00", "250.00", "2117.78")
ALL_SOLD = {"1100": RECEIVABLE, "2400": stands("-1800.00", "-250.00", "-2117.78")}
FOUR_OF_A_DONE = {
    "1100": RECEIVABLE,
    "2400": stands("-1480.00", "-250.00", "-1797.78"),
    "4000": stands("-320.00"),
}
TWO_OF_C_DONE = {
    "1100": RECEIVABLE,
    "2400": stands("-1480.00", "-150.00", "-1670.67"),
    "4000": stands("-320.00", "-100.00", "-447.11"),
}
FOUR_OF_C_DONE = {
    "1100": RECEIVABLE,
    "2400": stands("-1480.00", "-50.00", "-1543.56"),
    "4000": stands("-320.00", "-200.00", "-574.22"),
}
EIGHT_MORE_DONE = {
    "1100": RECEIVABLE,
    "2400": stands("-714.28", "-50.00", "-777.84"),
    "4000": stands("-1085.72", "-200.00", "-1339.94"),
}
A_AND_C_LAPSED = {
    "1100": RECEIVABLE,
    "2400": stands("-1000.00"),
    "4000": stands("-320.00", "-200.00", "-574.22"),
    "4090": stands("-480.00", "-50.00", "-543.56"),
}
SECOND_OF_B_LAPSED = A_AND_C_LAPSED | {
    "2400": stands("-714.30"),
    "4090": stands("-765.70", "-50.00", "-829.26"),
}
ALL_ENDED = {
    "1100": RECEIVABLE,
    "4000": stands("-320.00", "-200.00", "-574.22"),
    "4090": stands("-1480.00", "-50.00", "-1543.56"),
}


def at(day):
    noon = datetime.datetime.combine(day, datetime.time(12), tzinfo=datetime.UTC)
    return time_machine.travel(noon, tick=False)


def night(day):
    """The nights up to a day, which must go through."""
    for run in run_nights(day):
        assert run.state == "done", list(run.steps.values_list("chunks__errors", flat=True))


def lines(event_key):
    """{(account, side): amounts in the currency and in LCY} of one entry, line by line."""
    entry = JournalEntry.objects.get(event_key=event_key)
    amounts = {}
    for line in entry.lines.all():
        side = "debit" if line.debit or line.debit_lcy else "credit"
        amounts.setdefault((line.account_id, side), []).append(
            (line.debit + line.credit, line.debit_lcy + line.credit_lcy)
        )
    return amounts


def both(debit, credit, *amounts):
    """The lines of an entry that debits one account and credits another with these amounts and amounts in LCY."""
    money = [tuple(map(Decimal, pair)) for pair in amounts]
    return {(debit, "debit"): money, (credit, "credit"): money}


@pytest.fixture
def company(company):
    builders.make_rate("GBP", "1.2711")


class Story:
    """The customer, the person at the desk, and the lots and milestones as they come up."""

    def __init__(self, account, sam):
        self.account, self.sam = account, sam
        self.project = builders.make_project(account)
        self.pounds = builders.make_project(account, currency="GBP")

    def a_is_drafted_confirmed_taken_back_and_confirmed(self):
        """1: a draft posts nothing. 2: what was paid is deferred, never the value. 3: the mirror. 2 again: a new event."""
        draft = create_purchase(builders.make_terms(self.account), actor=self.sam, draft=True)
        assert books(SALE) == {}
        self.a = confirm_purchase(draft, actor=self.sam)
        assert books(SALE) == A_SOLD
        self.a = return_to_draft(self.a, actor=self.sam)
        assert books(SALE) == {}
        assert books(SALE - DAY) == A_SOLD  # what was posted on the day of the sale stays there
        self.a = confirm_purchase(self.a, actor=self.sam)
        assert books(SALE) == A_SOLD

    def b_is_bought_from_an_opportunity(self):
        """One line of 1,000.00 for 7 credits: 5 x 142.86 and 2 x 142.85, together exactly the line."""
        opportunity = builders.make_opportunity(self.account)
        proposal = propose(opportunity, on=SALE)
        rows = [
            Row(
                line=row.line, credits=row.credits, value_per_credit=row.price, amount_paid_per_credit=row.price,
                starts_on=row.starts_on, expires_on=row.expires_on, description=row.line.description, exact=True,
            )
            for row in proposal.lines
        ]  # fmt: skip
        self.b = create_from_opportunity(opportunity, rows, draft=proposal.draft, actor=self.sam)
        assert [(lot.number_of_credits, lot.value_per_credit, lot.amount_paid_per_credit) for lot in self.b] == [
            (5, Decimal("142.86"), Decimal("142.86")),
            (2, Decimal("142.85"), Decimal("142.85")),
        ]
        assert [(lot.starts_on, lot.expires_on) for lot in self.b] == [(SALE, B_ENDS)] * 2
        assert books(SALE) == {"1100": stands("1800.00"), "2400": stands("-1800.00")}

    def c_is_bought_in_pounds(self):
        """2c: its rate is that of the day of purchase, for good."""
        self.c = builders.make_purchase(
            self.account, currency="GBP", number_of_credits=5, amount_paid_per_credit="50.00", actor=self.sam
        )
        assert lines(f"purchase:{self.c.pk}:confirm:1") == both("1100", "2400", ("250.00", "317.78"))
        assert books(SALE) == ALL_SOLD
        builders.make_rate("GBP", "1.9999", starting_on=SALE)

    def free_credits_are_given(self):
        """4: counted, never posted."""
        free = builders.make_purchase(builders.make_account(), amount_paid_per_credit="0", actor=self.sam)
        assert free.credits_available == 10
        assert books(SALE) == ALL_SOLD

    def four_of_a_are_used(self):
        """5: allocating posts nothing, nor does completing. 6: the night earns what was paid for the four."""
        milestone = self.completed(self.project, 4, before=ALL_SOLD)
        night(SALE)
        assert lines(f"milestone:{milestone.pk}:complete:1") == both("2400", "4000", ("320.00", "320.00"))
        assert books(SALE) == FOUR_OF_A_DONE

    def two_and_two_of_c_are_used(self):
        """6b: cut cumulatively in LCY, at the rate of C, whatever today's rate is."""
        for before, after in ((FOUR_OF_A_DONE, TWO_OF_C_DONE), (TWO_OF_C_DONE, FOUR_OF_C_DONE)):
            milestone = self.completed(self.pounds, 2, before=before)
            night(SALE)
            assert lines(f"milestone:{milestone.pk}:complete:1") == both("2400", "4000", ("100.00", "127.11"))
            assert books(SALE) == after

    def eight_of_a_and_b_are_used(self):
        """6c: A, which expires first, and then B: a pair of lines per lot."""
        self.spanning = self.completed(self.project, 8, before=FOUR_OF_C_DONE)
        night(SALE)
        assert lines(f"milestone:{self.spanning.pk}:complete:1") == both(
            "2400", "4000", ("480.00", "480.00"), ("285.72", "285.72")
        )
        assert books(SALE) == EIGHT_MORE_DONE

    def they_are_reopened_and_given_back(self):
        """7: the mirror of the stored amounts, once. The credits stay allocated until they are given back: no posting."""
        reopen(self.spanning, actor=self.sam, reason="Scope changed")
        assert lines(f"milestone:{self.spanning.pk}:reopen:1") == both(
            "4000", "2400", ("480.00", "480.00"), ("285.72", "285.72")
        )
        assert books(SALE) == FOUR_OF_C_DONE
        adjust(self.spanning, total=0, actor=self.sam)
        assert books(SALE) == FOUR_OF_C_DONE

    def a_and_c_expire(self):
        """8 and 8b: on the day after expiry the rest lapses; the last part of C takes what is left of its LCY amount."""
        night(A_ENDS + DAY)
        for lot, amounts in ((self.a, ("480.00", "480.00")), (self.c, ("50.00", "63.56"))):
            key = f"credits-expiry:{lot.pk}:2027-11-01:0"
            assert lines(key) == both("2400", "4090", amounts)
            entry = JournalEntry.objects.get(event_key=key)
            assert (entry.effective_on, entry.posting_date) == (A_ENDS + DAY, A_ENDS + DAY)
        assert books(A_ENDS) == FOUR_OF_C_DONE
        assert books(A_ENDS + DAY) == A_AND_C_LAPSED

    def the_larger_part_of_b_is_extended(self):
        """9: before it expires; no posting, and it is kept with its reason."""
        change_dates(
            self.b[0],
            starts_on=self.b[0].starts_on,
            expires_on=datetime.date(2027, 12, 31),
            reason="Agreed with the customer",
            actor=self.sam,
        )
        assert self.b[0].date_changes.get().old_expires_on == B_ENDS
        assert books(A_ENDS + DAY) == A_AND_C_LAPSED

    def b_expires_in_two_parts(self):
        night(datetime.date(2028, 1, 1))
        assert books(B_ENDS) == A_AND_C_LAPSED
        assert books(B_ENDS + DAY) == SECOND_OF_B_LAPSED
        assert books(datetime.date(2027, 12, 31)) == SECOND_OF_B_LAPSED
        assert books(datetime.date(2028, 1, 1)) == ALL_ENDED

    def completed(self, project, credits, *, before):
        """A milestone that takes so many credits and is completed; the books stay as they were before."""
        milestone = builders.make_milestone(project, credits)
        allocate(milestone, actor=self.sam)
        assert books(SALE) == before
        complete(milestone, actor=self.sam)
        assert books(SALE) == before
        return milestone


def tell(story):
    with at(SALE):
        story.a_is_drafted_confirmed_taken_back_and_confirmed()
        story.b_is_bought_from_an_opportunity()
        story.c_is_bought_in_pounds()
        story.free_credits_are_given()
        story.four_of_a_are_used()
        story.two_and_two_of_c_are_used()
        story.eight_of_a_and_b_are_used()
        story.they_are_reopened_and_given_back()
    with at(A_ENDS + DAY):
        story.a_and_c_expire()
        story.the_larger_part_of_b_is_extended()
    with at(datetime.date(2028, 1, 1)):
        story.b_expires_in_two_parts()


def test_three_lots_from_sale_to_last_expiry(account, sam):
    tell(Story(account, sam))


def test_the_same_as_an_ordinary_role_of_the_database(account, sam, ordinary_role):
    tell(Story(account, sam))
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, usesuper FROM pg_user WHERE usename = current_user")
        assert cursor.fetchone() == (ordinary_role, False)
