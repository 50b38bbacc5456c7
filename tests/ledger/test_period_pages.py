"""The pages of the periods: states, verbs, requests and their answers, history and tie-out; looking takes no lock."""

import datetime

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from ledger.models import AccountingPeriod, LedgerSetup, PeriodReopening
from ledger.services.periods import approve_reopening, close_period, request_reopening, soft_close_period
from tests.builders import make_account, make_company, make_entry, make_period, make_purchase, make_user
from tests.credits.desk import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("company")]
VIEW, CLOSE = "ledger.view_accountingperiod", "ledger.close_accountingperiod"
State = AccountingPeriod.State


def address(name, *args):
    return reverse(f"ledger:{name}", args=args)


def person(name: str, *permissions: str, **names: str) -> tuple:
    user = make_user(name, **names)
    for permission in permissions:
        user.user_permissions.add(Permission.objects.get(codename=permission.split(".")[1]))
    client = Client()
    client.force_login(user)
    return user, client


@pytest.fixture
def ann():
    """A controller: herself and her client."""
    return person("ann", VIEW, CLOSE, "ledger.view_journalentry", first_name="Ann", last_name="Able")


@pytest.fixture
def bob():
    return person("bob", VIEW, CLOSE, first_name="Bob", last_name="Best")


@pytest.fixture
def october(company, time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 2, tzinfo=datetime.UTC))
    return make_period(2026, 10)


def confirm(client, url, **data):
    """Looks, then confirms what is shown."""
    shown = client.post(url, data, headers={"HX-Request": "true"})
    return client.post(url, data | {"fingerprint": shown.context["preview"].fingerprint})


def state_of(period) -> State:
    return AccountingPeriod.objects.get(pk=period.pk).state


def rows(response) -> list[tuple]:
    return [(change.before, change.after, change.note) for change in response.context["preview"].changes]


def test_a_period_is_closed_after_a_preview(ann, company, time_machine):
    time_machine.move_to(datetime.datetime(2026, 10, 20, tzinfo=datetime.UTC))
    period, (user, client) = make_period(2026, 10), ann
    make_entry(on=datetime.date(2026, 10, 5), debit="1000", credit="6100")
    url = address("period-close", period.pk)
    shown = client.get(url)
    assert rows(shown) == [
        ("open", "closed", "1 Oct 2026 to 31 Oct 2026"),
        ("taken", "refused", "1 entry so far"),
        ("on its day", "on 1 Nov 2026", ""),
    ]
    assert shown.context["preview"].warnings == [
        "The period is not over: it ends on 31 Oct 2026.",
        "The night was run never. What later nights find for these days goes to the first open day.",
    ]
    assert state_of(period) == State.OPEN
    client.post(url, {"fingerprint": shown.context["preview"].fingerprint})
    assert AccountingPeriod.objects.get().closed_by == user
    assert "closed already" in text(client.get(url))


def test_late_events_go_past_the_first_allowed_day_in_the_preview_too(ann, october):
    LedgerSetup.objects.update(posting_from=datetime.date(2026, 11, 10))
    _, client = ann
    assert rows(client.get(address("period-close", october.pk)))[-1] == ("on its day", "on 10 Nov 2026", "")
    confirm(client, address("period-close", october.pk))
    assert state_of(october) == State.CLOSED


def test_the_close_page_shows_the_tie_out_and_every_check(ann, october):
    make_purchase(make_account(), purchased_on=datetime.date(2026, 10, 5))
    shown = ann[1].get(address("period-close", october.pk))
    (row,) = shown.context["tied"]
    assert (row.units.sold, row.own.sold, row.books, row.agrees) == (10, 800, 800, True)
    assert "kind=purchase" in row.urls["sold"] and row.urls["sold"] in shown.content.decode().replace("&amp;", "&")
    assert {check.name for check in shown.context["checked"]} > {"entries balance", "what is earned is posted"}
    assert "Checks of the books All agree" in text(shown)
    assert "USD 800.00" in text(shown).replace("\u00a0", " ")


