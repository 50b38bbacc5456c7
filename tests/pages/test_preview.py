import re
from dataclasses import replace
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.backends.db import SessionStore
from django.db import IntegrityError, connection, transaction
from django.template.loader import render_to_string
from django.test import RequestFactory

from pages import receipts
from pages.preview import LONGEST, LONGEST_LEFT_OUT, Change, LeftOut, Link, PostingLine, Preview, rehearse, shortened

LINE = PostingLine("1200", "Receivables", Decimal("5.10"), Decimal(0), "USD", 2, Decimal("4.65"), Decimal(0), "EUR")
PREVIEW = Preview([Change("A", "1", "2")], [LINE], [LeftOut("B", "expired")], ["Careful."], "Post", [Link("X", "/x/")])


@pytest.mark.django_db
def test_a_rehearsal_hands_back_the_result_and_leaves_no_trace():
    assert rehearse(lambda: Group.objects.create(name="North").name) == "North"
    assert not Group.objects.filter(name="North").exists()


@pytest.mark.django_db
def test_a_rehearsal_that_is_refused_leaves_no_trace_either():
    def refused():
        Group.objects.create(name="North")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        rehearse(refused)
    assert not Group.objects.filter(name="North").exists()


@pytest.mark.django_db(transaction=True)
def test_a_rehearsal_finds_what_only_the_commit_would_refuse():
    def orphan():
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO auth_user_groups (user_id, group_id) VALUES (-1, -1)")

    with pytest.raises(IntegrityError):
        rehearse(orphan)


@pytest.mark.django_db(transaction=True)
def test_what_waits_for_the_commit_is_not_done():
    done = []
    rehearse(lambda: transaction.on_commit(lambda: done.append(1)))
    assert done == []
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "other",
    [
        replace(PREVIEW, changes=[Change("A", "1", "3")]),
        replace(PREVIEW, postings=[replace(LINE, debit_lcy=Decimal("4.66"))]),
        replace(PREVIEW, left_out=[]),
        replace(PREVIEW, warnings=["Careless."]),
        replace(PREVIEW, confirm_label="Post USD 5.10"),
        replace(PREVIEW, posted_later="By the next night."),
        replace(PREVIEW, postings=[LINE, LINE]),
    ],
)
def test_the_fingerprint_covers_all_that_is_read(other):
    assert other.fingerprint != PREVIEW.fingerprint


def test_the_fingerprint_leaves_out_addresses_and_what_is_only_then_made():
    same = replace(PREVIEW, changes=[Change("A", "1", "2", url="/17/")], made=[])
    assert same.fingerprint == PREVIEW.fingerprint


@pytest.mark.django_db
def test_a_receipt_comes_back_from_the_session_to_the_cent_and_once():
    request = RequestFactory().get("/")
    request.session = SessionStore()
    receipts.keep(request, PREVIEW)
    request.session.save()
    request.session = SessionStore(request.session.session_key)
    kept = receipts.take(request)
    assert (kept.changes, kept.postings, kept.left_out, kept.made) == (
        PREVIEW.changes,
        PREVIEW.postings,
        PREVIEW.left_out,
        PREVIEW.made,
    )
    assert receipts.take(request) is None


@pytest.mark.parametrize(
    ("later", "receipt", "heading"),
    [("", False, "What will be posted"), ("", True, "What was posted"), ("By the night.", True, "What will be posted")],
)
def test_the_panel_speaks_of_what_is_done_in_the_past_and_of_what_comes_later_in_the_future(later, receipt, heading):
    shown = {"preview": replace(PREVIEW, posted_later=later), "receipt": receipt}
    text = render_to_string("pages/preview_panel.html", shown)
    assert re.findall("What w[a-z ]+ posted", text) == [heading]
    assert (later in text) and ("B</strong>: expired" in text)


def test_a_long_preview_shows_its_first_rows_and_its_fingerprint_covers_all():
    rows = [Change(str(number), "1", "2") for number in range(LONGEST + 2)]
    long = Preview(rows, left_out=[LeftOut(str(number), "old") for number in range(LONGEST_LEFT_OUT + 1)])
    short = shortened(long)
    assert [short.changes[LONGEST].label, short.left_out[-1].label] == ["and 2 more rows", "and 1 more row"]
    assert (list(short.changes[:LONGEST]), len(short.left_out)) == (rows[:LONGEST], LONGEST_LEFT_OUT + 1)
    other = replace(long, changes=[*rows[:-1], Change(rows[-1].label, "1", "3")])
    assert shortened(long).fingerprint == short.fingerprint != shortened(other).fingerprint


def test_a_preview_that_can_be_read_is_not_shortened():
    assert (shortened(PREVIEW).changes, shortened(PREVIEW).left_out) == (PREVIEW.changes, PREVIEW.left_out)
