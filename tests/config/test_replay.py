"""The replay agrees with the books that the product made, and names what was changed behind its back."""

import datetime
import io
import json
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection

from config.night import run_nights
from config.replay.compare import Replayed, replay
from config.scale.company import generate
from credits.models import CreditsSetup, Purchase
from credits.services.allocate import adjust, allocate
from credits.services.dates import change_dates
from credits.services.expire import expire_purchase
from credits.services.milestones import complete, reopen
from credits.services.pick import allocate_by_hand
from credits.services.purchases import confirm_purchase, edit_draft, return_to_draft
from ledger.models import AccountingPeriod, Currency, ExchangeRate, JournalEntry, LedgerSetup, PostingSetup
from ledger.services import manual
from ledger.services.periods import close_period, create_months, open_period, soft_close_period
from ledger.services.reversal import reverse_manual
from ledger.services.setup import set_rate
from tests import builders
from tests.credits import correcting
from tests.credits.test_story import Story, tell

TODAY = datetime.date(2026, 11, 24)
DAY = datetime.timedelta(days=1)
pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-11-24T12:00:00+00:00")]


@pytest.fixture
def account(db):
    builders.make_company()
    builders.make_rate("GBP", "1.2711")
    return builders.make_account()


@pytest.fixture
def sam(db):
    return builders.make_user("sam")


def differences() -> list[str]:
    """Everything here happens on one day, whatever day the database thinks it is."""
    return [str(difference) for difference in replay(Replayed(), day_of=lambda at: TODAY)]


def test_it_agrees_with_the_story_to_the_last_expiry(account, sam):
    tell(Story(account, sam))
    assert differences() == []


