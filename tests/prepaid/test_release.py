"""Releasing contract deferrals (rule 31): every part that is due, each once, by hand and by night; and taking it back."""

import csv
import datetime
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from ledger.exceptions import BlockedAccount, PostingNotAllowed
from ledger.models import JournalEntry, LedgerAccount, LedgerSetup, PostingSetup
from ledger.tie_outs import check_books
from opportunities.models import Account
from prepaid.exceptions import AlreadyUndone, BadContract, NothingDue
from prepaid.models import ContractDeferral, CreditScope, DeferralLine, PrepaidSetup, ReleaseRun
from prepaid.services.contracts import release
from prepaid.services.contracts.release import release_deferrals, undo_release
from prepaid.services.credit_memos import create_credit_memo
from prepaid.services.night import release_deferrals as release_by_night
from prepaid.services.post_document import post_document
from tests.builders import make_account, make_period, make_rate, trial_balance
from tests.prepaid.contracting import (
    ALL_ACCOUNTS,
    D,
    agree,
    at,
    billed,
    make_item,
    make_object,
    waiting,
)

pytestmark = pytest.mark.django_db
TODAY = D(2026, 11, 24)
CASES = Path(__file__).parent / "contract-deferrals.csv"


def deferred(
    account: Account, net: str, first: datetime.date, last: datetime.date, *, actor=None, **changes
) -> ContractDeferral:
    """So much for exactly these days, billed and posted on the first of them."""
    days = (last - first).days + 1
    commitment = agree(
        account, starts_on=first, ends_on=last, price=net, quantity="1", base_period=f"{days}D", rhythm=f"{days}D",
        actor=actor, **changes,
    )  # fmt: skip
    with at(max(first, TODAY)):
        (invoice,) = billed(first, commitment, posted_on=first, actor=actor)
    return ContractDeferral.objects.get(line__document=invoice)


@pytest.fixture
def autumn(account, finance):
    """300.00 for September to November."""
    return deferred(account, "300", D(2026, 9, 1), D(2026, 11, 30), actor=finance)


def released(deferral: ContractDeferral) -> list[Decimal]:
    return [part.amount for part in deferral.lines.released().order_by("line_no")]


def revenue(code: str = "4020") -> Decimal:
    return -trial_balance().get(code, {}).get("LCY", Decimal(0))


def books_agree() -> None:
    assert [str(offender) for check in check_books() for offender in check.offenders] == []


def cases() -> Iterator[tuple[str, list[dict[str, str]]]]:
    found: dict[str, list[dict[str, str]]] = {}
    with CASES.open() as file:
        for row in csv.DictReader(file):
            found.setdefault(row["case"], []).append(row)
    yield from found.items()