def test_books_that_differ_cannot_be_confirmed_and_the_lot_is_named(ann, october):
    lot = make_purchase(make_account(), purchased_on=datetime.date(2026, 10, 5))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE credits_purchase SET released = 5 WHERE id = %s", [lot.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    url = address("period-close", october.pk)
    shown = ann[1].get(url)
    assert 'name="fingerprint"' not in shown.content.decode()
    assert f"2026-10 stays open: {lot.number} breaks the rule" in text(shown)
    assert "a difference of -5.000, LCY 0.000" in text(shown)
    assert "Differs" in text(shown) and "All agree" not in text(shown)
    assert "2026-10 stays open" in text(ann[1].post(url, {"fingerprint": "x"}))
    assert state_of(october) == State.OPEN


def test_a_posting_since_the_preview_of_closing_is_shown_before_anything_is_closed(ann, october):
    url = address("period-close", october.pk)
    seen = ann[1].get(url).context["preview"].fingerprint
    make_entry(on=datetime.date(2026, 10, 5), debit="1000", credit="6100")
    assert ann[1].post(url, {"fingerprint": seen}).context["stale"]
    assert state_of(october) == State.OPEN


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", ["period-close", "period-soft-close"])
def test_a_look_waits_for_no_posting_and_no_posting_waits_for_a_look(ann, page):
    """Another connection holds the lock that every posting takes shared; the page, which would wait for ever for it
    alone, is shown."""
    period = make_period(2026, 10)
    make_company()
    holder = connection.copy()
    try:
        with holder.cursor() as cursor:
            holder.set_autocommit(False)
            cursor.execute("SELECT ledger_lock_periods(false)")
            with transaction.atomic(), connection.cursor() as own:
                own.execute("SET LOCAL lock_timeout = '2s'")
                assert ann[1].get(address(page, period.pk)).context["preview"].changes
                own.execute(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
                    " AND mode = 'ExclusiveLock'"
                )
                assert own.fetchone()[0] == 0
    finally:
        holder.rollback()
        holder.close()


def test_soft_closed_and_opened_again_from_the_pages(ann, october):
    _, client = ann
    shown = client.get(address("period-soft-close", october.pk))
    assert rows(shown)[0] == ("open", "soft-closed", "1 Oct 2026 to 31 Oct 2026")
    confirm(client, address("period-soft-close", october.pk))
    assert state_of(october) == State.SOFT_CLOSED
    assert "2026-10 is soft-closed already." in text(client.get(address("period-soft-close", october.pk)))
    confirm(client, address("period-open", october.pk))
    assert state_of(october) == State.OPEN
    assert "2026-10 is open, not soft-closed." in text(client.get(address("period-open", october.pk)))


def test_it_takes_two_to_open_a_closed_period_and_the_page_says_who(ann, bob, october):
    (asker, hers), (_, his) = ann, bob
    close_period(october, actor=asker)
    ask = address("period-reopen", october.pk)
    assert hers.post(ask, {"reason": ""}).context["form"].errors
    confirm(hers, ask, reason="A late invoice")
    asked = PeriodReopening.objects.get()
    assert (asked.requested_by, asked.reason, state_of(october)) == (asker, "A late invoice", State.CLOSED)
    assert "Ann Able has asked for it already." in text(his.post(ask, {"reason": "So did I"}))

    answer = address("reopening-approve", asked.pk)
    assert "You asked for 2026-10 to be opened. Another person has to approve it: Bob Best." in text(hers.get(answer))
    hers.post(answer, {"fingerprint": "x"})
    assert state_of(october) == State.CLOSED
    listed = text(hers.get(address("period-list")))
    assert "Waiting for a second person" in listed and "A late invoice Bob Best Withdraw" in listed
    assert answer not in hers.get(address("period-list")).content.decode()
    assert answer in his.get(address("period-list")).content.decode()
    assert "asked for by Ann Able: A late invoice" in text(his.get(answer))
    confirm(his, answer)
    assert state_of(october) == State.OPEN
    assert "Waiting for a second person" not in text(his.get(address("period-list")))
    assert "was answered already" in text(his.get(answer))


def test_nobody_else_to_approve_is_said(ann, october):
    close_period(october, actor=ann[0])
    asked = request_reopening(october, actor=ann[0], reason="Late")
    said = text(ann[1].get(address("reopening-approve", asked.pk)))
    assert "nobody else may close periods: an administrator gives roles." in said


