"""Manual entries taken back: the mirror, once; in words why not; and copied to be posted anew."""

import datetime
from decimal import Decimal

import pytest

from config.checks import check_books
from ledger.exceptions import AlreadyReversed, BadManualEntry, DatedAhead, MakerApproves, NotByHand, NotReversible
from ledger.models import ChangeLogEntry, JournalEntry, LedgerAccount, ManualEntry
from ledger.services.manual import approve, edit_draft, post, submit
from ledger.services.manual_lines import ManualLine, ManualTerms
from ledger.services.reversal import copy_to_draft, refusal_to_copy, reverse_manual
from tests.builders import make_entry, make_manual_entry, make_period, make_rate, make_user, trial_balance
from tests.racing import at_once, split

DAY, TODAY = datetime.date(2026, 11, 2), datetime.date(2026, 11, 24)
THIRDS = (("6100", "33.33", "0"), ("6100", "33.33", "0"), ("6100", "33.34", "0"), ("1000", "0", "100"))
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("company"),
    pytest.mark.time_machine("2026-11-24T12:00:00+00:00"),
]


@pytest.fixture
def ann(company):
    return make_user("ann")


@pytest.fixture
def bob(company):
    return make_user("bob")


def posted(ann, bob, *lines, **changes) -> JournalEntry:
    entry = submit(make_manual_entry(ann, *lines, **changes), actor=ann, reason="The bank's statement")
    return post(approve(entry, actor=bob), actor=ann)


def offenders() -> list:
    return [found for check in check_books() for found in check.offenders]


def test_the_mirror_takes_back_both_currencies_whatever_the_rate_is_by_then(ann, bob):
    make_rate("GBP", "1.2711")
    entry = posted(ann, bob, *THIRDS, currency="GBP")
    make_rate("GBP", "1.5", starting_on=DAY + datetime.timedelta(days=1))
    undone = reverse_manual(entry, actor=bob, reason="Booked twice")
    assert trial_balance() == {}
    assert [line.credit_lcy for line in undone.lines.all()][:3] == [
        Decimal("42.37"),
        Decimal("42.36"),
        Decimal("42.38"),
    ]
    assert (undone.reverses, undone.event_key, undone.kind) == (entry, f"{entry.event_key}:reverse", "manual-reversal")
    assert (undone.effective_on, undone.reason, undone.created_by) == (TODAY, "Booked twice", bob)
    assert offenders() == []


def test_an_entry_is_reversed_once_and_a_reversal_never(ann, bob):
    entry = posted(ann, bob)
    undone = reverse_manual(entry, actor=ann, reason="Booked twice")
    with pytest.raises(AlreadyReversed, match=f"{entry} is already reversed, by {undone}"):
        reverse_manual(entry, actor=bob, reason="Again")
    with pytest.raises(NotReversible, match="is itself a reversal"):
        reverse_manual(undone, actor=ann, reason="Back again")
    assert JournalEntry.objects.count() == 2


def test_what_an_event_posted_is_corrected_where_the_event_is(ann):
    entry = make_entry("purchase:17:confirm:1")
    with pytest.raises(NotByHand, match="comes from purchase:17:confirm:1, not from a manual entry"):
        reverse_manual(entry, actor=ann, reason="Wrong")


def test_reason_and_day_are_looked_at(ann, bob):
    entry = posted(ann, bob)
    for changes, refusal, field in (
        ({"reason": "  "}, BadManualEntry, "reason"),
        ({"on": DAY - datetime.timedelta(days=1)}, BadManualEntry, "on"),
        ({"on": TODAY + datetime.timedelta(days=1)}, DatedAhead, "on"),
    ):
        with pytest.raises(refusal) as refused:
            reverse_manual(entry, actor=ann, **({"reason": "Wrong"} | changes))
        assert refused.value.field == field
    assert reverse_manual(entry, actor=ann, reason="Wrong", on=DAY).posting_date == DAY


def test_it_goes_to_the_first_open_day_and_past_accounts_that_take_no_direct_posting_any_more(ann, bob):
    entry = posted(ann, bob, on=datetime.date(2026, 10, 5))
    make_period(2026, 10, closed_by=bob)
    LedgerAccount.objects.filter(code="1000").update(direct_posting=False)
    undone = reverse_manual(entry, actor=ann, reason="Wrong", on=datetime.date(2026, 10, 6))
    assert (undone.effective_on, undone.posting_date) == (datetime.date(2026, 10, 6), datetime.date(2026, 11, 1))
    assert offenders() == []


def test_corrected_and_posted_anew(ann, bob):
    make_rate("GBP", "1.2711")
    entry = posted(ann, bob, *THIRDS, currency="GBP")
    first = ManualEntry.objects.get()
    with pytest.raises(BadManualEntry, match=r"MJ-000001 is not reversed\. A copy of it would be posted twice"):
        copy_to_draft(first, actor=bob)
    reverse_manual(entry, actor=ann, reason="Wrong account")
    first = ManualEntry.objects.get()
    assert refusal_to_copy(first) is None
    copy = copy_to_draft(first, actor=bob)
    assert (copy.state, copy.number, copy.makers, copy.effective_on, copy.currency_id) == (
        "draft",
        "",
        [ann.pk, bob.pk],
        DAY,
        "GBP",
    )
    told = [(line.account_id, line.debit, line.credit) for line in copy.lines.all()]
    assert told == [(code, Decimal(debit), Decimal(credit)) for code, debit, credit in THIRDS]
    terms = ManualTerms(effective_on=DAY, currency=copy.currency, description="Put right")
    accounts = LedgerAccount.objects.in_bulk(["4095", "1000"])
    right = [
        ManualLine(account=accounts["4095"], debit=Decimal(5)),
        ManualLine(account=accounts["1000"], credit=Decimal(5)),
    ]
    edit_draft(copy, terms, lines=right, actor=bob)
    post(approve(submit(copy, actor=bob, reason="Right account"), actor=make_user("cat")), actor=bob)
    assert trial_balance() == {
        "4095": {"GBP": 5, "LCY": Decimal("6.36")}, "1000": {"GBP": -5, "LCY": Decimal("-6.36")},
    }  # fmt: skip
    assert ManualEntry.objects.get(pk=copy.pk).number == "MJ-000002"
    assert offenders() == []


def test_nobody_approves_figures_of_their_own_by_way_of_a_copy(ann, bob):
    reverse_manual(posted(bob, ann), actor=bob, reason="Wrong day")
    copy = submit(copy_to_draft(ManualEntry.objects.get(), actor=ann), actor=ann, reason="Right day")
    for maker in (ann, bob):
        with pytest.raises(MakerApproves):
            approve(copy, actor=maker)
    assert approve(copy, actor=make_user("cat")).state == "approved"


def test_the_copy_is_signed(ann, bob):
    entry = posted(ann, bob)
    reverse_manual(entry, actor=ann, reason="Wrong")
    copy = copy_to_draft(ManualEntry.objects.get(), actor=bob)
    assert ChangeLogEntry.objects.get(table="ledger_manualentry", row=str(copy.pk)).actor == bob


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(3))
def test_two_reversals_at_once_make_one(ann, bob, round_):
    entry = posted(ann, bob)
    ended = split(at_once([lambda who=who: reverse_manual(entry, actor=who, reason="Wrong") for who in (ann, bob)]))
    assert ended == (1, [AlreadyReversed])
    assert trial_balance() == {}
    assert offenders() == []
