"""Whatever is done to sealed books behind the triggers' back is found, and named."""

import datetime
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from config.night import run_nights
from ledger.models import JournalEntry, JournalSeal
from ledger.reports.checks import CHECKS
from ledger.reports.seal_checks import CHECKS as SEAL_CHECKS
from ledger.reports.seals import head
from tests.builders import make_company, make_entry

pytestmark = pytest.mark.django_db
DAYS = [datetime.date(2026, 11, day) for day in (20, 21, 22)]
ENTRY = "(SELECT id FROM ledger_journalentry WHERE event_key = '{}')"
B, C, E = (ENTRY.format(key) for key in "bce")


@pytest.fixture(autouse=True)
def sealed(time_machine):
    """Three nights: seal 1 holds a and b, seal 2 c and d, seal 3 e. No lot stands on the accounts."""
    make_company()
    for day, keys in zip(DAYS, ("ab", "cd", "e"), strict=True):
        time_machine.move_to(datetime.datetime.combine(day, datetime.time(12), datetime.UTC))
        for key in keys:
            make_entry(key, debit="1000", credit="4095")
        list(run_nights(day))
    assert list(JournalSeal.objects.order_by("number").values_list("first_position", "last_position")) == [
        (1, 2), (3, 4), (5, 5),
    ]  # fmt: skip
    assert found() == {}


def found() -> dict[str, list[tuple[str, str]]]:
    return {
        name: [(each.subject, each.detail) for each in offenders]
        for name, check in CHECKS.items()
        if (offenders := check())
    }


