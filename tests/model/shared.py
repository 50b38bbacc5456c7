"""What the state machines have in common: a clock, a command given to both sides, and the books compared."""

import bisect
import datetime

import time_machine
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import seed
from hypothesis.stateful import invariant

from ledger.models import JournalLine
from pages.refusals import Refused
from tests.model.purchase_rules import DECIMALS


def met_soon(machine, number):
    """The machine with a seed under which a fault is known to be met within seconds. Where that is true no more, since the
    machine plays something else, the fault is searched for as long as without one (None)."""
    return machine if number is None else seed(number)(type(machine.__name__, (machine,), {}))


class BothSides:
    def day_of(self, moment):
        """The database goes by its own clock; which day it was here is noted whenever one begins."""
        return self.days[bisect.bisect_right(self.days, moment, key=lambda noted: noted[0]) - 1][1]

    def set_clock(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            self.days.append((cursor.fetchone()[0], self.model.today))
        if self.clock:
            self.clock.stop()
        noon = datetime.datetime.combine(self.model.today, datetime.time(12), datetime.UTC)
        self.clock = time_machine.travel(noon, tick=False)
        self.clock.start()

    def accepted(self, service, *args, actor=None, **kwargs):
        """Whether the product accepts; what it refuses leaves nothing behind."""
        try:
            with transaction.atomic():
                service(*args, actor=actor or self.sam, **kwargs)
                connection.check_constraints()
        except Refused:
            return False
        return True

    def both(self, expected, service, *args, **kwargs):
        assert self.accepted(service, *args, **kwargs) == expected, (service.__name__, args, kwargs)

    @invariant()
    def the_books_agree(self):
        """What was posted on each day, by account and currency."""
        moved = JournalLine.objects.order_by().values_list("entry__posting_date", "account", "currency")
        books = {}
        for *key, debit, credit, debit_lcy, credit_lcy in moved.annotate(
            Sum("debit"), Sum("credit"), Sum("debit_lcy"), Sum("credit_lcy")
        ):
            amounts = [(debit - credit) * 10 ** DECIMALS[key[-1]], (debit_lcy - credit_lcy) * 100]
            if any(amounts):
                books[tuple(key)] = amounts
        assert books == {key: row for key, row in self.model.books.items() if any(row)}
