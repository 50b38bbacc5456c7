"""A manual entry from its draft to the books, by two people; what is refused, in which words; two at once."""

import datetime
from decimal import Decimal

import pytest

from config.checks import check_books
from ledger.exceptions import (
    BadManualEntry,
    BlockedAccount,
    DatedAhead,
    MakerApproves,
    ManualEntryState,
    MissingRate,
    PostingNotAllowed,
)
from ledger.models import (
    ChangeLogEntry,
    Currency,
    Dimension,
    DimensionValue,
    JournalEntry,
    LedgerAccount,
    LedgerSetup,
    ManualEntry,
    ProductPostingGroup,
)
from ledger.services.manual import approve, create_draft, delete_draft, edit_draft, post, send_back, submit
from ledger.services.manual_lines import ManualLine, ManualTerms
from tests.builders import make_period, make_rate, make_user, trial_balance
from tests.racing import at_once, split

DAY = datetime.date(2026, 11, 2)
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


def terms(**changes) -> ManualTerms:
    currency = Currency.objects.get(code=changes.pop("currency", "USD"))
    return ManualTerms(**{"effective_on": DAY, "currency": currency, "description": "Bank charges"} | changes)


def line(account: str, debit: str = "0", credit: str = "0", **changes) -> ManualLine:
    chosen = LedgerAccount.objects.get(code=account)
    return ManualLine(account=chosen, debit=Decimal(debit), credit=Decimal(credit), **changes)


def charges(amount: str = "12.50") -> list[ManualLine]:
    return [line("6100", amount), line("1000", "0", amount)]


def drafted(ann, *, lines=None, **changes) -> ManualEntry:
    return create_draft(terms(**changes), lines=charges() if lines is None else lines, actor=ann)


def approved(ann, bob, **changes) -> ManualEntry:
    return approve(submit(drafted(ann, **changes), actor=ann, reason="The bank's statement"), actor=bob)


def offenders() -> list:
    return [found for check in check_books() for found in check.offenders]


def test_drafted_submitted_approved_by_another_and_posted(ann, bob):
    entry = drafted(ann)
    assert (entry.state, entry.number, entry.makers) == ("draft", "", [ann.pk])
    entry = submit(entry, actor=ann, reason="The bank's statement")
    entry = approve(entry, actor=bob)
    assert (entry.submitted_by, entry.approved_by, entry.state) == (ann, bob, "approved")
    assert trial_balance() == {}
    posted = post(entry, actor=ann)
    entry.refresh_from_db()
    assert (entry.state, entry.number, entry.entry) == ("posted", "MJ-000001", posted)
    assert (posted.event_key, posted.kind, posted.created_by) == (f"manual:{entry.pk}", "manual", ann)
    assert (posted.posting_date, posted.reason, posted.description) == (DAY, "The bank's statement", "Bank charges")
    amount = Decimal("12.50")
    assert trial_balance() == {"6100": {"USD": amount, "LCY": amount}, "1000": {"USD": -amount, "LCY": -amount}}
    assert offenders() == []


def test_product_groups_and_dimensions_reach_the_books(ann, bob):
    DimensionValue.objects.create(
        dimension=Dimension.objects.create(code="DEPT", name="Department"), code="S", name="S"
    )
    credits = ProductPostingGroup.objects.get(pk="CREDITS")
    lines = [line("6100", "5", dimensions={"DEPT": "S"}, product_group=credits), line("1000", "0", "5")]
    posted = post(approved(ann, bob, lines=lines), actor=bob)
    told = [(each.account_id, each.product_group, each.dimensions) for each in posted.lines.all()]
    assert told == [("6100", credits, {"DEPT": "S"}), ("1000", None, {})]
    assert offenders() == []


def test_everybody_with_a_hand_in_it_is_a_maker_and_no_maker_approves(ann, bob):
    cat, dan = make_user("cat"), make_user("dan")
    entry = edit_draft(drafted(ann), terms(), lines=charges("13"), actor=bob)
    entry = submit(entry, actor=cat, reason="Statement")
    assert entry.makers == [ann.pk, bob.pk, cat.pk]
    for maker in (ann, bob, cat):
        with pytest.raises(MakerApproves, match="Somebody who had no hand in it has to approve it"):
            approve(entry, actor=maker)
    assert approve(entry, actor=dan).approved_by == dan


