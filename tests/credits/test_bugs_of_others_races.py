"""Bugs of other systems where several things arrive at once: rows 1, 7 and 13 of bugs-to-tests.md."""

import datetime
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.test import Client

from config.checks import check_books
from credits.exceptions import Shortage
from credits.models import Consumption, Purchase
from credits.services.allocate import adjust, allocate
from credits.services.expire import expire_purchase
from ledger.models import JournalEntry
from pages.models import Submission
from tests.builders import make_entry, make_milestone, make_purchase, trial_balance
from tests.credits.desk import STAFF, Page, sign_in
from tests.credits.nights import credits_of
from tests.racing import at_once, split

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]
LAST_DAY = datetime.date(2026, 11, 24)


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0


def test_expiry_takes_what_is_left_when_it_gets_the_lock_and_nothing_of_another_lot(account, project, sam):
    """Row 1. Origin: managoat/fountain#1126, expiry read the unspent amount outside the lock; a burn in between made it take
    paid credit of another lot."""
    lot, other = make_purchase(account, expires_on=LAST_DAY), make_purchase(account)
    milestone, done = make_milestone(project, 7), threading.Event()

    def expire():
        try:
            return expire_purchase(lot, actor=sam, on=LAST_DAY)
        finally:
            connection.close()
            done.set()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            allocate(milestone, actor=sam)
            expired = pool.submit(expire)
            while not (waits_for_a_lock() or done.wait(timeout=0.02)):
                pass
            assert not done.is_set()  # it waits while the burn is in progress
        assert expired.result(timeout=30).credits == 3
    assert (credits_of(lot), credits_of(other)) == ((0, 7, 3), (10, 0, 0))
    assert trial_balance()["4090"]["USD"] == -240


def test_a_form_sent_fifty_times_at_once_makes_one_lot_and_gives_one_answer(account):
    """Row 7. Origin: lago-api#3618, a payment webhook settled twice and doubled the balance."""
    user = sign_in(Client(), *STAFF)
    clients = [Client() for _ in range(50)]
    for client in clients:
        client.force_login(user)
    page = Page(clients[0], f"/credits/purchases/new/?account={account.number}")
    page.fill(number_of_credits="10", value_per_credit="100.00", amount_paid_per_credit="80.00")
    sent = page.data | {"fingerprint": page.preview().fingerprint}
    answers = at_once([lambda client=client: client.post(page.url, sent) for client in clients])
    lot = Purchase.objects.get()
    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, lot.get_absolute_url())}
    assert JournalEntry.objects.get().event_key == f"purchase:{lot.pk}:confirm:1"
    assert trial_balance()["2400"]["USD"] == -800
    assert Submission.objects.count() == 1


def test_one_event_delivered_fifty_times_at_once_is_one_entry(company):
    """Row 7. Origin: lago-api#3618, a webhook was settled once for each delivery."""
    entries = at_once([lambda: make_entry("payment:17")] * 50)
    assert {entry.pk for entry in entries} == {JournalEntry.objects.get().pk}
    assert trial_balance()["2400"]["USD"] == -100


def test_sixty_four_threads_on_one_account_end_at_the_start_less_the_successes(account, project, sam):
    """Row 13. Origin: laravel-credits#20, a lock on "the newest row" is a moving target: updates were lost."""
    chance = random.Random(64)
    lots = [make_purchase(account, number_of_credits=30) for _ in range(3)]
    sizes = [chance.randint(1, 4) for _ in range(64)]
    milestones = [make_milestone(project, size) for size in sizes]
    for milestone in milestones[:16]:
        allocate(milestone, actor=sam)
    actions = [lambda each=each: adjust(each, total=0, actor=sam) for each in milestones[:16]]
    actions += [lambda each=each: allocate(each, actor=sam) for each in milestones[16:]]
    chance.shuffle(actions)
    assert split(at_once(actions))[1] in ([], [Shortage])
    held = sum(type(each).objects.get(pk=each.pk).credits_allocated for each in milestones)
    assert sum(credits_of(lot)[0] for lot in lots) == 90 - held
    assert held == Consumption.objects.aggregate(net=Sum("credits"))["net"]
    assert [check for check in check_books() if check.offenders] == []
