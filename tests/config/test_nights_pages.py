"""Nights in the browser: who may start one, what is shown before, and that none is left which nobody does."""

import datetime

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from config import tasks
from config.night import start_night
from config.nights import start
from ledger.models import BatchChunk, BatchRun, JournalEntry, PostingSetup
from ledger.models.nights import State
from tests.builders import make_account, make_company, make_purchase, make_user

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 11, 24)
VIEW, RUN = "view_batchrun", "run_night"
START = reverse("night-start")


@pytest.fixture(autouse=True)
def company(db, time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC))
    make_company()


@pytest.fixture
def sent(monkeypatch):
    """What is handed to the workers."""
    calls = []
    monkeypatch.setattr(tasks.run_nights, "apply_async", lambda args, **options: calls.append(args))
    return calls


@pytest.fixture
def signed_in(client):
    def sign_in(*codenames: str):
        user = make_user("sam")
        user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
        client.force_login(user)
        return client

    return sign_in


def confirm(page, until="2026-11-24", **fields):
    shown = page.post(START, {"until": until})
    sent = {"until": until, "fingerprint": shown.context["preview"].fingerprint, "token": shown.context["token"]}
    return page.post(START, sent | fields)


def address(run):
    return reverse("night", args=[run.pk])


def test_looking_and_running_are_two_permissions(signed_in):
    run = start_night(TODAY)
    viewer = signed_in(VIEW)
    assert viewer.get(reverse("night-list")).status_code == 200
    assert viewer.get(address(run)).status_code == 200
    assert viewer.get(reverse("night-progress", args=[run.pk])).status_code == 200
    assert viewer.get(START).status_code == viewer.post(START, {"until": "2026-11-24"}).status_code == 403


def test_without_any_permission_nothing_is_seen(signed_in):
    run, nobody = start_night(TODAY), signed_in()
    urls = [reverse("night-list"), address(run), reverse("night-progress", args=[run.pk])]
    assert [nobody.get(url).status_code for url in urls] == [403, 403, 403]


def test_the_preview_counts_what_is_due_and_sums_what_is_posted(signed_in):
    for _ in range(3):
        make_purchase(make_account(), expires_on=datetime.date(2026, 11, 20))
    preview = signed_in(RUN).get(START).context["preview"]
    assert [(change.label, change.after, change.note) for change in preview.changes[1:]] == [
        ("Expire services credits", "3 purchases, 30 credits", "3 journal entries"),
        ("Bill customer contracts", "nothing", "0 journal entries"),
        ("Expire prepaid residuals", "nothing", "0 journal entries"),
        ("Release contract deferrals", "nothing", "0 journal entries"),
        ("Earn completed milestones", "nothing", "0 journal entries"),
        ("Recognise expected breakage", "nothing", "0 journal entries"),
        ("Raise notices", "nothing", "0 journal entries"),
        ("Seal the journal", "6 sealed entries", ""),
    ]
    assert [(line.account_code, line.debit, line.credit) for line in preview.postings] == [
        ("2400", 2400, 0),
        ("4090", 0, 2400),
    ]
    assert preview.confirm_label == "Run the night of 24 Nov 2026"
    assert not BatchRun.objects.exists()
    assert JournalEntry.objects.count() == 3


def test_missed_dates_are_named(signed_in):
    finished = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)
    BatchRun.objects.create(business_date="2026-11-20", state=State.DONE, finished_at=finished)
    preview = signed_in(RUN).get(START).context["preview"]
    assert preview.confirm_label == "Run the nights of 21 Nov 2026 to 24 Nov 2026"
    assert (preview.changes[0].before, preview.changes[0].after) == ("20 Nov 2026", "24 Nov 2026")
    assert preview.warnings == []
    again = signed_in(RUN).post(START, {"until": "2026-11-19"}).context["preview"]
    assert again.confirm_label == "Run the night of 19 Nov 2026"
    assert again.changes[0].after == "20 Nov 2026"
    assert "went through already" in again.warnings[0]


def test_what_cannot_be_posted_is_named_before(signed_in):
    make_purchase(make_account(), expires_on=datetime.date(2026, 11, 20))
    PostingSetup.objects.update(breakage=None)
    (left_out,) = signed_in(RUN).get(START).context["preview"].left_out
    assert left_out.label == "Expire services credits"
    assert "breakage" in left_out.reason


def test_confirming_opens_the_first_run_hands_it_over_and_leads_to_its_page(signed_in, sent):
    page = signed_in(RUN, VIEW)
    response = confirm(page)
    run = BatchRun.objects.get()
    assert (response.url, run.business_date, run.started_by.username) == (address(run), TODAY, "sam")
    assert sent == [("2026-11-24", run.started_by.pk)]
    assert "has started" in page.get(response.url).content.decode()


def test_confirming_twice_starts_one_night(signed_in, sent):
    page = signed_in(RUN)
    shown = page.get(START)
    form = {"until": "2026-11-24", "fingerprint": shown.context["preview"].fingerprint, "token": shown.context["token"]}
    assert page.post(START, form).url == page.post(START, form).url
    assert len(sent) == BatchRun.objects.count() == 1