def test_sent_back_it_has_to_be_approved_anew(ann, bob):
    entry = send_back(approved(ann, bob), actor=bob, reason="The amount is wrong")
    assert (entry.state, entry.approved_by, entry.submitted_by) == ("draft", None, None)
    assert entry.sent_back_because == "The amount is wrong"
    entry = edit_draft(entry, terms(), lines=charges("99"), actor=ann)
    with pytest.raises(ManualEntryState, match=r"is draft\. It has to be approved first"):
        post(entry, actor=ann)
    entry = submit(entry, actor=ann, reason="Corrected")
    assert (entry.makers, entry.sent_back_because) == ([ann.pk], "")
    with pytest.raises(ManualEntryState, match="has to be approved first"):
        post(entry, actor=ann)
    post(approve(entry, actor=bob), actor=ann)
    assert trial_balance()["6100"]["USD"] == 99


def test_who_sends_back_without_editing_may_approve_later(ann, bob):
    entry = send_back(submit(drafted(ann), actor=ann, reason="Statement"), actor=bob, reason="Which bank?")
    entry = submit(entry, actor=ann, reason="Statement of the house bank")
    assert approve(entry, actor=bob).state == "approved"


def test_a_step_is_refused_from_any_other_state(ann, bob):
    entry = drafted(ann)
    for step in (lambda: approve(entry, actor=bob), lambda: send_back(entry, actor=bob, reason="No")):
        with pytest.raises(ManualEntryState, match="is draft"):
            step()
    submit(entry, actor=ann, reason="Statement")
    for step in (
        lambda: edit_draft(entry, terms(), lines=charges(), actor=ann),
        lambda: delete_draft(entry, actor=ann),
        lambda: submit(entry, actor=ann, reason="Again"),
    ):
        with pytest.raises(ManualEntryState, match="is submitted"):
            step()
    post(approve(entry, actor=bob), actor=ann)
    for step in (
        lambda: post(entry, actor=ann),
        lambda: send_back(entry, actor=ann, reason="No"),
        lambda: approve(entry, actor=bob),
        lambda: delete_draft(entry, actor=ann),
    ):
        with pytest.raises(ManualEntryState, match="is posted"):
            step()


def test_a_deleted_draft_is_gone_and_the_change_log_knows_what_it_said(ann):
    entry = drafted(ann)
    key = entry.pk
    delete_draft(entry, actor=ann)
    with pytest.raises(BadManualEntry, match="was deleted in the meantime"):
        submit(ManualEntry(pk=key), actor=ann, reason="Late")
    logged = ChangeLogEntry.objects.filter(table="ledger_manualentry", row=str(key), kind="delete").get()
    assert (logged.actor, logged.action) == (ann, "Delete manual entry")
    assert logged.changes["description"] == ["Bank charges", None]


def test_an_edit_logs_the_lines_that_differ_and_no_other(ann):
    entry = drafted(ann, lines=[line("6100", "5"), line("6100", "7"), line("1000", "0", "12")])
    since = ChangeLogEntry.objects.order_by("-id").first().pk
    edit_draft(entry, terms(), lines=[line("6100", "5"), line("6100", "8"), line("1000", "0", "13")], actor=ann)
    changed = ChangeLogEntry.objects.filter(table="ledger_manualentryline", pk__gt=since)
    assert [sorted(each.changes) for each in changed.order_by("id")] == [["debit"], ["credit"]]
    edit_draft(entry, terms(), lines=charges(), actor=ann)
    assert [(each.line_no, each.account_id, each.debit) for each in entry.lines.all()] == [
        (1, "6100", Decimal("12.5")), (2, "1000", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "It has no lines: an entry needs at least two"),
        ([("6100", "5")], "It has one line: an entry needs at least two"),
        ([("6100", "5"), ("1000", "0", "4")], r"Debits of USD.5\.00 and credits of USD.4\.00 differ by USD.1\.00"),
        (
            [("6100", "5"), ("2400", "0", "5")],
            "Line 2: account 2400 Deferred revenue, services credits takes no direct",
        ),
        ([("6100", "5"), ("4095", "0", "5")], "Line 2: account 4095 Revenue reductions is blocked"),
    ],
)
def test_what_cannot_be_submitted(ann, lines, sentence):
    LedgerAccount.objects.filter(code="4095").update(blocked=True)
    entry = drafted(ann, lines=[line(*each) for each in lines])
    with pytest.raises(BadManualEntry, match=sentence):
        submit(entry, actor=ann, reason="Statement")
    entry.refresh_from_db()
    assert entry.state == "draft"