def test_a_request_is_declined_or_withdrawn_and_the_period_stays_closed(ann, bob, october):
    close_period(october, actor=ann[0])
    for client, verb, ended in ((bob[1], "Decline", "declined"), (ann[1], "Withdraw", "withdrawn")):
        asked = request_reopening(october, actor=ann[0], reason="Late")
        url = address("reopening-decline", asked.pk)
        shown = client.get(url)
        assert shown.context["preview"].confirm_label == f"{verb}: the period stays closed"
        assert f"{verb} the reopening of 2026-10" in text(shown)
        assert rows(shown)[0][:2] == ("waiting", ended)
        confirm(client, url)
        asked.refresh_from_db()
        assert asked.declined_at and not asked.approved_at
    assert state_of(october) == State.CLOSED
    assert "was answered already" in text(bob[1].get(address("reopening-decline", asked.pk)))


def test_the_list_shows_state_since_when_and_who(ann, october):
    november, december = make_period(2026, 11), make_period(2026, 12)
    close_period(october, actor=ann[0])
    soft_close_period(november, actor=ann[0])
    response = ann[1].get(address("period-list"))
    shown = {row.record.name: (row.record.state, row.record.state_by) for row in response.context["table"].rows}
    assert shown == {
        "2026-10": (State.CLOSED, ann[0]),
        "2026-11": (State.SOFT_CLOSED, ann[0]),
        "2026-12": (State.OPEN, None),
    }
    since = AccountingPeriod.objects.get(pk=november.pk).soft_closed_at
    assert f"Soft-closed {since:%-d %b %Y, %H:%M} Ann Able" in text(response)
    assert address("period-open", november.pk) in response.content.decode()
    assert address("period-close", december.pk) in response.content.decode()
    assert address("period-close", october.pk) not in response.content.decode()


def test_the_history_of_a_period_tells_closings_and_reopenings_with_their_reasons(ann, bob, october):
    close_period(october, actor=ann[0])
    approve_reopening(request_reopening(october, actor=ann[0], reason="A late invoice"), actor=bob[0])
    close_period(AccountingPeriod.objects.get(), actor=bob[0])
    shown = ann[1].get(october.get_absolute_url())
    told = [(change.row.action, change.row.reason, change.row.actor) for change in shown.context["changes"]]
    assert told[:4] == [
        ("Close period", "", bob[0]),
        ("Reopen period", "A late invoice", bob[0]),
        ("Reopen period", "A late invoice", bob[0]),
        ("Ask to reopen period", "A late invoice", ann[0]),
    ]
    assert told[4][:1] == ("Close period",)
    assert "Ask to reopen" in text(shown)


def test_a_verb_that_is_refused_is_disabled_with_its_reason(ann, october):
    november = make_period(2026, 11)
    shown = ann[1].get(november.get_absolute_url())
    assert "2026-10 is still open. Close the periods in their order." in text(shown)
    assert ann[1].get(october.get_absolute_url()).context["primary_action"].url == address("period-close", october.pk)


def test_the_tie_out_of_a_period_is_a_tab_for_those_who_see_the_journal(ann, bob, october):
    make_purchase(make_account(), purchased_on=datetime.date(2026, 10, 5))
    url = f"{october.get_absolute_url()}?tab=tie_out"
    assert [row.books for row in ann[1].get(url).context["tied"]] == [800]
    assert "tied" not in bob[1].get(url).context


def test_who_only_views_gets_no_verbs(october):
    _, client = person("eve", VIEW)
    assert address("period-close", october.pk) not in client.get(address("period-list")).content.decode()
    for name in ("close", "soft-close", "open", "reopen"):
        assert client.get(address(f"period-{name}", october.pk)).status_code == 403


def test_the_list_asks_as_many_questions_for_many_periods_and_requests_as_for_one(ann, django_assert_max_num_queries):
    for month in range(1, 9):
        period = make_period(2026, month, closed_by=ann[0])
    request_reopening(period, actor=ann[0], reason="Late")
    with django_assert_max_num_queries(12):
        assert "2026-08" in text(ann[1].get(address("period-list")))
