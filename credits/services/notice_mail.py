"""Notices by mail: after a night one mail of all that is new, to those whom the setup names.

Writing a mail takes its notices, so that none is in two; sending it is another step, which is repeated until it succeeds.
Each mail is sent under the lock of its row and marked in the same transaction: two workers do not send it twice. A worker
that dies after the mail server took the mail and before the commit sends it once more, under the same Message-ID, by which
mail programs know it: at least once is what mail can promise. An address that the server refuses while it takes the others
is not tried again.
"""

import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from credits.models import CreditsSetup, Notice, NoticeMail
from credits.reports.notices import absolute, groups
from ledger.dates import business_date
from ledger.models import BatchRun
from ledger.models.nights import State
from pages import formats

FIRST_RETRY, LONGEST_WAIT = datetime.timedelta(minutes=10), datetime.timedelta(hours=1)


def send_what_is_new(now: datetime.datetime | None = None) -> None:
    """Writes the mail of what is new and sends every mail whose turn it is. Run at any time by anybody, it does only what is
    left to do."""
    now = now or timezone.now()
    write_mail()
    waiting = NoticeMail.objects.filter(sent_at=None).exclude(retry_at__gt=now).order_by("id")
    for pk in list(waiting.values_list("pk", flat=True)):
        send_mail(pk, now=now)


@transaction.atomic
def write_mail() -> NoticeMail | None:
    """One mail about every open notice that was in none yet; nothing while a night runs, which may find more, and where
    nobody wants them: whoever is named later gets what is open by then."""
    setup = CreditsSetup.objects.select_for_update().first()
    new = Notice.objects.open().filter(mail=None)
    if setup is None or not setup.notice_recipients or not new.exists():
        return None
    if BatchRun.objects.filter(state=State.RUNNING).exists():
        return None
    mail = NoticeMail.objects.create(recipients=setup.notice_recipients)
    new.update(mail=mail)
    _word(mail)
    return mail


@transaction.atomic
def send_mail(pk: int, *, now: datetime.datetime) -> bool:
    """Sends a mail to those whom the setup names now, and says whether it was sent. One that somebody else is sending, or has
    sent, is left to them; what stands against it is kept with it."""
    mail = NoticeMail.objects.select_for_update(skip_locked=True).filter(pk=pk, sent_at=None).first()
    recipients = CreditsSetup.current().notice_recipients
    if mail is None or not recipients:
        return False
    mail.recipients, mail.attempts = recipients, mail.attempts + 1
    try:
        _message(mail).send()
    except (OSError, ValueError) as error:  # of the network, of the server, of an address
        mail.last_error = (str(error) or type(error).__name__)[:500]
        mail.retry_at = now + min(FIRST_RETRY * 2 ** min(mail.attempts - 1, 10), LONGEST_WAIT)
    else:
        mail.sent_at, mail.last_error, mail.retry_at = now, "", None
    mail.save()
    return mail.sent_at is not None


def _word(mail: NoticeMail) -> None:
    found = groups(mail.notices.all())
    day, count = formats.day(business_date()), sum(group.count for group in found)
    mail.subject = f"Services credits: {formats.counted(count, 'notices')}, {day}"
    url = absolute(f"{reverse('credits:notice-list')}?state=open")
    mail.text = render_to_string("credits/notice_mail.txt", {"groups": found, "day": day, "url": url})
    mail.save(update_fields=["subject", "text"])


def _message(mail: NoticeMail) -> EmailMessage:
    """The same identity at each attempt; with its time, as a database that was restored gives numbers a second time."""
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    identity = {
        "Message-ID": f"<notices-{mail.pk}-{mail.created_at:%Y%m%d%H%M%S}@{host}>",
        "Auto-Submitted": "auto-generated",
    }
    return EmailMessage(mail.subject, mail.text, to=mail.recipients, headers=identity)