@pytest.mark.parametrize(
    ("debit", "credit", "currency", "field", "sentence"),
    [
        ("5", "5", "USD", "credit", "Line 1: A line is a debit or a credit"),
        ("0", "0", "USD", "debit", "Line 1: Enter the amount"),
        ("-5", "0", "USD", "debit", "Line 1: -5 is negative. Enter it on the other side"),
        ("0", "5.001", "USD", "credit", r"Line 1: 5\.001 has more than the 2 decimals of USD"),
        ("5.5", "0", "JPY", "debit", r"Line 1: 5\.5 has more than the 0 decimals of JPY"),
        ("5.0001", "0", "KWD", "debit", r"Line 1: 5\.0001 has more than the 3 decimals of KWD"),
        ("1" + "0" * 18, "0", "USD", "debit", "Line 1: 1000000000000000000 has more than 18 digits"),
    ],
)
def test_what_no_line_of_a_draft_may_say(ann, debit, credit, currency, field, sentence):
    with pytest.raises(BadManualEntry, match=sentence) as refused:
        drafted(ann, currency=currency, lines=[line("6100", debit, credit)])
    assert refused.value.field == field
    assert not ManualEntry.objects.exists()


def test_values_of_dimensions_have_to_exist_and_not_be_blocked(ann):
    value = DimensionValue.objects.create(
        dimension=Dimension.objects.create(code="DEPT", name="Department"), code="S", name="Sales"
    )
    with pytest.raises(BadManualEntry, match="Line 1: dimension DEPT has no value X"):
        drafted(ann, lines=[line("6100", "5", dimensions={"DEPT": "X"})])
    entry = drafted(ann, lines=[line("6100", "5", dimensions={"DEPT": "S"}), line("1000", "0", "5")])
    value.blocked = True
    value.save(update_fields=["blocked"])
    with pytest.raises(BadManualEntry, match="Line 1: the value S of dimension DEPT is blocked"):
        submit(entry, actor=ann, reason="Statement")


def test_reasons_and_a_description_are_asked_for(ann):
    with pytest.raises(BadManualEntry, match="Say in a few words") as refused:
        drafted(ann, description="  ")
    assert refused.value.field == "description"
    entry = drafted(ann)
    with pytest.raises(BadManualEntry, match="Say why") as refused:
        submit(entry, actor=ann, reason=" ")
    assert refused.value.field == "reason"
    submit(entry, actor=ann, reason="Statement")
    with pytest.raises(BadManualEntry, match="Say what has to be changed"):
        send_back(entry, actor=ann, reason="")


def test_without_a_rate_on_its_day_it_is_not_submitted(ann):
    make_rate("GBP", "1.27", starting_on=DAY + datetime.timedelta(days=1))
    with pytest.raises(MissingRate, match="There is no exchange rate for GBP on 2 Nov 2026"):
        submit(drafted(ann, currency="GBP"), actor=ann, reason="Statement")


def test_what_changed_after_the_approval_stops_the_posting_and_takes_no_number(ann, bob):
    entry = approved(ann, bob)
    bank = LedgerAccount.objects.filter(code="1000")
    bank.update(direct_posting=False)
    with pytest.raises(BadManualEntry, match="Line 2: account 1000 Bank takes no direct posting"):
        post(entry, actor=ann)
    bank.update(direct_posting=True, blocked=True)
    with pytest.raises(BadManualEntry, match="Line 2: account 1000 Bank is blocked"):
        post(entry, actor=ann)
    bank.update(blocked=False)
    LedgerSetup.objects.update(posting_to=DAY - datetime.timedelta(days=1))
    with pytest.raises(PostingNotAllowed):
        post(entry, actor=ann)
    LedgerSetup.objects.update(posting_to=None)
    post(entry, actor=ann)
    post(approved(ann, bob), actor=ann)
    assert list(ManualEntry.objects.order_by("pk").values_list("number", flat=True)) == ["MJ-000001", "MJ-000002"]
    assert offenders() == []


def test_a_number_drawn_for_a_posting_that_fails_at_the_end_is_given_again(ann, bob, monkeypatch):
    first, second = approved(ann, bob), approved(ann, bob)

    def fail(*args, **kwargs):
        raise BlockedAccount("1000")

    with monkeypatch.context() as broken:
        broken.setattr(ManualEntry, "save", fail)  # after the number was drawn
        with pytest.raises(BlockedAccount):
            post(first, actor=ann)
    post(second, actor=ann)
    assert [each.number for each in (ManualEntry.objects.get(pk=second.pk), ManualEntry.objects.get(pk=first.pk))] == [
        "MJ-000001", "",
    ]  # fmt: skip
    assert JournalEntry.objects.count() == 1
    assert offenders() == []


def test_a_day_in_a_closed_period_is_posted_on_the_first_open_day(ann, bob):
    entry = approved(ann, bob, effective_on=datetime.date(2026, 10, 30))
    make_period(2026, 10, closed_by=bob)
    posted = post(entry, actor=ann)
    assert (posted.effective_on, posted.posting_date) == (datetime.date(2026, 10, 30), datetime.date(2026, 11, 1))
    assert offenders() == []


