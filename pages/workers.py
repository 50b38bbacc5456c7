"""Calling workers for jobs. Which task answers is said by the setting RUN_JOB: the kit knows none."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

from pages.models import Job

logger = logging.getLogger(__name__)
ONCE_MORE = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
TAKEN_UP_AFTER = timedelta(seconds=30)


def call_worker(pk: int) -> None:
    """A message that cannot be sent is no loss: the job waits in the database, and is taken up when there are workers."""
    try:
        import_string(settings.RUN_JOB).apply_async((pk,), retry=True, retry_policy=ONCE_MORE, ignore_result=True)
    except OperationalError:
        logger.warning("job %s waits: Redis does not answer", pk)


def left_over() -> list[int]:
    """Jobs that nobody does and that were not asked for just now: their message was lost, or their worker."""
    with transaction.atomic():
        lost = Job.objects.in_nobodys_hands().filter(requested_at__lt=timezone.now() - TAKEN_UP_AFTER)
        return list(lost.order_by("requested_at").values_list("pk", flat=True))
