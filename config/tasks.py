"""Celery's leaves: each loads, calls one function, and returns. Delivered twice, they find the work done."""

import datetime

from celery import shared_task
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.utils import timezone

from config import night
from credits.services.notice_mail import send_what_is_new
from ledger.models import BatchRun
from ledger.models.nights import State
from ledger.services.nights import work
from pages.models import Job, Submission, Upload
from pages.performing import perform
from pages.workers import left_over

KEEP_SUBMISSIONS = datetime.timedelta(days=7)
KEEP_UPLOADS = datetime.timedelta(days=7)
KEEP_JOBS = datetime.timedelta(days=30)
HELPERS = 3  # messages that invite other workers to a run


@shared_task
def run_night_if_due() -> None:
    """Beat asks every quarter of an hour, so that a machine that was off at midnight, or a change of the company's time
    zone, delays the night and never skips it. A run whose message was lost with Redis is taken up as well."""
    if night.is_due():
        run_nights()
    elif (running := BatchRun.objects.filter(state=State.RUNNING).first()) is not None:
        help_night(running.pk)


@shared_task
def run_nights(until: str | None = None, actor_id: int | None = None) -> None:
    """The nights up to a date (ISO, default: today)."""
    actor = get_user_model().objects.filter(pk=actor_id).first() if actor_id else None
    day = datetime.date.fromisoformat(until) if until else None
    for _ in night.run_nights(day, actor=actor, announce=_invite):
        pass
    send_notices.delay()


@shared_task
def help_night(run_id: int) -> None:
    """Does chunks of a run beside the worker that started it."""
    run = BatchRun.objects.filter(pk=run_id).first()
    if run is not None and run.state == State.RUNNING:
        work(run, night.STEPS)


@shared_task
def send_notices() -> None:
    """What is new by mail. Asked for after the nights, and by beat every quarter of an hour: a mail that could not be sent
    is tried again, and a message that was lost with Redis, or a night of the command line, is told of as well."""
    send_what_is_new()


@shared_task
def run_job(pk: int) -> None:
    """Work that a page asked for."""
    perform(pk)


@shared_task
def take_up_jobs() -> None:
    """Beat asks every minute, so that a job whose message was lost with Redis, or whose worker was killed, is done."""
    for pk in left_over():
        run_job.apply_async((pk,), expires=60)


@shared_task
def tidy() -> None:
    """What only the browser needed: sessions that ended, tokens of forms that nobody can send again, files that nobody
    came back to, jobs that ended long ago."""
    call_command("clearsessions")
    Submission.objects.filter(done_at__lt=timezone.now() - KEEP_SUBMISSIONS).delete()
    Upload.objects.filter(uploaded_at__lt=timezone.now() - KEEP_UPLOADS).delete()
    Job.objects.filter(finished_at__lt=timezone.now() - KEEP_JOBS).delete()


def _invite(run: BatchRun) -> None:
    for _ in range(HELPERS):
        help_night.delay(run.pk)