def test_without_having_been_shown_these_dates_nothing_starts(signed_in, sent):
    page = signed_in(RUN)
    seen = page.post(START, {"until": "2026-11-23"}).context["preview"].fingerprint
    for fingerprint in ("", seen):
        response = page.post(START, {"until": "2026-11-24", "fingerprint": fingerprint})
        assert response.context["preview"].confirm_label == "Run the night of 24 Nov 2026"
    assert not (sent or BatchRun.objects.exists())


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        ("2026-11-25", "25 Nov 2026 is in the future: what expires until then would lapse now. Today is 24 Nov 2026."),
        ("soon", "Enter a valid date."),
        ("", "This field is required."),
    ],
)
def test_a_date_that_cannot_be_run_is_refused_in_the_page(signed_in, sent, until, sentence):
    """Expiry, missed nights: a date in the future is not for the page."""
    response = signed_in(RUN).post(START, {"until": until, "fingerprint": "x"})
    assert response.context["form"].errors["until"] == [sentence]
    assert not (sent or BatchRun.objects.exists())


def test_without_workers_a_sentence_and_no_run_that_nobody_does(signed_in, monkeypatch):
    def unreachable(args, **options):
        raise OperationalError("Error 111 connecting to localhost:6379.")

    monkeypatch.setattr(tasks.run_nights, "apply_async", unreachable)
    response = confirm(signed_in(RUN))
    assert response.status_code == 200
    assert response.context["form"].non_field_errors() == [start.NO_WORKERS]
    assert not BatchRun.objects.exists()


def test_redis_that_is_really_gone_is_such_a_case(signed_in, settings, monkeypatch, tmp_path):
    from config.celery import app

    gone = app.connection_for_write(f"redis+socket://{tmp_path}/gone.sock")
    send = tasks.run_nights.apply_async
    monkeypatch.setattr(tasks.run_nights, "apply_async", lambda args, **options: send(args, connection=gone, **options))
    response = confirm(signed_in(RUN))
    assert response.context["form"].non_field_errors() == [start.NO_WORKERS]
    assert not BatchRun.objects.exists()


def test_a_night_under_way_is_joined(signed_in, sent):
    running = start_night(datetime.date(2026, 11, 23))
    page = signed_in(RUN, VIEW)
    assert page.get(START).url == address(running)
    assert confirm(page).url == address(running)
    assert BatchRun.objects.get() == running
    assert "A night is under way." in page.get(address(running)).content.decode()


def test_progress_is_asked_for_until_the_night_has_ended(signed_in):
    make_account()
    run = start_night(TODAY)
    page = signed_in(VIEW)
    part = reverse("night-progress", args=[run.pk])
    assert f'hx-get="{part}"' in page.get(address(run)).content.decode()
    during = page.get(part, headers={"HX-Request": "true"})
    assert '<progress id="progress-bar" max="8" value="0">' in during.content.decode()
    assert f'hx-get="{part}"' in during.content.decode()
    BatchChunk.objects.update(state="done", finished_at=datetime.datetime.now(datetime.UTC))
    BatchRun.objects.update(state=State.DONE, finished_at=datetime.datetime.now(datetime.UTC))
    assert page.get(part, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert "hx-get" not in page.get(address(run)).content.decode()


def test_a_failed_night_shows_its_errors_and_offers_to_run_again(signed_in):
    make_account()
    run = start_night(TODAY)
    BatchChunk.objects.update(state="failed", errors=["No breakage account."], finished_at="2026-11-24T00:15Z")
    BatchRun.objects.update(state=State.FAILED, finished_at="2026-11-24T00:16Z")
    text = signed_in(VIEW, RUN).get(address(run)).content.decode()
    assert "No breakage account." in text
    assert f"{START}?until=2026-11-24" in text
    assert signed_in(RUN).get(f"{START}?until=2026-11-24").context["form"]["until"].value() == "2026-11-24"


def test_the_list_makes_the_same_number_of_queries_for_any_number_of_nights(signed_in, django_assert_max_num_queries):
    page, ended = signed_in(VIEW), datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
    for number in (1, 9, 90):
        BatchRun.objects.bulk_create(
            BatchRun(business_date=TODAY, state=State.DONE, finished_at=ended, started_by=make_user(f"u{number}{at}"))
            for at in range(number)
        )
        with django_assert_max_num_queries(10):
            page.get(reverse("night-list"))


def test_what_is_too_much_to_rehearse_is_counted_and_says_so_and_runs(signed_in, sent, monkeypatch):
    make_purchase(make_account(), expires_on=datetime.date(2026, 11, 20))
    monkeypatch.setattr("config.night.MOST_REHEARSED", 0)
    page = signed_in(RUN)
    preview = page.get(START).context["preview"]
    assert [(change.after, change.note) for change in preview.changes[1:]] == [
        ("1 purchase, 10 credits", ""),
        *[("nothing", "")] * 6,
        ("1 unsealed entry", ""),
    ]
    assert (list(preview.postings), preview.warnings) == ([], [start.ONLY_COUNTED])
    confirm(page)
    assert sent == [("2026-11-24", make_user("sam").pk)]


def test_the_last_night_stands_first_on_the_home_page(signed_in):
    page = signed_in(VIEW)
    assert "Last night" not in page.get("/").content.decode()
    run = BatchRun.objects.create(business_date=TODAY, state=State.FAILED, finished_at=timezone.now())
    step = run.steps.create(position=1, name="Expiry")
    chunk = {"step": step, "first": 1, "last": 9, "state": BatchChunk.State.DONE}
    BatchChunk.objects.create(**chunk, counts={"lots": 2, "entries": 1}, errors=["No breakage account."])
    text = page.get("/").content.decode()
    assert f'<a href="{address(run)}">Night of' in text
    assert "2 lots, 1 journal entry." in text
    assert "No breakage account." in text
    assert "Failed" in text
