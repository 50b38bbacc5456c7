"""The Celery application. What must not be lost is in PostgreSQL; Redis only carries the messages."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("drawdown")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