@pytest.mark.time_machine(datetime.datetime.now(datetime.UTC))
def test_it_agrees_with_the_demo_company_and_says_how_much_it_compared():
    call_command("load_demo", stdout=io.StringIO())
    out = io.StringIO()
    call_command("replay", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert (told["ok"], told["differences"]) == (True, [])
    assert told["lots"] == Purchase.objects.count() > 20
    assert told["entries"] > 30 and told["lines"] >= 2 * told["entries"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_it_agrees_with_a_generated_company_before_and_after_its_night(when):
    generate(accounts=20, purchases=300, seed="replay", on=TODAY)
    if when == "after":
        list(run_nights(TODAY + 90 * DAY))
    assert differences() == []


class TestWhatWasTrueThen:
    """Master data that changed since is taken as it was when the books took the event."""

    def test_a_purchase_edited_while_it_was_back_in_draft_keeps_both_confirmations(self, account, sam):
        lot = builders.make_purchase(account, amount_paid_per_credit="33.33", actor=sam)
        edit_draft(return_to_draft(lot, actor=sam), builders.make_terms(account, currency="GBP"), actor=sam)
        confirm_purchase(lot, actor=sam)
        assert differences() == []

    def test_a_rate_that_was_corrected_since(self, account, sam):
        builders.make_purchase(account, currency="GBP", actor=sam)
        pounds, rate = Currency.objects.get(code="GBP"), ExchangeRate.objects.get()
        set_rate(rate=rate, currency=pounds, starting_on=rate.starting_on, per_unit=Decimal("1.5"), actor=sam)
        set_rate(currency=pounds, starting_on=datetime.date(2026, 11, 1), per_unit=Decimal("1.6"), actor=sam)
        lot = builders.make_purchase(account, currency="GBP", actor=sam)
        assert lot.exchange_rate == Decimal("1.6")
        assert differences() == []

    def test_accounts_of_the_posting_setup_that_changed_since(self, account, sam):
        builders.make_purchase(account, expires_on=TODAY - DAY, actor=sam)
        list(run_nights())
        PostingSetup.objects.update(deferral="2410", breakage="4000", receivable="1000")
        builders.make_purchase(account, expires_on=TODAY - DAY, actor=sam)
        list(run_nights())
        assert differences() == []

    def test_periods_closed_opened_again_and_soft_closed_and_a_first_day_of_posting(self, account, sam):
        create_months(datetime.date(2026, 9, 1), 3, actor=sam)
        september, october, _ = AccountingPeriod.objects.order_by("starts_on")

        def buy():
            for day in (datetime.date(2026, 9, 5), datetime.date(2026, 10, 5), datetime.date(2026, 8, 5)):
                builders.make_purchase(account, purchased_on=day, starts_on=day, actor=sam)

        buy()
        close_period(september, actor=sam)
        buy()
        soft_close_period(october, actor=sam)
        buy()
        open_period(october, actor=sam)
        builders.reopen(september, actor=sam)
        buy()
        LedgerSetup.objects.update(posting_from=datetime.date(2026, 9, 20))
        buy()
        assert differences() == []
        days = Purchase.objects.filter(purchased_on="2026-09-05").count()
        assert days == 5

    def test_who_may_post_in_soft_closed_periods_may(self, account):
        (october,), _ = create_months(datetime.date(2026, 10, 1), 1, actor=None)
        soft_close_period(october, actor=builders.make_user("second"))
        day = datetime.date(2026, 10, 5)
        boss = builders.make_user("boss", is_superuser=True)
        for actor in (boss, builders.make_user("sam")):
            builders.make_purchase(account, purchased_on=day, starts_on=day, actor=actor)
        assert differences() == []

    def test_dates_that_were_renegotiated_name_the_expiry(self, account, sam):
        lot = builders.make_purchase(account, expires_on=TODAY + DAY, actor=sam)
        change_dates(lot, starts_on=lot.starts_on, expires_on=TODAY, reason="Agreed", actor=sam)
        expire_purchase(lot, actor=sam)
        assert differences() == []

    def test_dates_that_were_renegotiated_before_the_purchase_was_taken_back(self, account, sam):
        lot = builders.make_purchase(account, actor=sam)
        lot = change_dates(lot, starts_on=lot.starts_on, expires_on=TODAY, reason="Agreed", actor=sam)
        lot = edit_draft(return_to_draft(lot, actor=sam), builders.make_terms(account), actor=sam)
        assert confirm_purchase(lot, actor=sam).expires_on == datetime.date(2027, 11, 1)
        assert differences() == []

    def test_a_milestone_adjusted_and_completed_again_earns_what_it_held_each_time(self, account, sam):
        for expires_on in (TODAY + DAY, TODAY + 2 * DAY):
            builders.make_purchase(
                account, currency="GBP", number_of_credits=5, amount_paid_per_credit="33.33",
                expires_on=expires_on, actor=sam,
            )  # fmt: skip
        milestone = builders.make_milestone(builders.make_project(account, currency="GBP"), 7)
        for needed in (7, 4, 9):
            type(milestone).objects.filter(pk=milestone.pk).update(credits_needed=needed)
            adjust(milestone, total=needed, actor=sam)
            complete(milestone, actor=sam)
            list(run_nights())
            reopen(milestone, actor=sam, reason="Scope changed")
        list(run_nights(TODAY + 3 * DAY))
        assert differences() == []

    def test_entries_by_hand_and_their_reversals(self, account, sam):
        builders.make_rate("EUR", "1.0833")
        ann = builders.make_user("ann")
        draft = builders.make_manual_entry(
            sam,
            ("1000", "10.01", "0"),
            ("6100", "5.01", "0"),
            ("4095", "0", "7.51"),
            ("6100", "0", "7.51"),
            currency="EUR",
        )
        manual.submit(draft, actor=sam, reason="Bank charges")
        manual.approve(draft, actor=ann)
        reverse_manual(manual.post(draft, actor=sam), actor=sam, reason="Twice")
        assert differences() == []


class TestWhatPostedNothing:
    """Where all of it was recognised ahead, an event posts nothing and still moves its lot: it stands where it happened."""

    @pytest.fixture
    def lot(self, account, sam):
        """Of 10 credits, 4 were used and 60 % stay unused: all of it is recognised."""
        correcting.estimated("60")
        return builders.make_purchase(account, currency="GBP", number_of_credits=10, expires_on=TODAY, actor=sam)

    def test_a_refund_of_which_all_is_kept(self, lot, sam):
        milestone = correcting.used(lot, 4)
        correcting.refunded(lot, 3, kept="100")
        assert not posted("refund")
        reopen(milestone, actor=sam, reason="Scope changed")
        correcting.agree()
        assert differences() == []

    def test_an_expiry_and_its_reinstatement(self, lot, sam):
        milestone = correcting.used(lot, 4)
        expire_purchase(lot, actor=sam)
        correcting.reinstated(lot, TODAY + DAY)
        assert not posted("expiry", "reinstatement")
        correcting.refunded(lot, 2, kept="50")
        reopen(milestone, actor=sam, reason="Scope changed")
        correcting.agree()
        assert differences() == []

    def test_an_expiry_before_what_was_used_is_reopened(self, lot, sam):
        milestone = correcting.used(lot, 4)
        expire_purchase(lot, actor=sam)
        assert not posted("expiry")
        reopen(milestone, actor=sam, reason="Scope changed")
        correcting.agree()
        assert differences() == []


def test_what_is_given_back_stands_before_what_is_drawn_with_it(account, sam):
    """More of one lot and less of the next, in one pick by hand: two events, whichever row was written first."""
    CreditsSetup.objects.update(recognise_revenue="allocation", manual_allocation=True)
    first, second = builders.make_purchase(account), builders.make_purchase(account, amount_paid_per_credit="70")
    milestone = builders.make_milestone(builders.make_project(account), 7)
    allocate_by_hand(milestone, picks={first.pk: 4, second.pk: 3}, actor=sam)
    allocate_by_hand(milestone, picks={first.pk: 6, second.pk: 1}, actor=sam)
    assert JournalEntry.objects.filter(event_key__contains=":allocate:").count() == 3
    assert differences() == []


def posted(*kinds: str) -> bool:
    return JournalEntry.objects.filter(kind__in=kinds).exists()


@pytest.fixture
def books(account, sam):
    """A lot in pounds that was earned, reopened and lapsed in part; a lot in draft; an entry by hand."""
    lot = builders.make_purchase(
        account, currency="GBP", number_of_credits=5, amount_paid_per_credit="50.00", actor=sam
    )
    milestone = builders.make_milestone(builders.make_project(account, currency="GBP"), 2)
    allocate(milestone, actor=sam)
    complete(milestone, actor=sam)
    list(run_nights())
    draft = builders.make_manual_entry(sam, ("1000", "10", "0"), ("6100", "0", "10"))
    manual.submit(draft, actor=sam, reason="Bank charges")
    manual.approve(draft, actor=builders.make_user("ann"))
    manual.post(draft, actor=sam)
    assert differences() == []
    names = {"lot": lot.pk, "number": lot.number, "milestone": milestone.pk, "manual": draft.pk}
    return names | {
        "earned": f"(SELECT id FROM ledger_journalentry WHERE event_key = 'milestone:{milestone.pk}:complete:1')"
    }


def behind_the_triggers(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql)
        cursor.execute("SET LOCAL session_replication_role = origin")


A_CENT_ON_BOTH_LINES = (
    "UPDATE ledger_journalline SET debit_lcy = debit_lcy + 0.01 * sign(debit_lcy),"
    " credit_lcy = credit_lcy + 0.01 * sign(credit_lcy) WHERE entry_id = {earned}"
)
AN_ENTRY_MORE = """
WITH more AS (
    INSERT INTO ledger_journalentry
        (event_key, kind, posting_date, effective_on, currency_id, description, line_count, reason)
    SELECT 'purchase:{lot}:confirm:2', kind, posting_date, effective_on, currency_id, description, line_count, reason
    FROM ledger_journalentry WHERE event_key = 'purchase:{lot}:confirm:1' RETURNING id
)
INSERT INTO ledger_journalline (entry_id, line_no, account_id, product_group_id, currency_id, debit, credit, debit_lcy,
                                credit_lcy, party, lot, dimensions)
SELECT more.id, line_no, account_id, product_group_id, currency_id, debit, credit, debit_lcy,
       credit_lcy, party, lot, dimensions
FROM ledger_journalline, more
WHERE entry_id = (SELECT id FROM ledger_journalentry WHERE event_key = 'purchase:{lot}:confirm:1')
"""
FAULTS = {
    "a released total": (
        "UPDATE credits_purchase SET released_lcy = released_lcy + 0.01 WHERE id = {lot}",
        "lot {number}, released lcy: 127.11 by the events, 127.12 as stored",
    ),
    "units that left": (
        "UPDATE credits_purchase SET credits_released = 3 WHERE id = {lot}",
        "lot {number}, credits released: 2 by the events, 3 as stored",
    ),
    "a rate": (
        "UPDATE credits_purchase SET exchange_rate = 1.3 WHERE id = {lot}",
        "lot {number}, exchange rate: 1.2711 by the events, 1.3 as stored",
    ),
    "an expiry date": (
        "UPDATE credits_purchase SET expires_on = '2031-01-01' WHERE id = {lot}",
        "lot {number}, expires on: 2027-11-01 by the events, 2031-01-01 as stored",
    ),
    "the price it was sold at": (
        "UPDATE credits_purchase SET amount_paid_per_credit = 49 WHERE id = {lot}",
        "lot {number}, amount paid per credit: 50 by the events, 49 as stored",
    ),
    "a cent, on both lines": (
        A_CENT_ON_BOTH_LINES,
        "entry milestone:{milestone}:complete:1, line 1, debit lcy: 127.11 by the events, 127.12 as stored",
    ),
    "a posting date": (
        "UPDATE ledger_journalentry SET posting_date = '2026-11-25' WHERE id = {earned}",
        "entry milestone:{milestone}:complete:1, posting date: 2026-11-24 by the events, 2026-11-25 as stored",
    ),
    "both dates": (
        "UPDATE ledger_journalentry SET effective_on = '2026-11-20', posting_date = '2026-11-20' WHERE id = {earned}",
        "entry milestone:{milestone}:complete:1, effective on: 2026-11-24 by the events, 2026-11-20 as stored",
    ),
    "an account": (
        "UPDATE ledger_journalline SET account_id = '4090' WHERE entry_id = {earned} AND line_no = 2",
        "entry milestone:{milestone}:complete:1, line 2, account: 4000 by the events, 4090 as stored",
    ),
    "a lot's key": (
        "UPDATE ledger_journalline SET lot = 'purchase:0' WHERE entry_id = {earned} AND line_no = 2",
        "entry milestone:{milestone}:complete:1, line 2, lot: purchase:{lot} by the events, purchase:0 as stored",
    ),
    "a line less": (
        "DELETE FROM ledger_journalline WHERE entry_id = {earned} AND line_no = 2",
        "entry milestone:{milestone}:complete:1, lines: 2 by the events, 1 as stored",
    ),
    "an entry less": (
        "WITH gone AS (DELETE FROM ledger_journalline WHERE entry_id = {earned})"
        " DELETE FROM ledger_journalentry WHERE id = {earned}",
        "entry milestone:{milestone}:complete:1, the entry: posted by the events, missing as stored",
    ),
    "an entry more": (
        AN_ENTRY_MORE,
        "entry purchase:{lot}:confirm:2, the entry: not posted by the events, there as stored",
    ),
    "an entry without lines": (
        "DELETE FROM ledger_journalline WHERE entry_id = {earned}",
        "entry milestone:{milestone}:complete:1, the entry: not posted by the events, there as stored",
    ),
    "an entry of a customer who does not exist": (
        "UPDATE ledger_journalline SET party = 'account:99999999' WHERE entry_id = {earned}",
        "entry milestone:{milestone}:complete:1, the entry: posted by the events, missing as stored",
    ),
    "a manual entry": (
        "UPDATE ledger_journalline SET debit = debit + sign(debit), credit = credit + sign(credit), debit_lcy = debit_lcy"
        " + sign(debit_lcy), credit_lcy = credit_lcy + sign(credit_lcy)"
        " WHERE entry_id = (SELECT id FROM ledger_journalentry WHERE event_key = 'manual:{manual}')",
        "entry manual:{manual}, line 1, debit: 10 by the events, 11 as stored",
    ),
    "a completion": (
        "UPDATE credits_completion SET actual_on = '2026-11-20' WHERE milestone_id = {milestone}",
        "entry milestone:{milestone}:complete:1, effective on: 2026-11-20 by the events, 2026-11-24 as stored",
    ),
    "a consumption": (
        "UPDATE credits_consumption SET credits = 1 WHERE purchase_id = {lot}",
        "entry milestone:{milestone}:complete:1, line 1, debit: 50 by the events, 100 as stored",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_changed_behind_the_triggers_is_named_with_both_values(books, fault):
    sql, said = FAULTS[fault]
    behind_the_triggers(sql.format(**books))
    assert said.format(**books) in differences()


def test_books_from_before_there_was_a_change_log_agree(books):
    behind_the_triggers("DELETE FROM ledger_changelogentry")
    assert differences() == []


def test_the_command_ends_with_one_and_names_the_first(books):
    out, err = io.StringIO(), io.StringIO()
    call_command("replay", stdout=out)
    assert out.getvalue().startswith("The events make the same books: 1 lots of 1 customers, 3 entries, 6 lines")
    behind_the_triggers(FAULTS["a released total"][0].format(**books))
    with pytest.raises(SystemExit) as stopped:
        call_command("replay", stderr=err)
    assert stopped.value.code == 1
    assert err.getvalue().strip() == FAULTS["a released total"][1].format(**books)