def behind_the_triggers(*statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


UNCHANGED, THERE, GAP, HOLD, WHOLE, NOTED = SEAL_CHECKS
ONE_CENT_ON_BOTH_LINES = (
    f"UPDATE ledger_journalline SET debit = debit + sign(debit) * 0.01, credit = credit + sign(credit) * 0.01,"
    f" debit_lcy = debit_lcy + sign(debit_lcy) * 0.01, credit_lcy = credit_lcy + sign(credit_lcy) * 0.01 WHERE entry_id = {B}"
)
CHANGES = {
    "an amount, balanced": ONE_CENT_ON_BOTH_LINES,
    "a text": f"UPDATE ledger_journalentry SET description = 'Something else' WHERE id = {B}",
    "who": f"UPDATE ledger_journalentry SET reason = 'Because' WHERE id = {B}",
    "when": f"UPDATE ledger_journalentry SET created_at = created_at + interval '1 microsecond' WHERE id = {B}",
    "a dimension": f"UPDATE ledger_journalline SET dimensions = '{{\"REGION\": \"N\"}}' WHERE entry_id = {B} AND line_no = 1",
    "a party": f"UPDATE ledger_journalline SET party = 'account:9' WHERE entry_id = {B} AND line_no = 1",
    "a line more": "INSERT INTO ledger_journalline (entry_id, line_no, account_id, currency_id, debit, credit, debit_lcy,"
    f" credit_lcy, party, lot) SELECT {B}, 3, '1000', 'USD', 1, 0, 1, 0, '', ''",
    "a line less": f"DELETE FROM ledger_journalline WHERE entry_id = {B} AND line_no = 2",
    "no lines": f"DELETE FROM ledger_journalline WHERE entry_id = {B}",
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_entry_is_named_with_its_position(change):
    behind_the_triggers(CHANGES[change])
    (said,) = found()[UNCHANGED]
    assert said == ("b", "is not what was sealed at position 2: its header or its lines were changed")
    assert not found().keys() & {THERE, GAP, HOLD, WHOLE, NOTED}


def test_an_entry_that_is_called_something_else_is_named_as_it_was():
    behind_the_triggers(f"UPDATE ledger_journalentry SET event_key = 'x' WHERE id = {B}")
    ((subject, detail),) = found()[UNCHANGED]
    assert (subject, detail.endswith("it is called x")) == ("b", True)


def test_two_entries_whose_contents_were_exchanged_are_both_named():
    behind_the_triggers(
        f"UPDATE ledger_journalline SET entry_id = CASE entry_id WHEN {B} THEN {C} ELSE {B} END,"
        f" line_no = line_no + 10 WHERE entry_id IN ({B}, {C})",
        "UPDATE ledger_journalline SET line_no = line_no - 10 WHERE line_no > 10",
        f"UPDATE ledger_journalentry SET description = 'Event ' || CASE id WHEN {B} THEN 'c' ELSE 'b' END"
        f" WHERE id IN ({B}, {C})",
    )
    assert [subject for subject, _ in found()[UNCHANGED]] == ["b", "c"]


def test_an_entry_taken_out_with_its_lines_is_named_by_the_key_it_had():
    entry = JournalEntry.objects.get(event_key="b").pk
    behind_the_triggers(
        f"DELETE FROM ledger_journalline WHERE entry_id = {B}", f"DELETE FROM ledger_journalentry WHERE id = {B}"
    )
    assert found() == {THERE: [("b", f"was sealed at position 2 as entry {entry} and is gone")]}


def test_an_entry_taken_out_of_journal_and_register_leaves_a_gap_and_a_seal_that_misses_it():
    taken_out(B)
    assert found() == {
        GAP: [("c", "position 3 follows 1")],
        HOLD: [("seal 1", "1 of 2 entries")],
    }


def taken_out(entry: str) -> None:
    behind_the_triggers(
        f"DELETE FROM ledger_sealedentry WHERE entry_id = {entry}",
        f"DELETE FROM ledger_journalline WHERE entry_id = {entry}",
        f"DELETE FROM ledger_journalentry WHERE id = {entry}",
    )


def test_two_positions_exchanged_are_named():
    behind_the_triggers(
        "UPDATE ledger_sealedentry SET position = 10 + position WHERE position IN (1, 2)",
        "UPDATE ledger_sealedentry SET position = 13 - position WHERE position > 10",
    )
    a, b = (JournalEntry.objects.get(event_key=key).pk for key in "ab")
    assert found() == {
        GAP: [("a", f"entry {a} stands after entry {b}, at position 2")],
        HOLD: [("seal 1", "its hash is not that of its entries")],
    }


def test_an_entry_put_into_another_seal_is_named():
    behind_the_triggers("UPDATE ledger_sealedentry SET seal_id = 2 WHERE position = 2")
    assert found()[GAP] == [("b", "position 2 is not in the range of seal 2")]
    assert found()[HOLD] == [("seal 1", "1 of 2 entries"), ("seal 2", "3 of 2 entries")]


@pytest.mark.parametrize(
    ("change", "subject", "detail"),
    [
        ("day = day - 1 WHERE number = 2", "seal 2", "its hash is not that of its entries"),
        ("hash = repeat('0', 64) WHERE number = 3", "seal 3", "its hash is not that of its entries"),
        ("previous = repeat('0', 64) WHERE number = 2", "seal 2", "does not hold the hash of seal 1"),
        ("number = 7 WHERE number = 3", "seal 7", "follows seal 2"),
        ("first_position = 4 WHERE number = 2", "seal 2", "begins at position 4 after 2"),
    ],
)
def test_a_seal_that_was_touched_is_named(change, subject, detail):
    behind_the_triggers(f"UPDATE ledger_journalseal SET {change}")
    assert found()[HOLD][0] == (subject, detail)


def test_a_register_whose_tail_was_cut_while_the_entries_stayed_is_found():
    behind_the_triggers(
        "DELETE FROM ledger_sealedentry WHERE seal_id = 3", "DELETE FROM ledger_journalseal WHERE number = 3"
    )
    said = found()
    assert said[WHOLE] == [("position 5", "5 entries were sealed, the register ends at 4")]
    ((subject, detail),) = said[NOTED]
    assert subject.startswith("head 3:") and detail == (
        "was noted by the night of 2026-11-22: the register holds no such seal"
    )


def test_a_tail_cut_off_journal_register_and_seals_is_found():
    taken_out(E)
    behind_the_triggers("DELETE FROM ledger_journalseal WHERE number = 3")
    assert found().keys() == {WHOLE, NOTED}
    behind_the_triggers("UPDATE ledger_numberseries SET last_number = 4 WHERE code = 'REGISTER'")
    assert found().keys() == {NOTED}


def seal_anew() -> None:
    """Somebody who knows how the seals are made writes all of them again, over what the journal says now."""
    behind_the_triggers(
        "UPDATE ledger_sealedentry s SET digest = d.digest FROM ledger_digest d WHERE d.entry_id = s.entry_id",
        *(
            f"""
            UPDATE ledger_journalseal j SET
                previous = coalesce((SELECT hash FROM ledger_journalseal b WHERE b.number = j.number - 1), ''),
                hash = ledger_seal_hash(j.number, j.day,
                    coalesce((SELECT hash FROM ledger_journalseal b WHERE b.number = j.number - 1), ''),
                    (SELECT string_agg(digest, E'\\n' ORDER BY position) FROM ledger_sealedentry WHERE seal_id = j.number))
            WHERE j.number = {number}
            """
            for number in (1, 2, 3)
        ),
    )


def test_seals_written_anew_agree_with_themselves_and_not_with_what_the_nights_noted():
    behind_the_triggers(ONE_CENT_ON_BOTH_LINES)
    seal_anew()
    said = found()
    assert said.keys() == {NOTED}
    assert [subject[:7] for subject, _ in said[NOTED]] == ["head 1:", "head 2:", "head 3:"]


def check_books(*options: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("check_books", "--json", *options, stdout=out)
    except SystemExit as stopped:
        return stopped.code, out.getvalue()
    return 0, out.getvalue()


def test_who_writes_everything_anew_is_caught_by_a_head_noted_elsewhere():
    old = JournalSeal.objects.get(number=2)
    noted, newest = f"{old.number}:{old.hash}", str(head())
    assert check_books("--seal", noted, "--seal", newest)[0] == 0
    behind_the_triggers(ONE_CENT_ON_BOTH_LINES, "UPDATE ledger_batchchunk SET counts = '{}'")
    seal_anew()
    assert (found(), check_books()[0]) == ({}, 0)
    code, told = check_books("--seal", noted)
    checked = json.loads(told)["checks"][-1]
    assert (code, checked["name"]) == (1, "head 2")
    assert checked["offenders"][0]["detail"].startswith(f"was noted with the hash {old.hash}, the register holds ")


def test_a_head_that_was_never_there_is_named():
    code, told = check_books("--seal", f"9:{'0' * 64}")
    assert (code, json.loads(told)["checks"][-1]["offenders"][0]["subject"]) == (1, "head 9")
    assert "the register holds no such seal" in told


@pytest.mark.parametrize("text", ["", "3", "3:abc", f"x:{'0' * 64}", f"3:{'g' * 64}"])
def test_what_is_no_head_is_refused_in_a_sentence(text):
    with pytest.raises(CommandError, match="is no head of the register"):
        call_command("check_books", "--seal", text)


def test_the_night_prints_its_head_to_be_noted(time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC))
    make_entry("f", debit="1000", credit="4095")
    out = io.StringIO()
    call_command("nightly", "--json", stdout=out)
    step = json.loads(out.getvalue())["nights"][0]["steps"][-1]
    assert (step["name"], step["counts"]["sealed entries"]) == ("Seal the journal", 1)
    assert step["noted"] == {"head of the register": str(head())}
    assert head().number == 4


@pytest.mark.parametrize("name", SEAL_CHECKS)
def test_each_check_asks_one_question(name, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert SEAL_CHECKS[name]() == []