class TestSchedules:
    @pytest.mark.parametrize(("case", "rows"), list(cases()))
    @pytest.mark.parametrize(("by_equal_months", "column"), [(False, "line_amount"), (True, "business_central_amount")])
    def test_worked_schedules_through_billing_posting_and_release(
        self, account, finance, case, rows, by_equal_months, column
    ):
        """Row 15 is case D, 0.02 over four months. Origin: carbon#1287."""
        PrepaidSetup.objects.update(by_equal_months=by_equal_months)
        first, last = (datetime.date.fromisoformat(rows[0][name]) for name in ("billing_from", "billing_to"))
        deferral = deferred(account, rows[0]["amount"], first, last, actor=finance)
        parts = deferral.lines.order_by("line_no")
        assert [(str(part.starts_on), str(part.ends_on), part.days, part.amount) for part in parts] == [
            (row["part_from"], row["part_to"], int(row["days"]), Decimal(row[column])) for row in rows
        ]
        if not by_equal_months:
            assert all(part.amount >= 0 for part in parts)
        with at(last):
            done = release_deferrals(until=last, actor=finance)
        assert (done.parts, len(done.entries)) == (len(rows), sum(Decimal(row[column]) != 0 for row in rows))
        assert waiting(deferral) == 0 and revenue() == Decimal(rows[0]["amount"])
        books_agree()

    def test_due_on_the_last_day_of_each_part_or_where_the_setup_says_so_on_the_first(self, account, finance):
        by_last = deferred(account, "300", D(2026, 9, 10), D(2026, 11, 30), actor=finance)
        PrepaidSetup.objects.update(release_day="first")
        by_first = deferred(account, "300", D(2026, 9, 10), D(2026, 11, 30), actor=finance)
        assert [part.due_on for part in by_last.lines.all()] == [D(2026, 9, 30), D(2026, 10, 31), D(2026, 11, 30)]
        assert [part.due_on for part in by_first.lines.all()] == [D(2026, 9, 10), D(2026, 10, 1), D(2026, 11, 1)]
        assert release_deferrals(until=D(2026, 11, 1), actor=finance).parts == 2 + 3

    def test_nothing_is_due_before_the_posting_date(self, account, finance):
        """Billed late: what is past is due at once, on the posting date, and keeps its month."""
        commitment = agree(account, starts_on=D(2026, 9, 1), rhythm="1Q")
        billed(TODAY, commitment, posted_on=TODAY, actor=finance)
        due = ContractDeferral.objects.get().lines.values_list("starts_on", "due_on")
        assert list(due) == [(D(2026, 9, 1), TODAY), (D(2026, 10, 1), TODAY), (D(2026, 11, 1), D(2026, 11, 30))]

    def test_abroad_the_parts_come_to_the_amount_in_both_currencies(self, company, finance):
        make_rate("GBP", "1.23457")
        account = make_account(currency="GBP")
        deferral = deferred(account, "100", D(2026, 8, 1), D(2026, 10, 31), actor=finance)
        release_deferrals(until=TODAY, actor=finance)
        assert (deferral.amount_lcy, revenue()) == (Decimal("123.46"), Decimal("123.46"))
        assert "2420" not in trial_balance()
        books_agree()

    def test_yen_have_no_decimals(self, company, finance):
        make_rate("JPY", "0.0067")
        deferral = deferred(make_account(currency="JPY"), "100", D(2026, 8, 1), D(2026, 10, 31), actor=finance)
        assert [part.amount for part in deferral.lines.all()] == [33, 34, 33]

    def test_parts_of_nothing_are_released_without_an_entry(self, account, finance):
        """0.02 over five months: three of them are 0.00."""
        deferral = deferred(account, "0.02", D(2026, 6, 1), D(2026, 10, 31), actor=finance)
        done = release_deferrals(until=TODAY, actor=finance)
        assert (done.parts, len(done.entries), waiting(deferral)) == (5, 2, 0)
        books_agree()


class TestByHand:
    def test_what_is_due_by_the_day_and_no_more(self, autumn, finance):
        done = release_deferrals(until=D(2026, 10, 30), actor=finance)
        assert (done.parts, released(autumn), done.run.created_by) == (1, [100], finance)
        assert trial_balance() == {
            "1100": {"USD": 300, "LCY": 300},
            "2420": {"USD": -200, "LCY": -200},
            "4020": {"USD": -100, "LCY": -100},
        }
        entry = JournalEntry.objects.get(pk=done.entries[0])
        assert (entry.kind, entry.effective_on, entry.posting_date) == (
            "contract_release", D(2026, 9, 30), D(2026, 9, 30),
        )  # fmt: skip
        part = autumn.lines.get(line_no=1)
        assert entry.event_key == part.event_key == f"contract-release:{part.pk}:{done.run.pk}"
        lines = entry.lines.order_by("line_no").values_list("account", "party", "lot", "product_group")
        assert [tuple(line) for line in lines] == [
            ("2420", autumn.account.party, autumn.lot, "CONTRACTS"),
            ("4020", autumn.account.party, autumn.lot, "CONTRACTS"),
        ]

    def test_each_part_once(self, autumn, finance):
        release_deferrals(actor=finance)
        with pytest.raises(NothingDue, match="Nothing is due by 24 Nov 2026"):
            release_deferrals(actor=finance)
        assert (revenue(), ReleaseRun.objects.count()) == (200, 1)

    def test_a_day_to_come_is_refused_at_the_day(self, autumn, finance):
        with pytest.raises(BadContract, match="25 Nov 2026 has not come") as refused:
            release_deferrals(until=D(2026, 11, 25), actor=finance)
        assert refused.value.field == "until"

    def test_of_some_contracts_alone(self, autumn, finance):
        other = deferred(make_account("Another"), "30", D(2026, 9, 1), D(2026, 11, 30), actor=finance)
        release_deferrals(contracts=[other.contract_id], actor=finance)
        assert (released(other), released(autumn)) == ([10, 10], [])