def test_it_may_be_approved_ahead_and_waits_for_its_day(ann, bob, time_machine):
    entry = approved(ann, bob, effective_on=datetime.date(2026, 11, 30))
    with pytest.raises(DatedAhead, match="30 Nov 2026 is after today"):
        post(entry, actor=ann)
    time_machine.move_to("2026-11-30T08:00:00+00:00")
    assert post(entry, actor=ann).posting_date == datetime.date(2026, 11, 30)


def test_three_thirds_of_a_pound_add_up_in_lcy(ann, bob):
    make_rate("GBP", "1.2711")
    lines = [line("6100", "33.33"), line("6100", "33.33"), line("6100", "33.34"), line("1000", "0", "100")]
    posted = post(approved(ann, bob, currency="GBP", lines=lines), actor=ann)
    told = [(each.debit_lcy, each.credit_lcy) for each in posted.lines.order_by("line_no")]
    # 100.00 at 1.2711 is 127.11; 33.33 and 66.66 of it together are worth 42.365... and 84.731...
    assert told == [(Decimal("42.37"), 0), (Decimal("42.36"), 0), (Decimal("42.38"), 0), (0, Decimal("127.11"))]
    assert offenders() == []


def test_each_third_rounded_alone_would_not_add_up(ann, bob):
    make_rate("GBP", "1.005")
    lines = [line("6100", "1"), line("6100", "1"), line("6100", "1"), line("1000", "0", "3")]
    posted = post(approved(ann, bob, currency="GBP", lines=lines), actor=ann)
    told = [each.debit_lcy + each.credit_lcy for each in posted.lines.order_by("line_no")]
    # 1.005 rounds to 1.01, thrice 3.03; the whole is 3.015, so 3.02: cut after one and two thirds at 1.01 and 2.01.
    assert told == [Decimal("1.01"), Decimal("1.00"), Decimal("1.01"), Decimal("3.02")]


def test_debits_and_credits_are_each_cut_to_the_total_in_whatever_order_they_stand(ann, bob):
    make_rate("JPY", "0.00655")
    lines = [line("1000", "0", "100"), line("6100", "77"), line("4095", "0", "101"), line("6100", "124")]
    posted = post(approved(ann, bob, currency="JPY", lines=lines), actor=ann)
    told = [(each.debit_lcy, each.credit_lcy) for each in posted.lines.order_by("line_no")]
    # 201 yen are 1.31655, so 1.32 dollars: 100 of 201 are 0.66, 77 of 201 are 0.51.
    zero = Decimal(0)
    assert told == [(zero, Decimal("0.66")), (Decimal("0.51"), zero), (zero, Decimal("0.66")), (Decimal("0.81"), zero)]
    assert offenders() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(3))
class TestAtOnce:
    def test_two_postings_make_one_entry(self, ann, bob, round_):
        entry = approved(ann, bob)
        ended = split(at_once([lambda: post(entry, actor=ann), lambda: post(entry, actor=bob)]))
        assert ended == (1, [ManualEntryState])
        assert JournalEntry.objects.get().event_key == f"manual:{entry.pk}"
        assert offenders() == []

    def test_many_entries_posted_at_once_have_every_number(self, ann, bob, round_):
        entries = [approved(ann, bob) for _ in range(6)]
        results = at_once([lambda entry=entry: post(entry, actor=ann) for entry in entries])
        assert split(results) == (6, [])
        numbers = ManualEntry.objects.order_by("number").values_list("number", flat=True)
        assert list(numbers) == [f"MJ-{at:06d}" for at in range(1, 7)]
        assert offenders() == []

    def test_what_is_submitted_while_it_is_edited_is_one_or_the_other(self, ann, bob, round_):
        entry = drafted(ann)
        actions = [
            lambda: edit_draft(entry, terms(), lines=charges("99"), actor=bob),
            lambda: submit(entry, actor=ann, reason="Statement"),
        ]
        done, errors = split(at_once(actions if round_ % 2 else actions[::-1]))
        entry.refresh_from_db()
        assert (entry.state, errors) in [("submitted", []), ("submitted", [ManualEntryState])]
        amount, hands = (99, [ann.pk, bob.pk]) if done == 2 else (Decimal("12.5"), [ann.pk])
        assert ([each.debit for each in entry.lines.all()], entry.makers) == ([amount, 0], hands)

    def test_an_approval_never_holds_for_what_was_sent_back_meanwhile(self, ann, bob, round_):
        entry = submit(drafted(ann), actor=ann, reason="Statement")
        actions = [lambda: approve(entry, actor=bob), lambda: send_back(entry, actor=ann, reason="Wrong")]
        done, errors = split(at_once(actions if round_ % 2 else actions[::-1]))
        entry.refresh_from_db()
        assert (entry.state, entry.approved_by) == ("draft", None)
        assert (done, errors) in [(2, []), (1, [ManualEntryState])]
