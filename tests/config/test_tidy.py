"""What only the browser needed is thrown away; nothing else is."""

import datetime
import uuid

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from config.tasks import tidy
from pages.models import Job, Submission, Upload
from tests import builders


@pytest.mark.django_db
def test_ended_sessions_old_form_tokens_old_files_and_old_jobs_go_and_recent_ones_stay():
    now, day = timezone.now(), datetime.timedelta(days=1)
    for key, expires in (("ended", now - day), ("open", now + day)):
        Session.objects.create(session_key=key, session_data="", expire_date=expires)
    old, recent = (Submission.objects.create(user=builders.make_user(), token=uuid.uuid4()) for _ in range(2))
    Submission.objects.filter(pk=old.pk).update(done_at=now - 8 * day)
    file = {"user": builders.make_user(), "kind": "rates", "file_name": "rates.csv", "content": b"x"}
    old_file, waiting = Upload.objects.create(**file), Upload.objects.create(**file)
    Upload.objects.filter(pk=old_file.pk).update(uploaded_at=now - 8 * day)
    asked = {"requested_by": builders.make_user(), "kind": "x", "started_at": now - 40 * day}
    Job.objects.create(**asked, key="old", state="done", finished_at=now - 31 * day)
    Job.objects.create(**asked, key="recent", state="done", finished_at=now - 29 * day)
    Job.objects.create(**asked, key="open", state="running")
    tidy()
    assert list(Session.objects.values_list("session_key", flat=True)) == ["open"]
    assert list(Submission.objects.all()) == [recent]
    assert list(Upload.objects.all()) == [waiting]
    assert set(Job.objects.values_list("key", flat=True)) == {"recent", "open"}