class TestBooks:
    def test_a_closed_month_is_revenue_of_the_first_open_day_and_keeps_its_month(self, autumn, finance):
        """Row 17. Origin: erpnext#51020, revenue dated into a reported month."""
        make_period(2026, 9, closed_by=finance)
        release_deferrals(until=D(2026, 9, 30), actor=finance)
        entry = JournalEntry.objects.get(kind="contract_release")
        assert (entry.posting_date, entry.effective_on) == (D(2026, 10, 1), D(2026, 9, 30))
        part = autumn.lines.get(line_no=1)
        assert (part.starts_on, part.ends_on) == (D(2026, 9, 1), D(2026, 9, 30))
        assert "2026-09" in entry.description

    def test_a_blocked_account_is_named_and_keeps_nothing_else(self, autumn, finance):
        other = make_account("Another")
        hosted = make_object(other, product=make_item("HOSTING-M", group="SERVICES"))
        PostingSetup.objects.filter(product_group="SERVICES").update(deferral="2420")
        kept = deferred(other, "30", D(2026, 9, 1), D(2026, 11, 30), service_object=hosted, actor=finance)
        LedgerAccount.objects.filter(code="4020").update(blocked=True)
        done = release_deferrals(actor=finance)
        assert [(count, str(why)) for count, why in done.refusals] == [(2, str(BlockedAccount("4020")))]
        assert (released(kept), released(autumn)) == ([10, 10], [])
        with pytest.raises(BlockedAccount, match="4020"):
            release_deferrals(actor=finance)
        LedgerAccount.objects.filter(code="4020").update(blocked=False)
        assert release_deferrals(actor=finance).parts == 2

    def test_what_lies_after_the_last_day_of_posting_stays_and_is_named(self, autumn, finance):
        LedgerSetup.objects.update(posting_to=D(2026, 10, 15))
        done = release_deferrals(actor=finance)
        assert (done.parts, [count for count, _ in done.refusals]) == (1, [1])
        assert isinstance(done.refusals[0][1], PostingNotAllowed) and "15 Oct 2026" in str(done.refusals[0][1])
        with pytest.raises(PostingNotAllowed):
            release_deferrals(actor=finance)

    def test_what_lies_before_the_first_day_of_posting_goes_to_it(self, autumn, finance):
        LedgerSetup.objects.update(posting_from=D(2026, 11, 1))
        release_deferrals(actor=finance)
        entries = JournalEntry.objects.filter(kind="contract_release").order_by("effective_on")
        assert [(entry.posting_date, entry.effective_on) for entry in entries] == [
            (D(2026, 11, 1), D(2026, 9, 30)),
            (D(2026, 11, 1), D(2026, 10, 31)),
        ]

    def test_accounts_are_those_of_the_posting_and_not_those_of_the_setup_now(self, autumn, finance):
        PostingSetup.objects.filter(product_group="CONTRACTS").update(deferral="2410", sales="4000")
        release_deferrals(actor=finance)
        assert (revenue("4020"), revenue("4000"), "2410" in trial_balance()) == (200, 0, False)


class TestByNight:
    def night(self, day: datetime.date):
        with at(day):
            return release_by_night(*ALL_ACCOUNTS, day)

    def test_the_night_of_the_last_day_releases_the_month(self, autumn):
        assert self.night(D(2026, 9, 29)).counts == {"contract deferrals released": 0}
        assert self.night(D(2026, 9, 30)).counts == {"contract deferrals released": 1}
        assert self.night(D(2026, 9, 30)).counts == {"contract deferrals released": 0}
        run = ReleaseRun.objects.get()
        assert (run.by_night, run.created_by, released(autumn)) == (True, None, [100])

    def test_a_missed_night_is_made_up_for(self, autumn):
        assert self.night(D(2026, 11, 24)).counts == {"contract deferrals released": 2}

    def test_the_chunks_of_a_night_share_its_run(self, autumn, finance):
        other = deferred(make_account("Another"), "30", D(2026, 9, 1), D(2026, 11, 30), actor=finance)
        for account in (autumn.account_id, other.account_id):
            release_by_night(account, account, TODAY)
        assert ReleaseRun.objects.get().lines.count() == 4

    def test_what_the_books_cannot_take_is_an_error_of_the_night_and_comes_back(self, autumn):
        LedgerAccount.objects.filter(code="4020").update(blocked=True)
        outcome = self.night(TODAY)
        assert outcome.counts == {"contract deferrals released": 0}
        assert outcome.errors == [f"2 parts of contract deferrals: {BlockedAccount('4020')}"]
        assert not ReleaseRun.objects.exists()
        LedgerAccount.objects.filter(code="4020").update(blocked=False)
        assert self.night(TODAY).counts == {"contract deferrals released": 2}

    def test_a_night_that_was_taken_back_releases_anew(self, autumn, finance):
        self.night(TODAY)
        undo_release(ReleaseRun.objects.get(), reason="Too early", actor=finance)
        assert self.night(TODAY).counts == {"contract deferrals released": 2}
        assert ReleaseRun.objects.filter(undone_at=None).count() == 1 and revenue() == 200


class TestTakingBack:
    def test_one_run_is_taken_back_and_the_others_stay(self, autumn, finance):
        """Row 17. Origin: erpnext#49473, undoing one run undid all."""
        first = release_deferrals(until=D(2026, 9, 30), actor=finance).run
        release_deferrals(until=D(2026, 10, 31), actor=finance)
        assert undo_release(first, reason="Released too early", actor=finance) == 1
        assert [part.run_id is None for part in autumn.lines.order_by("line_no")] == [True, False, True]
        first.refresh_from_db()
        assert (first.undone_by, first.undone_reason) == (finance, "Released too early")
        assert revenue() == 100
        entry = JournalEntry.objects.get(kind="contract_release_undone")
        assert (entry.effective_on, entry.created_by) == (D(2026, 9, 30), finance)
        books_agree()

    def test_what_was_taken_back_is_released_again_by_the_next_run(self, autumn, finance):
        run = release_deferrals(actor=finance).run
        undo_release(run, reason="Too early", actor=finance)
        assert "4020" not in trial_balance() and waiting(autumn) == 300
        assert release_deferrals(actor=finance).parts == 2
        assert revenue() == 200
        books_agree()

    def test_twice_is_refused_and_without_a_reason_as_well(self, autumn, finance):
        run = release_deferrals(actor=finance).run
        with pytest.raises(BadContract, match="Say why") as refused:
            undo_release(run, reason=" ", actor=finance)
        assert refused.value.field == "reason"
        undo_release(run, reason="Too early", actor=finance)
        with pytest.raises(AlreadyUndone, match="taken back already, by finance"):
            undo_release(run, reason="Too early", actor=finance)

    def test_into_a_month_that_was_closed_since_it_goes_to_the_first_open_day(self, autumn, finance):
        run = release_deferrals(until=D(2026, 9, 30), actor=finance).run
        make_period(2026, 9, closed_by=finance)
        undo_release(run, reason="Too early", actor=finance)
        entry = JournalEntry.objects.get(kind="contract_release_undone")
        assert (entry.posting_date, entry.effective_on) == (D(2026, 10, 1), D(2026, 9, 30))

    def test_what_a_credit_memo_took_back_stays_as_that_left_it(self, autumn, finance):
        run = release_deferrals(actor=finance).run
        memo = create_credit_memo(
            autumn.line.document, scope=CreditScope.EVERYTHING, reason="Wrong customer", actor=finance
        )
        post_document(memo, actor=finance)
        with pytest.raises(BadContract, match=f"Everything that {run} released was taken back by credit memos"):
            undo_release(run, reason="Too early", actor=finance)
        assert trial_balance() == {}
        assert DeferralLine.objects.filter(closed_by__isnull=False).count() == 3

    @pytest.mark.parametrize("code", ["2420", "4020"])
    def test_an_account_that_was_blocked_since_is_named_and_nothing_is_taken_back(self, autumn, finance, code):
        run = release_deferrals(actor=finance).run
        LedgerAccount.objects.filter(code=code).update(blocked=True)
        with pytest.raises(BlockedAccount, match=code):
            undo_release(run, reason="Too early", actor=finance)
        assert revenue() == 200

    def test_nor_is_it_into_days_on_which_nothing_is_posted_any_more(self, autumn, finance):
        run = release_deferrals(actor=finance).run
        LedgerSetup.objects.update(posting_to=D(2026, 10, 15))
        with pytest.raises(PostingNotAllowed):
            undo_release(run, reason="Too early", actor=finance)
        assert revenue() == 200

    def test_a_night_that_still_releases_is_waited_for(self, autumn, finance, monkeypatch):
        """Its next chunk releases of an account that was not locked: a credit memo could be closing the same parts."""
        other = deferred(make_account("Another"), "30", D(2026, 9, 1), D(2026, 11, 30), actor=finance)
        release_by_night(autumn.account_id, autumn.account_id, TODAY)
        run = ReleaseRun.objects.get()
        lock = release.lock_accounts_of

        def and_the_night_goes_on(lines):
            locked = lock(lines)
            release_by_night(other.account_id, other.account_id, TODAY)
            return locked

        monkeypatch.setattr(release, "lock_accounts_of", and_the_night_goes_on)
        with pytest.raises(BadContract, match=f"The night still releases into {run}"):
            undo_release(run, reason="Too early", actor=finance)
        monkeypatch.undo()
        release_by_night(other.account_id, other.account_id, TODAY)
        assert undo_release(run, reason="Too early", actor=finance) == 4
        books_agree()
